/**
 * @module What a node's answers say, read as untrusted JSON. A header or block must
 * have the hash that was asked for; what does not fit is undefined and counts as no answer. Pure.
 */
import {bytesEqual} from '../../protocol/bytes/compare.js';
import {displayHexToHash, hexToBytes} from '../../protocol/bytes/hex.js';
import {decodeBlock, decodeHeader} from '../../protocol/primitives/block-codec.js';
import type {Block} from '../../protocol/primitives/block.js';
import type {Hash256} from '../../protocol/primitives/transaction.js';
import type {HeaderView} from '../chain/messages.js';
import type {MempoolInfo} from '../mempool/messages.js';

type Fields = {readonly [name: string]: unknown};

/** Of `getblockchaininfo`: what decides which node is ahead. */
export interface TipFacts {
  readonly tipHash: Hash256;
  readonly height: number;
  readonly chainwork: bigint;
  /** Says itself that it is loading blocks. A test chain whose last block is old says so, too, and serves all the same. */
  readonly isLoadingBlocks: boolean;
  readonly chain: string;
}

/** Of `getnetworkinfo`; nodes without it are none the worse. */
export interface PeerFacts {
  readonly peers: number | undefined;
  readonly version: string;
}

const SATS_PER_COIN = 100_000_000;
/** Beyond it a product with satoshis is no exact number; no coin has so many. */
const COINS_MAX = 90_000_000;
const VERSION_LENGTH_MAX = 64;
const CHAINWORK_LENGTH_MAX = 64;

export function readTipFacts(json: unknown): TipFacts | undefined {
  const fields = fieldsOf(json);
  const tipHash = hashIn(fields['bestblockhash']);
  const height = natural(fields['blocks']);
  const chainwork = workIn(fields['chainwork']);
  if (tipHash === undefined || height === undefined || chainwork === undefined) return undefined;
  return {tipHash, height, chainwork, isLoadingBlocks: fields['initialblockdownload'] === true, chain: String(fields['chain']).slice(0, VERSION_LENGTH_MAX)};
}

export function readPeerFacts(json: unknown): PeerFacts {
  const fields = fieldsOf(json);
  const version = fields['subversion'];
  return {peers: natural(fields['connections']), version: typeof version === 'string' ? version.slice(0, VERSION_LENGTH_MAX) : ''};
}

/** Of `getmempoolinfo`, for people: amounts there are decimal coins. What a node leaves out is 0. */
export function readMempoolInfo(json: unknown): MempoolInfo {
  const fields = fieldsOf(json);
  const vsize = natural(fields['bytes']) ?? 0;
  return {
    count: natural(fields['size']) ?? 0, totalVsize: vsize, totalBytes: natural(fields['usage']) ?? vsize, totalFeeSats: coins(fields['total_fee']),
    maxBytes: natural(fields['maxmempool']) ?? 0, maxCount: 0,
    minFeeSatsPerKvb: coins(fields['mempoolminfee']), minRelaySatsPerKvb: coins(fields['minrelaytxfee']), sequence: 0,
  };
}

function coins(value: unknown): bigint {
  return typeof value === 'number' && value >= 0 && value < COINS_MAX ? BigInt(Math.round(value * SATS_PER_COIN)) : 0n;
}

export interface HeaderAnswers {
  /** `getblockheader HASH false`. */
  readonly raw: unknown;
  /** `getblockheader HASH true`. */
  readonly details: unknown;
  /** `getblockhash HEIGHT`: what stands at its height on the best chain. bcoin counts confirmations for blocks off it, too. */
  readonly hashAtHeight: unknown;
}

export function readHeight(details: unknown): number | undefined {
  return natural(fieldsOf(details)['height']);
}

export function readHeaderView({raw, details, hashAtHeight}: HeaderAnswers, hash: Hash256): HeaderView | undefined {
  const bytes = typeof raw === 'string' ? hexToBytes(raw) : undefined;
  const header = bytes === undefined ? undefined : decodeHeader(bytes);
  const fields = fieldsOf(details);
  const height = natural(fields['height']);
  const chainwork = workIn(fields['chainwork']);
  const confirmations = natural(fields['confirmations']);
  if (header?.ok !== true || !bytesEqual(header.value.hash, hash) || height === undefined || chainwork === undefined) return undefined;
  const active = hashIn(hashAtHeight);
  const isActive = active !== undefined && bytesEqual(active, hash);
  return {
    header: header.value, height, chainwork, medianTimePastSec: natural(fields['mediantime']) ?? header.value.timeSec,
    isActive, confirmations: isActive ? confirmations ?? 1 : -1, nextHash: isActive ? hashIn(fields['nextblockhash']) : undefined,
    txCount: natural(fields['nTx']), status: isActive ? 'valid-scripts' : 'valid-headers',
  };
}

/** The text of `getblock` without details. */
export function readBlock(json: unknown, hash: Hash256): Block | undefined {
  const bytes = typeof json === 'string' ? hexToBytes(json) : undefined;
  const decoded = bytes === undefined ? undefined : decodeBlock(bytes);
  return decoded?.ok === true && bytesEqual(decoded.value.header.hash, hash) ? decoded.value : undefined;
}

export function hashIn(value: unknown): Hash256 | undefined {
  return typeof value === 'string' ? displayHexToHash(value) : undefined;
}

function fieldsOf(json: unknown): Fields {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? json as Fields : {};
}

function natural(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function workIn(value: unknown): bigint | undefined {
  return typeof value === 'string' && value.length <= CHAINWORK_LENGTH_MAX && /^[0-9a-f]+$/i.test(value) ? BigInt(`0x${value}`) : undefined;
}
