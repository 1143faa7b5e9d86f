/**
 * @module Keeps extranonce1 values unique over restarts: counters are reserved on disk in blocks, ahead of use, so that
 * a crash can lose a reservation and never repeat one.
 */
import {ExtranonceAllocator} from '../../protocol/stratum/extranonce.js';

/** Counters per reservation: one disk write serves so many sessions, and a restart wastes no more than this. */
export const RESERVATION_SIZE = 4_096;

export class ExtranonceReserve {
  readonly #allocator: ExtranonceAllocator;
  readonly #counterLimit: number;
  /** Counters reserved on disk and not handed out. */
  #left = 0;

  /** @param firstCounter - as stored: never handed out by an earlier run. */
  constructor(facts: {readonly instancePrefix: Uint8Array; readonly size: number; readonly firstCounter: number}) {
    this.#allocator = new ExtranonceAllocator(facts);
    this.#counterLimit = 2 ** (8 * (facts.size - facts.instancePrefix.length));
  }

  /** More should be reserved now, while there are some left. */
  get isLow(): boolean {
    return this.#left <= RESERVATION_SIZE / 2;
  }

  /** What to write; `granted` when it is on disk. */
  get nextReservation(): number {
    return (this.#allocator.nextCounter + this.#left + RESERVATION_SIZE) % this.#counterLimit;
  }

  granted(): void {
    this.#left += RESERVATION_SIZE;
  }

  /** @returns undefined when nothing is reserved, or every value is held. */
  allocate(): Uint8Array | undefined {
    if (this.#left === 0) return undefined;
    const before = this.#allocator.nextCounter;
    const extranonce1 = this.#allocator.allocate();
    // Values still held after a wrap are skipped, and the reservation shrinks with them.
    const used = (this.#allocator.nextCounter - before + this.#counterLimit) % this.#counterLimit;
    this.#left = Math.max(0, this.#left - used);
    return extranonce1;
  }

  release(extranonce1: Uint8Array): void {
    this.#allocator.release(extranonce1);
  }
}
