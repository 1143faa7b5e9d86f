/**
 * @module The calls to one node that the upstream makes again and again: how it stands, its template, a block for it.
 * Knows the methods' names and their answers; what follows from an answer is decided by the actor.
 */
import {TemplateDecoding, type KnownEntries} from '../../protocol/mining/decode-template.js';
import type {BlockTemplate} from '../../protocol/mining/block-template.js';
import {bytesEqual} from '../../protocol/bytes/compare.js';
import {bytesToHex, hashToDisplayHex} from '../../protocol/bytes/hex.js';
import type {Block} from '../../protocol/primitives/block.js';
import type {Verdict} from '../../protocol/verdict.js';
import type {Hash256} from '../../protocol/primitives/transaction.js';
import type {HeaderView} from '../chain/messages.js';
import type {MempoolInfo} from '../mempool/messages.js';
import {hashIn, readBlock, readHeaderView, readHeight, readMempoolInfo, readPeerFacts, readTipFacts, type PeerFacts, type TipFacts} from './node-facts.js';
import type {NodeFault} from './node-watch.js';
import {NodeError, type BlockNotices, type NodeRpc} from './ports.js';
import {judgementOfError, judgementOfResult, type NodeJudgement} from './submission.js';

/** A node of the configuration. */
export interface UpstreamNode {
  readonly rpc: NodeRpc;
  readonly notices: BlockNotices | undefined;
}

/** Twice in a row, and the node is out: a hung one is left within some ten seconds. */
const PROBE_TIMEOUT_MS = 4_000;
/** Nodes are known to need seconds for a template (bitcoin #6525); miners work on meanwhile. */
const TEMPLATE_TIMEOUT_MS = 15_000;
/** Core answers a longpoll after a minute at most, when its mempool changed; else when the tip does. */
const LONGPOLL_TIMEOUT_MS = 150_000;
const QUESTION_TIMEOUT_MS = 10_000;
const PROPOSAL_TIMEOUT_MS = 25_000;
const REASON_LENGTH_MAX = 200;
/** A node may need long for a block, and there is nothing better to wait for. */
const SUBMIT_TIMEOUT_MS = 60_000;

/** `segwit` must be named or Core refuses; the others only say what we know. */
const TEMPLATE_RULES = ['segwit', 'taproot', 'csv'] as const;
const TEMPLATE_CAPABILITIES = ['coinbasevalue', 'longpoll'] as const;

/** A millisecond or two of work. */
const TRANSACTIONS_IN_A_TURN = 64;

const RPC_MISC = -1;
const RPC_NOT_FOUND = -5;
const RPC_OUT_OF_RANGE = -8;
const RPC_DESERIALIZATION = -22;

export interface Probe {
  readonly tip: TipFacts;
  /** undefined: not asked this time. */
  readonly peers: PeerFacts | undefined;
  readonly genesisHash: Hash256 | undefined;
  readonly template: BlockTemplate | undefined;
  readonly tookMs: number;
}

export interface ProbeDemand {
  readonly withPeers: boolean;
  readonly withGenesis: boolean;
  /** A node that could not give a template is well again only when it can. */
  readonly withTemplate: boolean;
  readonly reader: TemplateReader;
  readonly nowMs: () => number;
}

export async function probe({rpc}: UpstreamNode, demand: ProbeDemand): Promise<Probe> {
  const options = {timeoutMs: PROBE_TIMEOUT_MS, lane: 'urgent'} as const;
  const startedMs = demand.nowMs();
  const tip = readTipFacts(await rpc.call('getblockchaininfo', [], options));
  const tookMs = demand.nowMs() - startedMs;
  if (tip === undefined) throw new NodeError('node-answer-malformed', `${rpc.name}: getblockchaininfo names no tip`);
  const genesisHash = demand.withGenesis ? hashIn(await rpc.call('getblockhash', [0], options)) : undefined;
  // Some nodes have no such method; what it tells is for people.
  const peers = demand.withPeers ? readPeerFacts(await rpc.call('getnetworkinfo', [], options).catch(() => undefined)) : undefined;
  const template = demand.withTemplate ? await askTemplate({rpc}, {reader: demand.reader}) : undefined;
  return {tip, peers, genesisHash, template, tookMs};
}

/** Reads templates bit by bit, and what the last one had already is not read again. */
export class TemplateReader {
  readonly #yieldTurn: () => Promise<void>;
  #known: KnownEntries = new Map();

  constructor(yieldTurn: () => Promise<void>) {
    this.#yieldTurn = yieldTurn;
  }

