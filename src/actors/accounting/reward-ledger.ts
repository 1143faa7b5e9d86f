/**
 * @module The found blocks: whether each stands on the chain, whether it is mature, and what each change of that books in
 * the ledger. A reorg changes a block's status and books the difference; no row is deleted. Balances are the ledger's.
 */
import {hashKey} from '../../protocol/bytes/hash-key.js';
import {hashToDisplayHex} from '../../protocol/bytes/hex.js';
import {bookBlock, bookingKind, type BlockBooking} from '../../protocol/payout/block-bookings.js';
import type {BlockStep} from './ledger-desk.js';
import type {FoundBlockRow} from './ports.js';
import type {FoundBlockView} from './messages.js';
import type {Hash256} from '../../protocol/primitives/transaction.js';

export class RewardLedger {
  readonly #blocks = new Map<string, FoundBlockRow>();
  /** Hashes of found blocks that are on the active chain. */
  readonly #active = new Set<string>();
  readonly #maturityBlocks: number;
  #tipHeight = 0;
  #standingCount = 0;

  constructor(maturityBlocks: number, rows: readonly FoundBlockRow[]) {
    this.#maturityBlocks = maturityBlocks;
    for (const row of rows) {
      this.#put(row);
      // As the last run left them, until the chain is heard: else every restart would orphan them for a moment.
      if (isStanding(row)) this.#active.add(hashKey(row.hash));
    }
  }

  get blockCount(): number {
    return this.#blocks.size;
  }

  /** Without those that the chain refused or left. */
  get standingCount(): number {
    return this.#standingCount;
  }

  get(hash: Hash256): FoundBlockRow | undefined {
    return this.#blocks.get(hashKey(hash));
  }

  /** Adds a block, of which nothing is booked yet. @returns what must be stored. */
  add(row: FoundBlockRow, atMs: number): BlockStep {
    return this.#step(row, atMs);
  }

  /** Rows whose status says more than the ledger: written by a version that had none. */
  unbooked(atMs: number): readonly BlockStep[] {
    return [...this.#blocks.values()].filter((row) => row.booked !== bookingOf(row)).map((row) => this.#step(row, atMs));
  }

  /** Blocks that are neither mature nor gone. */
  pending(): readonly FoundBlockRow[] {
    return [...this.#blocks.values()].filter((row) => row.status === 'pending');
  }

  /** Blocks whose status the chain may still change, for a question at start-up. */
  unsettled(): readonly FoundBlockRow[] {
    return [...this.#blocks.values()].filter((row) => row.status === 'pending' || row.status === 'orphaned');
  }

  /** @returns what must be stored, when something changed. */
  setActive(hash: Hash256, isActive: boolean, atMs: number): BlockStep | undefined {
    const row = this.get(hash);
    if (row === undefined || row.status === 'rejected') return undefined;
    if (isActive) this.#active.add(hashKey(hash));
    else this.#active.delete(hashKey(hash));
    return this.#withStatus(row, atMs);
  }

  /** @returns what must be stored of the blocks whose status changed with the new height. */
  setTipHeight(height: number, atMs: number): readonly BlockStep[] {
    this.#tipHeight = height;
    const changed: BlockStep[] = [];
    for (const row of this.#blocks.values()) {
      if (row.status !== 'pending') continue;
      const next = this.#withStatus(row, atMs);
      if (next !== undefined) changed.push(next);
    }
    return changed;
  }

  /** Newest first. Rows stand in the order of their finding, whatever a clock said: pages follow each other without a gap. */
  list({limit, before}: {readonly limit: number; readonly before?: Hash256}): readonly FoundBlockView[] {
    const end = before === undefined ? undefined : [...this.#blocks.keys()].indexOf(hashKey(before));
    if (end === -1) return [];
    return [...this.#blocks.values()]
      .slice(0, end)
      .slice(-limit)
      .reverse()
      .map((row) => this.view(row));
  }

  view(row: FoundBlockRow): FoundBlockView {
    const isActive = this.#active.has(hashKey(row.hash));
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
    const booked = bookingOf(row);
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

  #put(row: FoundBlockRow): void {
    const key = hashKey(row.hash);
    const before = this.#blocks.get(key);
    this.#standingCount += Number(isStanding(row)) - Number(before !== undefined && isStanding(before));
    this.#blocks.set(key, row);
  }

  /** A block is orphaned while another one stands at its height; it may come back. */
  #statusNow(row: FoundBlockRow): FoundBlockRow['status'] {
    if (row.status === 'rejected') return 'rejected';
    if (this.#active.has(hashKey(row.hash))) {
      return this.#tipHeight - row.height + 1 >= this.#maturityBlocks ? 'confirmed' : 'pending';
    }
    return this.#tipHeight >= row.height ? 'orphaned' : 'pending';
  }
}

function isStanding({status}: FoundBlockRow): boolean {
  return status === 'pending' || status === 'confirmed';
}

/** What a block of this status has in the ledger. */
function bookingOf({status}: FoundBlockRow): BlockBooking {
  if (status === 'confirmed') return 'mature';
  return status === 'pending' ? 'immature' : 'none';
}
