/** @module A clock that stands still until the simulation moves it. */
import type {Clock} from '../clock.js';

/** 2026-01-01T00:00:00Z. Any fixed moment would do; header times need a plausible one. */
const WALL_START_MS = 1_767_225_600_000;

export class VirtualClock implements Clock {
  private atMs = 0;
  private readonly wallStartMs: number;

  constructor(wallStartMs = WALL_START_MS) {
    this.wallStartMs = wallStartMs;
  }

  nowMs(): number {
    return this.atMs;
  }

  wallMs(): number {
    return this.wallStartMs + this.atMs;
  }

  /** @throws RangeError when time would run backwards: a bug of the simulation. */
  moveTo(nowMs: number): void {
    if (!(nowMs >= this.atMs)) throw new RangeError(`virtual time cannot go from ${this.atMs} to ${nowMs}`);
    this.atMs = nowMs;
  }
}
