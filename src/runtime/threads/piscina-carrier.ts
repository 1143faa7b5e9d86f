/**
 * @module Worker threads behind Piscina. Decides what a lost thread means for each batch that it held.
 *
 * Piscina 5.3.2 fails every task of a thread that ends, and cannot say which of them was running. A shared word per
 * batch tells: 0 waiting, 1 running, 2 finished. Only the batch that was running failed; the others go out again.
 * Piscina's own queue is not used (the batcher bounds what is outstanding), nor its AbortSignal, which ends the
 * thread together with unrelated tasks (piscinajs/piscina#934).
 */
import {Piscina} from 'piscina';
import type {BatchCarrier, CarryOutcome} from './carrier.js';
import type {ThreadTask, ThreadWorkerData} from './thread-entry.js';
import {STATE_RUNNING, epochNowMs} from './thread-entry.js';

export interface PiscinaCarrierOptions {
  /** Compiled entry file: it calls `serveKernels` and exports the result as default. */
  readonly entryUrl: URL;
  readonly threads: number;
  /** Batches outstanding per thread over all batchers: one running, the rest sent ahead. */
  readonly batchesPerThread: number;
  /** Plain data for the entry file. */
  readonly settings: unknown;
  /** A thread ended outside any task; the pool goes on with a new one. */
  readonly onThreadError?: (error: Error) => void;
}

export interface PiscinaCarrier extends BatchCarrier {
  /** Threads lost since the start. */
  lostThreads(): number;
}

export function createPiscinaCarrier(options: PiscinaCarrierOptions): PiscinaCarrier {
  const slots = options.threads * options.batchesPerThread;
  const states = new Int32Array(new SharedArrayBuffer(slots * Int32Array.BYTES_PER_ELEMENT));
  const freeSlots = Array.from({length: slots}, (_, index) => index);
  const freedListeners: (() => void)[] = [];
  const workerData: ThreadWorkerData = {states, settings: options.settings};
  let isClosed = false;
  let lost = 0;
  const pool = new Piscina<ThreadTask, Uint8Array>({
    filename: options.entryUrl.href,
    minThreads: options.threads,
    maxThreads: options.threads,
    idleTimeout: Infinity,
    concurrentTasksPerWorker: options.batchesPerThread,
    // `sync` parks the thread in Atomics.wait, where neither its timers nor native addons' callbacks run
    // (piscinajs/piscina#687); `async` measured within noise of it for batches.
    atomics: 'async',
    workerData,
  });
  pool.on('error', (error: Error) => options.onThreadError?.(error));
  pool.on('workerDestroy', () => { if (!isClosed) lost += 1; });

  async function carry(kernelName: string, request: Uint8Array): Promise<CarryOutcome> {
    if (isClosed) return {ok: false, code: 'closed', text: 'the pool was closed'};
    const slot = freeSlots.pop();
    if (slot === undefined) return {ok: false, code: 'not-run', text: 'more batches than slots'};
    Atomics.store(states, slot, 0);
    try {
      const reply = await pool.run({kernelName, slot, request, sentAtMs: epochNowMs()});
      return {ok: true, reply};
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (isClosed) return {ok: false, code: 'closed', text};
      return {ok: false, code: Atomics.load(states, slot) === STATE_RUNNING ? 'failed' : 'not-run', text};
    } finally {
      freeSlots.push(slot);
      afterOutcomeIsRead(() => { for (const listener of freedListeners) listener(); });
    }
  }

  return {
    threads: options.threads,
    idleThreads: () => Math.max(0, options.threads - (slots - freeSlots.length)),
    carry,
    onFreed: (listener) => { freedListeners.push(listener); },
    lostThreads: () => lost,
    async close() {
      isClosed = true;
      await pool.destroy();
    },
  };
}

/** Two microtasks on: after the batcher that awaits this very outcome has read it. */
function afterOutcomeIsRead(run: () => void): void {
  queueMicrotask(() => queueMicrotask(run));
}
