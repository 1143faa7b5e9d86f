/** @module Texts and bytes that nobody should send: random ones, and good ones damaged where parsers break. Drawn from a seed. */
import type {SeededRandom} from '../../src/runtime/seeded-random.js';

/** Characters that mean something to JSON, HTTP and line protocols, and some that mean nothing anywhere. */
const SHARP = ['{', '}', '[', ']', '"', ':', ',', '\\', '\\u', '\\ud800', '\u0000', '\n', '\r\n', '0', '-', 'e', '1e999', 'null', 'true', '\u00ff', '\ud83d', '9'.repeat(400), ' '.repeat(60)];

export class HostileInput {
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.#random.below(items.length)]!;
  }

  chance(percent: number): boolean {
    return this.#random.below(100) < percent;
  }

  bytes(lengthMax: number): Buffer {
    return Buffer.from(Array.from({length: this.#random.below(lengthMax + 1)}, () => this.#random.below(256)));
  }

  hex(lengthMax: number): string {
    return this.bytes(lengthMax).toString('hex').slice(this.#random.below(2));
  }

  /** One to four edits: cut, insert, repeat, flip. */
  damaged(text: string): string {
    let damaged = text;
    for (let edits = 1 + this.#random.below(4); edits > 0; edits--) {
      const at = this.#random.below(damaged.length + 1);
      const dice = this.#random.below(5);
      if (dice === 0) damaged = damaged.slice(0, at);
      else if (dice === 1) damaged = damaged.slice(0, at) + damaged.slice(at + 1 + this.#random.below(8));
      else if (dice === 2) damaged = damaged.slice(0, at) + this.pick(SHARP) + damaged.slice(at);
      else if (dice === 3) damaged = damaged.slice(0, at) + damaged.slice(Math.max(0, at - 12), at).repeat(1 + this.#random.below(3)) + damaged.slice(at);
      else damaged = damaged.slice(0, at) + String.fromCharCode(this.#random.below(256)) + damaged.slice(at + 1);
    }
    return damaged;
  }

  /** Any JSON value, with a liking for borders of types. `known` are values that are right somewhere. */
  value(known: readonly unknown[], depth = 2): unknown {
    const dice = this.#random.below(depth > 0 ? 10 : 7);
    switch (dice) {
      case 0: return this.pick([0, 1, -1, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), 1e300, 0.5, -0]);
      case 1: return this.pick([null, true, false, '', ' ', '0', '__proto__', 'constructor', '\u0000', '\ud800']);
      case 2: return this.hex(40);
      case 3: return this.bytes(20).toString('latin1');
      case 7: return Array.from({length: this.#random.below(4)}, () => this.value(known, depth - 1));
      case 8: return Object.fromEntries(Array.from({length: this.#random.below(4)}, () => [this.pick(['mode', 'data', 'rules', '__proto__', 'id', this.hex(4)]), this.value(known, depth - 1)]));
      default: return known.length === 0 ? null : this.pick(known);
    }
  }

  values(known: readonly unknown[], lengthMax: number): unknown[] {
    return Array.from({length: this.#random.below(lengthMax + 1)}, () => this.value(known));
  }
}
