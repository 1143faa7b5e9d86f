/**
 * @module The in-thread twin of the thread pool: the same flat buffers, run on this thread, one batch per turn.
 * Between two batches it yields, so that sockets and timers are served; the batch's run-time bound is the slice.
 */
import type {ThreadKernel} from './batch-kernel.js';
import type {BatchCarrier, CarryOutcome} from './carrier.js';
import {runBatch} from './batch-runner.js';

export interface InlineCarrierOptions {
  readonly kernels: readonly ThreadKernel[];
  /** Runs the continuation on a later turn: setImmediate in production, the virtual scheduler under simulation. */
  readonly yieldTurn: (resume: () => void) => void;
  readonly nowMs: () => number;
}

export function createInlineCarrier({kernels, yieldTurn, nowMs}: InlineCarrierOptions): BatchCarrier {
  const byName = new Map(kernels.map((kernel) => [kernel.name, kernel]));
  const freedListeners: (() => void)[] = [];
  let running = 0;
  let isClosed = false;

  function run(kernelName: string, request: Uint8Array, sentAtMs: number): CarryOutcome {
    if (isClosed) return {ok: false, code: 'closed', text: 'the carrier was closed'};
    const kernel = byName.get(kernelName);
    if (!kernel) return {ok: false, code: 'failed', text: `no kernel ${kernelName}`};
    return {ok: true, reply: runBatch(kernel, request, {sentAtMs, nowMs})};
  }

  return {
    threads: 1,
    idleThreads: () => (running === 0 ? 1 : 0),
    carry(kernelName, request) {
      running += 1;
      const sentAtMs = nowMs();
      return new Promise((resolve) => {
        yieldTurn(() => {
          const outcome = run(kernelName, request, sentAtMs);
          running -= 1;
          resolve(outcome);
          // After the microtask in which the batcher reads the outcome.
          void Promise.resolve().then(() => { for (const listener of freedListeners) listener(); });
        });
      });
    },
    onFreed: (listener) => { freedListeners.push(listener); },
    async close() {
      isClosed = true;
    },
  };
}
