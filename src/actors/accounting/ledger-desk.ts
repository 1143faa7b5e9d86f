/**
 * @module What waits to be booked: steps of found blocks, which are always right, and entries of others, which are judged
 * against the balances when their write starts. Knows no disk; the group commit takes what waits and says how it went.
 *
 * A step that the disk refused is written again, before anything newer: block rows in memory are ahead of the disk, and
 * the journal must not miss what lies between. An entry of others is refused instead; its asker asks again.
 */
import {balancesAfter, checkClaims, checkEntry, isSameEntry, type EntryRefusalCode, type JournalEntry} from '../../protocol/payout/ledger.js';
import type {Hash256} from '../../protocol/primitives/transaction.js';
import {hashKey} from '../../protocol/bytes/hash-key.js';
import {reject, type Rejection} from '../../protocol/verdict.js';
import type {PendingReply, ReplyOf} from '../../runtime/actor.js';
import type {PostEntry, RecordBlock} from './messages.js';
import type {AccountingChange, BlockSplitRow, FoundBlockRow, LedgerStore, ShareSumsChange, TreeChunk} from './ports.js';
import type {PpsCredits} from './pps-credits.js';

/** A found block's row and what its change books; both reach the disk together. */
export interface BlockStep {
  readonly row: FoundBlockRow;
  readonly entry: JournalEntry | undefined;
  /** With a block's first step. */
  readonly split?: BlockSplitRow | undefined;
}

interface WaitingStep {
  readonly step: BlockStep;
  readonly reply: PendingReply<ReplyOf<RecordBlock>> | undefined;
}

interface WaitingRoot {
  readonly split: BlockSplitRow;
  readonly treeChunks: readonly TreeChunk[];
}

interface WaitingEntry {
  readonly entry: JournalEntry;
  readonly reply: PendingReply<ReplyOf<PostEntry>> | undefined;
}

/** Entries of others that wait for a disk. */
const WAITING_ENTRIES_MAX = 10_000;
/** Names that only the accounting's own entries have. */
const OWN_ID = /^(?:block|pps)\//;

export class LedgerDesk {
  readonly #ledger: LedgerStore;
  readonly #pps: PpsCredits;
  #steps: WaitingStep[] = [];
  #entries: WaitingEntry[] = [];
  /** Made again after a crash, so nobody waits for them. */
  #roots: WaitingRoot[] = [];
  #sums: ShareSumsChange | undefined;
  #writing: {readonly steps: readonly WaitingStep[]; readonly roots: readonly WaitingRoot[]; readonly sums: ShareSumsChange | undefined; readonly entries: readonly (WaitingEntry & {readonly isNew: boolean})[]} | undefined;
  #isDue = false;

  constructor(ledger: LedgerStore, pps: PpsCredits) {
    this.#ledger = ledger;
    this.#pps = pps;
  }

  /** Something came since the last write, or `retry` was called. */
  get isDue(): boolean {
    return this.#isDue || this.#pps.isDue;
  }

  get isEmpty(): boolean {
    return this.#steps.length === 0 && this.#entries.length === 0 && this.#roots.length === 0;
  }

  addStep(step: BlockStep, reply: PendingReply<ReplyOf<RecordBlock>> | undefined): void {
    this.#steps.push({step, reply});
    this.#isDue = true;
  }

  /** Sums of old shares wait, or are being written. */
  get hasSums(): boolean {
    return this.#sums !== undefined || this.#writing?.sums !== undefined;
  }

  /** One at a time: see `hasSums`. What a failing disk did not take is made again. */
  addSums(change: ShareSumsChange): void {
    this.#sums = change;
    this.#isDue = true;
  }

  addRoot(split: BlockSplitRow, treeChunks: readonly TreeChunk[]): void {
    this.#roots.push({split, treeChunks});
    this.#isDue = true;
  }

