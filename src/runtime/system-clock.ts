/** @module Time and chance from the machine, for production. The simulator has its own: `sim/`. */
import {randomBytes} from 'node:crypto';
import {performance} from 'node:perf_hooks';
import type {Clock, Random} from './clock.js';
import {SeededRandom} from './seeded-random.js';

export function systemClock(): Clock {
  return {
    nowMs: () => performance.now(),
    wallMs: () => Date.now(),
  };
}

/** Fast and unpredictable enough for jitter and choices; never for keys (see `clock.ts`). */
export function systemRandom(): Random {
  const seed = randomBytes(16);
  return new SeededRandom([seed.readUInt32LE(0), seed.readUInt32LE(4), seed.readUInt32LE(8), seed.readUInt32LE(12)]);
}
