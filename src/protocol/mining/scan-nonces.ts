/**
 * @module Tries nonces on a CPU, a bounded slice at a time: for the demo miner, `generatetoaddress` and tests.
 * The first 64 bytes of a header are hashed once (midstate); a nonce then costs two compressions.
 */
import {hashToInteger} from '../bytes/compare.js';
import {sha256Midstate, sha256dHeaderTail} from '../bytes/sha256.js';
import type {Hash256} from '../primitives/transaction.js';
import {assert} from '../verdict.js';

export interface NonceScan {
  /** 80 bytes; its nonce field is not read. */
  readonly header: Uint8Array;
  readonly target: bigint;
  readonly firstNonce: number;
  /** The slice: at most this many nonces are tried, and none beyond 2^32 - 1. */
  readonly countMax: number;
}

export interface NonceScanResult {
  readonly found: {readonly nonce: number; readonly hash: Hash256; /** The 80 solved bytes. */ readonly header: Uint8Array} | undefined;
  /** Nonces tried, the solving one included. */
  readonly tried: number;
  /** Where the next slice begins; 2^32 when the range is used up. */
  readonly nextNonce: number;
}

const NONCE_LIMIT = 0x1_0000_0000;

export function scanNonces(scan: NonceScan): NonceScanResult {
  assert(scan.header.length === 80, 'a header has 80 bytes');
  const midstate = sha256Midstate(scan.header.subarray(0, 64));
  const tail = scan.header.slice(64);
  const hash = new Uint8Array(32);
  // The hash is a little-endian number: its last word decides nearly always, without making a bigint.
  const targetTopWord = Number((scan.target >> 224n) & 0xffffffffn);
  const end = Math.min(NONCE_LIMIT, scan.firstNonce + scan.countMax);
  for (let nonce = scan.firstNonce; nonce < end; nonce++) {
    tail[12] = nonce;
    tail[13] = nonce >>> 8;
    tail[14] = nonce >>> 16;
    tail[15] = nonce >>> 24;
    sha256dHeaderTail(midstate, tail, hash);
    const topWord = (hash[28]! | (hash[29]! << 8) | (hash[30]! << 16) | (hash[31]! << 24)) >>> 0;
    if (topWord > targetTopWord || hashToInteger(hash) > scan.target) continue;
    const header = scan.header.slice();
    header.set(tail, 64);
    return {found: {nonce, hash, header}, tried: nonce - scan.firstNonce + 1, nextNonce: nonce + 1};
  }
  return {found: undefined, tried: Math.max(0, end - scan.firstNonce), nextNonce: end};
}
