/**
 * @module The thread pool as `roles` builds it: both capabilities over one set of worker threads.
 */
import {availableParallelism} from 'node:os';
import {performance} from 'node:perf_hooks';
import {createPiscinaCarrier} from '../runtime/threads/piscina-carrier.js';
import type {BackendPreference} from './backends/backend.js';
import type {CapabilityOptions, ReportedShareHasher, ReportedSignatureVerifier} from './capabilities.js';
import {BATCHES_PER_THREAD, DEFAULT_CAPABILITY_OPTIONS, createShareHasher, createSignatureVerifier} from './capabilities.js';
import type {PoolReport} from './tasks.js';

export interface ThreadPoolOptions extends Partial<CapabilityOptions> {
  /** Default {@link defaultThreads}. */
  readonly threads?: number;
  readonly backend?: BackendPreference;
  /** Deadlines are on this clock; by default that of `performance.now`. */
  readonly nowMs?: () => number;
  readonly onThreadError?: (error: Error) => void;
  /** Another entry file that serves both kernels; tests break threads with it. */
  readonly entryUrl?: URL;
}

/** Passed to each thread as plain data. */
export interface KernelThreadSettings {
  readonly backend: BackendPreference;
}

export interface ThreadPool {
  readonly signatures: ReportedSignatureVerifier;
  readonly shares: ReportedShareHasher;
  report(): readonly PoolReport[];
  /** Threads that ended unasked since the start; each was replaced. */
  lostThreads(): number;
  /** Lets accepted work finish; then `close`. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/**
 * One core is left to the event loop. With two cores that means one thread: a second one would only take its turns from
 * the loop under load. Measured on 2 cores with nothing else to do (Node 20.20, AMD EPYC, native ECDSA): 18,200 checks a
 * second with one thread, 31,800 with two, main thread busy for 8 and 14 %; a miner or a node beside it takes that gain.
 */
export function defaultThreads(cores: number = availableParallelism()): number {
  return Math.max(1, cores - 1);
}

export function createThreadPool(options: ThreadPoolOptions = {}): ThreadPool {
  const filled: CapabilityOptions = {...DEFAULT_CAPABILITY_OPTIONS, ...options};
  const settings: KernelThreadSettings = {backend: options.backend ?? 'fastest'};
  const carrier = createPiscinaCarrier({
    entryUrl: options.entryUrl ?? new URL('./kernel-thread.js', import.meta.url),
    threads: options.threads ?? defaultThreads(),
    batchesPerThread: 2 * BATCHES_PER_THREAD,
    settings,
    ...(options.onThreadError && {onThreadError: options.onThreadError}),
  });
  const modules = {
    carrier,
    timers: {set: (delayMs: number, run: () => void) => setTimeout(run, delayMs), clear: (handle: unknown) => clearTimeout(handle as NodeJS.Timeout)},
    nowMs: options.nowMs ?? (() => performance.now()),
    defer: queueMicrotask,
  };
  // Shares first: they are told first when a thread becomes idle, and a miner waits for each of them.
  const shares = createShareHasher(filled, modules);
  const signatures = createSignatureVerifier(filled, modules);
  return {
    signatures,
    shares,
    report: () => [signatures.report(), shares.report()],
    lostThreads: () => carrier.lostThreads(),
    async drain() {
      await Promise.all([signatures.drain(), shares.drain()]);
    },
    async close() {
      const closing = Promise.all([signatures.close(), shares.close()]);
      await carrier.close();
      await closing;
    },
  };
}
