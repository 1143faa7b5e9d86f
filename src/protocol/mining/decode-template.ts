/**
 * @module A foreign node's `getblocktemplate` result (BIP 22, 23, 145), read as untrusted JSON. The other direction is
 * with the JSON-RPC server. Every hash is computed again from the bytes: a node that names a transaction wrongly would
 * cost a block. A rule that must be understood and is not ends the matter.
 */
import {bytesEqual} from '../bytes/compare.js';
import {displayHexToHash, hexToBytes} from '../bytes/hex.js';
import {compactToTarget} from '../consensus/pow/compact.js';
import {merkleRoot} from '../consensus/merkle.js';
import {witnessCommitment, witnessCommitmentScript} from '../consensus/witness-commitment.js';
import {decodeTransaction, NULL_HASH} from '../primitives/transaction-codec.js';
import {assert, reject} from '../verdict.js';
import type {Rejection, Verdict} from '../verdict.js';
import type {BlockTemplate, TemplateTransaction} from './block-template.js';

export type TemplateRejectCode =
  | 'template-not-mutable' | 'template-malformed' | 'template-unknown-rule' | 'template-bad-transaction' | 'template-bad-target' | 'template-bad-commitment';

/** `!` before a rule means: who does not know it must not mine. */
const KNOWN_RULES: ReadonlySet<string> = new Set(['csv', 'segwit', 'taproot', 'testdummy']);
const TRANSACTIONS_MAX = 100_000;
const LONGPOLL_ID_LENGTH_MAX = 512;
/** BIP 22's limits when a server does not say. */
const DEFAULT_WEIGHT_LIMIT = 4_000_000;
const DEFAULT_SIGOP_LIMIT = 80_000;

type Fields = {readonly [name: string]: unknown};
type HeaderFields = Omit<BlockTemplate, 'transactions' | 'witnessCommitment'>;

export function decodeTemplate(json: unknown): Verdict<BlockTemplate, TemplateRejectCode> {
  const decoding = new TemplateDecoding(json, new Map());
  while (!decoding.step(TRANSACTIONS_MAX));
  return decoding.verdict;
}

/** Transactions of an earlier template by their bytes in hexadecimal: the next one has most of them again. */
export type KnownEntries = ReadonlyMap<string, KnownEntry>;

interface KnownEntry {
  /** As the node wrote it: an entry that says something else about the same bytes is read anew. */
  readonly fields: Fields;
  readonly transaction: TemplateTransaction;
}

/**
 * The same in steps: a full block has thousands of transactions of some 20 microseconds each, and whoever does anything
 * else on the thread need not wait for all of them.
 */
export class TemplateDecoding {
  readonly #fields: Fields;
  readonly #header: ReturnType<typeof decodeHeaderFields> | undefined;
  readonly #entries: readonly unknown[];
  readonly #known: KnownEntries;
  readonly #transactions: TemplateTransaction[] = [];
  readonly #read = new Map<string, KnownEntry>();
  #verdict: Verdict<BlockTemplate, TemplateRejectCode> | undefined;

