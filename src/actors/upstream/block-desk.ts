/**
 * @module One block of the pool to all nodes at once: the first that takes it decides, the others are told all the same.
 * When nobody takes it and somebody is silent, the question stays open: whoever asked keeps the block and asks again,
 * until the chain has gone on so far without it that it can only be stale.
 */
import {bytesEqual} from '../../protocol/bytes/compare.js';
import {bytesToHex} from '../../protocol/bytes/hex.js';
import {decodeBlock, decodeHeader} from '../../protocol/primitives/block-codec.js';
import type {Hash256} from '../../protocol/primitives/transaction.js';
import type {BlockOutcome} from '../chain/messages.js';
import {askHashAtHeight, askHeader, preferBlock, submitBlock, type UpstreamNode} from './node-link.js';
import {verdictOf, type NodeJudgement} from './submission.js';

/** Another block with this many on top of it: ours will not come back. Bitcoin's deepest natural reorganisations were of 4. */
const STALE_DEPTH = 12;

/** Nobody who asks needs the height of what it found itself; the log may show it. */
const HEIGHT_UNASKED = -1;

const OP_1 = 0x51;
const OP_16 = 0x60;
/** Enough for any height, and exact. */
const HEIGHT_BYTES_MAX = 4;

/** No node has judged it, and it may still be good. */
export class BlockUndecided extends Error {
  readonly code = 'block-undecided';
}

export interface BlockDeskModules {
  /** All that are configured: one that is thought to be down may be back. */
  readonly nodes: readonly UpstreamNode[];
  /** Another block of ours with the same parent was taken: preferring this one would only turn the nodes' own tip around. */
  readonly hasRival: (block: {readonly hash: Hash256; readonly previousHash: Hash256}) => boolean;
  /** Called once for each node, as it answers. */
  readonly onJudged: (block: {readonly hash: Hash256; readonly previousHash: Hash256}, judgement: NodeJudgement) => void;
}

/** Rejects with {@link BlockUndecided}. */
export async function offerBlock(blockBytes: Uint8Array, {nodes, hasRival, onJudged}: BlockDeskModules): Promise<BlockOutcome> {
  const header = decodeHeader(blockBytes.subarray(0, 80));
  if (!header.ok) return {ok: false, code: header.code, status: 'invalid'};
  const {hash, previousHash} = header.value;
  const blockHex = bytesToHex(blockBytes);
  const judging = nodes.map(async (node) => {
    const judgement = await submitBlock(node, blockHex);
    onJudged({hash, previousHash}, judgement);
    return judgement;
  });
  const judgements = await firstAccepted(judging);
  const verdict = verdictOf(judgements);
  switch (verdict.kind) {
    case 'accepted': return {ok: true, status: 'connected', hash, height: await heightOf(hash, nodes)};
    case 'known': if (hasRival({hash, previousHash})) return {ok: true, status: 'side-branch', hash, height: HEIGHT_UNASKED};
      return standingOf(hash, nodes.filter(({rpc}) => verdict.nodes.includes(rpc.name)));
    case 'rejected': return {ok: false, code: verdict.reason, status: 'invalid', hash};
    default:
      if (await isStale({hash, previousHash, height: heightIn(blockBytes)}, nodes)) return {ok: false, code: 'stale-prevblk', status: 'invalid', hash, detail: 'the chain went on without it'};
      throw new BlockUndecided(verdict.reason);
  }
}

/** All judgements, or those up to the first that takes the block: the miner waits for one yes, not for the slowest node. */
function firstAccepted(judging: readonly Promise<NodeJudgement>[]): Promise<readonly NodeJudgement[]> {
  return new Promise((resolve, reject) => {
    const seen: NodeJudgement[] = [];
    for (const each of judging) {
      each.then((judgement) => {
        seen.push(judgement);
        if (judgement.verdict === 'accepted' || seen.length === judging.length) resolve(seen);
      }, reject);
    }
    if (judging.length === 0) resolve([]);
  });
}

/** Known, and perhaps not the best: our nodes may prefer it to another one of equal work. */
async function standingOf(hash: Hash256, nodes: readonly UpstreamNode[]): Promise<BlockOutcome> {
  await Promise.all(nodes.map((node) => preferBlock(node, hash)));
  for (const node of nodes) {
    const view = await askHeader(node, hash).catch(() => null);
    if (view !== null) return {ok: true, status: view.isActive ? 'duplicate' : 'side-branch', hash, height: view.height};
  }
  // Taken by a node and not stored yet, or known by its hash only.
  throw new BlockUndecided('known to a node that does not say where it stands');
}

/** For the log only. */
async function heightOf(hash: Hash256, nodes: readonly UpstreamNode[]): Promise<number> {
  const views = nodes.map(async (node) => {
    const view = await askHeader(node, hash);
    if (view === null) throw new Error('not there');
    return view.height;
  });
  return Promise.any(views).catch(() => HEIGHT_UNASKED);
}

interface StaleFacts {
  readonly hash: Hash256;
  readonly previousHash: Hash256;
  /** What its coinbase says. */
  readonly height: number | undefined;
}

async function isStale({hash, previousHash, height}: StaleFacts, nodes: readonly UpstreamNode[]): Promise<boolean> {
  for (const node of nodes) {
    try {
      const parent = await askHeader(node, previousHash);
      // A parent that nobody has belongs to a branch that is gone; its place is still known.
      const place = parent === null ? height : parent.height + 1;
      if (place === undefined) continue;
      const standing = await askHashAtHeight(node, place);
      const deep = await askHashAtHeight(node, place - 1 + STALE_DEPTH);
      if (standing !== null && deep !== null && !bytesEqual(standing, hash)) return true;
    } catch {
      // A node that does not answer says nothing about the block.
      continue;
    }
  }
  return false;
}

/** BIP 34: the coinbase's script begins with the height. */
function heightIn(blockBytes: Uint8Array): number | undefined {
  const block = decodeBlock(blockBytes);
  const script = block.ok ? block.value.transactions[0]?.inputs[0]?.scriptSig : undefined;
  const first = script?.[0];
  if (script === undefined || first === undefined) return undefined;
  if (first >= OP_1 && first <= OP_16) return first - OP_1 + 1;
  if (first === 0 || first > HEIGHT_BYTES_MAX || script.length <= first) return undefined;
  let height = 0;
  for (let at = first; at >= 1; at--) height = height * 256 + script[at]!;
  return height;
}
