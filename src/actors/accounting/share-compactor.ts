/**
 * @module Makes old shares small, in slices beside the accounting's other work. Chunks of shares are added up by account as
 * soon as they are complete, so that a restart reads sums and not shares: from the shares as they are logged, and from the
 * log only what came before (to read a share back costs several times what it costs to add it up). A chunk that nothing needs any more (no window, no
 * round, no block that is not settled, no booking, no proof) and that is old enough is added to the totals of its accounts;
 * then its shares leave the disk. Decides nothing about money.
 */
import {hashKey} from '../../protocol/bytes/hash-key.js';
import type {Hash256} from '../../protocol/primitives/transaction.js';
import type {LedgerDesk} from './ledger-desk.js';
import type {AccountTotal, AccountingStore, ShareChunk, ShareRow} from './ports.js';
import {CHUNK_SHARES} from './share-window.js';

/** Shares read by one slice: some 2 ms. */
const SHARES_PER_SLICE = 1_024;
/** Chunks that are added up and wait for their write; when more would, they are read again. */
const COMPLETE_MAX = 8;
/** Rows that one write removes. */
const SEGMENTS_PER_SLICE = 512;

export class ShareCompactor {
  readonly #store: AccountingStore;
  readonly #desk: LedgerDesk;
  readonly #keepMs: number;
  #sums = new Map<string, {shares: number; work: bigint}>();
  #nextSeq = 0;
  #windowStarts: ReadonlyMap<string, number> = new Map();
  /** Of the chunk that is being logged, if its first share was seen. */
  #loggedFirstSeq = 0;
  #logged = new Map<string, {shares: number; work: bigint}>();
  /** Oldest first. */
  readonly #complete: ShareChunk[] = [];

  /** @param keepMs - a share stays in the log at least so long. */
  constructor(store: AccountingStore, desk: LedgerDesk, keepMs: number) {
    this.#store = store;
    this.#desk = desk;
    this.#keepMs = keepMs;
  }

  /** Shares that are in the log now, in order and without a gap to those before. */
  count(rows: readonly ShareRow[]): void {
    for (const {seq, account, work} of rows) {
      if ((seq - 1) % CHUNK_SHARES === 0) {
        this.#loggedFirstSeq = seq;
        this.#logged = new Map();
      }
      if (this.#loggedFirstSeq === 0) continue;
      addTo(this.#logged, account, work);
      if (seq % CHUNK_SHARES !== 0) continue;
      if (this.#complete.length < COMPLETE_MAX) this.#complete.push(chunkOf({firstSeq: this.#loggedFirstSeq, lastSeq: seq}, this.#logged));
      this.#loggedFirstSeq = 0;
    }
  }

  /**
   * One slice.
   *
   * @param keepFromSeq - of the oldest share that something needs; asked only when there is something to drop.
   * @returns whether there is more to do at once.
   */
  step(nowMs: number, keepFromSeq: () => number): boolean {
    if (this.#desk.hasSums) return true;
    if (this.#store.sums.isTrimmable()) {
      this.#desk.addSums({trimSegments: SEGMENTS_PER_SLICE});
      return true;
    }
    return this.#drop(nowMs, keepFromSeq) || this.#addUp();
  }

  /** The oldest share in the windows of these blocks. A split may be long, so each is read once while its block is asked about. */
  oldestOf(blocks: readonly Hash256[]): number {
    const known = this.#windowStarts;
    this.#windowStarts = new Map(blocks.map((hash) => {
      const key = hashKey(hash);
      return [key, known.get(key) ?? this.#store.split(hash)?.firstSeq ?? 0];
    }));
    let oldest = Infinity;
    for (const firstSeq of this.#windowStarts.values()) if (firstSeq > 0 && firstSeq < oldest) oldest = firstSeq;
    return oldest;
  }

  #drop(nowMs: number, keepFromSeq: () => number): boolean {
    for (const chunk of this.#store.sums.chunks()) {
      const [newest] = this.#store.sharesFrom(chunk.lastSeq, 1);
      if (newest === undefined || newest.atMs > nowMs - this.#keepMs || chunk.lastSeq >= keepFromSeq()) return false;
      this.#desk.addSums({drop: chunk});
      return true;
    }
    return false;
  }

  #addUp(): boolean {
    const firstSeq = this.#store.sums.lastChunkSeq() + 1;
    const lastSeq = Math.ceil(firstSeq / CHUNK_SHARES) * CHUNK_SHARES;
    if (this.#store.lastShareSeq() < lastSeq) return false;
    while (this.#complete.length > 0 && this.#complete[0]!.firstSeq <= firstSeq) {
      const chunk = this.#complete.shift()!;
      if (chunk.firstSeq !== firstSeq) continue;
      this.#desk.addSums({add: chunk});
      return true;
    }
    if (this.#nextSeq <= firstSeq || this.#nextSeq > lastSeq) {
      this.#nextSeq = firstSeq;
      this.#sums = new Map();
    }
    for (const {seq, account, work} of this.#store.sharesFrom(this.#nextSeq, Math.min(SHARES_PER_SLICE, lastSeq - this.#nextSeq + 1))) {
      addTo(this.#sums, account, work);
      this.#nextSeq = seq + 1;
    }
    if (this.#nextSeq > lastSeq) this.#desk.addSums({add: chunkOf({firstSeq, lastSeq}, this.#sums)});
    return true;
  }
}

function addTo(sums: Map<string, {shares: number; work: bigint}>, account: string, work: bigint): void {
  const own = sums.get(account);
  if (own === undefined) {
    sums.set(account, {shares: 1, work});
  } else {
    own.shares += 1;
    own.work += work;
  }
}

function chunkOf(range: {readonly firstSeq: number; readonly lastSeq: number}, sums: ReadonlyMap<string, {readonly shares: number; readonly work: bigint}>): ShareChunk {
  return {...range, sums: [...sums].map(([account, own]): AccountTotal => ({account, ...own}))};
}
