/**
 * @module How a genesis block comes to be: one coinbase with a text and an unspendable-by-rule output, then the first
 * nonce from zero that meets the bits. The presets carry the bytes; a test makes them again with these functions.
 */
import {concatBytes, hashToInteger} from '../bytes/compare.js';
import {sha256dHeaderTail, sha256Midstate} from '../bytes/sha256.js';
import type {Block} from '../primitives/block.js';
import {buildHeader, encodeBlock, encodeHeader} from '../primitives/block-codec.js';
import {buildTransaction, NULL_HASH, NULL_VOUT} from '../primitives/transaction-codec.js';
import type {Sats} from '../primitives/transaction.js';
import {compactToTarget} from '../consensus/pow/compact.js';
import {assert} from '../verdict.js';

export interface GenesisPlan {
  /** ASCII, at most 75 bytes. */
  readonly text: string;
  readonly scriptPubKey: Uint8Array;
  readonly valueSats: Sats;
  readonly timeSec: number;
  readonly bits: number;
  readonly version: number;
}

/** The first bytes of Bitcoin's own: a push of 1d00ffff and a push of the number 4. Kept so that the forms are alike. */
const COINBASE_PREFIX = Uint8Array.of(4, 0xff, 0xff, 0, 0x1d, 1, 4);

export function buildGenesis(plan: GenesisPlan, nonce: number): Block {
  assert(plan.text.length <= 75, 'the text is one direct push');
  const text = Uint8Array.from(plan.text, (letter) => letter.charCodeAt(0));
  const coinbase = buildTransaction({
    version: 1,
    inputs: [{prevout: {txid: NULL_HASH, vout: NULL_VOUT}, scriptSig: concatBytes(COINBASE_PREFIX, Uint8Array.of(text.length), text)}],
    outputs: [{valueSats: plan.valueSats, scriptPubKey: plan.scriptPubKey}],
  });
  const {version, timeSec, bits} = plan;
  return encodeBlock(buildHeader({version, previousHash: NULL_HASH, merkleRoot: coinbase.txid, timeSec, bits, nonce}), [coinbase]);
}

/** The first nonce that meets the bits. Half a second to a few at difficulty 2^-12: for tests and scripts. */
export function findGenesisNonce(plan: GenesisPlan): number {
  const header = encodeHeader(buildGenesis(plan, 0).header);
  const target = compactToTarget(plan.bits);
  assert(target !== undefined, 'the plan has bits that name a target');
  const midstate = sha256Midstate(header.subarray(0, 64));
  const tail = header.subarray(64);
  const hash = new Uint8Array(32);
  for (let nonce = 0; nonce <= 0xffffffff; nonce++) {
    tail[12] = nonce;
    tail[13] = nonce >>> 8;
    tail[14] = nonce >>> 16;
    tail[15] = nonce >>> 24;
    sha256dHeaderTail(midstate, tail, hash);
    // Most hashes fail on the top bytes: no bigint is made for them.
    if (hash[31] !== 0 && target >> 248n === 0n) continue;
    if (hashToInteger(hash) <= target) return nonce;
  }
  throw new Error('no nonce of 32 bits meets these bits');
}
