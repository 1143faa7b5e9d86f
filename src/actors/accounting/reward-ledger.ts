/**
 * @module The found blocks: whether each stands on the chain, whether it is mature, and what each change of that books in
 * the ledger. A reorg changes a block's status and books the difference; no row is deleted. Balances are the ledger's.
 */
import {hashKey} from '../../protocol/bytes/hash-key.js';
import {hashToDisplayHex} from '../../protocol/bytes/hex.js';
import {bookBlock, bookingKind, bookingOfStatus} from '../../protocol/payout/block-bookings.js';
import type {BlockStep} from './ledger-desk.js';
import type {FoundBlockRow, FoundBlockStore} from './ports.js';
import type {FoundBlockView} from './messages.js';
import type {Hash256} from '../../protocol/primitives/transaction.js';

/** Blocks in memory beside the open ones; the others are read when they are asked for. */
const CACHED_MAX = 4_096;
/** Newest blocks that a start looks at: what the chain left while nobody listened is among them. */
const RECENT_MAX = 1_000;
/** At start-up the chain is asked about so many that are mature or orphaned. */
const UNSETTLED_MAX = 1_000;

export class RewardLedger {
  readonly #store: FoundBlockStore;
  readonly #isUnwritten: (hash: Hash256) => boolean;
  /** Open ones, all; others as they are met. Rows here may be ahead of the disk. */
  readonly #blocks = new Map<string, FoundBlockRow>();
  readonly #open = new Set<string>();
  /** Hashes of blocks in memory that are on the active chain. */
  readonly #active = new Set<string>();
  /** Pending ones of the last run of which the chain has said nothing to this one: the chain may have left them meanwhile. */
  readonly #unheard = new Set<string>();
  readonly #maturityBlocks: number;
  #tipHeight = 0;

  /** @param isUnwritten - the disk does not have what the last change of this block made of it. */
  constructor(maturityBlocks: number, store: FoundBlockStore, isUnwritten: (hash: Hash256) => boolean) {
    this.#maturityBlocks = maturityBlocks;
    this.#store = store;
    this.#isUnwritten = isUnwritten;
    for (const row of store.open()) this.#read(row);
    for (const row of this.recent(RECENT_MAX)) this.#read(row);
    for (const {hash} of this.pending()) this.#unheard.add(hashKey(hash));
  }

  get blockCount(): number {
    return this.#store.counts().found;
  }

  /** Without those that the chain refused or left. */
  get standingCount(): number {
    return this.#store.counts().standing;
  }

  get(hash: Hash256): FoundBlockRow | undefined {
    const known = this.#blocks.get(hashKey(hash));
    if (known !== undefined) return known;
    const row = this.#store.get(hash);
    return row === undefined ? undefined : this.#read(row);
  }

