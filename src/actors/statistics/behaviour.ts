/**
 * @module The history in memory: the buckets that still grow, of the pool and of a bounded number of accounts, and which
 * rows must go to disk when a minute ends. Fed with sums that only grow; sees no share, no clock and no disk.
 *
 * Only the pool's buckets say how much of their time was watched; an account's bucket is written when there is something in it.
 */
import type {WorkSums} from '../accounting/messages.js';
import type {HistoryBucket} from './messages.js';
import type {BucketRow, SeriesRow} from './ports.js';
import {FINEST, RINGS, slotOf, startOf} from './rings.js';

/** Accounts with a history of their own: a year of one is half a megabyte on disk, so all of them are a gigabyte at most. */
export const SERIES_MAX = 2_000;
/** A newcomer takes the place of a series that was silent for this long, and of no other: names cost nothing. */
const IDLE_SEC_MIN = 3_600;
export const POOL_SERIES = 0;

export interface SumsReading {
  readonly pool: WorkSums;
  readonly accounts: readonly ({readonly account: string} & WorkSums)[];
  /** False when there were more active accounts than asked for: one that is seen later may have older work. */
  readonly isComplete: boolean;
}

/** What has to be written: with the next slice, and as a whole when the process stops. */
export interface HistoryChange {
  readonly series: readonly SeriesRow[];
  readonly buckets: readonly BucketRow[];
  readonly forgotten: readonly number[];
}

interface Growing {
  startSec: number;
  coveredSec: number;
  hashes: number;
  sharesAccepted: number;
  sharesRejected: number;
  connectedMax: number;
  isDirty: boolean;
}

interface Series {
  readonly id: number;
  readonly name: string;
  readonly createdSec: number;
  lastActiveSec: number;
  isDirty: boolean;
  sums: WorkSums | undefined;
  /** By ring. Undefined until touched in this run. */
  readonly growing: (Growing | undefined)[];
}

export interface HistoryOptions {
  readonly known: readonly SeriesRow[];
  /** A bucket that an earlier run left half full. */
  readonly stored: (seriesId: number, ring: number, slot: number) => HistoryBucket | undefined;
  readonly seriesMax?: number;
}

export class History {
  /** Silent longest first. */
  readonly #accounts = new Map<string, Series>();
  readonly #pool: Series;
  readonly #options: HistoryOptions;
  readonly #seriesMax: number;
  #lastId = POOL_SERIES;
  #atSec = 0;
  #hasBaseline = false;
  #isComplete = true;
  #forgotten: number[] = [];
  #refusedCount = 0;

  constructor(options: HistoryOptions) {
    this.#options = options;
    this.#seriesMax = options.seriesMax ?? SERIES_MAX;
    let pool: Series | undefined;
    for (const row of [...options.known].sort((a, b) => a.lastActiveSec - b.lastActiveSec || a.id - b.id)) {
      this.#lastId = Math.max(this.#lastId, row.id);
      if (row.id === POOL_SERIES) pool = seriesOf(row);
      else {
        // A name that stands twice was being forgotten when it came back.
        const older = this.#accounts.get(row.name);
        if (older !== undefined) this.#forgotten.push(older.id);
        this.#accounts.set(row.name, seriesOf(row));
      }
    }
    this.#pool = pool ?? {...seriesOf({id: POOL_SERIES, name: '', createdSec: 0, lastActiveSec: 0}), isDirty: true};
  }

  get accountCount(): number {
    return this.#accounts.size;
  }

