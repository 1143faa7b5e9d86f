/**
 * @module The worker threads, or their in-thread twin where the config wants none; and what the log says about them.
 */
import type {Config} from '../config.js';
import {prepareLanes} from '../protocol/bytes/sha256-lanes.js';
import type {Clock} from '../runtime/clock.js';
import type {Log} from '../runtime/log.js';
import {LoopDelayProbe} from '../runtime/loop-delay.js';
import {createInlineShareHasher, createInlineSignatureVerifier} from '../workers/inline.js';
import {hashedOnLoop} from '../workers/loop-hashing.js';
import type {ShareToHash} from '../workers/tasks.js';
import {createThreadPool} from '../workers/thread-pool.js';
import type {SignatureCheck} from '../protocol/script/signature-check.js';
import type {Threads} from './site.js';

/** Well-formed and wrong: enough to make a thread choose its backends and report them. */
const FIRST_CHECK: SignatureCheck = {
  scheme: 'ecdsa',
  // The generator of secp256k1 (SEC 2, 2.4.1), compressed.
  publicKey: Uint8Array.from('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'.match(/../g)!, (byte) => Number.parseInt(byte, 16)),
  signature: new Uint8Array(64).fill(1),
  message: new Uint8Array(32),
};
const FIRST_SHARE: ShareToHash = {
  // Jobs of the pool are counted up from 1 and never come here.
  job: {jobKey: 0xffffffff, coinbase1: new Uint8Array(1), coinbase2: new Uint8Array(1), branch: new Uint8Array(0), previousHash: new Uint8Array(32), bits: 0},
  extranonce1: new Uint8Array(4), extranonce2: new Uint8Array(4), version: 0, timeSec: 0, nonce: 0,
};

export async function startThreads(config: Config, clock: Clock, log: Log): Promise<Threads> {
  const threads = config.workers.threads > 0 ? startPool(config, clock, log) : await startInline(clock);
  // The first task pays for the start of a thread and for the self-check of its backends: not a miner, not a block.
  const [checked, hashed] = await Promise.all([threads.signatures.verify([FIRST_CHECK]), threads.shares.hash(FIRST_SHARE)]);
  if (!checked.ok || !hashed.ok) log.warn({code: 'workers-not-ready'}, 'the worker threads did not answer their first task');
  for (const {kernel, backends, threads: count} of threads.report()) {
    log.info({code: 'worker-backends', kernel, backends, threads: count}, 'what the worker threads compute with');
  }
  log.info({code: 'block-hashing', lanes: prepareLanes() ? 4 : 1}, 'how many transactions of a block this processor hashes at once');
  return threads;
}

function startPool(config: Config, clock: Clock, log: Log): Threads {
  const pool = createThreadPool({
    threads: config.workers.threads,
    nowMs: () => clock.nowMs(),
    onThreadError: (error) => log.error({code: 'worker-thread-lost', err: error}, 'a worker thread ended and was replaced'),
  });
  if (config.workers.shareHashing === 'threads') return pool;
  const lateness = watchLoop();
  const shares = hashedOnLoop(pool.shares, () => lateness.isLate);
  return {
    signatures: pool.signatures,
    shares,
    report: () => [pool.signatures.report(), shares.report()],
    close: () => {
      lateness.stop();
      return pool.close();
    },
  };
}

/** Whether half of what the loop did in the last second came later than this. */
const LATE_MS = 20;
/** On time again only well below, so that the way of shares does not change back and forth with each second. */
const ON_TIME_MS = 10;
const LOOK_EVERY_MS = 1_000;

function watchLoop(): {readonly isLate: boolean; stop(): void} {
  const probe = new LoopDelayProbe();
  probe.start();
  let isLate = false;
  const timer = setInterval(() => {
    const {p50Ms} = probe.read();
    probe.reset();
    isLate = p50Ms > (isLate ? ON_TIME_MS : LATE_MS);
  }, LOOK_EVERY_MS);
  timer.unref();
  return {
    get isLate() {
      return isLate;
    },
    stop() {
      clearInterval(timer);
      probe.stop();
    },
  };
}

async function startInline(clock: Clock): Promise<Threads> {
  const modules = {
    nowMs: () => clock.nowMs(),
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
