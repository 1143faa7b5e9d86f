/**
 * @module The offline check behind `pithead verify`: replays the stored chain from genesis with the consensus code and
 * compares every table with what the replay says. Reads only. Reports the FIRST discrepancy, by code.
 *
 * Does not run scripts: what they decided cannot be seen in the database. Work, linkage, merkle roots, coins, undo,
 * totals and the log are all recomputed, nothing stored is believed.
 */
import type {StoredHeader} from '../actors/chain/ports.js';
import type {ChainSpec} from '../protocol/chain/chain-spec.js';
import {HeaderTree} from '../protocol/chain/header-tree.js';
import type {HeaderRow} from '../protocol/chain/header-tree.js';
import {bytesEqual} from '../protocol/bytes/compare.js';
import {hashKey, outpointMapKey} from '../protocol/bytes/hash-key.js';
import {hashToDisplayHex} from '../protocol/bytes/hex.js';
import {checkBlock, checkBlockContext} from '../protocol/consensus/check-block.js';
import {checkHeader} from '../protocol/consensus/check-header.js';
import {connectBlock} from '../protocol/consensus/connect-block.js';
import {nextRequiredBits} from '../protocol/consensus/pow/retarget.js';
import {decodeBlock, decodeHeader} from '../protocol/primitives/block-codec.js';
import type {Block} from '../protocol/primitives/block.js';
import {encodeCoin} from '../protocol/primitives/coin-codec.js';
import type {Coin, Hash256} from '../protocol/primitives/transaction.js';
import {encodeUndo} from '../protocol/primitives/undo-codec.js';
import {assert, reject} from '../protocol/verdict.js';
import type {Rejection} from '../protocol/verdict.js';
import type {OwnedChainStore} from './chain-store.js';
import {StorageError} from './storage-error.js';

export type DiscrepancyCode =
  | 'verify-row-corrupt' | 'verify-genesis-mismatch' | 'verify-header-hash' | 'verify-header-parent' | 'verify-header-height'
  | 'verify-header-invalid' | 'verify-tip-missing' | 'verify-tip-unknown' | 'verify-tip-height' | 'verify-body-missing'
  | 'verify-body-corrupt' | 'verify-body-mismatch' | 'verify-body-invalid' | 'verify-block-invalid' | 'verify-undo-missing'
  | 'verify-undo-mismatch' | 'verify-coin-unexpected' | 'verify-coin-mismatch' | 'verify-coin-missing'
  | 'verify-totals-mismatch' | 'verify-log-gap' | 'verify-log-broken' | 'verify-log-tip' | 'verify-status';

export type DatabaseVerdict =
  | {readonly ok: true; readonly height: number; readonly tipHash: Hash256 | undefined; readonly headerCount: number; readonly coinCount: number; readonly logSeq: number}
  | Rejection<DiscrepancyCode>;

export interface VerifyProgress {
  readonly step: 'headers' | 'blocks' | 'coins' | 'log';
  readonly done: number;
  /** 0 where it is not known before. */
  readonly total: number;
}

export interface VerifyRequest {
  readonly store: OwnedChainStore;
  readonly spec: ChainSpec;
  /** Called once in a while: every 1,000 rows, every 100 blocks. */
  readonly onProgress?: (progress: VerifyProgress) => void;
}

const ROWS_PER_REPORT = 1_000;
const BLOCKS_PER_REPORT = 100;
const LOG_PAGE = 1_000;

export function verifyDatabase(request: VerifyRequest): DatabaseVerdict {
  try {
    return new Verification(request).run();
  } catch (error) {
    if (error instanceof StorageError) return reject('verify-row-corrupt', error.message);
    throw error;
  }
}

type Discrepancy = Rejection<DiscrepancyCode>;

class Verification {
  readonly #store: OwnedChainStore;
  readonly #spec: ChainSpec;
  readonly #report: (progress: VerifyProgress) => void;
  readonly #genesis: Block;
  readonly #tree: HeaderTree;
  /** As stored, by row. */
  readonly #entries: StoredHeader[] = [];
  /** The coin set as the replay has it. */
  readonly #coins = new Map<string, Coin>();
  #tipRow: HeaderRow = 0;

  constructor({store, spec, onProgress}: VerifyRequest) {
    this.#store = store;
    this.#spec = spec;
    this.#report = onProgress ?? (() => undefined);
    const genesis = decodeBlock(spec.genesisBytes);
    assert(genesis.ok, 'the genesis block of a chain decodes');
    this.#genesis = genesis.value;
    this.#tree = new HeaderTree(this.#genesis.header);
  }

