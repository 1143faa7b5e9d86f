/**
 * @module The proof that a miner's shares were counted for a block, as a file of JSON, and its check without trusting the
 * pool: the shares lead to the root that the pool has published, each is backed by its hash, and the credit is what the
 * terms make of its part of the work. What a proof cannot say is in docs/share-proofs.md.
 */
import {bytesToHex, displayHexToHash, hashToDisplayHex, hexToBytes} from '../bytes/hex.js';
import type {Hash256, Sats} from '../primitives/transaction.js';
import {reject, type Rejection, type Verdict} from '../verdict.js';
import {feeOf} from './split-reward.js';
import {PAYOUT_SCHEMES, type PayoutScheme, type RewardTerms} from './schemes.js';
import {foldProof, type ProofStep} from './share-tree.js';

export const SHARE_PROOF_FORMAT = 'pithead-share-proof-1';

export interface ShareProof {
  readonly blockHash: Hash256;
  readonly height: number;
  readonly rewardSats: Sats;
  readonly subsidySats: Sats;
  readonly terms: RewardTerms;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Of all shares in the window, and the root that the pool has published. */
  readonly totalWork: bigint;
  readonly root: Hash256;
  readonly account: string;
  /** All shares of the account are shown; else the credit cannot be checked. */
  readonly isComplete: boolean;
  readonly creditSats: Sats;
  readonly steps: readonly ProofStep[];
}

export type ShareProofCode =
  | 'share-proof-malformed' | 'share-proof-root' | 'share-proof-total' | 'share-proof-order' | 'share-proof-hash' | 'share-proof-credit';

export interface CheckedProof {
  readonly shareCount: number;
  readonly work: bigint;
}

const HASH_SPACE = 1n << 256n;
const WORK_MAX = (1n << 128n) - 1n;
/** A window has fewer; each is a hash or two to check. */
const STEPS_MAX = 10_000_000;
const ACCOUNT = /^[\x21-\x7e]{1,200}$/;
const DIGITS = /^(?:0|[1-9][0-9]{0,77})$/;

export function checkShareProof(proof: ShareProof): Verdict<CheckedProof, ShareProofCode> {
  const folded = foldProof(proof.steps, proof.account);
  if (folded === undefined || folded.shares.length === 0) return reject('share-proof-malformed', 'the steps show no share of one tree');
  const {root, shares} = folded;
  if (bytesToHex(root.hash) !== bytesToHex(proof.root)) return reject('share-proof-root', `the shares lead to the root ${bytesToHex(root.hash)}`);
  if (root.work !== proof.totalWork) return reject('share-proof-total', `the tree adds up to ${root.work}, not to ${proof.totalWork}`);
  let before = proof.firstSeq - 1;
  let work = 0n;
  for (const share of shares) {
    if (share.seq <= before || share.seq > proof.lastSeq) return reject('share-proof-order', `share ${share.seq} follows ${before} in a window that ends with ${proof.lastSeq}`);
    // Expected hashes of the easiest target that this hash meets.
    const backed = HASH_SPACE / (hashNumber(share.hash) + 1n);
    if (share.work > backed) return reject('share-proof-hash', `the hash of share ${share.seq} is worth ${backed}, and counted as ${share.work}`);
    before = share.seq;
    work += share.work;
  }
  return checkCredit(proof, work) ?? {ok: true, value: {shareCount: shares.length, work}};
}

/** Rounding gives one satoshi more to the largest remainders, which only who has all accounts can tell. */
function checkCredit(proof: ShareProof, work: bigint): Rejection<ShareProofCode> | undefined {
  if (!proof.isComplete) return undefined;
  const {rewardSats, subsidySats, terms, totalWork, creditSats} = proof;
  const riskSats = terms.scheme === 'PPS' ? rewardSats : terms.scheme === 'PPS+' ? subsidySats : 0n;
  const sharedSats = rewardSats - riskSats;
  const minersSats = sharedSats - feeOf(sharedSats, terms.feePpm) - feeOf(sharedSats, terms.donationPpm);
  const dueSats = (minersSats * work) / totalWork;
  return creditSats === dueSats || creditSats === dueSats + 1n ? undefined
    : reject('share-proof-credit', `${work} of ${totalWork} make ${dueSats} of ${minersSats}; credited are ${creditSats}`);
}

