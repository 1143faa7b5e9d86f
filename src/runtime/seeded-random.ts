/**
 * @module A small fast generator with a seed: sfc32 (Chris Doty-Humphrey, PractRand), 128 bits of state, period about 2^127
 * on average. Same seed, same numbers, on every machine. Not for keys.
 */
import type {Random} from './clock.js';

const TWO_POW_32 = 4_294_967_296;
/** PractRand's author asks for 12 to 15 rounds before the first use. */
const WARM_UP_ROUNDS = 15;

export class SeededRandom implements Random {
  private a: number;
  private b: number;
  private c: number;
  private counter: number;

  /** @param seed - one number, or four 32-bit words when more than 2^53 seeds matter. */
  constructor(seed: number | readonly [number, number, number, number]) {
    const words = typeof seed === 'number' ? [seed >>> 0, Math.floor(seed / TWO_POW_32) >>> 0, 0x9e3779b9, 1] : seed;
    this.a = words[0]! | 0;
    this.b = words[1]! | 0;
    this.c = words[2]! | 0;
    this.counter = words[3]! | 0;
    for (let i = 0; i < WARM_UP_ROUNDS; i += 1) this.uint32();
  }

  uint32(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  next(): number {
    return this.uint32() / TWO_POW_32;
  }

  /** Unbiased: numbers from the incomplete last stretch are drawn again. */
  below(bound: number): number {
    if (!Number.isSafeInteger(bound) || bound < 1 || bound > TWO_POW_32) throw new RangeError(`random below ${bound}`);
    const fair = TWO_POW_32 - (TWO_POW_32 % bound);
    let drawn = this.uint32();
    while (drawn >= fair) drawn = this.uint32();
    return drawn % bound;
  }
}
