/**
 * @module Writes little-endian bytes into a buffer that grows. Values are our own and checked before; a value out of
 * range is a bug here. Fields of a `Transaction` or `Block` may be views, so everything written is copied.
 */
import {assert} from '../verdict.js';

export class ByteWriter {
  private buffer: Uint8Array;
  private length = 0;

  constructor(sizeHint = 256) {
    this.buffer = new Uint8Array(sizeHint);
  }

  /** Bytes written so far. */
  get size(): number {
    return this.length;
  }

  u8(value: number): this {
    // Reserve first: it may replace the buffer, and JavaScript would have read `this.buffer` before the call.
    const at = this.reserve(1);
    this.buffer[at] = value;
    return this;
  }

  u16(value: number): this {
    const at = this.reserve(2);
    this.buffer[at] = value;
    this.buffer[at + 1] = value >>> 8;
    return this;
  }

  /** Signed or unsigned: the low 32 bits. */
  u32(value: number): this {
    const at = this.reserve(4);
    this.buffer[at] = value;
    this.buffer[at + 1] = value >>> 8;
    this.buffer[at + 2] = value >>> 16;
    this.buffer[at + 3] = value >>> 24;
    return this;
  }

  /** Signed or unsigned: the low 64 bits. */
  u64(value: bigint): this {
    this.u32(Number(BigInt.asUintN(32, value)));
    return this.u32(Number(BigInt.asUintN(32, value >> 32n)));
  }

  varint(value: number): this {
    assert(Number.isSafeInteger(value) && value >= 0, 'a length is a natural number');
    if (value < 0xfd) return this.u8(value);
    if (value <= 0xffff) return this.u8(0xfd).u16(value);
    if (value <= 0xffffffff) return this.u8(0xfe).u32(value);
    return this.u8(0xff).u32(value % 0x100000000).u32(Math.floor(value / 0x100000000));
  }

  bytes(bytes: Uint8Array): this {
    const at = this.reserve(bytes.length);
    this.buffer.set(bytes, at);
    return this;
  }

  /** `bytes[start..end)`, byte by byte: for the few dozen bytes of a hash no view is made. */
  range(bytes: Uint8Array, start: number, end: number): this {
    const at = this.reserve(end - start);
    const {buffer} = this;
    for (let i = start; i < end; i++) buffer[at + i - start] = bytes[i]!;
    return this;
  }

  varBytes(bytes: Uint8Array): this {
    return this.varint(bytes.length).bytes(bytes);
  }

  /** What was written, in a buffer of exactly that size: small records must not keep a large one alive. */
  finish(): Uint8Array {
    return this.length === this.buffer.length ? this.buffer : this.buffer.slice(0, this.length);
  }

  private reserve(count: number): number {
    const at = this.length;
    const needed = at + count;
    if (needed > this.buffer.length) {
      const grown = new Uint8Array(Math.max(needed, this.buffer.length * 2));
      grown.set(this.buffer.subarray(0, at));
      this.buffer = grown;
    }
    this.length = needed;
    return at;
  }
}

/** Bytes that CompactSize takes for `value`. */
export function varintSize(value: number): number {
  if (value < 0xfd) return 1;
  if (value <= 0xffff) return 3;
  return value <= 0xffffffff ? 5 : 9;
}
