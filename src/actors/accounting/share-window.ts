/**
 * @module The newest shares as sums per account, so that crediting a block does not walk a million rows: whole chunks
 * are added up, only the chunks at the window's edges are walked share by share in the log. Chunks begin at fixed share
 * numbers; old small ones are merged, because a chunk costs as much memory as it has accounts.
 */
import type {WorkOfAccount} from '../../protocol/payout/split-reward.js';
import type {ShareChunk} from './ports.js';

/** Shares per small chunk: an edge walk near the newest share decodes at most so many rows. */
const SMALL_CHUNK_SHARES = 1_024;
/** Shares per merged chunk, a multiple of the small; as they are kept on disk. */
export const CHUNK_SHARES = 16_384;
/** Small chunks kept before the oldest are merged: two merged chunks' worth. */
const SMALL_CHUNKS_MAX = (2 * CHUNK_SHARES) / SMALL_CHUNK_SHARES;
/** 16 million shares; bounds memory whatever the window asks for: what is older is walked in the log. */
const CHUNKS_MAX = 1_024;

interface Chunk {
  readonly firstSeq: number;
  lastSeq: number;
  work: bigint;
  readonly workByAccount: Map<string, bigint>;
}

/** Shares that count for a block. */
export interface CollectedWindow {
  /** By account, in no order. */
  readonly work: readonly WorkOfAccount[];
  readonly totalWork: bigint;
  /** 0 when no share counts. */
  readonly firstSeq: number;
  /** What of the first share lies inside; 0: all of it. */
  readonly firstWork: bigint;
}

export interface WindowQuery {
  /** The newest share that counts. */
  readonly toSeq: number;
  /** Shares up to this one do not count. */
  readonly afterSeq: number;
  /** Counts backwards as far as this. Undefined: as far as `afterSeq`. */
  readonly windowWork: bigint | undefined;
}

type Walk = (fromSeq: number) => Iterable<{readonly seq: number} & WorkOfAccount>;

export class ShareWindow {
  /** Oldest first: merged ones, then small ones. */
  #chunks: Chunk[] = [];
  #smallCount = 0;

  /** In the order of the log. */
  add(seq: number, account: string, work: bigint): void {
    let chunk = this.#chunks.at(-1);
    if (chunk === undefined || chunkOf(seq, SMALL_CHUNK_SHARES) !== chunkOf(chunk.lastSeq, SMALL_CHUNK_SHARES)) {
      chunk = {firstSeq: seq, lastSeq: seq, work: 0n, workByAccount: new Map()};
      this.#chunks.push(chunk);
      this.#smallCount += 1;
      this.#mergeOldest();
    }
    chunk.lastSeq = seq;
    chunk.work += work;
    chunk.workByAccount.set(account, (chunk.workByAccount.get(account) ?? 0n) + work);
  }

  /** Sums that were kept from before a restart: in order, before any share is added. */
  addChunk({firstSeq, lastSeq, sums}: ShareChunk): void {
    const chunk: Chunk = {firstSeq, lastSeq, work: 0n, workByAccount: new Map()};
    for (const {account, work} of sums) {
      chunk.work += work;
      chunk.workByAccount.set(account, work);
    }
    this.#chunks.push(chunk);
  }

