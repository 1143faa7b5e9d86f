/**
 * @module Numbers on the script stack: little-endian magnitude with a sign bit in the last byte.
 * Operands have at most 4 bytes (5 for the lock-time opcodes); results may be larger and are then only bytes.
 * Five bytes stay below 2^39, so doubles are exact.
 */

export const OPERAND_SIZE_MAX = 4;
/** BIP 65 and BIP 112: lock times are unsigned 32 bit, which needs a fifth byte for the sign. */
export const LOCK_TIME_SIZE_MAX = 5;

const EMPTY = new Uint8Array(0);

/** @returns undefined when longer than `sizeMax`, or not in the shortest form where `minimal` demands it. */
export function decodeScriptNumber(bytes: Uint8Array, minimal: boolean, sizeMax = OPERAND_SIZE_MAX): number | undefined {
  const length = bytes.length;
  if (length > sizeMax) return undefined;
  if (length === 0) return 0;
  const last = bytes[length - 1]!;
  if (minimal && !isShortest(bytes, last)) return undefined;
  let magnitude = last & 0x7f;
  for (let i = length - 2; i >= 0; i--) magnitude = magnitude * 256 + bytes[i]!;
  if (magnitude === 0) return 0;
  return last >= 0x80 ? -magnitude : magnitude;
}

/** @param value - an integer within ±2^53. */
export function encodeScriptNumber(value: number): Uint8Array {
  if (value === 0) return EMPTY;
  const bytes: number[] = [];
  for (let rest = Math.abs(value); rest > 0; rest = Math.floor(rest / 256)) bytes.push(rest % 256);
  const last = bytes[bytes.length - 1]!;
  if (last >= 0x80) bytes.push(value < 0 ? 0x80 : 0);
  else if (value < 0) bytes[bytes.length - 1] = last | 0x80;
  return Uint8Array.from(bytes);
}

/** False for empty, all zero bytes, and negative zero. */
export function castToBoolean(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== 0) return i !== bytes.length - 1 || bytes[i] !== 0x80;
  }
  return false;
}

/** The last byte may hold nothing but a sign only where the byte before needs its top bit. */
function isShortest(bytes: Uint8Array, last: number): boolean {
  return (last & 0x7f) !== 0 || (bytes.length > 1 && bytes[bytes.length - 2]! >= 0x80);
}
