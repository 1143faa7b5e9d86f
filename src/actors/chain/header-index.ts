/**
 * @module What the chain knows about headers: the tree, which branch is active, and what was stored for each row.
 * Answers questions and takes notes; it never touches the disk and never judges a block.
 */
import type {ChainSpec} from '../../protocol/chain/chain-spec.js';
import {HeaderTree} from '../../protocol/chain/header-tree.js';
import type {HeaderRow} from '../../protocol/chain/header-tree.js';
import {nextRequiredBits} from '../../protocol/consensus/pow/retarget.js';
import {bytesEqual} from '../../protocol/bytes/compare.js';
import {decodeBlock, decodeHeader} from '../../protocol/primitives/block-codec.js';
import type {Block, BlockHeader} from '../../protocol/primitives/block.js';
import type {Hash256} from '../../protocol/primitives/transaction.js';
import {assert} from '../../protocol/verdict.js';
import type {BranchView, HeaderView, TipView} from './messages.js';
import type {StoredHeader} from './ports.js';

type StoredStatus = StoredHeader['status'];

interface RowFacts {
  /** 0 while the body is unknown. */
  txCount: number;
  /** Its scripts were proved once: it stood on the active chain. */
  wasConnected: boolean;
  /** It broke a rule itself, or the operator said so; descendants carry no mark. */
  isMarkedInvalid: boolean;
}

export class HeaderIndex {
  readonly spec: ChainSpec;
  readonly genesis: Block;
  readonly tree: HeaderTree;
  /** Row at each height of the active chain. Empty until genesis is connected. */
  readonly #active: HeaderRow[] = [];
  readonly #facts: RowFacts[] = [];
  #lastArrival = 0;

  constructor(spec: ChainSpec) {
    this.spec = spec;
    const genesis = decodeBlock(spec.genesisBytes);
    assert(genesis.ok, 'the genesis block of a chain decodes');
    assert(bytesEqual(genesis.value.header.hash, spec.genesisHash), 'the genesis block has the hash that its chain names');
    this.genesis = genesis.value;
    this.tree = new HeaderTree(this.genesis.header);
    this.#facts.push({txCount: this.genesis.transactions.length, wasConnected: false, isMarkedInvalid: false});
  }

  /** Takes in what was stored, parents first, and the tip as it was. */
  restore(rows: Iterable<{readonly hash: Hash256; readonly entry: StoredHeader}>, tip: {readonly hash: Hash256} | undefined): void {
    const invalid: HeaderRow[] = [];
    for (const {hash, entry} of rows) {
      const decoded = decodeHeader(entry.headerBytes);
      assert(decoded.ok && bytesEqual(decoded.value.hash, hash), 'a stored header has the hash of its key');
      const row = this.add(decoded.value);
      const facts = this.#facts[row]!;
      facts.txCount = entry.txCount;
      facts.wasConnected = entry.status === 'connected';
      facts.isMarkedInvalid = entry.status === 'invalid';
      if (facts.isMarkedInvalid) invalid.push(row);
      if (entry.arrival > 0 && row !== 0) this.tree.markBody(row, entry.arrival);
      this.#lastArrival = Math.max(this.#lastArrival, entry.arrival);
    }
    for (const row of invalid) this.tree.markInvalid(row);
    if (tip === undefined) return;
    const tipRow = this.tree.find(tip.hash);
    assert(tipRow !== undefined, 'the stored tip is among the stored headers');
    for (let height = 0; height <= this.tree.height(tipRow); height++) this.#active.push(this.tree.ancestorAt(tipRow, height));
  }

  add(header: BlockHeader): HeaderRow {
    const row = this.tree.add(header);
    this.#facts[row] ??= {txCount: 0, wasConnected: false, isMarkedInvalid: false};
    return row;
  }

