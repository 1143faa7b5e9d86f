/**
 * @module Keys for maps and tables. A `Map` compares Uint8Arrays by identity, so hashes become strings of 32 latin-1
 * characters: half the memory of hex and no table walk. Never shown to people: see `hex.ts` for that.
 */
import type {OutPoint} from '../primitives/transaction.js';

export function hashKey(hash: Uint8Array): string {
  return String.fromCharCode.apply(null, hash as unknown as number[]);
}

export function keyToHash(key: string): Uint8Array {
  const hash = new Uint8Array(key.length);
  for (let i = 0; i < key.length; i++) hash[i] = key.charCodeAt(i);
  return hash;
}

/** 36 bytes as on the wire: txid in internal order, output index little-endian. */
export function outpointKey(outpoint: OutPoint): Uint8Array {
  const key = new Uint8Array(36);
  writeOutpointKey(key, outpoint);
  return key;
}

/** {@link outpointKey} into 36 bytes that the caller has: a reader of thousands of rows needs one key. */
export function writeOutpointKey(key: Uint8Array, {txid, vout}: OutPoint): void {
  key.set(txid);
  key[32] = vout;
  key[33] = vout >>> 8;
  key[34] = vout >>> 16;
  key[35] = vout >>> 24;
}

/** The same 36 bytes as a map key. */
export function outpointMapKey(outpoint: OutPoint): string {
  const vout = outpoint.vout;
  return hashKey(outpoint.txid)
    + String.fromCharCode(vout & 255, (vout >>> 8) & 255, (vout >>> 16) & 255, (vout >>> 24) & 255);
}
