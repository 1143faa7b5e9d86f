/** @module HASH160: ripemd160 of sha256, the 20 bytes that P2PKH, P2SH and P2WPKH commit to. */
import {ripemd160} from '@noble/hashes/legacy.js';
import {sha256} from './sha256.js';

export function hash160(message: Uint8Array): Uint8Array {
  return ripemd160(sha256(message));
}