  /** Drops what lies wholly before the newest `work` and before `keepFromSeq`. */
  trimTo(work: bigint, keepFromSeq: number): void {
    let sum = 0n;
    let index = this.#chunks.length;
    while (index > 0 && (sum < work || this.#chunks[index - 1]!.lastSeq >= keepFromSeq)) {
      index -= 1;
      sum += this.#chunks[index]!.work;
    }
    this.#drop(Math.max(index, this.#chunks.length - CHUNKS_MAX));
  }

  /**
   * The shares that count, backwards from the newest: single ones where the window begins and ends, sums of whole chunks in
   * between. Adding up by account gives the same as a walk over every share.
   *
   * @param walk - the log, newest first from a sequence number.
   */
  collect({toSeq, afterSeq, windowWork}: WindowQuery, walk: Walk): CollectedWindow {
    const counted = new CountedShares(windowWork, walk);
    let at = toSeq;
    for (let i = this.#chunks.length - 1; i >= 0 && !counted.isFull && at > afterSeq; i -= 1) {
      const chunk = this.#chunks[i]!;
      if (chunk.firstSeq > at) continue;
      // Nothing lies between chunks of one run; a log that was walked for one may.
      counted.addShares(at, Math.max(chunk.lastSeq, afterSeq) + 1);
      if (chunk.lastSeq > at || chunk.firstSeq <= afterSeq || !counted.addChunk(chunk)) {
        counted.addShares(Math.min(at, chunk.lastSeq), Math.max(chunk.firstSeq, afterSeq + 1));
      }
      at = chunk.firstSeq - 1;
    }
    counted.addShares(at, afterSeq + 1);
    return counted.window();
  }

  /** The oldest share of the chunks that hold the newest `work`; 0 when they do not reach so far. */
  firstSeqOf(work: bigint): number {
    let sum = 0n;
    for (let i = this.#chunks.length - 1; i >= 0; i -= 1) {
      sum += this.#chunks[i]!.work;
      if (sum >= work) return this.#chunks[i]!.firstSeq;
    }
    return 0;
  }

  /** Undefined without a share. */
  get firstSeq(): number | undefined {
    return this.#chunks[0]?.firstSeq;
  }

  /** Work known in memory, at most `limit`. */
  workUpTo(limit: bigint): bigint {
    let sum = 0n;
    for (let i = this.#chunks.length - 1; i >= 0 && sum < limit; i -= 1) sum += this.#chunks[i]!.work;
    return sum < limit ? sum : limit;
  }

  #mergeOldest(): void {
    if (this.#smallCount <= SMALL_CHUNKS_MAX) return;
    const firstSmall = this.#chunks.length - this.#smallCount;
    const number = chunkOf(this.#chunks[firstSmall]!.firstSeq, CHUNK_SHARES);
    let end = firstSmall + 1;
    while (end < this.#chunks.length && chunkOf(this.#chunks[end]!.firstSeq, CHUNK_SHARES) === number) end += 1;
    const merged = this.#chunks[firstSmall]!;
    for (const chunk of this.#chunks.splice(firstSmall + 1, end - firstSmall - 1)) {
      merged.lastSeq = chunk.lastSeq;
      merged.work += chunk.work;
      for (const [account, work] of chunk.workByAccount) merged.workByAccount.set(account, (merged.workByAccount.get(account) ?? 0n) + work);
    }
    this.#smallCount -= end - firstSmall;
    this.#drop(this.#chunks.length - CHUNKS_MAX);
  }

  #drop(count: number): void {
    if (count <= 0) return;
    this.#chunks = this.#chunks.slice(count);
    this.#smallCount = Math.min(this.#smallCount, this.#chunks.length);
  }
}

/** What is counted while going backwards. */
class CountedShares {
  readonly #walk: Walk;
  readonly #sums = new Map<string, bigint>();
  #left: bigint | undefined;
  #totalWork = 0n;
  #firstSeq = 0;
  #firstWork = 0n;

  constructor(windowWork: bigint | undefined, walk: Walk) {
    this.#left = windowWork;
    this.#walk = walk;
  }

  get isFull(): boolean {
    return this.#left === 0n;
  }

  /** @returns false when it does not fit as a whole. */
  addChunk(chunk: Chunk): boolean {
    if (this.isFull || (this.#left !== undefined && chunk.work > this.#left)) return false;
    for (const [account, work] of chunk.workByAccount) this.#add(account, work);
    this.#firstSeq = chunk.firstSeq;
    this.#firstWork = 0n;
    return true;
  }

  addShares(fromSeq: number, downToSeq: number): void {
    if (fromSeq < downToSeq || this.isFull) return;
    for (const share of this.#walk(fromSeq)) {
      if (share.seq < downToSeq || this.isFull) return;
      const part = this.#left !== undefined && share.work > this.#left ? this.#left : share.work;
      this.#firstSeq = share.seq;
      this.#firstWork = part === share.work ? 0n : part;
      this.#add(share.account, part);
    }
  }

  window(): CollectedWindow {
    return {work: [...this.#sums].map(([account, work]) => ({account, work})), totalWork: this.#totalWork, firstSeq: this.#firstSeq, firstWork: this.#firstWork};
  }

  #add(account: string, work: bigint): void {
    this.#sums.set(account, (this.#sums.get(account) ?? 0n) + work);
    this.#totalWork += work;
    if (this.#left !== undefined) this.#left -= work;
  }
}

/** Chunks begin at share 1, 1 + size, 1 + 2 · size. */
function chunkOf(seq: number, size: number): number {
  return Math.floor((seq - 1) / size);
}