  /** Accounts that found no place since the start, each time that they were seen. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  series(account: string | undefined): Pick<Series, 'id' | 'createdSec'> | undefined {
    return account === undefined ? this.#pool : this.#accounts.get(account);
  }

  /** The bucket that still grows, where it is not on disk yet as it is. */
  growing(account: string | undefined, ring: number): HistoryBucket | undefined {
    const bucket = (account === undefined ? this.#pool : this.#accounts.get(account))?.growing[ring];
    if (bucket === undefined) return undefined;
    const {isDirty: _isDirty, ...shown} = bucket;
    return shown;
  }

  /**
   * @param watchedSec - time since the reading before, on a clock that does not jump.
   * @returns what the ended minute leaves to be written; undefined while the minute lasts.
   */
  take(reading: SumsReading, wallSec: number, watchedSec: number): HistoryChange | undefined {
    // A wall clock that jumps back: the bucket in hand goes on until time has caught up.
    const atSec = Math.max(this.#atSec, wallSec);
    const finest = RINGS[FINEST]!;
    const isNewMinute = this.#atSec !== 0 && startOf(finest, atSec) !== startOf(finest, this.#atSec);
    const change = isNewMinute ? this.flush() : undefined;
    this.#atSec = atSec;
    if (!this.#hasBaseline) {
      // The sums count from the start of the accounting, which may have read old shares again.
      this.#hasBaseline = true;
      this.#isComplete = reading.isComplete;
      this.#pool.sums = reading.pool;
      for (const sums of reading.accounts) this.#rebase(sums);
      return change;
    }
    this.#add(this.#pool, reading.pool, watchedSec);
    for (const sums of reading.accounts) this.#addAccount(sums);
    return change;
  }

  /** Everything that is not on disk as it is. */
  flush(): HistoryChange {
    const buckets: BucketRow[] = [];
    const series: SeriesRow[] = [];
    for (const one of [this.#pool, ...this.#accounts.values()]) {
      one.growing.forEach((bucket, ring) => {
        if (bucket === undefined || !bucket.isDirty) return;
        bucket.isDirty = false;
        const {isDirty: _isDirty, ...shown} = bucket;
        buckets.push({seriesId: one.id, ring, slot: slotOf(RINGS[ring]!, bucket.startSec), bucket: shown});
      });
      if (one.isDirty) series.push({id: one.id, name: one.name, createdSec: one.createdSec, lastActiveSec: one.lastActiveSec});
      one.isDirty = false;
    }
    const forgotten = this.#forgotten;
    this.#forgotten = [];
    return {series, buckets, forgotten};
  }

  #rebase({account, ...sums}: {readonly account: string} & WorkSums): void {
    const known = this.#accounts.get(account);
    if (known !== undefined) known.sums = sums;
    else {
      const admitted = this.#admit(account);
      if (admitted !== undefined) admitted.sums = sums;
    }
  }

  #addAccount({account, ...sums}: {readonly account: string} & WorkSums): void {
    const known = this.#accounts.get(account);
    if (known === undefined) {
      const admitted = this.#admit(account);
      if (admitted === undefined) return;
      // Whoever was refused before, or not listed, has work of long ago in its sums: it starts from here.
      if (this.#refusedCount > 0 || !this.#isComplete) admitted.sums = sums;
      else admitted.sums = {...sums, hashes: 0, sharesAccepted: 0, sharesRejected: 0};
      return this.#add(admitted, sums, 0);
    }
    if (known.sums === undefined) known.sums = this.#isComplete ? {...sums, hashes: 0, sharesAccepted: 0, sharesRejected: 0} : sums;
    const hasWorked = sums.sharesAccepted !== known.sums.sharesAccepted || sums.sharesRejected !== known.sums.sharesRejected;
    if (!hasWorked) return;
    this.#accounts.delete(account);
    this.#accounts.set(account, known);
    this.#add(known, sums, 0);
  }

  #admit(account: string): Series | undefined {
    if (this.#accounts.size >= this.#seriesMax) {
      const [silent] = this.#accounts.values();
      if (silent === undefined || this.#atSec - silent.lastActiveSec < IDLE_SEC_MIN) {
        this.#refusedCount += 1;
        return undefined;
      }
      this.#accounts.delete(silent.name);
      this.#forgotten.push(silent.id);
    }
    this.#lastId += 1;
    const series = {...seriesOf({id: this.#lastId, name: account, createdSec: this.#atSec, lastActiveSec: this.#atSec}), isDirty: true};
    this.#accounts.set(account, series);
    return series;
  }

  #add(series: Series, sums: WorkSums, watchedSec: number): void {
    const before = series.sums ?? sums;
    series.sums = sums;
    // Sums that fell begin anew: the accounting had forgotten the account.
    const since = sums.sharesAccepted < before.sharesAccepted ? {hashes: 0, sharesAccepted: 0, sharesRejected: 0} : before;
    // Once an hour is enough to say who is silent.
    if (this.#atSec - series.lastActiveSec >= IDLE_SEC_MIN) series.isDirty = true;
    if (series.isDirty || sums.sharesAccepted > before.sharesAccepted) series.lastActiveSec = this.#atSec;
    RINGS.forEach((ring, index) => {
      const bucket = this.#bucket(series, index, startOf(ring, this.#atSec));
      bucket.coveredSec += watchedSec;
      bucket.hashes += sums.hashes - since.hashes;
      bucket.sharesAccepted += sums.sharesAccepted - since.sharesAccepted;
      bucket.sharesRejected += Math.max(0, sums.sharesRejected - since.sharesRejected);
      bucket.connectedMax = Math.max(bucket.connectedMax, sums.connected);
      bucket.isDirty = true;
    });
  }

  #bucket(series: Series, ring: number, startSec: number): Growing {
    const growing = series.growing[ring];
    if (growing !== undefined && growing.startSec === startSec) return growing;
    const stored = this.#options.stored(series.id, ring, slotOf(RINGS[ring]!, startSec));
    const bucket = stored?.startSec === startSec
      ? {...stored, isDirty: false}
      : {startSec, coveredSec: 0, hashes: 0, sharesAccepted: 0, sharesRejected: 0, connectedMax: 0, isDirty: false};
    series.growing[ring] = bucket;
    return bucket;
  }
}

function seriesOf({id, name, createdSec, lastActiveSec}: SeriesRow): Series {
  return {id, name, createdSec, lastActiveSec, isDirty: false, sums: undefined, growing: []};
}
