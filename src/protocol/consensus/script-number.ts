/** @module The shortest script that pushes a number: BIP 34 demands it of a coinbase's height. */

/** OP_0, OP_1..OP_16, or a push of the little-endian number with a free sign bit. Natural numbers only. */
export function encodeScriptNumberPush(value: number): Uint8Array {
  if (value === 0) return Uint8Array.of(0);
  if (value <= 16) return Uint8Array.of(0x50 + value);
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.push(rest % 256);
  // A set top bit would read as a minus sign.
  if (bytes.at(-1)! >= 0x80) bytes.push(0);
  return Uint8Array.of(bytes.length, ...bytes);
}
