/**
 * @module The statistics actor: asks the accounting every few seconds what was done, keeps it as history, and answers for
 * it. Never on the way of a share; writes once a minute, in slices, to a database of its own.
 */
import type {ActorContext, ActorRef, ActorSpec, Behaviour, Protocol, ReplyOf} from '../../runtime/actor.js';
import {assertNever} from '../../protocol/verdict.js';
import type {AccountingMessage, GetWorkSums} from '../accounting/messages.js';
import {History, SERIES_MAX, type HistoryChange} from './behaviour.js';
import type {GetHistory, GetWindows, HistoryBucket, HistoryView, StatisticsMessage, WindowsView} from './messages.js';
import type {BucketRow, SeriesRow, StatisticsStore} from './ports.js';
import {estimate, FINEST, RINGS, ringOf, slotRanges, startOf} from './rings.js';

export interface StatisticsOptions {
  readonly store: StatisticsStore;
  readonly accounting: ActorRef<AccountingMessage>;
}

type Internal =
  | {readonly type: 'statistics.tick'}
  | {readonly type: 'statistics.sumsSeen'; readonly sums: ReplyOf<GetWorkSums>}
  | {readonly type: 'statistics.sumsMissed'; readonly error: unknown}
  | {readonly type: 'statistics.written'}
  | {readonly type: 'statistics.writeFailed'; readonly error: unknown};
export type StatisticsInbox = StatisticsMessage | Internal;
type Context = ActorContext<StatisticsInbox>;

/** A window of five minutes is at most this old at its young end; one question of the accounting each. */
const TICK_MS = 10_000;
const ASK_TIMEOUT_MS = 8_000;
/** Sums only grow, so accounts that are listed twice cost nothing and those of a late answer are not missed. */
const ACTIVE_OVERLAP_MS = 30_000;
const ACCOUNTS_ASKED_MAX = 2 * SERIES_MAX;
/** Rows of one transaction: some 0.3 ms of this thread (a put is 1 µs here, the writing is on LMDB's thread). */
const SLICE_ROWS = 256;
const MAILBOX_CAPACITY = 1_024;
const WINDOW_5M_SEC = 300;
const WINDOW_1H_SEC = 3_600;
const WINDOW_24H_SEC = 86_400;
const RING_10M = 1;

export const STATISTICS_PROTOCOL: Protocol<StatisticsInbox> = {
  kind: 'statistics',
  mailbox: {capacity: MAILBOX_CAPACITY, policy: 'refuse'},
  undroppable: ['statistics.tick'],
};

export function statisticsActor(options: StatisticsOptions): ActorSpec<StatisticsInbox> {
  return {protocol: STATISTICS_PROTOCOL, create: (ctx) => new Statistics(options, ctx)};
}

class Statistics implements Behaviour<StatisticsInbox> {
  readonly #options: StatisticsOptions;
  readonly #history: History;
  /** On their way to the disk, oldest first. */
  #waiting: BucketRow[] = [];
  #waitingSeries: SeriesRow[] = [];
  #forgotten: number[] = [];
  #isWriting = false;
  #isFailing = false;
  #lastSumsAtMs: number | undefined;
  #askedAtMs = 0;

  constructor(options: StatisticsOptions, ctx: Context) {
    this.#options = options;
    this.#history = new History({known: options.store.series(), stored: (...place) => options.store.bucket(...place)});
    this.#ask(ctx);
  }

  receive(message: StatisticsInbox, ctx: Context): void {
    switch (message.type) {
      case 'statistics.tick': return this.#ask(ctx);
      case 'statistics.sumsSeen': return this.#take(message.sums, ctx);
      case 'statistics.sumsMissed':
        ctx.log.debug({code: 'statistics-late', err: message.error}, 'the accounting did not say what was done; the next answer has it all');
        return this.#tickSoon(ctx);
      case 'statistics.written':
        this.#isWriting = false;
        this.#isFailing = false;
        return this.#write(ctx);
      case 'statistics.writeFailed': return this.#writeFailed(message.error, ctx);
      case 'statistics.getHistory': return ctx.reply(this.#historyView(message, ctx) satisfies ReplyOf<GetHistory> | null);
      case 'statistics.getWindows': return ctx.reply(this.#windows(message, ctx) satisfies ReplyOf<GetWindows> | null);
      default: assertNever(message);
    }
  }

  async onStop(): Promise<void> {
    this.#gather(this.#history.flush());
    if (this.#waiting.length > 0) await this.#options.store.write({series: this.#waitingSeries, buckets: this.#waiting});
  }

  inspect(): unknown {
    return {accounts: this.#history.accountCount, refused: this.#history.refusedCount, waitingRows: this.#waiting.length, forgotten: this.#forgotten.length};
  }

  /** At whole multiples of the interval, so that the last reading of a minute is at its end. */
  #tickSoon(ctx: Context): void {
    ctx.timers.once('tick', TICK_MS - (ctx.clock.wallMs() % TICK_MS), {type: 'statistics.tick'});
  }

  #ask(ctx: Context): void {
    const activeSinceMs = this.#lastSumsAtMs === undefined ? 0 : this.#askedAtMs - ACTIVE_OVERLAP_MS;
    this.#askedAtMs = ctx.clock.wallMs();
    ctx.pipeToSelf(ctx.ask<AccountingMessage, GetWorkSums>(this.#options.accounting,
      {type: 'accounting.getWorkSums', activeSinceMs, limit: ACCOUNTS_ASKED_MAX}, {timeoutMs: ASK_TIMEOUT_MS}),
    (sums) => ({type: 'statistics.sumsSeen', sums}), (error) => ({type: 'statistics.sumsMissed', error}));
  }

  #take({pool, accounts}: ReplyOf<GetWorkSums>, ctx: Context): void {
    const nowMs = ctx.clock.nowMs();
    const watchedSec = this.#lastSumsAtMs === undefined ? 0 : (nowMs - this.#lastSumsAtMs) / 1000;
    this.#lastSumsAtMs = nowMs;
    // What was done up to now belongs to the moment before: at a whole minute the ended one gets it.
    const wallSec = Math.floor((ctx.clock.wallMs() - TICK_MS / 2) / 1000);
    const change = this.#history.take({pool, accounts, isComplete: accounts.length < ACCOUNTS_ASKED_MAX}, wallSec, watchedSec);
    if (change !== undefined) {
      this.#gather(change);
      this.#write(ctx);
    }
    this.#tickSoon(ctx);
  }

  #gather({series, buckets, forgotten}: HistoryChange): void {
    this.#waiting = this.#waiting.length === 0 ? [...buckets] : [...this.#waiting, ...buckets];
    this.#waitingSeries = [...this.#waitingSeries, ...series];
    this.#forgotten = [...this.#forgotten, ...forgotten];
  }

