/**
 * @module From a found block to its credits: which share it is, whose work counts, and what each gets. Keeps the sums of
 * work that this needs. What the chain makes of the block afterwards is `reward-ledger.ts`.
 */
import {hashKey} from '../../protocol/bytes/hash-key.js';
import {largestOf, type RewardWindow} from '../../protocol/payout/coinbase-payout.js';
import {windowWorkOf} from '../../protocol/payout/pplns.js';
import {splitBlock, windowKind, type RewardTerms} from '../../protocol/payout/schemes.js';
import type {Hash256, Sats} from '../../protocol/primitives/transaction.js';
import type {PendingReply, ReplyOf} from '../../runtime/actor.js';
import type {RecordBlock} from './messages.js';
import type {AccountingStore, BlockSplitRow, FoundBlockRow, ShareChunk, ShareRow} from './ports.js';
import {ShareWindow, type CollectedWindow} from './share-window.js';
import type {WorkOfTarget} from './share-work.js';

export interface CreditingOptions {
  readonly store: AccountingStore;
  readonly terms: RewardTerms;
  /** The PPLNS window holds this many millionths of the expected work of a block. */
  readonly windowFactorPpm: number;
  readonly subsidyOf: (height: number) => Sats;
}

/** Where a block's share stands in the log, and the work of all that this run knew then. */
export interface SharePlace {
  readonly seq: number;
  readonly totalWork: bigint;
}

export interface AwaitedBlock {
  readonly record: RecordBlock;
  readonly replies: PendingReply<ReplyOf<RecordBlock>>[];
  /** The newest share when the block was announced. */
  readonly place: SharePlace;
}

export interface CreditedBlock {
  /** Nothing of it is booked yet. */
  readonly row: FoundBlockRow;
  readonly split: BlockSplitRow | undefined;
}

/** Block shares whose candidate may still be announced. */
const BLOCK_SHARES_KEPT = 1_024;
/** A window grows with the difficulty: its shares must still be there. */
const WINDOWS_KEPT = 2n;
/** Blocks that are found within one another's wait. */
const CREDITED_KEPT = 64;
const NO_WINDOW: CollectedWindow = {work: [], totalWork: 0n, firstSeq: 0, firstWork: 0n};

export class BlockCrediting {
  readonly window = new ShareWindow();
  readonly #options: CreditingOptions;
  readonly #workOf: WorkOfTarget;
  /** Blocks that the chain judged and whose share is not in the log yet. */
  readonly #awaited = new Map<string, AwaitedBlock>();
  readonly #blockShares = new Map<string, SharePlace>();
  /** Work of all shares that this run knows; rounds are differences of it. */
  #totalWork = 0n;
  #totalWorkAtRoundStart = 0n;
  /** Shares of the blocks credited last, newest first: PROP's rounds begin after them. */
  #creditedSeqs: number[];
  #windowWork = 0n;

  /** @param creditedSeqs - shares that blocks were credited for before, at least the newest ones. */
  constructor(options: CreditingOptions, workOf: WorkOfTarget, creditedSeqs: readonly number[]) {
    this.#options = options;
    this.#workOf = workOf;
    this.#creditedSeqs = newestFirst(creditedSeqs);
  }

  /** The round that is open began after this share. */
  get roundStartSeq(): number {
    return this.#creditedSeqs[0] ?? 0;
  }

  get awaitedCount(): number {
    return this.#awaited.size;
  }

  get roundWork(): bigint {
    return this.#totalWork - this.#totalWorkAtRoundStart;
  }