  constructor(json: unknown, known: KnownEntries) {
    this.#known = known;
    this.#fields = typeof json === 'object' && json !== null && !Array.isArray(json) ? json as Fields : {};
    this.#verdict = checkAnswer(json);
    this.#header = this.#verdict === undefined ? decodeHeaderFields(this.#fields) : undefined;
    if (this.#header !== undefined && !('height' in this.#header)) this.#verdict = this.#header;
    const list = this.#fields['transactions'];
    this.#entries = Array.isArray(list) ? list : [];
    if (this.#verdict === undefined && (!Array.isArray(list) || list.length > TRANSACTIONS_MAX)) this.#verdict = reject('template-malformed', 'transactions');
  }

  /** @returns true when the verdict is there. */
  step(countMax: number): boolean {
    const end = Math.min(this.#entries.length, this.#transactions.length + countMax);
    while (this.#verdict === undefined && this.#transactions.length < end) this.#readNext();
    if (this.#verdict === undefined && this.#transactions.length === this.#entries.length) this.#finish();
    return this.#verdict !== undefined;
  }

  /** Only after the last step. */
  get verdict(): Verdict<BlockTemplate, TemplateRejectCode> {
    assert(this.#verdict !== undefined, 'the verdict is asked for after the last step');
    return this.#verdict;
  }

  /** For the template that comes next. */
  get read(): KnownEntries {
    return this.#read;
  }

  #readNext(): void {
    const index = this.#transactions.length;
    const entry = this.#entries[index];
    const fields = typeof entry === 'object' && entry !== null ? entry as Fields : {};
    const {data} = fields as {data?: unknown};
    const known = typeof data === 'string' ? this.#known.get(data) : undefined;
    const transaction = known !== undefined && saysTheSame(known.fields, fields) ? known.transaction : decodeEntry(fields);
    if (transaction === undefined) {
      this.#verdict = reject('template-bad-transaction', `number ${index}`);
      return;
    }
    this.#transactions.push(transaction);
    this.#read.set(data as string, {fields, transaction});
  }

  #finish(): void {
    const commitment = decodeCommitment(this.#fields, this.#transactions);
    this.#verdict = commitment instanceof Uint8Array
      ? {ok: true, value: {...this.#header as HeaderFields, transactions: this.#transactions, witnessCommitment: commitment}} : commitment;
  }
}

function checkAnswer(json: unknown): Rejection<TemplateRejectCode> | undefined {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return reject('template-malformed', 'not an object');
  const fields = json as Fields;
  const rule = unknownRule(fields['rules']);
  if (rule !== undefined) return reject('template-unknown-rule', rule);
  const mutable = fields['mutable'];
  // Every miner rolls the time. A server that says nothing allows what BIP 22 does: everything that `coinbasevalue` implies.
  if (Array.isArray(mutable) && !mutable.some((name) => name === 'time' || name === 'time/increment')) return reject('template-not-mutable', 'time');
  return undefined;
}

function saysTheSame(before: Fields, now: Fields): boolean {
  return before['txid'] === now['txid'] && before['hash'] === now['hash'] && before['fee'] === now['fee'] && before['sigops'] === now['sigops'] && before['weight'] === now['weight'];
}

function unknownRule(rules: unknown): string | undefined {
  if (!Array.isArray(rules)) return undefined;
  return rules.find((rule: unknown): rule is string => typeof rule === 'string' && rule.startsWith('!') && !KNOWN_RULES.has(rule.slice(1)));
}

/** bcoin gives a commitment before segwit binds, and refuses a coinbase with the witness that belongs to it. */
function isWithoutSegwit(rules: unknown): boolean {
  return Array.isArray(rules) && !rules.includes('segwit') && !rules.includes('!segwit');
}

function decodeHeaderFields(fields: Fields): HeaderFields | Rejection<TemplateRejectCode> {
  const height = natural(fields['height'], 0x7fffffff);
  const version = integer(fields['version'], -0x80000000, 0x7fffffff);
  const curTimeSec = natural(fields['curtime'], 0xffffffff);
  const minTimeSec = natural(fields['mintime'] ?? 0, 0xffffffff);
  // A server with `coinbasetxn` only wants its own coinbase mined, which leaves no room for our extranonces.
  const coinbaseValueSats = natural(fields['coinbasevalue'], Number.MAX_SAFE_INTEGER);
  const previousHash = typeof fields['previousblockhash'] === 'string' ? displayHexToHash(fields['previousblockhash']) : undefined;
  if (height === undefined || version === undefined || curTimeSec === undefined || minTimeSec === undefined || coinbaseValueSats === undefined || previousHash === undefined) {
    return reject('template-malformed', 'height, version, curtime, mintime, coinbasevalue or previousblockhash');
  }
  const bitsHex = fields['bits'];
  const bits = typeof bitsHex === 'string' && /^[0-9a-f]{8}$/i.test(bitsHex) ? Number.parseInt(bitsHex, 16) : undefined;
  const target = bits === undefined ? undefined : compactToTarget(bits);
  if (bits === undefined || target === undefined) return reject('template-bad-target', String(bitsHex));
  const targetHex = fields['target'];
  const isSameTarget = targetHex === undefined || (typeof targetHex === 'string' && /^[0-9a-f]{64}$/i.test(targetHex) && BigInt(`0x${targetHex}`) === target);
  if (!isSameTarget) return reject('template-bad-target', 'target and bits differ');
  const weightLimitWu = natural(fields['weightlimit'], 0xffffffff) ?? DEFAULT_WEIGHT_LIMIT;
  const longpollId = fields['longpollid'];
  return {
    height, version, bits, target, previousHash, minTimeSec,
    curTimeSec: Math.max(curTimeSec, minTimeSec),
    coinbaseValueSats: BigInt(coinbaseValueSats),
    longpollId: typeof longpollId === 'string' ? longpollId.slice(0, LONGPOLL_ID_LENGTH_MAX) : '',
    weightLimitWu,
    sigopLimit: natural(fields['sigoplimit'], 0xffffffff) ?? DEFAULT_SIGOP_LIMIT,
    sizeLimit: natural(fields['sizelimit'], 0xffffffff) ?? weightLimitWu,
  };
}

function decodeEntry(fields: Fields): TemplateTransaction | undefined {
  const bytes = typeof fields['data'] === 'string' ? hexToBytes(fields['data']) : undefined;
  const decoded = bytes === undefined ? undefined : decodeTransaction(bytes);
  if (bytes === undefined || decoded === undefined || !decoded.ok) return undefined;
  const {txid, wtxid, strippedSize} = decoded.value;
  if (!namesHash(fields['txid'], txid) || !namesHash(fields['hash'], wtxid)) return undefined;
  // Without a fee the value of the coinbase is still given; 0 claims nothing.
  const feeSats = integer(fields['fee'] ?? 0, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  const sigopCost = natural(fields['sigops'] ?? 0, 0xffffffff);
  const weightWu = natural(fields['weight'] ?? strippedSize * 3 + bytes.length, 0xffffffff);
  if (feeSats === undefined || sigopCost === undefined || weightWu === undefined) return undefined;
  return {bytes, txid, wtxid, feeSats: BigInt(feeSats), weightWu, sigopCost};
}

function namesHash(name: unknown, hash: Uint8Array): boolean {
  if (name === undefined) return true;
  const named = typeof name === 'string' ? displayHexToHash(name) : undefined;
  return named !== undefined && bytesEqual(named, hash);
}

/** @returns the script of the commitment output; empty when the node wants none and none is needed. */
function decodeCommitment(fields: Fields, transactions: readonly TemplateTransaction[]): Uint8Array | Rejection<TemplateRejectCode> {
  const text = fields['default_witness_commitment'];
  const needsOne = transactions.some(({txid, wtxid}) => !bytesEqual(txid, wtxid));
  if (text === undefined || (!needsOne && isWithoutSegwit(fields['rules']))) {
    return needsOne ? reject('template-bad-commitment', 'missing') : new Uint8Array(0);
  }
  const given = typeof text === 'string' ? hexToBytes(text) : undefined;
  const own = witnessCommitmentScript(witnessCommitment(merkleRoot([NULL_HASH, ...transactions.map(({wtxid}) => wtxid)]).root, NULL_HASH));
  // BIP 141 allows bytes after the commitment.
  if (given === undefined || given.length < own.length || !bytesEqual(given.subarray(0, own.length), own)) {
    return reject('template-bad-commitment', 'not the one of these transactions');
  }
  return given;
}

function integer(value: unknown, min: number, max: number): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max ? value : undefined;
}

function natural(value: unknown, max: number): number | undefined {
  return integer(value, 0, max);
}
