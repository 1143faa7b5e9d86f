/** Templates and Stratum jobs for tests; small, valid, and different where a test needs them to be. */
import {buildCoinbaseHalves} from '../../src/protocol/mining/coinbase.js';
import type {BlockTemplate, TemplateTransaction} from '../../src/protocol/mining/block-template.js';
import {merkleBranch} from '../../src/protocol/mining/merkle-branch.js';
import {merkleRoot} from '../../src/protocol/consensus/merkle.js';
import {compactToTarget} from '../../src/protocol/consensus/pow/compact.js';
import {witnessCommitment, witnessCommitmentScript} from '../../src/protocol/consensus/witness-commitment.js';
import {NULL_HASH} from '../../src/protocol/primitives/transaction-codec.js';
import type {Transaction} from '../../src/protocol/primitives/transaction.js';
import type {StratumJob} from '../../src/protocol/stratum/stratum-job.js';
import {aHash} from './ledger-builder.js';

export const NOW_SEC = 1_700_000_000;

export function templateEntry(transaction: Transaction, feeSats = 1000n): TemplateTransaction {
  const {bytes, txid, wtxid, strippedSize} = transaction;
  return {bytes, txid, wtxid, feeSats, weightWu: strippedSize * 3 + bytes.length, sigopCost: 4};
}

export function aTemplate(parts: Partial<BlockTemplate> = {}): BlockTemplate {
  const transactions = parts.transactions ?? [];
  const bits = parts.bits ?? 0x207fffff;
  const witnessRoot = merkleRoot([NULL_HASH, ...transactions.map(({wtxid}) => wtxid)]).root;
  return {
    height: 101, previousHash: aHash(1), version: 0x20000000, bits, target: compactToTarget(bits)!,
    curTimeSec: NOW_SEC, minTimeSec: NOW_SEC - 600, coinbaseValueSats: 5_000_000_000n, transactions,
    witnessCommitment: witnessCommitmentScript(witnessCommitment(witnessRoot, NULL_HASH)),
    longpollId: '1', weightLimitWu: 4_000_000, sigopLimit: 80_000, sizeLimit: 4_000_000,
    ...parts,
  };
}

export interface JobParts {
  readonly number: number;
  readonly template?: BlockTemplate;
  readonly createdAtMs?: number;
  readonly extranonceSize?: number;
}

export function aJob({number, template = aTemplate(), createdAtMs = number, extranonceSize = 12}: JobParts): StratumJob {
  const jobBytes = new Uint8Array(8);
  new DataView(jobBytes.buffer).setUint32(4, number);
  const halves = buildCoinbaseHalves({
    height: template.height, jobBytes, extranonceSize, tag: new TextEncoder().encode('/test/'),
    outputs: [{valueSats: template.coinbaseValueSats, scriptPubKey: Uint8Array.of(0x51)}],
    witnessCommitment: template.witnessCommitment,
  });
  return {
    jobId: number.toString(16), jobKey: number, template, ...halves,
    branch: merkleBranch(template.transactions.map(({txid}) => txid)), createdAtMs, cleanJobs: false,
  };
}