  /** 0..1 as parts of the window's work; a round is always full. */
  get windowFill(): {readonly work: bigint; readonly of: bigint} {
    return windowKind(this.#options.terms.scheme) === 'work' ? {work: this.window.workUpTo(this.#windowWork), of: this.#windowWork} : {work: 1n, of: 1n};
  }

  /** Shares from here on may count for a block that is still to be found; 0 when that is not known yet. */
  get keepFromSeq(): number {
    const kind = windowKind(this.#options.terms.scheme);
    if (kind === 'none') return Infinity;
    if (kind === 'round') return (this.#creditedSeqs[1] ?? 0) + 1;
    return this.#windowWork === 0n ? 0 : this.window.firstSeqOf(this.#windowWork * WINDOWS_KEPT);
  }

  setNetworkTarget(target: bigint): void {
    this.#windowWork = windowWorkOf(target, this.#options.windowFactorPpm);
    // A round is kept whole, for its effort and for PROP.
    this.window.trimTo(this.#windowWork * WINDOWS_KEPT, this.roundStartSeq + 1);
  }

  /** A share that is in the log. @returns the block that waited for it. */
  count(row: ShareRow): (AwaitedBlock & {readonly share: SharePlace}) | undefined {
    this.window.add(row.seq, row.account, row.work);
    this.#totalWork += row.work;
    if (!row.isBlock) return undefined;
    const key = hashKey(row.hash);
    const share = {seq: row.seq, totalWork: this.#totalWork};
    this.#remember(key, share);
    const awaited = this.#awaited.get(key);
    this.#awaited.delete(key);
    return awaited === undefined ? undefined : {...awaited, share};
  }

  /**
   * At the start: sums of old shares, the newest shares (oldest first), and the work of the round that they are in.
   *
   * @param rows - at least those that are in no chunk.
   */
  recall(chunks: Iterable<ShareChunk>, rows: readonly ShareRow[]): void {
    let summedSeq = 0;
    for (const chunk of chunks) {
      this.window.addChunk(chunk);
      summedSeq = chunk.lastSeq;
    }
    let work = 0n;
    for (const row of rows) {
      if (row.seq > summedSeq) this.window.add(row.seq, row.account, row.work);
      work += row.work;
    }
    const afterSeq = Math.max(this.roundStartSeq, (this.window.firstSeq ?? 1) - 1);
    const toSeq = this.#options.store.lastShareSeq();
    this.#totalWork = this.window.collect({toSeq, afterSeq, windowWork: undefined}, (fromSeq) => this.#options.store.sharesBackwards(fromSeq)).totalWork;
    this.#totalWorkAtRoundStart = 0n;
    // Below zero before the round: only differences to the round's start count, and none below it.
    let totalWork = this.#totalWork - work;
    for (const row of rows) {
      totalWork += row.work;
      if (row.isBlock) this.#remember(hashKey(row.hash), {seq: row.seq, totalWork});
    }
  }

  shareOf(hash: Hash256): SharePlace | undefined {
    return this.#blockShares.get(hashKey(hash));
  }

  /** Its share has not come yet. @returns true for the first announcement. */
  await(record: RecordBlock, reply: PendingReply<ReplyOf<RecordBlock>> | undefined): boolean {
    const key = hashKey(record.hash);
    const known = this.#awaited.get(key);
    const awaited = known ?? {record, replies: [], place: {seq: this.#options.store.lastShareSeq(), totalWork: this.#totalWork}};
    if (reply !== undefined) awaited.replies.push(reply);
    if (known === undefined) this.#awaited.set(key, awaited);
    return known === undefined;
  }

  /** No share was accepted for it (below share difficulty, stale, duplicate): the window ends with the newest share of when it was announced. */
  giveUp(hash: Hash256): AwaitedBlock | undefined {
    const awaited = this.#awaited.get(hashKey(hash));
    this.#awaited.delete(hashKey(hash));
    return awaited;
  }

  credit(record: RecordBlock, share: SharePlace, foundAtSec: number): CreditedBlock {
    const {terms} = this.#options;
    const roundWork = share.totalWork > this.#totalWorkAtRoundStart ? share.totalWork - this.#totalWorkAtRoundStart : 0n;
    const facts = {
      hash: record.hash, height: record.height, shareSeq: share.seq, account: record.account, minerName: record.minerName, foundAtSec,
      rewardSats: record.rewardSats, roundWork, expectedWork: this.#workOf.target(record.target).work, paysFinderDirectly: record.paysFinderDirectly,
      booked: 'none', bookings: 0, ...(record.direct !== undefined && record.direct.length > 0 && {direct: record.direct}),
    } as const;
    if (!record.accepted) {
      return {row: {...facts, status: 'rejected', credits: [], feeSats: 0n, donationSats: 0n, donationAccount: '', riskSats: 0n}, split: undefined};
    }
    const {window, windowWork} = this.#collect(record, share.seq);
    const subsidySats = min(this.#options.subsidyOf(record.height), record.rewardSats);
    // A job that was made under SOLO pays its finder, whatever the scheme is now.
    const own: RewardTerms = record.paysFinderDirectly ? {...terms, scheme: 'SOLO'} : terms;
    const {credits, feeSats, donationSats, riskSats} = splitBlock({rewardSats: record.rewardSats, subsidySats, finder: record.account}, own, window.work);
    this.#totalWorkAtRoundStart += roundWork;
    this.#creditedSeqs = newestFirst([...this.#creditedSeqs, share.seq]);
    return {
      row: {...facts, status: 'pending', credits, feeSats, donationSats, donationAccount: terms.donationAccount, riskSats},
      split: {
        hash: record.hash, terms: own, subsidySats, windowWork, firstSeq: window.firstSeq, lastSeq: window.firstSeq === 0 ? 0 : share.seq,
        firstWork: window.firstWork, work: [...window.work].sort(byAccount), shareRoot: undefined,
      },
    };
  }

  /** As for a block whose share was the newest one. */
  rewardWindow(limit: number): RewardWindow | null {
    const {terms} = this.#options;
    if (windowKind(terms.scheme) !== 'work' || this.#windowWork === 0n) return null;
    const {work} = this.window.collect({toSeq: this.#options.store.lastShareSeq(), afterSeq: 0, windowWork: this.#windowWork}, (fromSeq) => this.#options.store.sharesBackwards(fromSeq));
    return {terms, work: largestOf(work, limit)};
  }

  #collect(record: RecordBlock, toSeq: number): {readonly window: CollectedWindow; readonly windowWork: bigint} {
    const kind = record.paysFinderDirectly ? 'none' : windowKind(this.#options.terms.scheme);
    if (kind === 'none') return {window: NO_WINDOW, windowWork: 0n};
    const windowWork = kind === 'work' ? windowWorkOf(record.target, this.#options.windowFactorPpm) : undefined;
    // Of two blocks in a moment the later may be credited first: the earlier one's round then begins where that one's did.
    const afterSeq = kind === 'round' ? this.#creditedSeqs.find((seq) => seq < toSeq) ?? 0 : 0;
    const window = this.window.collect({toSeq, afterSeq, windowWork}, (fromSeq) => this.#options.store.sharesBackwards(fromSeq));
    return {window, windowWork: windowWork ?? 0n};
  }

  #remember(key: string, place: SharePlace): void {
    this.#blockShares.set(key, place);
    if (this.#blockShares.size <= BLOCK_SHARES_KEPT) return;
    for (const oldest of this.#blockShares.keys()) {
      this.#blockShares.delete(oldest);
      return;
    }
  }
}

function newestFirst(seqs: readonly number[]): number[] {
  return [...seqs].sort((a, b) => b - a).slice(0, CREDITED_KEPT);
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function byAccount(a: {readonly account: string}, b: {readonly account: string}): number {
  return a.account < b.account ? -1 : Number(a.account > b.account);
}
