/**
 * @module Reads untrusted bytes, little-endian, within bounds. The codecs' only way into a buffer.
 *
 * A broken encoding ends in {@link DecodeError}, which exists so that nested readers need no plumbing;
 * {@link decodeWith} catches it at the public decode functions and makes a verdict of it. It never leaves `protocol`.
 */
import {reject} from '../verdict.js';
import type {Rejection} from '../verdict.js';

/** Bitcoin Core's MAX_SIZE (serialize.h): no length prefix may announce more, whatever follows. */
export const COUNT_MAX = 0x02000000;

const NO_BYTES = new Uint8Array(0);

/** Broken outside data, internal to the codecs; see {@link decodeWith}. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

/** Runs a reader over all of `bytes`: left-over bytes break the encoding too. */
export function decodeWith<T, C extends string>(
  bytes: Uint8Array, code: C, read: (reader: ByteReader) => T,
): {readonly ok: true; readonly value: T} | Rejection<C> {
  try {
    const reader = new ByteReader(bytes);
    const value = read(reader);
    if (reader.remaining > 0) throw new DecodeError(`${reader.remaining} bytes left over`);
    return {ok: true, value};
  } catch (error) {
    if (error instanceof DecodeError) return reject(code, error.message);
    throw error;
  }
}

export class ByteReader {
  readonly data: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.data = bytes;
  }

  get remaining(): number {
    return this.data.length - this.position;
  }

  u8(): number {
    return this.data[this.advance(1)]!;
  }

  u16(): number {
    const at = this.advance(2);
    return this.data[at]! | (this.data[at + 1]! << 8);
  }

  u32(): number {
    return this.i32() >>> 0;
  }

  i32(): number {
    const at = this.advance(4);
    const data = this.data;
    return data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24);
  }

  /** Signed: Bitcoin's amounts are, and a negative one must reach the rule that names it. */
  i64(): bigint {
    const low = this.u32();
    const high = this.i32();
    // Below 2^53 the sum is exact in a double, and one BigInt is made in place of three.
    return high >= 0 && high < 0x200000 ? BigInt(high * 0x100000000 + low) : (BigInt(high) << 32n) | BigInt(low);
  }

  /** CompactSize in its shortest form only, as Core demands: else one transaction had many encodings. */
  varint(): number {
    const first = this.u8();
    if (first < 0xfd) return first;
    if (first === 0xfd) return this.canonical(this.u16(), 0xfd);
    if (first === 0xfe) return this.canonical(this.u32(), 0x10000);
    const value = this.u32() + this.u32() * 0x100000000;
    return this.canonical(value, 0x100000000);
  }

  /** A count of items of at least `itemSizeMin` bytes each: one that cannot fit fails before any work is done. */
  count(itemSizeMin: number): number {
    const count = this.varint();
    if (count * itemSizeMin > this.remaining) throw new DecodeError(`${count} items announced in ${this.remaining} bytes`);
    return count;
  }

  /** A view, not a copy. */
  bytes(length: number): Uint8Array {
    const at = this.advance(length);
    return this.data.subarray(at, at + length);
  }

  /** Passes over `length` bytes. @returns where they begin in `data`: for readers that need no view. */
  skip(length: number): number {
    return this.advance(length);
  }

  varBytes(): Uint8Array {
    const length = this.varint();
    // Every witness spend has an empty scriptSig, and a view costs 0.1 us.
    return length === 0 ? NO_BYTES : this.bytes(length);
  }

  private canonical(value: number, min: number): number {
    if (value < min) throw new DecodeError('length not in its shortest form');
    if (value > COUNT_MAX) throw new DecodeError(`length ${value} above ${COUNT_MAX}`);
    return value;
  }

  private advance(length: number): number {
    const at = this.position;
    if (length > this.data.length - at) throw new DecodeError(`${length} bytes wanted at ${at}, ${this.data.length - at} there`);
    this.position = at + length;
    return at;
  }
}
