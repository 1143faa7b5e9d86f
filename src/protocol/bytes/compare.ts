/**
 * @module Equality, order and number value of byte strings. Not constant time: nothing secret is compared here.
 */

export function bytesEqual(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}

/** Lexicographic, as unsigned bytes; a prefix comes before what it begins. Negative, zero or positive. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const shared = Math.min(left.length, right.length);
  for (let i = 0; i < shared; i++) {
    const difference = left[i]! - right[i]!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

export function isAllZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** A hash as the 256-bit integer that proof of work compares: its bytes are little-endian. */
export function hashToInteger(hash: Uint8Array): bigint {
  let value = 0n;
  for (let i = hash.length - 4; i >= 0; i -= 4) {
    const word = (hash[i]! | (hash[i + 1]! << 8) | (hash[i + 2]! << 16) | (hash[i + 3]! << 24)) >>> 0;
    value = (value << 32n) | BigInt(word);
  }
  return value;
}