/** JSON, one step a line. */
export function formatShareProof(proof: ShareProof): string {
  const {steps, ...facts} = proof;
  const head = {
    format: SHARE_PROOF_FORMAT,
    ...facts, blockHash: hashToDisplayHex(proof.blockHash), root: bytesToHex(proof.root), rewardSats: String(proof.rewardSats),
    subsidySats: String(proof.subsidySats), totalWork: String(proof.totalWork), creditSats: String(proof.creditSats),
  };
  const lines = steps.map((step) => JSON.stringify(
    step.kind === 'join' ? 'join'
      : step.kind === 'share' ? {seq: step.seq, work: String(step.work), hash: hashToDisplayHex(step.hash)}
        : {node: bytesToHex(step.node.hash), work: String(step.node.work)}));
  return `${JSON.stringify(head, undefined, 1).slice(0, -2)},\n "steps": [\n${lines.join(',\n')}\n ]\n}\n`;
}

export function parseShareProof(text: string): Verdict<ShareProof, 'share-proof-malformed'> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return reject('share-proof-malformed', 'this is no JSON');
  }
  try {
    return {ok: true, value: proofOf(fieldsOf(value))};
  } catch (error) {
    if (error instanceof MalformedField) return reject('share-proof-malformed', error.message);
    throw error;
  }
}

/** Thrown and caught in this file only: a field a line instead of a verdict a field. */
class MalformedField extends Error {}
type Fields = Readonly<Record<string, unknown>>;

function proofOf(fields: Fields): ShareProof {
  if (fields['format'] !== SHARE_PROOF_FORMAT) throw new MalformedField(`the format is not ${SHARE_PROOF_FORMAT}`);
  const terms = fieldsOf(fields['terms']);
  const scheme = PAYOUT_SCHEMES.find((name) => name === terms['scheme']);
  const steps = fields['steps'];
  if (!Array.isArray(steps) || steps.length > STEPS_MAX) throw new MalformedField('steps');
  const proof = {
    blockHash: displayHash(fields, 'blockHash'), height: whole(fields, 'height'), rewardSats: integer(fields, 'rewardSats'), subsidySats: integer(fields, 'subsidySats'),
    terms: termsOf(scheme, terms), firstSeq: whole(fields, 'firstSeq'), lastSeq: whole(fields, 'lastSeq'), totalWork: integer(fields, 'totalWork'),
    root: rawHash(fields, 'root'), account: accountOf(fields['account']), isComplete: fields['isComplete'] === true, creditSats: integer(fields, 'creditSats'),
    steps: steps.map(stepOf),
  };
  if (proof.totalWork === 0n || proof.subsidySats > proof.rewardSats) throw new MalformedField('totalWork or subsidySats');
  return proof;
}

function termsOf(scheme: PayoutScheme | undefined, terms: Fields): RewardTerms {
  const [feePpm, donationPpm] = [whole(terms, 'feePpm'), whole(terms, 'donationPpm')];
  if (scheme === undefined || feePpm + donationPpm > 1_000_000) throw new MalformedField('terms');
  return {scheme, feePpm, donationPpm, donationAccount: terms['donationAccount'] === '' ? '' : accountOf(terms['donationAccount'])};
}

function stepOf(step: unknown): ProofStep {
  if (step === 'join') return {kind: 'join'};
  const fields = fieldsOf(step);
  const work = integer(fields, 'work');
  if (work > WORK_MAX) throw new MalformedField('work');
  return fields['node'] === undefined ? {kind: 'share', seq: whole(fields, 'seq'), work, hash: displayHash(fields, 'hash')} : {kind: 'node', node: {hash: rawHash(fields, 'node'), work}};
}

function fieldsOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new MalformedField('an object is missing');
  return value as Fields;
}

function whole(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw new MalformedField(name);
  return value;
}

function integer(fields: Fields, name: string): bigint {
  const value = fields[name];
  if (typeof value !== 'string' || !DIGITS.test(value)) throw new MalformedField(name);
  return BigInt(value);
}

function accountOf(value: unknown): string {
  if (typeof value !== 'string' || !ACCOUNT.test(value)) throw new MalformedField('account');
  return value;
}

function displayHash(fields: Fields, name: string): Hash256 {
  const value = fields[name];
  const hash = typeof value === 'string' ? displayHexToHash(value) : undefined;
  if (hash?.length !== 32) throw new MalformedField(name);
  return hash;
}

function rawHash(fields: Fields, name: string): Hash256 {
  const value = fields[name];
  const hash = typeof value === 'string' ? hexToBytes(value) : undefined;
  if (hash?.length !== 32) throw new MalformedField(name);
  return hash;
}

/** Hashes are little-endian numbers. */
function hashNumber(hash: Hash256): bigint {
  return BigInt(`0x${hashToDisplayHex(hash)}`);
}