  /** The full body is here. The number orders bodies, also over restarts. */
  noteBody(row: HeaderRow, txCount: number): void {
    this.#facts[row]!.txCount = txCount;
    this.#lastArrival += 1;
    this.tree.markBody(row, this.#lastArrival);
  }

  noteConnected(row: HeaderRow): void {
    assert(this.tree.height(row) === this.#active.length, 'a block is connected on top of the active chain');
    assert(row === 0 || this.tree.parent(row) === this.#active.at(-1), 'a connected block names the tip as its parent');
    this.#active.push(row);
    this.#facts[row]!.wasConnected = true;
  }

  noteDisconnected(): void {
    assert(this.#active.length > 1, 'genesis is never disconnected');
    this.#active.pop();
  }

  noteInvalid(row: HeaderRow): void {
    this.#facts[row]!.isMarkedInvalid = true;
    this.tree.markInvalid(row);
  }

  /** @returns the rows whose own mark was lifted, to be stored again. */
  liftInvalid(row: HeaderRow): HeaderRow[] {
    this.tree.reconsider(row);
    const lifted: HeaderRow[] = [];
    for (const [at, facts] of this.#facts.entries()) {
      if (!facts.isMarkedInvalid || this.tree.isInvalid(at)) continue;
      facts.isMarkedInvalid = false;
      lifted.push(at);
    }
    return lifted;
  }

  /** undefined until genesis is connected. */
  tipRow(): HeaderRow | undefined {
    return this.#active.at(-1);
  }

  rowAtHeight(height: number): HeaderRow | undefined {
    return this.#active[height];
  }

  isActive(row: HeaderRow): boolean {
    return this.#active[this.tree.height(row)] === row;
  }

  txCount(row: HeaderRow): number {
    return this.#facts[row]!.txCount;
  }

  wasConnected(row: HeaderRow): boolean {
    return this.#facts[row]!.wasConnected;
  }

  /** What is stored for the row, with the status that it is to have. */
  storedEntry(row: HeaderRow): StoredHeader {
    const {txCount, wasConnected, isMarkedInvalid} = this.#facts[row]!;
    let status: StoredStatus = this.tree.hasBody(row) ? 'stored' : 'headers-only';
    if (wasConnected) status = 'connected';
    if (isMarkedInvalid) status = 'invalid';
    return {
      headerBytes: this.tree.headerBytes(row), height: this.tree.height(row), txCount, status,
      // Genesis has no arrival in the tree: it is there first of all.
      arrival: this.tree.arrival(row),
    };
  }

  /** Bits that a child of `parent` must carry. */
  requiredBits(parent: HeaderRow, timeSec: number): number {
    return nextRequiredBits({
      engine: this.spec.engine,
      parentHeight: this.tree.height(parent),
      ancestorAt: (height) => this.tree.timeAndBits(this.tree.ancestorAt(parent, height)),
      timeSec,
    });
  }

  /** BIP 68: median time past of the block at `height` on the branch of `row`. */
  medianTimePastAt(row: HeaderRow, height: number): number {
    return this.tree.medianTimePast(this.tree.ancestorAt(row, height));
  }

  tipView(timeSec: number, logSeq: number): TipView {
    const row = this.tipRow();
    assert(row !== undefined, 'genesis is connected before anybody asks');
    return {
      hash: this.tree.hash(row), height: this.tree.height(row), header: this.tree.header(row),
      medianTimePastSec: this.tree.medianTimePast(row), chainwork: this.tree.chainwork(row),
      nextBits: this.requiredBits(row, timeSec), logSeq,
    };
  }

  headerView(row: HeaderRow): HeaderView {
    const height = this.tree.height(row);
    const isActive = this.isActive(row);
    const next = isActive ? this.#active[height + 1] : undefined;
    const txCount = this.#facts[row]!.txCount;
    return {
      header: this.tree.header(row), height, chainwork: this.tree.chainwork(row),
      medianTimePastSec: this.tree.medianTimePast(row), isActive,
      confirmations: isActive ? this.#active.length - height : -1,
      nextHash: next === undefined ? undefined : this.tree.hash(next),
      txCount: txCount === 0 ? undefined : txCount,
      status: this.#viewStatus(row),
    };
  }

  branches(): readonly BranchView[] {
    const rows = new Set(this.tree.tips());
    // What stands on the active tip is invalid, or not here yet: it is a tip all the same.
    rows.add(this.tipRow() ?? 0);
    return Array.from(rows, (row) => {
      const height = this.tree.height(row);
      const fork = this.tree.forkOf(row, this.tipRow() ?? 0);
      const status = this.isActive(row) ? 'active' : this.#branchStatus(row);
      return {hash: this.tree.hash(row), height, branchLength: height - this.tree.height(fork), status};
    });
  }

  #branchStatus(row: HeaderRow): BranchView['status'] {
    if (this.tree.isInvalid(row)) return 'invalid';
    return this.tree.hasBody(row) ? 'valid-fork' : 'headers-only';
  }

  #viewStatus(row: HeaderRow): HeaderView['status'] {
    if (this.tree.isInvalid(row)) return 'invalid';
    if (this.#facts[row]!.wasConnected) return 'valid-scripts';
    return this.tree.hasBody(row) ? 'stored' : 'valid-headers';
  }
}