  run(): DatabaseVerdict {
    const tip = this.#store.tip();
    const discrepancy = this.#checkHeaders();
    if (discrepancy !== undefined) return discrepancy;
    if (tip === undefined) {
      // A node that stopped before its first commit leaves an empty database.
      if (this.#entries.length > 0) return reject('verify-tip-missing', `${this.#entries.length} headers and no tip`);
      return {ok: true, height: -1, tipHash: undefined, headerCount: 0, coinCount: 0, logSeq: 0};
    }
    const failed = this.#checkTip(tip) ?? this.#checkBlocks() ?? this.#checkSideBranches() ?? this.#checkCoins() ?? this.#checkTotals() ?? this.#checkLog();
    if (failed !== undefined) return failed;
    return {ok: true, height: tip.height, tipHash: tip.hash, headerCount: this.#tree.size, coinCount: this.#coins.size, logSeq: this.#store.lastLogSeq()};
  }

  #checkHeaders(): Discrepancy | undefined {
    let done = 0;
    for (const {hash, entry} of this.#store.headers()) {
      const discrepancy = this.#checkHeader(hash, entry);
      if (discrepancy !== undefined) return discrepancy;
      if (++done % ROWS_PER_REPORT === 0) this.#report({step: 'headers', done, total: 0});
    }
    return undefined;
  }

  #checkHeader(hash: Hash256, entry: StoredHeader): Discrepancy | undefined {
    const name = `header ${hashToDisplayHex(hash)}`;
    const decoded = decodeHeader(entry.headerBytes);
    if (!decoded.ok || !bytesEqual(decoded.value.hash, hash)) return reject('verify-header-hash', `${name} does not have the hash of its key`);
    const header = decoded.value;
    if (entry.height === 0) {
      if (!bytesEqual(hash, this.#spec.genesisHash)) return reject('verify-genesis-mismatch', `${name} is not the genesis of ${this.#spec.name}`);
      this.#entries[0] = entry;
      return undefined;
    }
    const parent = this.#tree.find(header.previousHash);
    if (parent === undefined) return reject('verify-header-parent', `${name} has no parent`);
    const height = this.#tree.height(parent) + 1;
    if (entry.height !== height) return reject('verify-header-height', `${name} is stored at ${entry.height}, its parent makes it ${height}`);
    const requiredBits = nextRequiredBits({
      engine: this.#spec.engine, parentHeight: height - 1, timeSec: header.timeSec,
      ancestorAt: (at) => this.#tree.timeAndBits(this.#tree.ancestorAt(parent, at)),
    });
    // No clock: a header that was not too far ahead when it came is not too far ahead later.
    const verdict = checkHeader(header, {spec: this.#spec, height, requiredBits, parentMedianTimeSec: this.#tree.medianTimePast(parent), nowSec: header.timeSec});
    if (!verdict.ok) return reject('verify-header-invalid', `${name}: ${verdict.code}`);
    this.#entries[this.#tree.add(header)] = entry;
    return undefined;
  }

  #checkTip(tip: {readonly hash: Hash256; readonly height: number}): Discrepancy | undefined {
    const row = this.#tree.find(tip.hash);
    if (row === undefined || this.#entries[row] === undefined) return reject('verify-tip-unknown', `the tip ${hashToDisplayHex(tip.hash)} has no header`);
    if (this.#tree.height(row) !== tip.height) return reject('verify-tip-height', `the tip says ${tip.height}, its header ${this.#tree.height(row)}`);
    this.#tipRow = row;
    return undefined;
  }

  #checkBlocks(): Discrepancy | undefined {
    const tipHeight = this.#tree.height(this.#tipRow);
    for (let height = 0; height <= tipHeight; height++) {
      const discrepancy = this.#checkActiveBlock(this.#tree.ancestorAt(this.#tipRow, height));
      if (discrepancy !== undefined) return discrepancy;
      if (height % BLOCKS_PER_REPORT === 0) this.#report({step: 'blocks', done: height, total: tipHeight});
    }
    return undefined;
  }

  #checkActiveBlock(row: HeaderRow): Discrepancy | undefined {
    const height = this.#tree.height(row);
    const hash = this.#tree.hash(row);
    const name = `block ${hashToDisplayHex(hash)} at ${height}`;
    if (this.#entries[row]!.status !== 'connected') return reject('verify-status', `${name} is active and marked ${this.#entries[row]!.status}`);
    const loaded = this.#loadBody(row);
    if ('code' in loaded) return loaded;
    const {block} = loaded;
    const parent = this.#tree.parent(row);
    if (parent !== undefined) {
      const body = checkBlock(block, this.#spec);
      if (!body.ok) return reject('verify-body-invalid', `${name}: ${body.code}`);
      const context = checkBlockContext(block, {spec: this.#spec, height, parentMedianTimeSec: this.#tree.medianTimePast(parent)});
      if (!context.ok) return reject('verify-body-invalid', `${name}: ${context.code}`);
    }
    const connection = connectBlock(block, {
      spec: this.#spec, height, coin: (outpoint) => this.#coins.get(outpointMapKey(outpoint)),
      medianTimePastAt: (at) => this.#tree.medianTimePast(this.#tree.ancestorAt(row, at)),
    });
    if (!connection.ok) return reject('verify-block-invalid', `${name}: ${connection.code}`);
    const {removed, added, undo} = connection.value;
    for (const {outpoint} of removed) this.#coins.delete(outpointMapKey(outpoint));
    for (const {outpoint, coin} of added) this.#coins.set(outpointMapKey(outpoint), coin);
    const stored = this.#store.undo(hash);
    if (stored === undefined) return reject('verify-undo-missing', name);
    return bytesEqual(encodeUndo(stored), encodeUndo(undo)) ? undefined : reject('verify-undo-mismatch', name);
  }

  #loadBody(row: HeaderRow): Discrepancy | {readonly block: Block} {
    const hash = this.#tree.hash(row);
    const name = `block ${hashToDisplayHex(hash)} at ${this.#tree.height(row)}`;
    const bytes = this.#store.blockBytes(hash);
    if (bytes === undefined) return reject('verify-body-missing', name);
    const decoded = decodeBlock(bytes);
    if (!decoded.ok) return reject('verify-body-corrupt', `${name}: ${decoded.detail ?? decoded.code}`);
    if (!bytesEqual(decoded.value.header.hash, hash)) return reject('verify-body-mismatch', `${name} holds another block`);
    if (decoded.value.transactions.length !== this.#entries[row]!.txCount) return reject('verify-body-mismatch', `${name} has another number of transactions than its header row says`);
    return {block: decoded.value};
  }

  /** Off the active chain a body must be there when its header row says so, and be the one that the header commits to. */
  #checkSideBranches(): Discrepancy | undefined {
    for (const [row, entry] of this.#entries.entries()) {
      const isExpected = entry.status === 'stored' || entry.status === 'connected' || entry.arrival > 0;
      if (!isExpected || this.#tree.isAncestor(row, this.#tipRow)) continue;
      const loaded = this.#loadBody(row);
      if ('code' in loaded) return loaded;
      const body = checkBlock(loaded.block, this.#spec);
      if (!body.ok && body.isMutated) return reject('verify-body-invalid', `block ${hashToDisplayHex(this.#tree.hash(row))}: ${body.code}`);
    }
    return undefined;
  }

  #checkCoins(): Discrepancy | undefined {
    let done = 0;
    for (const {key, coin} of this.#store.allCoins()) {
      const expected = this.#coins.get(hashKey(key));
      const name = `coin ${hashToDisplayHex(key.subarray(0, 32))} ${new DataView(key.buffer, key.byteOffset).getUint32(32, true)}`;
      if (expected === undefined) return reject('verify-coin-unexpected', name);
      if (!bytesEqual(encodeCoin(coin), encodeCoin(expected))) return reject('verify-coin-mismatch', name);
      if (++done % ROWS_PER_REPORT === 0) this.#report({step: 'coins', done, total: this.#coins.size});
    }
    // Keys are unique and each was expected, so the numbers alone tell whether one is missing.
    return done === this.#coins.size ? undefined : reject('verify-coin-missing', `${this.#coins.size - done} of ${this.#coins.size} coins are not stored`);
  }

  #checkTotals(): Discrepancy | undefined {
    let totalSats = 0n;
    for (const {valueSats} of this.#coins.values()) totalSats += valueSats;
    const stored = this.#store.totals();
    return stored.coinCount === this.#coins.size && stored.totalSats === totalSats ? undefined
      : reject('verify-totals-mismatch', `stored ${stored.coinCount} coins of ${stored.totalSats} sats, recomputed ${this.#coins.size} of ${totalSats}`);
  }

  /** Each entry must fit the chain as the entries before it left it. */
  #checkLog(): Discrepancy | undefined {
    let at: HeaderRow | undefined;
    let seq = 0;
    for (let page = this.#store.logFrom(1, LOG_PAGE); page.length > 0; page = this.#store.logFrom(seq + 1, LOG_PAGE)) {
      for (const entry of page) {
        if (entry.seq !== seq + 1) return reject('verify-log-gap', `entry ${seq + 1} is missing`);
        seq = entry.seq;
        const row = this.#tree.find(entry.hash);
        const before = entry.kind === 'disconnect' ? row : row === undefined ? undefined : this.#tree.parent(row);
        if (row === undefined || before !== at || entry.height !== this.#tree.height(row)) {
          return reject('verify-log-broken', `entry ${seq} (${entry.kind} ${hashToDisplayHex(entry.hash)}) does not follow the one before`);
        }
        at = entry.kind === 'connect' ? row : this.#tree.parent(row);
      }
      this.#report({step: 'log', done: seq, total: 0});
    }
    return at === this.#tipRow ? undefined : reject('verify-log-tip', `the log of ${seq} entries does not end at the tip`);
  }
}
