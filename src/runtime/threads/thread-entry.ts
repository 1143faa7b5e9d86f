/**
 * @module What an entry file of a worker thread exports: a function that takes one flat request and returns one flat
 * reply, and marks in shared memory what it is doing, so that a crash can be laid at the right batch's door.
 */
import {performance} from 'node:perf_hooks';
import {workerData} from 'node:worker_threads';
import type {ThreadKernel} from './batch-kernel.js';
import {runBatch} from './batch-runner.js';

export const STATE_RUNNING = 1;
export const STATE_FINISHED = 2;

export interface ThreadTask {
  readonly kernelName: string;
  /** The word of `states` that belongs to this batch. */
  readonly slot: number;
  readonly request: Uint8Array;
  /** On the clock of `epochNowMs`, which all threads of the process share. */
  readonly sentAtMs: number;
}

export interface ThreadWorkerData {
  readonly states: Int32Array;
  readonly settings: unknown;
}

/** Each thread's `performance.now` starts with the thread; with its origin added they agree to well under 1 ms. */
export function epochNowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** The settings that the pool's owner passed; only inside a thread of that pool. */
export function threadSettings(): unknown {
  return (workerData as ThreadWorkerData).settings;
}

export function serveKernels(kernels: readonly ThreadKernel[]): (task: ThreadTask) => Uint8Array {
  const byName = new Map(kernels.map((kernel) => [kernel.name, kernel]));
  const {states} = workerData as ThreadWorkerData;
  return ({kernelName, slot, request, sentAtMs}) => {
    Atomics.store(states, slot, STATE_RUNNING);
    const kernel = byName.get(kernelName);
    if (!kernel) throw new Error(`no kernel ${kernelName}`);
    const reply = runBatch(kernel, request, {sentAtMs, nowMs: epochNowMs});
    Atomics.store(states, slot, STATE_FINISHED);
    return reply;
  };
}
