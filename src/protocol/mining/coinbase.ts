/**
 * @module The coinbase of a block to mine: what its input script says, what it pays, where the miner's bytes go.
 *
 * The script is: height (BIP 34), one push of {job bytes, extranonces}, one push of the tag. Both are pushes, so that no
 * random byte is ever counted as a signature operation. Lock time is height - 1 and the sequence is not final, as BIP 54
 * asks: a coinbase can then never equal an older one. Does not decide who is paid; see `payout/`.
 */
import {ByteWriter} from '../bytes/byte-writer.js';
import {encodeScriptNumberPush} from '../consensus/script-number.js';
import {COINBASE_SCRIPT_SIZE_MAX} from '../consensus/check-transaction.js';
import {NULL_HASH, NULL_VOUT} from '../primitives/transaction-codec.js';
import type {Sats} from '../primitives/transaction.js';
import {assert} from '../verdict.js';

export interface CoinbaseOutput {
  readonly valueSats: Sats;
  readonly scriptPubKey: Uint8Array;
}

export interface CoinbasePlan {
  readonly height: number;
  /** Bytes that no other job has: every notify must be new work, whatever the miner does with its extranonce2. */
  readonly jobBytes: Uint8Array;
  /** Extranonce1 and extranonce2 together, in bytes. */
  readonly extranonceSize: number;
  /** What the pool calls itself in its blocks; cut where the script would grow beyond its limit. */
  readonly tag: Uint8Array;
  readonly outputs: readonly CoinbaseOutput[];
  /** scriptPubKey of the commitment output (BIP 141); empty when the chain has no segwit yet. */
  readonly witnessCommitment: Uint8Array;
}

/** Without witness, so that the hash of the joined halves is the txid. */
export interface CoinbaseHalves {
  readonly coinbase1: Uint8Array;
  readonly coinbase2: Uint8Array;
}

/** Not ffffffff, else the lock time would not bind (BIP 54). */
export const COINBASE_SEQUENCE = 0xfffffffe;
/** Longest direct push; longer ones need an opcode in front of the length. */
const DIRECT_PUSH_LENGTH_MAX = 75;

export function buildCoinbaseHalves(plan: CoinbasePlan): CoinbaseHalves {
  const heightPush = encodeScriptNumberPush(plan.height);
  const minerLength = plan.jobBytes.length + plan.extranonceSize;
  assert(minerLength >= 1 && minerLength <= DIRECT_PUSH_LENGTH_MAX, 'job bytes and extranonces fit one push');
  const room = COINBASE_SCRIPT_SIZE_MAX - heightPush.length - 1 - minerLength;
  assert(room >= 0, 'the coinbase script has room for the extranonces');
  const tag = plan.tag.subarray(0, Math.max(0, Math.min(room - 1, DIRECT_PUSH_LENGTH_MAX)));
  const tagLength = tag.length === 0 ? 0 : 1 + tag.length;
  const head = new ByteWriter(128)
    .u32(2).varint(1).bytes(NULL_HASH).u32(NULL_VOUT)
    .varint(heightPush.length + 1 + minerLength + tagLength)
    .bytes(heightPush).u8(minerLength).bytes(plan.jobBytes);
  const tail = new ByteWriter(256);
  if (tag.length > 0) tail.u8(tag.length).bytes(tag);
  const hasCommitment = plan.witnessCommitment.length > 0;
  tail.u32(COINBASE_SEQUENCE).varint(plan.outputs.length + (hasCommitment ? 1 : 0));
  for (const output of plan.outputs) tail.u64(output.valueSats).varBytes(output.scriptPubKey);
  // Last, because of several matching outputs the one with the highest index binds (BIP 141).
  if (hasCommitment) tail.u64(0n).varBytes(plan.witnessCommitment);
  tail.u32(Math.max(0, plan.height - 1));
  return {coinbase1: head.finish(), coinbase2: tail.finish()};
}

/**
 * Puts back what the stripped form leaves out: marker, flag, and the reserved value of 32 zero bytes as only witness
 * item. Bitcoin Core adds a missing one silently, other nodes refuse the block.
 */
export function addReservedWitness(strippedCoinbase: Uint8Array): Uint8Array {
  const lockTimeAt = strippedCoinbase.length - 4;
  return new ByteWriter(strippedCoinbase.length + 36)
    .bytes(strippedCoinbase.subarray(0, 4)).u8(0).u8(1)
    .bytes(strippedCoinbase.subarray(4, lockTimeAt))
    .u8(1).u8(32).bytes(NULL_HASH)
    .bytes(strippedCoinbase.subarray(lockTimeAt))
    .finish();
}
