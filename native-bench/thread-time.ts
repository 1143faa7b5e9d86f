/**
 * @module Processor time of this process's main thread: what a rate says on a machine with nothing else to do, and what stays
 * true on one that is shared.
 */
import {existsSync, readFileSync} from 'node:fs';

/** Linux: nanoseconds on the processor, nanoseconds of waiting for one, time slices. The main thread has the process's id. */
const SCHEDULE_FILE = `/proc/self/task/${process.pid}/schedstat`;
const HAS_SCHEDULE = existsSync(SCHEDULE_FILE);

/** Microseconds since the thread began. Elsewhere that of the whole process, which counts helpers in. */
export function mainThreadUs(): number {
  if (HAS_SCHEDULE) return Number(readFileSync(SCHEDULE_FILE, 'utf8').split(' ')[0]) / 1_000;
  const {user, system} = process.cpuUsage();
  return user + system;
}
