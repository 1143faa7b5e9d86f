/**
 * @module The kernel `hashShares`: coinbase from its halves and extranonces, merkle root up the branch, header, sha256d.
 * A job is the context of its shares. It decides nothing about the hash.
 *
 * Item: version u32, time u32, nonce u32, extranonce1, extranonce2. Answer: hash 32, header 80.
 * Context: lengths of coinbase1, coinbase2 and branch u32 each, previous hash 32, bits u32, then the three. Little-endian.
 */
import type {BatchKernel, ThreadKernel} from '../../runtime/threads/batch-kernel.js';
import {FifoMap} from '../../runtime/threads/fifo-map.js';
import type {ChosenSha256d} from '../backends/select.js';
import type {ShareJob, ShareToHash} from '../tasks.js';

const ITEM_HEADER = 12;
const HASH_LENGTH = 32;
const HEADER_LENGTH = 80;
const CONTEXT_HEADER = 48;
/** Jobs alive in one thread: a solo pool has one per session, and a session keeps a few. About 1 kB each. */
const JOBS_MAX = 4096;
/** Merkle roots kept per thread. A root costs some 13 double hashes, about 10 us; an entry about 150 bytes. */
const ROOTS_MAX = 8192;

export interface HashedShare {
  readonly hash: Uint8Array;
  readonly header: Uint8Array;
}

export const shareKernel: BatchKernel<ShareToHash, HashedShare> = {
  name: 'hashShares',
  costClasses: [{name: 'share', firstGuessUs: 20}],
  answerLength: HASH_LENGTH + HEADER_LENGTH,
  costClassOf: () => 0,
  byteLength: (share) => ITEM_HEADER + share.extranonce1.length + share.extranonce2.length,
  encode(share, into) {
    const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
    view.setUint32(0, share.version, true);
    view.setUint32(4, share.timeSec, true);
    view.setUint32(8, share.nonce, true);
    into.set(share.extranonce1, ITEM_HEADER);
    into.set(share.extranonce2, ITEM_HEADER + share.extranonce1.length);
  },
  // Copies: a view would keep the whole batch's reply alive for as long as one share lives.
  decode: (answer) => ({hash: answer.slice(0, HASH_LENGTH), header: answer.slice(HASH_LENGTH)}),
  contextKeyOf: (share) => share.job.jobKey,
  contextOf: (share) => encodeJob(share.job),
};

function encodeJob(job: ShareJob): Uint8Array {
  const bytes = new Uint8Array(CONTEXT_HEADER + job.coinbase1.length + job.coinbase2.length + job.branch.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, job.coinbase1.length, true);
  view.setUint32(4, job.coinbase2.length, true);
  view.setUint32(8, job.branch.length, true);
  bytes.set(job.previousHash, 12);
  view.setUint32(44, job.bits, true);
  bytes.set(job.coinbase1, CONTEXT_HEADER);
  bytes.set(job.coinbase2, CONTEXT_HEADER + job.coinbase1.length);
  bytes.set(job.branch, CONTEXT_HEADER + job.coinbase1.length + job.coinbase2.length);
  return bytes;
}

interface KnownJob {
  readonly coinbase1: Uint8Array;
  readonly coinbase2: Uint8Array;
  readonly branch: Uint8Array;
  readonly previousHash: Uint8Array;
  readonly bits: number;
}

function decodeJob(context: Uint8Array): KnownJob {
  const bytes = context.slice();
  const view = new DataView(bytes.buffer);
  const coinbase2Start = CONTEXT_HEADER + view.getUint32(0, true);
  const branchStart = coinbase2Start + view.getUint32(4, true);
  return {
    coinbase1: bytes.subarray(CONTEXT_HEADER, coinbase2Start),
    coinbase2: bytes.subarray(coinbase2Start, branchStart),
    branch: bytes.subarray(branchStart, branchStart + view.getUint32(8, true)),
    previousHash: bytes.subarray(12, 44),
    bits: view.getUint32(44, true),
  };
}

export function createShareThreadKernel({sha256d, flavour}: ChosenSha256d): ThreadKernel {
  const jobs = new FifoMap<number, KnownJob>(JOBS_MAX);
  const roots = new FifoMap<string, Uint8Array>(ROOTS_MAX);

  function rootOf(job: KnownJob, jobKey: number, extranonces: Uint8Array): Uint8Array {
    // Both extranonces as one run: the same bytes split elsewhere make the same coinbase, so the key is exact.
    const key = `${jobKey}:${String.fromCharCode(...extranonces)}`;
    const known = roots.get(key);
    if (known !== undefined) return known;
    const root = merkleRoot(job, extranonces, sha256d);
    roots.set(key, root);
    return root;
  }

  return {
    name: shareKernel.name,
    answerLength: shareKernel.answerLength,
    flavour,
    knows: (jobKey) => jobs.has(jobKey),
    learn: (jobKey, context) => jobs.set(jobKey, decodeJob(context)),
    run(item, jobKey, answer) {
      const job = jobs.get(jobKey)!;
      const itemView = new DataView(item.buffer, item.byteOffset, item.byteLength);
      const header = answer.subarray(HASH_LENGTH);
      const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
      view.setUint32(0, itemView.getUint32(0, true), true);
      header.set(job.previousHash, 4);
      header.set(rootOf(job, jobKey, item.subarray(ITEM_HEADER)), 36);
      view.setUint32(68, itemView.getUint32(4, true), true);
      view.setUint32(72, job.bits, true);
      view.setUint32(76, itemView.getUint32(8, true), true);
      answer.set(sha256d(header));
    },
  };
}

function merkleRoot(job: KnownJob, extranonces: Uint8Array, sha256d: ChosenSha256d['sha256d']): Uint8Array {
  const coinbase = new Uint8Array(job.coinbase1.length + extranonces.length + job.coinbase2.length);
  coinbase.set(job.coinbase1);
  coinbase.set(extranonces, job.coinbase1.length);
  coinbase.set(job.coinbase2, job.coinbase1.length + extranonces.length);
  let root = sha256d(coinbase);
  const pair = new Uint8Array(2 * HASH_LENGTH);
  for (let start = 0; start < job.branch.length; start += HASH_LENGTH) {
    pair.set(root);
    pair.set(job.branch.subarray(start, start + HASH_LENGTH), HASH_LENGTH);
    root = sha256d(pair);
  }
  return root;
}
