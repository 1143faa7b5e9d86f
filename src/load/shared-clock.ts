/**
 * @module One monotonic clock for all threads and processes of a machine: `performance.now` counts from each thread's own
 * start, `hrtime` from the system's, so moments of two threads can be compared. Reading it costs as much as the first.
 */
import {performance} from 'node:perf_hooks';

const [seconds, nanoseconds] = process.hrtime();
const originMs = seconds * 1_000 + nanoseconds / 1e6 - performance.now();

export function sharedNowMs(): number {
  return originMs + performance.now();
}
