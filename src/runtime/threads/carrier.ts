/**
 * @module What brings a flat request to a kernel and its reply back: a thread pool, or the same thread in slices.
 * Several batchers may share one carrier; they see one count of idle threads.
 */

export type CarryOutcome =
  | {readonly ok: true; readonly reply: Uint8Array}
  /** The thread ended before this batch was begun, or after it was finished but not reported: safe to send again. */
  | {readonly ok: false; readonly code: 'not-run'; readonly text: string}
  /** The thread ended inside this batch, or the kernel could not take it. */
  | {readonly ok: false; readonly code: 'failed'; readonly text: string}
  | {readonly ok: false; readonly code: 'closed'; readonly text: string};

export interface BatchCarrier {
  readonly threads: number;
  /** Threads with nothing to do. */
  idleThreads(): number;
  /** Never rejects. The caller gives the buffer away. */
  carry(kernelName: string, request: Uint8Array): Promise<CarryOutcome>;
  /** Called after each outcome has been delivered, in the order of registration: a thread may have become idle. */
  onFreed(listener: () => void): void;
  /** Ends the threads; batches under way are answered `closed`. */
  close(): Promise<void>;
}

/** Timers as the batcher needs them; the simulator passes virtual ones. */
export interface BatchTimers {
  set(delayMs: number, run: () => void): unknown;
  clear(handle: unknown): void;
}