  /** What is wrong with the entry alone is answered at once. */
  post(entry: JournalEntry, reply: PendingReply<ReplyOf<PostEntry>> | undefined): void {
    const wrong = OWN_ID.test(entry.id) ? reject('ledger-entry-id', `${entry.id} is a name of the accounting's own entries`) : checkEntry(entry);
    if (wrong !== undefined) return reply?.resolve(wrong);
    if (this.#entries.length >= WAITING_ENTRIES_MAX) return reply?.resolve(reject('ledger-unavailable', 'too many entries wait for the disk'));
    this.#entries.push({entry, reply});
    this.#isDue = true;
  }

  /** The disk does not have the last change of this block yet. */
  isUnwritten(hash: Hash256): boolean {
    const key = hashKey(hash);
    return [this.#steps, this.#writing?.steps ?? []].some((steps) => steps.some(({step}) => hashKey(step.row.hash) === key));
  }

  retry(): void {
    this.#isDue = !this.isEmpty;
  }

  /**
   * What the next write is to hold. Entries that the balances do not allow are answered and left out.
   *
   * @param firstSeq - number of the write's first share, whether it has any or not.
   */
  take(firstSeq: number, atMs: number): Required<Pick<AccountingChange, 'blocks' | 'splits' | 'treeChunks' | 'entries'>> & Pick<AccountingChange, 'pps' | 'sums'> {
    const steps = this.#steps;
    const perShare = this.#pps.take(firstSeq, atMs);
    const entries = [...perShare.entries, ...steps.flatMap(({step}) => step.entry ?? [])];
    const taken: (WaitingEntry & {readonly isNew: boolean})[] = [];
    const balances = new Map(this.#entries.length === 0 ? [] : balancesAfter(entries, (account) => this.#ledger.balanceOf(account)));
    const balanceOf = (account: string): bigint => balances.get(account) ?? this.#ledger.balanceOf(account);
    const takenById = new Map<string, JournalEntry>();
    for (const {entry, reply} of this.#entries) {
      const before = takenById.get(entry.id) ?? this.#ledger.entry(entry.id);
      const wrong = this.#refusal(entry, before, balanceOf);
      if (wrong !== undefined) {
        reply?.resolve(wrong);
        continue;
      }
      taken.push({entry, reply, isNew: before === undefined});
      if (before !== undefined) continue;
      entries.push(entry);
      takenById.set(entry.id, entry);
      for (const [account, sats] of balancesAfter([entry], balanceOf)) balances.set(account, sats);
    }
    const roots = this.#roots;
    const sums = this.#sums;
    this.#writing = {steps, roots, sums, entries: taken};
    this.#sums = undefined;
    this.#steps = [];
    this.#roots = [];
    this.#entries = [];
    this.#isDue = false;
    return {
      blocks: steps.map(({step}) => step.row),
      splits: [...steps.flatMap(({step}) => step.split ?? []), ...roots.map(({split}) => split)],
      treeChunks: roots.flatMap(({treeChunks}) => treeChunks),
      entries,
      ...(sums !== undefined && {sums}),
      ...(perShare.pps !== undefined && {pps: perShare.pps}),
    };
  }

  finish(): void {
    for (const {reply} of this.#writing?.steps ?? []) reply?.resolve({ok: true});
    for (const {reply, isNew} of this.#writing?.entries ?? []) reply?.resolve({ok: true, isNew});
    this.#writing = undefined;
    this.#pps.finish();
  }

  fail(): void {
    this.#pps.fail();
    for (const {reply} of this.#writing?.steps ?? []) reply?.resolve({ok: false});
    for (const {reply} of this.#writing?.entries ?? []) reply?.resolve(reject('ledger-unavailable', 'the disk refused the write'));
    this.#steps = [...(this.#writing?.steps ?? []).map(({step}) => ({step, reply: undefined})), ...this.#steps];
    this.#roots = [...(this.#writing?.roots ?? []), ...this.#roots];
    this.#writing = undefined;
  }

  /** Found again: the same is no mistake, another entry under that name is. */
  #refusal(entry: JournalEntry, before: JournalEntry | undefined, balanceOf: (account: string) => bigint): Rejection<EntryRefusalCode> | undefined {
    if (before === undefined) return checkClaims(entry, balanceOf);
    return isSameEntry(before, entry) ? undefined : reject('ledger-entry-differs', `${entry.id} was booked before with other postings`);
  }
}
