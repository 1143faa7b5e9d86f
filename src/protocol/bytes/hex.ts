/**
 * @module Bytes to hexadecimal text and back, and the one place that turns a hash into its display form.
 * Hashes are held in internal (wire) order; people and JSON-RPC see them byte-reversed. Nothing else reverses.
 */

const HEX_OF_BYTE: readonly string[] = Array.from({length: 256}, (_, byte) => byte.toString(16).padStart(2, '0'));

export function bytesToHex(bytes: Uint8Array): string {
  let hex = '';
  for (let i = 0; i < bytes.length; i++) hex += HEX_OF_BYTE[bytes[i]!];
  return hex;
}

/** @returns undefined for an odd length or any character that is not a hex digit. */
export function hexToBytes(hex: string): Uint8Array | undefined {
  if (hex.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const high = nibble(hex.charCodeAt(2 * i));
    const low = nibble(hex.charCodeAt(2 * i + 1));
    if (high < 0 || low < 0) return undefined;
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}

/** Internal order to the reversed text that people compare. */
export function hashToDisplayHex(hash: Uint8Array): string {
  let hex = '';
  for (let i = hash.length - 1; i >= 0; i--) hex += HEX_OF_BYTE[hash[i]!];
  return hex;
}

/** Display text of 64 digits to internal order. @returns undefined for anything else. */
export function displayHexToHash(hex: string): Uint8Array | undefined {
  return hex.length === 64 ? hexToBytes(hex)?.reverse() : undefined;
}

function nibble(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
