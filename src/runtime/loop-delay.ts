/**
 * @module How late the event loop is: what every socket and timer of this thread feels.
 *
 * Node's own histogram, sampled by a timer in C++: the cost is one wake-up per resolution, nothing per message.
 */
import {monitorEventLoopDelay} from 'node:perf_hooks';

/** Fine enough for a goal of 10 ms at p99. */
const RESOLUTION_MS = 5;
const NS_PER_MS = 1_000_000;

export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly meanMs: number;
}

export class LoopDelayProbe {
  private readonly histogram = monitorEventLoopDelay({resolution: RESOLUTION_MS});

  start(): void {
    this.histogram.enable();
  }

  stop(): void {
    this.histogram.disable();
  }

  /** Since the start or the last reset. The sampling interval itself is taken off: 0 is an idle loop. */
  read(): LoopDelay {
    const {histogram} = this;
    if (histogram.count === 0) return {p50Ms: 0, p99Ms: 0, maxMs: 0, meanMs: 0};
    return {
      p50Ms: delayMs(histogram.percentile(50)),
      p99Ms: delayMs(histogram.percentile(99)),
      maxMs: delayMs(histogram.max),
      meanMs: delayMs(histogram.mean),
    };
  }

  reset(): void {
    this.histogram.reset();
  }
}

function delayMs(intervalNs: number): number {
  return Math.max(0, intervalNs / NS_PER_MS - RESOLUTION_MS);
}
