/**
 * @module The newest shares as sums per account, so that crediting a block does not walk a million rows: whole chunks
 * are added up, only the chunk at the window's edge is walked share by share in the log.
 */
import type {WorkOfAccount} from '../../protocol/payout/split-reward.js';

/** Shares per chunk: an edge walk decodes at most so many rows. */
const CHUNK_SHARES = 1_024;
/** Bounds memory whatever the window asks for: the oldest chunks are then walked in the log. */
const CHUNKS_MAX = 16_384;

interface Chunk {
  readonly firstSeq: number;
  lastSeq: number;
  work: bigint;
  readonly workByAccount: Map<string, bigint>;
}

export class ShareWindow {
  /** Oldest first. */
  #chunks: Chunk[] = [];

  /** In the order of the log. */
  add(seq: number, account: string, work: bigint): void {
    let chunk = this.#chunks.at(-1);
    if (chunk === undefined || chunk.lastSeq - chunk.firstSeq + 1 >= CHUNK_SHARES) {
      chunk = {firstSeq: seq, lastSeq: seq, work: 0n, workByAccount: new Map()};
      this.#chunks.push(chunk);
      if (this.#chunks.length > CHUNKS_MAX) this.#chunks = this.#chunks.slice(CHUNKS_MAX / 8);
    }
    chunk.lastSeq = seq;
    chunk.work += work;
    chunk.workByAccount.set(account, (chunk.workByAccount.get(account) ?? 0n) + work);
  }

  /** Drops what lies wholly before the newest `work`. */
  trimTo(work: bigint): void {
    let sum = 0n;
    for (let i = this.#chunks.length - 1; i >= 0; i -= 1) {
      if (sum >= work) {
        this.#chunks = this.#chunks.slice(i + 1);
        return;
      }
      sum += this.#chunks[i]!.work;
    }
  }

  /**
   * Work backwards from `fromSeq`, for a window of `windowWork`: single shares where the window starts and where it may
   * end, sums of whole chunks in between. Adding up by account gives the same as a walk over every share.
   *
   * @param walk - the log, newest first from a sequence number.
   */
  *backwards(fromSeq: number, windowWork: bigint, walk: (fromSeq: number) => Iterable<{readonly seq: number} & WorkOfAccount>): Iterable<WorkOfAccount> {
    let left = windowWork;
    let at = fromSeq;
    for (let i = this.#chunks.length - 1; i >= 0 && left > 0n; i -= 1) {
      const chunk = this.#chunks[i]!;
      if (chunk.firstSeq > at) continue;
      const isWhole = chunk.lastSeq <= at && chunk.work <= left;
      if (isWhole) {
        for (const [account, work] of chunk.workByAccount) yield {account, work};
        left -= chunk.work;
      } else {
        for (const share of walk(at)) {
          if (share.seq < chunk.firstSeq || left <= 0n) break;
          yield share;
          left -= share.work;
        }
      }
      at = chunk.firstSeq - 1;
    }
    if (left <= 0n || at < 1) return;
    for (const share of walk(at)) {
      if (left <= 0n) return;
      yield share;
      left -= share.work;
    }
  }

  /** Work known in memory, at most `limit`. */
  workUpTo(limit: bigint): bigint {
    let sum = 0n;
    for (let i = this.#chunks.length - 1; i >= 0 && sum < limit; i -= 1) sum += this.#chunks[i]!.work;
    return sum < limit ? sum : limit;
  }
}
