/**
 * @module Group commit of the accounting: what waits for the disk, what is being written, and who is told when it is there.
 * One write at a time; what comes meanwhile makes the next. Decides nothing about a share, and when to write is its
 * owner's affair.
 *
 * Numbers are given when a write starts, so a failed one leaves no gap.
 */
import type {PendingReply, ReplyOf} from '../../runtime/actor.js';
import type {AcceptedShare} from '../../protocol/stratum/share.js';
import type {LedgerDesk} from './ledger-desk.js';
import type {RecordShares} from './messages.js';
import type {AccountingStore, ShareRow} from './ports.js';
import type {WorkOfTarget} from './share-work.js';

/** Shares that wait for a disk; more are refused, and the miner is told. */
const WAITING_SHARES_MAX = 32_768;

/** What one asker brought: durable together, answered together. */
interface ShareGroup {
  readonly shares: readonly AcceptedShare[];
  readonly atMs: number;
  readonly reply: PendingReply<ReplyOf<RecordShares>> | undefined;
}

interface Write {
  readonly groups: readonly ShareGroup[];
  readonly rows: readonly ShareRow[];
  readonly settled: Promise<void>;
}

export class ShareLog {
  readonly #store: AccountingStore;
  readonly #workOf: WorkOfTarget;
  readonly #desk: LedgerDesk;
  #groups: ShareGroup[] = [];
  #waitingCount = 0;
  #write: Write | undefined;

  /** @param desk - what is to be booked in the same writes. */
  constructor(store: AccountingStore, workOf: WorkOfTarget, desk: LedgerDesk) {
    this.#store = store;
    this.#workOf = workOf;
    this.#desk = desk;
  }

  get waitingCount(): number {
    return this.#waitingCount;
  }

  get writingCount(): number {
    return this.#write?.rows.length ?? 0;
  }

  /** Something waits, and no write is in its way. */
  get isWriteDue(): boolean {
    return this.#write === undefined && (this.#groups.length > 0 || this.#desk.isDue);
  }

  /** @returns false when too many wait: the reply says so already. */
  add(group: ShareGroup): boolean {
    if (this.#waitingCount + group.shares.length > WAITING_SHARES_MAX) {
      group.reply?.resolve({ok: false, code: 'log-unavailable'});
      return false;
    }
    this.#groups.push(group);
    this.#waitingCount += group.shares.length;
    return true;
  }

  /** Writes all that waits. The promise is the disk's: call `finish` when it resolves, `fail` when it rejects. */
  start(nowMs: number): Promise<void> {
    const groups = this.#groups;
    this.#groups = [];
    this.#waitingCount = 0;
    const rows = this.#rowsOf(groups);
    const settled = this.#store.append({shares: rows, ...this.#desk.take(this.#store.lastShareSeq() + 1, nowMs)});
    this.#write = {groups, rows, settled};
    return settled;
  }

  /** The write is on disk: answers it. @returns what is in the log now, each row beside the share that it came from. */
  finish(): {readonly shares: readonly AcceptedShare[]; readonly rows: readonly ShareRow[]} {
    const {groups, rows} = this.#take();
    let seq = (rows[0]?.seq ?? 1) - 1;
    for (const {shares, reply} of groups) {
      seq += shares.length;
      reply?.resolve({ok: true, seq});
    }
    this.#desk.finish();
    return {shares: groups.flatMap(({shares}) => shares), rows};
  }

  /** Nothing of the write is in the log. @returns how many shares were refused with it. */
  fail(): number {
    const {groups, rows} = this.#take();
    for (const {reply} of groups) reply?.resolve({ok: false, code: 'log-unavailable'});
    this.#desk.fail();
    return rows.length;
  }

  /** What was taken is written before the disk is closed, and whoever still waits hears of it. */
  async drain(nowMs: number): Promise<void> {
    if (this.#write !== undefined) {
      await this.#write.settled;
      this.finish();
    }
    this.#desk.retry();
    if (!this.isWriteDue) return;
    await this.start(nowMs);
    this.finish();
  }

  #take(): Write {
    const write = this.#write!;
    this.#write = undefined;
    return write;
  }

  #rowsOf(groups: readonly ShareGroup[]): readonly ShareRow[] {
    const rows: ShareRow[] = [];
    let seq = this.#store.lastShareSeq();
    for (const {shares, atMs} of groups) {
      for (const share of shares) {
        seq += 1;
        rows.push({
          seq, account: share.account, minerName: share.minerName, work: this.#workOf.target(share.target).work,
          height: share.height, atMs, hash: share.hash, isBlock: share.isBlock,
        });
      }
    }
    return rows;
  }
}
