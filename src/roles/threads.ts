/**
 * @module The worker threads, or their in-thread twin where the config wants none; and what the log says about them.
 */
import type {Config} from '../config.js';
import type {Clock} from '../runtime/clock.js';
import type {Log} from '../runtime/log.js';
import {createInlineShareHasher, createInlineSignatureVerifier} from '../workers/inline.js';
import {createThreadPool} from '../workers/thread-pool.js';
import type {Threads} from './site.js';

export async function startThreads(config: Config, clock: Clock, log: Log): Promise<Threads> {
  const nowMs = (): number => clock.nowMs();
  if (config.workers.threads > 0) {
    return createThreadPool({
      threads: config.workers.threads,
      nowMs,
      onThreadError: (error) => log.error({code: 'worker-thread-lost', err: error}, 'a worker thread ended and was replaced'),
    });
  }
  const modules = {
    nowMs,
    timers: {set: (delayMs: number, run: () => void) => setTimeout(run, delayMs), clear: (handle: unknown) => clearTimeout(handle as NodeJS.Timeout)},
    yieldTurn: (resume: () => void) => {
      setImmediate(resume);
    },
    defer: queueMicrotask,
  };
  const signatures = await createInlineSignatureVerifier({}, modules);
  const shares = createInlineShareHasher({}, modules);
  return {
    signatures,
    shares,
    report: () => [signatures.report(), shares.report()],
    close: async () => {
      await Promise.all([signatures.close(), shares.close()]);
    },
  };
}
