/**
 * @module The found blocks and what follows from them: who is owed what, and whether it is mature. Balances are derived,
 * never stored: the sum of credits of confirmed blocks. A reorg changes a block's status and so the sums; no row is deleted.
 */
import {hashKey} from '../../protocol/bytes/hash-key.js';
import type {FoundBlockRow} from './ports.js';
import type {FoundBlockView} from './messages.js';
import type {Hash256, Sats} from '../../protocol/primitives/transaction.js';

interface Owed {
  pendingSats: Sats;
  balanceSats: Sats;
}

export class RewardLedger {
  readonly #blocks = new Map<string, FoundBlockRow>();
  /** Hashes of found blocks that are on the active chain. */
  readonly #active = new Set<string>();
  readonly #owed = new Map<string, Owed>();
  readonly #maturityBlocks: number;
  #tipHeight = 0;
  #standingCount = 0;

  constructor(maturityBlocks: number, rows: readonly FoundBlockRow[]) {
    this.#maturityBlocks = maturityBlocks;
    for (const row of rows) {
      this.put(row);
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

  /** Adds a block or replaces its row. */
  put(row: FoundBlockRow): void {
    const key = hashKey(row.hash);
    const before = this.#blocks.get(key);
    if (before !== undefined) this.#count(before, -1n);
    this.#blocks.set(key, row);
    this.#count(row, 1n);
  }

  /** Blocks whose status the chain may still change, for a question at start-up. */
  unsettled(): readonly FoundBlockRow[] {
    return [...this.#blocks.values()].filter((row) => row.status === 'pending' || row.status === 'orphaned');
  }

  /** @returns the row as it must be stored, when something changed. */
  setActive(hash: Hash256, isActive: boolean): FoundBlockRow | undefined {
    const row = this.get(hash);
    if (row === undefined || row.status === 'rejected') return undefined;
    if (isActive) this.#active.add(hashKey(hash));
    else this.#active.delete(hashKey(hash));
    return this.#withStatus(row);
  }

  /** @returns the rows whose status changed with the new height. */
  setTipHeight(height: number): readonly FoundBlockRow[] {
    this.#tipHeight = height;
    const changed: FoundBlockRow[] = [];
    for (const row of this.#blocks.values()) {
      if (row.status !== 'pending') continue;
      const next = this.#withStatus(row);
      if (next !== undefined) changed.push(next);
    }
    return changed;
  }

  owedTo(account: string): Readonly<Owed> {
    return this.#owed.get(account) ?? {pendingSats: 0n, balanceSats: 0n};
  }

  /** Newest first. Rows stand in the order of their finding, so only those that are shown are sorted: clocks may step back. */
  list(limit: number): readonly FoundBlockView[] {
    return [...this.#blocks.values()]
      .slice(-limit)
      .sort((a, b) => b.foundAtSec - a.foundAtSec || b.height - a.height)
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
    };
  }

  #withStatus(row: FoundBlockRow): FoundBlockRow | undefined {
    const status = this.#statusNow(row);
    if (status === row.status) return undefined;
    const next = {...row, status};
    this.put(next);
    return next;
  }

  /** A block is orphaned while another one stands at its height; it may come back. */
  #statusNow(row: FoundBlockRow): FoundBlockRow['status'] {
    if (row.status === 'rejected') return 'rejected';
    if (this.#active.has(hashKey(row.hash))) {
      return this.#tipHeight - row.height + 1 >= this.#maturityBlocks ? 'confirmed' : 'pending';
    }
    return this.#tipHeight >= row.height ? 'orphaned' : 'pending';
  }

  #count(row: FoundBlockRow, sign: 1n | -1n): void {
    if (!isStanding(row)) return;
    this.#standingCount += Number(sign);
    if (row.paysFinderDirectly) return;
    for (const credit of row.credits) {
      let owed = this.#owed.get(credit.account);
      if (owed === undefined) {
        owed = {pendingSats: 0n, balanceSats: 0n};
        this.#owed.set(credit.account, owed);
      }
      if (row.status === 'pending') owed.pendingSats += sign * credit.sats;
      else owed.balanceSats += sign * credit.sats;
    }
  }
}

function isStanding({status}: FoundBlockRow): boolean {
  return status === 'pending' || status === 'confirmed';
}