  /** As they are on disk, newest first. */
  recent(limit: number): readonly FoundBlockRow[] {
    return take(this.#store.backwards(), limit);
  }

  /** Adds a block, of which nothing is booked yet. @returns what must be stored. */
  add(row: FoundBlockRow, atMs: number): BlockStep {
    return this.#step(row, atMs);
  }

  /** Rows whose status says more than the ledger: written by a version that had none. */
  unbooked(atMs: number): readonly BlockStep[] {
    return this.#openRows().filter((row) => row.booked !== bookingOfStatus(row.status)).map((row) => this.#step(row, atMs));
  }

  /** Blocks that are neither mature nor gone. */
  pending(): readonly FoundBlockRow[] {
    return this.#openRows().filter((row) => row.status === 'pending');
  }

  /**
   * Blocks whose status the chain may still change, for a question at start-up: all that are pending, last, because none
   * matures unasked; before them the newest of the others, the mature ones as far as a deep reorg would reach.
   */
  unsettled(): readonly FoundBlockRow[] {
    const mature = this.recent(2 * this.#maturityBlocks).filter((row) => row.status === 'confirmed');
    const orphaned = [...this.#blocks.values()].filter((row) => row.status === 'orphaned').sort(byShare);
    return [...[...mature.reverse(), ...orphaned].slice(-UNSETTLED_MAX), ...[...this.pending()].sort(byShare)];
  }

  /** @param isActive - undefined: the chain does not know the block, as a node that is still catching up does not. That matures nothing, and takes nothing back that is. */
  setSeen(hash: Hash256, isActive: boolean | undefined, atMs: number): BlockStep | undefined {
    if (isActive === undefined && this.get(hash)?.status === 'confirmed') return undefined;
    return this.setActive(hash, isActive ?? false, atMs);
  }

  /** @returns what must be stored, when something changed. */
  setActive(hash: Hash256, isActive: boolean, atMs: number): BlockStep | undefined {
    const row = this.get(hash);
    if (row === undefined || row.status === 'rejected') return undefined;
    this.#unheard.delete(hashKey(hash));
    if (isActive) this.#active.add(hashKey(hash));
    else this.#active.delete(hashKey(hash));
    return this.#withStatus(row, atMs);
  }

  /** @returns what must be stored of the blocks whose status changed with the new height. */
  setTipHeight(height: number, atMs: number): readonly BlockStep[] {
    this.#tipHeight = height;
    const changed: BlockStep[] = [];
    for (const row of this.pending()) {
      const next = this.#withStatus(row, atMs);
      if (next !== undefined) changed.push(next);
    }
    return changed;
  }

  /** Newest first. Rows stand in the order of their finding, whatever a clock said: pages follow each other without a gap. */
  list({limit, before}: {readonly limit: number; readonly before?: Hash256}): readonly FoundBlockView[] {
    const from = before === undefined ? undefined : this.get(before);
    if (before !== undefined && from === undefined) return [];
    return take(this.#store.backwards(from), limit).map((row) => this.view(this.#blocks.get(hashKey(row.hash)) ?? row));
  }

  view(row: FoundBlockRow): FoundBlockView {
    const isActive = this.#blocks.has(hashKey(row.hash)) ? this.#active.has(hashKey(row.hash)) : isStanding(row);
    return {
      height: row.height,
      hash: row.hash,
      account: row.account,
      minerName: row.minerName,
      foundAtSec: row.foundAtSec,
      status: row.status,
      confirmations: isActive ? Math.max(0, this.#tipHeight - row.height + 1) : 0,
      rewardSats: row.rewardSats,
      effort: row.expectedWork === 0n ? 0 : Number((row.roundWork * 1_000_000n) / row.expectedWork) / 1_000_000,
      credits: row.credits,
      feeSats: row.feeSats,
      donationSats: row.donationSats,
      riskSats: row.riskSats,
    };
  }

  #withStatus(row: FoundBlockRow, atMs: number): BlockStep | undefined {
    const status = this.#statusNow(row);
    return status === row.status ? undefined : this.#step({...row, status}, atMs);
  }

  /** Books the difference between what stands in the ledger and what the row's status says. */
  #step(row: FoundBlockRow, atMs: number): BlockStep {
    const booked = bookingOfStatus(row.status);
    if (booked === row.booked) {
      this.#put(row);
      return {row, entry: undefined};
    }
    const bookings = row.bookings + 1;
    const entry = {
      id: `block/${hashToDisplayHex(row.hash)}/${bookings}`, kind: bookingKind(row.booked, booked), atMs, postings: bookBlock(row, row.booked, booked),
    };
    const next = {...row, booked, bookings};
    this.#put(next);
    return {row: next, entry};
  }

  /** As the last run left it, until the chain is heard: else every restart would orphan it for a moment. */
  #read(row: FoundBlockRow): FoundBlockRow {
    if (isStanding(row)) this.#active.add(hashKey(row.hash));
    this.#put(row);
    return row;
  }

  #put(row: FoundBlockRow): void {
    const key = hashKey(row.hash);
    this.#blocks.set(key, row);
    if (row.status === 'pending' || row.booked !== bookingOfStatus(row.status)) this.#open.add(key);
    else this.#open.delete(key);
    if (this.#blocks.size - this.#open.size > CACHED_MAX) this.#forgetOne();
  }

  /** The one met first of those that the disk knows as well. */
  #forgetOne(): void {
    for (const [key, row] of this.#blocks) {
      if (this.#open.has(key) || this.#isUnwritten(row.hash)) continue;
      this.#blocks.delete(key);
      this.#active.delete(key);
      return;
    }
  }

  #openRows(): readonly FoundBlockRow[] {
    return [...this.#open].map((key) => this.#blocks.get(key)!);
  }

  /** A block is orphaned while another one stands at its height; it may come back. */
  #statusNow(row: FoundBlockRow): FoundBlockRow['status'] {
    if (row.status === 'rejected') return 'rejected';
    const key = hashKey(row.hash);
    if (this.#active.has(key)) {
      // What was mature stays so while it is on the chain: a start does not know the height yet.
      if (row.status === 'confirmed') return 'confirmed';
      // Depth alone is no proof: a tip may be heard before the chain says whether the block is below it.
      return !this.#unheard.has(key) && this.#tipHeight - row.height + 1 >= this.#maturityBlocks ? 'confirmed' : 'pending';
    }
    return this.#tipHeight >= row.height ? 'orphaned' : 'pending';
  }
}

function isStanding({status}: FoundBlockRow): boolean {
  return status === 'pending' || status === 'confirmed';
}

function byShare(a: FoundBlockRow, b: FoundBlockRow): number {
  return a.shareSeq - b.shareSeq || a.height - b.height;
}

function take<T>(values: Iterable<T>, limit: number): T[] {
  const taken: T[] = [];
  for (const value of values) {
    if (taken.length >= limit) break;
    taken.push(value);
  }
  return taken;
}
