/**
 * @module From a solved header to the bytes of its block. Decides nothing: whether the header is solved is judged before.
 */
import {ByteWriter} from '../bytes/byte-writer.js';
import {concatBytes} from '../bytes/compare.js';
import {sha256d} from '../bytes/sha256.js';
import {encodeHeader} from '../primitives/block-codec.js';
import {transactionListSize} from '../primitives/transaction-codec.js';
import {assert} from '../verdict.js';
import type {BlockTemplate} from './block-template.js';
import {addReservedWitness} from './coinbase.js';
import {merkleRootOfBranch} from './merkle-branch.js';

export interface SolvedWork {
  readonly template: BlockTemplate;
  readonly coinbase1: Uint8Array;
  readonly extranonce1: Uint8Array;
  readonly extranonce2: Uint8Array;
  readonly coinbase2: Uint8Array;
  /** 80 bytes, solved. */
  readonly header: Uint8Array;
}

/** Full serialisation with witnesses, as `submitblock` takes it. */
export function assembleBlock(work: SolvedWork): Uint8Array {
  assert(work.header.length === 80, 'a header has 80 bytes');
  const stripped = concatBytes(work.coinbase1, work.extranonce1, work.extranonce2, work.coinbase2);
  // Without a commitment output a witness in the coinbase is `unexpected-witness`.
  const coinbase = work.template.witnessCommitment.length > 0 ? addReservedWitness(stripped) : stripped;
  return joinBlock(work.header, coinbase, work.template);
}

export interface UnsolvedWork {
  readonly template: BlockTemplate;
  readonly coinbase1: Uint8Array;
  readonly coinbase2: Uint8Array;
  readonly branch: Uint8Array;
  /** Extranonce1 and extranonce2 together, bytes: zeros stand for them. */
  readonly extranonceSize: number;
}

/** The block of a job before anybody has worked on it: all of it but the work can be judged (BIP 23, proposal). */
export function assembleProposal({template, coinbase1, coinbase2, branch, extranonceSize}: UnsolvedWork): Uint8Array {
  const extranonce1 = new Uint8Array(extranonceSize);
  const coinbaseTxid = sha256d(concatBytes(coinbase1, extranonce1, coinbase2));
  const header = encodeHeader({
    version: template.version, previousHash: template.previousHash, merkleRoot: merkleRootOfBranch(coinbaseTxid, branch),
    timeSec: template.curTimeSec, bits: template.bits, nonce: 0,
  });
  return assembleBlock({template, coinbase1, extranonce1, extranonce2: new Uint8Array(0), coinbase2, header});
}

function joinBlock(header: Uint8Array, coinbase: Uint8Array, template: BlockTemplate): Uint8Array {
  const sizes = [coinbase.length, ...template.transactions.map((transaction) => transaction.bytes.length)];
  const writer = new ByteWriter(header.length + transactionListSize(sizes));
  writer.bytes(header).varint(sizes.length).bytes(coinbase);
  for (const transaction of template.transactions) writer.bytes(transaction.bytes);
  return writer.finish();
}
