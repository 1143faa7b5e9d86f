/**
 * @module Hands out extranonce1 values: instance prefix and counter, so that no two live sessions ever search the same
 * space. Never random: 32 random bits collide with even odds among 77,000 sessions.
 */
import {assert} from '../verdict.js';

export interface ExtranonceOptions {
  /** Set this instance apart from others on the same chain and payout; empty for a single one. */
  readonly instancePrefix: Uint8Array;
  /** Prefix and counter together; at most 6 bytes of counter. */
  readonly size: number;
  /** First counter never handed out by an earlier run (persisted by the caller ahead of use). */
  readonly firstCounter: number;
}

export class ExtranonceAllocator {
  private readonly prefix: Uint8Array;
  private readonly counterSize: number;
  private readonly counterLimit: number;
  private readonly held = new Set<number>();
  private next: number;

  constructor(options: ExtranonceOptions) {
    this.prefix = options.instancePrefix.slice();
    this.counterSize = options.size - this.prefix.length;
    assert(this.counterSize >= 1 && this.counterSize <= 6, 'an extranonce1 has 1 to 6 bytes of counter');
    this.counterLimit = 2 ** (8 * this.counterSize);
    this.next = options.firstCounter % this.counterLimit;
  }

  /** What to persist: a restart that begins here cannot overlap with anything handed out before (until the counter wraps). */
  get nextCounter(): number {
    return this.next;
  }

  get heldCount(): number {
    return this.held.size;
  }

  /** @returns undefined when every value is held. */
  allocate(): Uint8Array | undefined {
    if (this.held.size >= this.counterLimit) return undefined;
    while (this.held.has(this.next)) this.next = (this.next + 1) % this.counterLimit;
    const counter = this.next;
    this.next = (counter + 1) % this.counterLimit;
    this.held.add(counter);
    return this.encode(counter);
  }

  /** For a client that resumes: grants its old value if it is of this instance, was handed out once, and is free now. */
  claim(extranonce1: Uint8Array): boolean {
    const counter = this.decode(extranonce1);
    if (counter === undefined || counter >= this.next || this.held.has(counter)) return false;
    this.held.add(counter);
    return true;
  }

  release(extranonce1: Uint8Array): void {
    const counter = this.decode(extranonce1);
    if (counter !== undefined) this.held.delete(counter);
  }

  private encode(counter: number): Uint8Array {
    const bytes = new Uint8Array(this.prefix.length + this.counterSize);
    bytes.set(this.prefix);
    for (let at = bytes.length - 1, rest = counter; at >= this.prefix.length; at--) {
      bytes[at] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    return bytes;
  }

  private decode(extranonce1: Uint8Array): number | undefined {
    if (extranonce1.length !== this.prefix.length + this.counterSize) return undefined;
    if (!this.prefix.every((byte, index) => extranonce1[index] === byte)) return undefined;
    let counter = 0;
    for (let at = this.prefix.length; at < extranonce1.length; at++) counter = counter * 256 + extranonce1[at]!;
    return counter;
  }
}
