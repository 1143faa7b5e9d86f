/**
 * @module Base58 with a four-byte checksum: the text form of old addresses and of private keys.
 * Decides whether text is such a thing; what the bytes mean is for its callers.
 */
import {base58} from '@scure/base';
import {bytesEqual, concatBytes} from '../bytes/compare.js';
import {sha256d} from '../bytes/sha256.js';

const CHECKSUM_SIZE = 4;
// Base58 takes quadratic time. Addresses and keys have at most 52 characters; Core's vectors go to 350.
const TEXT_LENGTH_MAX = 512;

export function encodeBase58(bytes: Uint8Array): string {
  return base58.encode(bytes);
}

export function encodeBase58Check(payload: Uint8Array): string {
  return encodeBase58(concatBytes(payload, sha256d(payload).subarray(0, CHECKSUM_SIZE)));
}

/** @returns undefined for a character outside the alphabet, a wrong checksum, or text far too long. */
export function decodeBase58Check(text: string): Uint8Array | undefined {
  const bytes = decodeBase58(text);
  if (bytes === undefined || bytes.length < CHECKSUM_SIZE) return undefined;
  const payload = bytes.subarray(0, -CHECKSUM_SIZE);
  return bytesEqual(sha256d(payload).subarray(0, CHECKSUM_SIZE), bytes.subarray(-CHECKSUM_SIZE)) ? payload : undefined;
}

/** Without a checksum. @returns undefined for a character outside the alphabet, or text far too long. */
export function decodeBase58(text: string): Uint8Array | undefined {
  if (text.length > TEXT_LENGTH_MAX) return undefined;
  try {
    return base58.decode(text);
  } catch {
    // @scure's way to say that a character is none of the 58.
    return undefined;
  }
}