  /** @throws TemplateRefused */
  async read(json: unknown): Promise<BlockTemplate> {
    const decoding = new TemplateDecoding(json, this.#known);
    while (!decoding.step(TRANSACTIONS_IN_A_TURN)) await this.#yieldTurn();
    const decoded = decoding.verdict;
    if (!decoded.ok) throw new TemplateRefused(`its template is not usable: ${decoded.code}${decoded.detail === undefined ? '' : ` (${decoded.detail})`}`);
    this.#known = decoding.read;
    return decoded.value;
  }
}

export interface TemplateQuestion {
  readonly reader: TemplateReader;
  /** Of the template in hand: the answer then waits until there is another. */
  readonly longpollId?: string;
  readonly signal?: AbortSignal;
}

export async function askTemplate({rpc}: Pick<UpstreamNode, 'rpc'>, {reader, longpollId, signal}: TemplateQuestion): Promise<BlockTemplate> {
  const demand = {rules: TEMPLATE_RULES, capabilities: TEMPLATE_CAPABILITIES, ...(longpollId !== undefined && {longpollid: longpollId})};
  const json = await rpc.call('getblocktemplate', [demand], {timeoutMs: longpollId === undefined ? TEMPLATE_TIMEOUT_MS : LONGPOLL_TIMEOUT_MS, lane: 'urgent', ...(signal && {signal})});
  return reader.read(json);
}

/** The node answered, and the pool must not mine on the answer. */
class TemplateRefused extends Error {
  readonly code = 'template-refused';
}

export function faultOf(error: unknown): NodeFault {
  const {code, rpcCode, message} = error as {code?: unknown; rpcCode?: number; message?: unknown};
  return {code: typeof code === 'string' ? code as NodeFault['code'] : 'node-answer-malformed', rpcCode, text: String(message)};
}

/** @returns null when the node has no such block. */
export async function askHeader({rpc}: Pick<UpstreamNode, 'rpc'>, hash: Hash256): Promise<HeaderView | null> {
  const hex = hashToDisplayHex(hash);
  const options = {timeoutMs: QUESTION_TIMEOUT_MS, lane: 'urgent'} as const;
  try {
    const [raw, details] = await Promise.all([rpc.call('getblockheader', [hex, false], options), rpc.call('getblockheader', [hex, true], options)]);
    const height = readHeight(details);
    const view = readHeaderView({raw, details, hashAtHeight: height === undefined ? undefined : await askHashAtHeightHex(rpc, height)}, hash);
    if (view === undefined) throw new NodeError('node-answer-malformed', `${rpc.name}: getblockheader ${hex} gives another header`);
    return view;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

export async function askHashAtHeight({rpc}: Pick<UpstreamNode, 'rpc'>, height: number): Promise<Hash256 | null> {
  return hashIn(await askHashAtHeightHex(rpc, height)) ?? null;
}

export async function askBlock({rpc}: Pick<UpstreamNode, 'rpc'>, hash: Hash256): Promise<Block | null> {
  const hex = hashToDisplayHex(hash);
  try {
    const json = await rpc.call('getblock', [hex, 0], {timeoutMs: QUESTION_TIMEOUT_MS}).catch((error: unknown) => {
      // Nodes that know the older form only (bcoin) want a boolean.
      if ((error as NodeError).rpcCode === RPC_NOT_FOUND || (error as NodeError).code !== 'node-rpc-error') throw error;
      return rpc.call('getblock', [hex, false], {timeoutMs: QUESTION_TIMEOUT_MS});
    });
    const block = readBlock(json, hash);
    if (block === undefined) throw new NodeError('node-answer-malformed', `${rpc.name}: getblock ${hex} gives another block`);
    return block;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

export async function askMempoolInfo({rpc}: Pick<UpstreamNode, 'rpc'>): Promise<MempoolInfo> {
  return readMempoolInfo(await rpc.call('getmempoolinfo', [], {timeoutMs: QUESTION_TIMEOUT_MS}));
}

/** BIP 23. A node without proposals has nothing against the block. */
export async function checkProposal({rpc}: Pick<UpstreamNode, 'rpc'>, blockBytes: Uint8Array): Promise<Verdict> {
  try {
    const result = await rpc.call('getblocktemplate', [{mode: 'proposal', data: bytesToHex(blockBytes), rules: TEMPLATE_RULES}], {timeoutMs: PROPOSAL_TIMEOUT_MS});
    return result === null || result === undefined ? {ok: true} : {ok: false, code: String(result).slice(0, REASON_LENGTH_MAX)};
  } catch (error) {
    const {code, rpcCode} = error as NodeError;
    if (rpcCode === RPC_DESERIALIZATION) return {ok: false, code: 'block-decode-failed'};
    if (code === 'node-rpc-error') return {ok: true};
    throw error;
  }
}

export async function submitBlock({rpc}: Pick<UpstreamNode, 'rpc'>, blockHex: string): Promise<NodeJudgement> {
  try {
    return {node: rpc.name, ...judgementOfResult(await rpc.call('submitblock', [blockHex], {timeoutMs: SUBMIT_TIMEOUT_MS}))};
  } catch (error) {
    return {node: rpc.name, ...judgementOfError(error as NodeError)};
  }
}

/** Our own block rather than another one of equal work. Nodes without the method leave it at that. */
export async function preferBlock({rpc}: Pick<UpstreamNode, 'rpc'>, hash: Hash256): Promise<void> {
  await rpc.call('preciousblock', [hashToDisplayHex(hash)], {timeoutMs: QUESTION_TIMEOUT_MS}).catch(() => undefined);
}

export function isSameHash(left: Hash256 | undefined, right: Hash256 | undefined): boolean {
  return left !== undefined && right !== undefined && bytesEqual(left, right);
}

async function askHashAtHeightHex(rpc: NodeRpc, height: number): Promise<unknown> {
  try {
    return await rpc.call('getblockhash', [height], {timeoutMs: QUESTION_TIMEOUT_MS});
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** -5 unknown, -8 beyond the tip; bcoin also says -1 with words. */
function isNotFound(error: unknown): boolean {
  const {code, rpcCode, message} = error as NodeError;
  if (code !== 'node-rpc-error') return false;
  return rpcCode === RPC_NOT_FOUND || rpcCode === RPC_OUT_OF_RANGE || (rpcCode === RPC_MISC && /not found/i.test(message));
}