  /** One slice; its end brings the next. */
  #write(ctx: Context): void {
    if (this.#isWriting) return;
    const {store} = this.#options;
    const buckets = this.#waiting.slice(0, SLICE_ROWS);
    const series = this.#waitingSeries.slice(0, SLICE_ROWS);
    const [silent] = this.#forgotten;
    if (buckets.length === 0 && series.length === 0 && silent === undefined) return;
    this.#isWriting = true;
    const written = buckets.length > 0 || series.length > 0
      ? store.write({series, buckets}).then(() => {
        this.#waiting = this.#waiting.slice(buckets.length);
        this.#waitingSeries = this.#waitingSeries.slice(series.length);
      })
      : store.forget(silent!, SLICE_ROWS).then((isAll) => {
        if (isAll) this.#forgotten.shift();
      });
    ctx.pipeToSelf(written, () => ({type: 'statistics.written'}), (error) => ({type: 'statistics.writeFailed', error}));
  }

  /** What could not be written is dropped: a history with a hole is better than a memory that grows behind a full disk. */
  #writeFailed(error: unknown, ctx: Context): void {
    this.#isWriting = false;
    this.#waiting = [];
    if (!this.#isFailing) ctx.log.warn({code: 'statistics-not-written', err: error}, 'the history of hashrates could not be written');
    this.#isFailing = true;
  }

  #historyView({account, resolution, fromSec}: GetHistory, ctx: Context): HistoryView | null {
    const series = this.#history.series(account);
    if (series === undefined) return null;
    const ring = ringOf(resolution);
    const {bucketSec} = RINGS[ring]!;
    const nowSec = Math.floor(ctx.clock.wallMs() / 1000);
    return {resolution, bucketSec, buckets: this.#buckets(account, ring, {fromSec: Math.max(fromSec ?? 0, series.createdSec), toSec: nowSec})};
  }

  #windows({account}: GetWindows, ctx: Context): WindowsView | null {
    const series = this.#history.series(account);
    if (series === undefined) return null;
    const toSec = Math.floor(ctx.clock.wallMs() / 1000);
    const over = (ring: number, windowSec: number): WindowsView['last5m'] => {
      const fromSec = Math.max(toSec - windowSec, series.createdSec);
      return estimate(this.#buckets(account, ring, {fromSec, toSec}), windowSec);
    };
    return {last5m: over(FINEST, WINDOW_5M_SEC), last1h: over(FINEST, WINDOW_1H_SEC), last24h: over(RING_10M, WINDOW_24H_SEC)};
  }

  /** Of an account: as many as the pool has, because only the pool's say what was watched. */
  #buckets(account: string | undefined, ring: number, span: {readonly fromSec: number; readonly toSec: number}): readonly HistoryBucket[] {
    const pool = this.#ownBuckets(undefined, ring, span);
    if (account === undefined) return pool;
    const own = new Map(this.#ownBuckets(account, ring, span).map((bucket) => [bucket.startSec, bucket]));
    return pool.map(({startSec, coveredSec}) => {
      const bucket = own.get(startSec);
      return bucket === undefined
        ? {startSec, coveredSec, hashes: 0, sharesAccepted: 0, sharesRejected: 0, connectedMax: 0}
        : {...bucket, coveredSec};
    });
  }

  #ownBuckets(account: string | undefined, ring: number, {fromSec, toSec}: {readonly fromSec: number; readonly toSec: number}): readonly HistoryBucket[] {
    const series = this.#history.series(account);
    if (series === undefined) return [];
    const firstSec = startOf(RINGS[ring]!, fromSec);
    const found = new Map<number, HistoryBucket>();
    for (const slots of slotRanges(RINGS[ring]!, fromSec, toSec)) {
      // A place may still hold the bucket of the round before.
      for (const bucket of this.#options.store.buckets(series.id, ring, slots)) if (bucket.startSec >= firstSec) found.set(bucket.startSec, bucket);
    }
    for (const row of this.#waiting) if (row.seriesId === series.id && row.ring === ring && row.bucket.startSec >= firstSec) found.set(row.bucket.startSec, row.bucket);
    const growing = this.#history.growing(account, ring);
    if (growing !== undefined && growing.startSec >= firstSec) found.set(growing.startSec, growing);
    return [...found.values()].sort((a, b) => a.startSec - b.startSec);
  }
}
