/**
 * @module The accounting actor: gives shares their order, makes them durable in group commits (`share-log.ts`), and keeps
 * what follows from them. A share is answered when its row is on disk and not before; one disk write serves all that wait.
 *
 * Chain facts move found blocks between pending, confirmed and orphaned. The formula of credits is in `protocol/payout`.
 */
import type {ActorContext, ActorRef, ActorSpec, Behaviour, PendingReply, Protocol, ReplyOf} from '../../runtime/actor.js';
import {hashKey} from '../../protocol/bytes/hash-key.js';
import {isPaidPerShare, type RewardTerms} from '../../protocol/payout/schemes.js';
import type {Sats} from '../../protocol/primitives/transaction.js';
import {HASHES_PER_DIFFICULTY_ONE} from '../../protocol/stratum/difficulty.js';
import type {AcceptedShare} from '../../protocol/stratum/share.js';
import {assertNever} from '../../protocol/verdict.js';
import type {ChainEvent, GetHeader, GetTip, HeaderView} from '../chain/messages.js';
import type {JobEvent} from '../job-factory/messages.js';
import type {GetShareProof, AccountingMessage, PoolTotals, PostEntry, RecordBlock, RecordShares} from './messages.js';
import type {AccountingStore, ShareRow} from './ports.js';
import {CommitPace} from './commit-pace.js';
import {MinerStatistics} from './miner-statistics.js';
import {BlockCrediting, type SharePlace} from './block-crediting.js';
import {LedgerDesk, type BlockStep} from './ledger-desk.js';
import {LedgerView} from './ledger-view.js';
import {PPS_INTERVAL_MS, PpsCredits} from './pps-credits.js';
import {RewardLedger} from './reward-ledger.js';
import {ShareCompactor} from './share-compactor.js';
import {ShareProver} from './share-prover.js';
import {ShareLog} from './share-log.js';
import {difficultyOfHash, ratio, WorkOfTarget} from './share-work.js';

export interface AccountingOptions {
  readonly store: AccountingStore;
  /** Where found blocks stand: the node in this process, or the upstream. */
  readonly chain: ActorRef<GetHeader | GetTip>;
  readonly terms: RewardTerms;
  readonly maturityBlocks: number;
  /** The PPLNS window holds this many millionths of the expected work of a block. */
  readonly windowFactorPpm: number;
  /** Shares stay in the log at least so long, for proofs and for the audit; then they become sums. */
  readonly shareLogMs: number;
  /** New coins of a block at this height. */
  readonly subsidyOf: (height: number) => Sats;
}

type Internal =
  | {readonly type: 'accounting.commit'}
  | {readonly type: 'accounting.committed'}
  | {readonly type: 'accounting.retry'}
  | {readonly type: 'accounting.prove'}
  | {readonly type: 'accounting.compact'}
  | {readonly type: 'accounting.bookPerShare'}
  | {readonly type: 'accounting.commitFailed'; readonly error: unknown}
  | {readonly type: 'accounting.blockShareMissing'; readonly hash: Uint8Array}
  | {readonly type: 'accounting.headerSeen'; readonly hash: Uint8Array; readonly view: HeaderView | null}
  | {readonly type: 'accounting.tipSeen'; readonly height: number}
  | {readonly type: 'accounting.chainSilent'; readonly about: Uint8Array | 'tip'; readonly error: unknown}
  | {readonly type: 'accounting.askFates'};
export type AccountingInbox = AccountingMessage | ChainEvent | JobEvent | Internal;
type Context = ActorContext<AccountingInbox>;

/** 1,000 sessions with 16 shares each in flight, and as many again. */
const MAILBOX_CAPACITY = 32_768;
/** The share that is a block follows its candidate by one answer of the chain; a block below share difficulty never has one. */
const BLOCK_SHARE_WAIT_MS = 2_000;
/** Walked at start-up, about a microsecond each. Statistics and the window's sums begin there. */
const REBUILD_SHARES_MAX = 200_000;
const CHAIN_TIMEOUT_MS = 10_000;
/** A chain that was silent (all nodes of the upstream away) is asked again so much later. */
const FATES_RETRY_MS = 10_000;
/** What the disk refused of the ledger is tried again so often, and with every share that comes. */
const RETRY_MS = 1_000;
/** Found last: their roots may be missing after a crash, and a round begins after the newest that counts. */
const RECENT_BLOCKS_MAX = 128;
/** A slice is some 3 ms. */
const PROVE_PAUSE_MS = 10;
/** Between two looks for shares to compact, and between two slices of that. */
const COMPACT_PAUSE_MS = 5_000;
const COMPACT_SLICE_PAUSE_MS = 20;
/** All at once would fill the chain's mailbox: some would be refused, and so would whoever brings a block meanwhile. */
const FATES_ASKED_AT_ONCE = 8;

export const ACCOUNTING_PROTOCOL: Protocol<AccountingInbox> = {
  kind: 'accounting',
  mailbox: {capacity: MAILBOX_CAPACITY, policy: 'refuse'},
  priority: ['accounting.recordBlock', 'accounting.postEntry'],
  undroppable: [
    'accounting.recordBlock', 'accounting.recordPresence', 'accounting.commit', 'chain.blockConnected', 'chain.blockDisconnected', 'chain.tipChanged',
  ],
};

export function accountingActor(options: AccountingOptions): ActorSpec<AccountingInbox> {
  return {protocol: ACCOUNTING_PROTOCOL, create: (ctx) => new Accounting(options, ctx)};
}

class Accounting implements Behaviour<AccountingInbox> {
  readonly #options: AccountingOptions;
  readonly #statistics: MinerStatistics;
  readonly #ledger: RewardLedger;
  readonly #crediting: BlockCrediting;
  readonly #workOf = new WorkOfTarget();
  readonly #pps: PpsCredits;
  readonly #desk: LedgerDesk;
  readonly #shareLog: ShareLog;
  readonly #pace = new CommitPace();
  readonly #accounts: LedgerView;
  readonly #prover: ShareProver;
  readonly #compactor: ShareCompactor;
  #isCommitDue = false;
  #networkWork = 0n;
  /** What the chain is still to be asked about, from the end. The tip last: its height alone would settle what only the blocks' own fate can. */
  readonly #openFates: (Uint8Array | 'tip')[] = ['tip'];

  constructor(options: AccountingOptions, ctx: Context) {
    this.#options = options;
    this.#pps = new PpsCredits(options.store, options.terms);
    this.#desk = new LedgerDesk(options.store.ledger, this.#pps);
    this.#shareLog = new ShareLog(options.store, this.#workOf, this.#desk);
    this.#accounts = new LedgerView(options.store);
    this.#prover = new ShareProver(options.store, this.#desk);
    this.#compactor = new ShareCompactor(options.store, this.#desk, options.shareLogMs);
    this.#ledger = new RewardLedger(options.maturityBlocks, options.store.found, (hash) => this.#desk.isUnwritten(hash));
    const recent = this.#ledger.recent(RECENT_BLOCKS_MAX);
    this.#crediting = new BlockCrediting(options, this.#workOf, recent.filter(({status}) => status !== 'rejected').map(({shareSeq}) => shareSeq));
    const logged = this.#newestShares();
    this.#statistics = new MinerStatistics(Math.min(ctx.clock.wallMs(), logged[0]?.atMs ?? Infinity));
    this.#rebuild(logged);
    for (const step of this.#ledger.unbooked(ctx.clock.wallMs())) this.#storeStep(step, ctx);
    ctx.events.subscribe<ChainEvent>(['chain.blockConnected', 'chain.blockDisconnected', 'chain.tipChanged'], ctx.self);
    ctx.events.subscribe<JobEvent>(['jobs.published'], ctx.self);
    this.#askChain(ctx);
    for (const {hash} of recent) this.#prover.addRoot(options.store.split(hash));
    this.#proveSoon(ctx);
    ctx.timers.once('compact', COMPACT_PAUSE_MS, {type: 'accounting.compact'});
    if (isPaidPerShare(options.terms.scheme)) ctx.timers.every('book-per-share', PPS_INTERVAL_MS, {type: 'accounting.bookPerShare'});
  }

  receive(message: AccountingInbox, ctx: Context): void {
    switch (message.type) {
      case 'accounting.recordShares': return this.#recordShares(message.shares, ctx);
      case 'accounting.recordReject': return this.#statistics.countRejected(message.account, message.minerName, message.reason);
      case 'accounting.recordPresence': return this.#statistics.countPresence(message.account, message.minerName, message.change);
      case 'accounting.recordBlock': return this.#recordBlock(message, ctx);
      case 'accounting.postEntry':
        this.#desk.post(message.entry, ctx.takeReply<ReplyOf<PostEntry>>());
        return this.#commitSoon(ctx);
      case 'accounting.retry':
        this.#desk.retry();
        return this.#commitSoon(ctx);
      case 'accounting.getShareProof':
        this.#prover.addProof(message, ctx.takeReply<ReplyOf<GetShareProof>>());
        return this.#proveSoon(ctx);
      case 'accounting.prove':
        this.#prover.step();
        this.#proveSoon(ctx);
        return this.#commitSoon(ctx);
      case 'accounting.compact': return this.#compact(ctx);
      case 'accounting.bookPerShare':
        this.#pps.bookSoon();
        return this.#commitSoon(ctx);
      case 'accounting.commit': return this.#commit(ctx);
      case 'accounting.committed': return this.#committed(ctx);
      case 'accounting.commitFailed': return this.#commitFailed(message.error, ctx);
      case 'accounting.blockShareMissing': return this.#blockShareMissing(message.hash, ctx);
      case 'accounting.headerSeen':
        this.#store(this.#ledger.setSeen(message.hash, message.view?.isActive, ctx.clock.wallMs()), ctx);
        return this.#askNext(ctx);
      case 'accounting.tipSeen': return this.#tipHeight(message.height, ctx);
      case 'accounting.chainSilent':
        ctx.log.warn({code: 'accounting-chain-silent', err: message.error}, 'the chain did not say where found blocks stand; asking again later');
        // First in the list, so last to be asked: but the tip stays behind the blocks.
        this.#openFates.splice(this.#openFates[0] === 'tip' && message.about !== 'tip' ? 1 : 0, 0, message.about);
        return ctx.timers.once('fates', FATES_RETRY_MS, {type: 'accounting.askFates'});
      case 'accounting.askFates': return this.#askNext(ctx);
      case 'chain.blockConnected': return this.#store(this.#ledger.setActive(message.block.header.hash, true, ctx.clock.wallMs()), ctx);
      case 'chain.blockDisconnected': return this.#store(this.#ledger.setActive(message.block.header.hash, false, ctx.clock.wallMs()), ctx);
      case 'chain.tipChanged': return this.#tipHeight(message.tip.height, ctx);
      case 'jobs.published':
        this.#networkWork = this.#workOf.target(message.job.template.target).work;
        this.#pps.setBlock(this.#networkWork, this.#options.subsidyOf(message.job.template.height));
        return this.#crediting.setNetworkTarget(message.job.template.target);
      default: return this.#answer(message, ctx);
    }
  }

  onStop(_reason: unknown, ctx: Context): Promise<void> {
    this.#pps.bookSoon();
    return this.#shareLog.drain(ctx.clock.wallMs());
  }

  inspect(): unknown {
    return {
      lastShareSeq: this.#options.store.lastShareSeq(), waitingShares: this.#shareLog.waitingCount, committing: this.#shareLog.writingCount,
      accounts: this.#statistics.accountCount, foundBlocks: this.#ledger.blockCount, awaitedBlocks: this.#crediting.awaitedCount,
    };
  }

  #answer(message: Exclude<AccountingMessage, {type: `accounting.record${string}` | 'accounting.postEntry' | 'accounting.getShareProof'}>, ctx: Context): void {
    const nowMs = ctx.clock.wallMs();
    switch (message.type) {
      case 'accounting.getTotals': return ctx.reply(this.#totals(nowMs));
      case 'accounting.getAccount': {
        const view = this.#statistics.account(message.account, nowMs, message.rigLimit);
        return ctx.reply(view === undefined ? null : {...view, ...this.#accounts.owedTo(message.account)});
      }
      case 'accounting.listAccounts':
        return ctx.reply(this.#statistics.accounts(message, nowMs).map((view) => ({...view, ...this.#accounts.owedTo(view.account)})));
      case 'accounting.getRewardWindow': return ctx.reply(this.#crediting.rewardWindow(message.limit));
      case 'accounting.getWorkSums': return ctx.reply(this.#statistics.workSums(message.activeSinceMs, message.limit));
      case 'accounting.listBlocks': return ctx.reply(this.#ledger.list(message));
      case 'accounting.getFoundBlock': {
        const row = this.#ledger.get(message.hash);
        return ctx.reply(row === undefined ? null : this.#ledger.view(row));
      }
      case 'accounting.listPayable': return ctx.reply(this.#accounts.payable(message));
      case 'accounting.getBlockSplit': return ctx.reply(this.#accounts.split(message.blockHash));
      case 'accounting.getBalances': return ctx.reply(this.#accounts.totals());
      case 'accounting.listEntries': return ctx.reply(this.#accounts.entries(message));
      default: assertNever(message);
    }
  }

  #totals(nowMs: number): PoolTotals {
    const {terms} = this.#options;
    const fill = this.#crediting.windowFill;
    return {
      hashrate: this.#statistics.poolHashrate(nowMs),
      accountCount: this.#statistics.accountCount,
      sharesAccepted: this.#options.store.lastShareSeq(),
      sharesRejected: {...this.#statistics.rejected},
      blocksFound: this.#ledger.standingCount,
      roundEffort: ratio(this.#crediting.roundWork, this.#networkWork),
      lastShareSeq: this.#options.store.lastShareSeq(),
      scheme: terms.scheme,
      feePpm: terms.feePpm,
      donationPpm: terms.donationPpm,
      windowFill: ratio(fill.work, fill.of),
    };
  }

  #recordShares(shares: readonly AcceptedShare[], ctx: Context): void {
    const reply = ctx.takeReply<ReplyOf<RecordShares>>();
    if (this.#shareLog.add({shares, atMs: ctx.clock.wallMs(), reply})) this.#commitSoon(ctx);
  }

  /** A pause after each slice: at most a quarter of this thread, however long a window is. */
  #proveSoon(ctx: Context): void {
    if (this.#prover.isBusy && !ctx.timers.has('prove')) ctx.timers.once('prove', PROVE_PAUSE_MS, {type: 'accounting.prove'});
  }

  #compact(ctx: Context): void {
    const isMore = this.#compactor.step(ctx.clock.wallMs(), () => {
      const open = this.#compactor.oldestOf(this.#ledger.pending().map(({hash}) => hash));
      return Math.min(this.#crediting.keepFromSeq, this.#prover.keepFromSeq, this.#pps.keepFromSeq, open);
    });
    ctx.timers.once('compact', isMore ? COMPACT_SLICE_PAUSE_MS : COMPACT_PAUSE_MS, {type: 'accounting.compact'});
    this.#commitSoon(ctx);
  }

  /** Behind what already waits in the mailbox: those shares share the write. While a write is under way, more gather. */
  #commitSoon(ctx: Context): void {
    if (this.#isCommitDue || !this.#shareLog.isWriteDue) return;
    const waitMs = this.#desk.isDue ? 0 : this.#pace.waitMs(this.#shareLog.waitingCount);
    if (waitMs > 0) {
      if (!ctx.timers.has('gather')) ctx.timers.once('gather', waitMs, {type: 'accounting.commit'});
      return;
    }
    this.#isCommitDue = true;
    ctx.tell(ctx.self, {type: 'accounting.commit'});
  }

  #commit(ctx: Context): void {
    this.#isCommitDue = false;
    if (!this.#shareLog.isWriteDue) return;
    ctx.timers.cancel('gather');
    this.#pace.started(ctx.clock.nowMs());
    ctx.pipeToSelf(this.#shareLog.start(ctx.clock.wallMs()), () => ({type: 'accounting.committed'}), (error) => ({type: 'accounting.commitFailed', error}));
  }

  #committed(ctx: Context): void {
    const {shares, rows} = this.#shareLog.finish();
    this.#pace.finished(rows.length, ctx.clock.nowMs());
    this.#compactor.count(rows);
    for (let i = 0; i < rows.length; i += 1) this.#counted(shares[i]!, rows[i]!, ctx);
    if (rows.length > 0) ctx.events.publish({type: 'accounting.sharesLogged', shares: rows.length, lastSeq: rows.at(-1)!.seq});
    this.#commitSoon(ctx);
  }

  #counted(share: AcceptedShare, row: ShareRow, ctx: Context): void {
    const awaited = this.#crediting.count(row);
    this.#pps.count(row);
    const {hashes, difficulty} = this.#workOf.target(share.target);
    this.#statistics.countAccepted({
      account: share.account, minerName: share.minerName, userAgent: share.userAgent, difficulty, hashes, shareDifficulty: difficultyOfHash(share.hash), atMs: row.atMs,
    });
    if (awaited === undefined) return;
    ctx.timers.cancel(`block-share:${hashKey(row.hash)}`);
    this.#credit(awaited.record, awaited.share, {ctx, replies: awaited.replies});
  }

  #commitFailed(error: unknown, ctx: Context): void {
    const refused = this.#shareLog.fail();
    ctx.log.error({code: 'share-log-failed', err: error, shares: refused}, 'the share log could not be written: these shares are refused');
    // Not at once again: the disk may be full.
    ctx.timers.once('compact', COMPACT_PAUSE_MS, {type: 'accounting.compact'});
    if (!this.#desk.isEmpty) ctx.timers.once('retry', RETRY_MS, {type: 'accounting.retry'});
    this.#commitSoon(ctx);
  }

  #recordBlock(message: RecordBlock, ctx: Context): void {
    const reply = ctx.takeReply<ReplyOf<RecordBlock>>();
    const known = this.#ledger.get(message.hash);
    if (known !== undefined) {
      // Written again, not only answered: the first write may still be on its way, and the reply promises the disk.
      this.#storeStep({row: known, entry: undefined}, ctx, reply);
      return;
    }
    const share = this.#crediting.shareOf(message.hash);
    if (share !== undefined) return this.#credit(message, share, {ctx, replies: reply === undefined ? [] : [reply]});
    if (!this.#crediting.await(message, reply)) return;
    ctx.timers.once(`block-share:${hashKey(message.hash)}`, BLOCK_SHARE_WAIT_MS, {type: 'accounting.blockShareMissing', hash: message.hash});
  }

  #blockShareMissing(hash: Uint8Array, ctx: Context): void {
    const awaited = this.#crediting.giveUp(hash);
    if (awaited !== undefined) this.#credit(awaited.record, awaited.place, {ctx, replies: awaited.replies});
  }

  #credit(record: RecordBlock, share: SharePlace, answer: {readonly ctx: Context; readonly replies: readonly PendingReply<ReplyOf<RecordBlock>>[]}): void {
    const {ctx} = answer;
    const nowMs = ctx.clock.wallMs();
    const {row, split} = this.#crediting.credit(record, share, Math.floor(nowMs / 1000));
    const step = {...this.#ledger.add(row, nowMs), split};
    this.#storeStep(step, ctx, answer.replies[0]);
    this.#prover.addRoot(split);
    this.#proveSoon(ctx);
    for (const reply of answer.replies.slice(1)) this.#storeStep({row: step.row, entry: undefined}, ctx, reply);
    ctx.log.info({code: 'block-found', height: row.height, account: row.account, accepted: record.accepted}, 'the pool found a block');
    ctx.events.publish({type: 'accounting.blockFound', block: this.#ledger.view(step.row)});
    this.#askHeader(record.hash, ctx);
  }

  #tipHeight(height: number, ctx: Context): void {
    for (const step of this.#ledger.setTipHeight(height, ctx.clock.wallMs())) this.#storeStep(step, ctx);
  }

  #store(step: BlockStep | undefined, ctx: Context): void {
    if (step !== undefined) this.#storeStep(step, ctx);
  }

  #storeStep(step: BlockStep, ctx: Context, reply?: PendingReply<ReplyOf<RecordBlock>>): void {
    this.#desk.addStep(step, reply);
    this.#commitSoon(ctx);
  }

  #askChain(ctx: Context): void {
    for (const row of this.#ledger.unsettled()) this.#openFates.push(row.hash);
    for (let i = 0; i < FATES_ASKED_AT_ONCE; i++) this.#askNext(ctx);
  }

  #askNext(ctx: Context): void {
    const next = this.#openFates.pop();
    if (next === undefined) return;
    if (next !== 'tip') return this.#askHeader(next, ctx);
    ctx.pipeToSelf(ctx.ask<GetHeader | GetTip, GetTip>(this.#options.chain, {type: 'chain.getTip'}, {timeoutMs: CHAIN_TIMEOUT_MS}),
      (tip) => ({type: 'accounting.tipSeen', height: tip.height}), (error) => ({type: 'accounting.chainSilent', about: 'tip', error}));
  }

  #askHeader(hash: Uint8Array, ctx: Context): void {
    ctx.pipeToSelf(ctx.ask<GetHeader | GetTip, GetHeader>(this.#options.chain, {type: 'chain.getHeader', hash}, {timeoutMs: CHAIN_TIMEOUT_MS}),
      (view) => ({type: 'accounting.headerSeen', hash, view}), (error) => ({type: 'accounting.chainSilent', about: hash, error}));
  }

  #newestShares(): readonly ShareRow[] {
    const newestFirst: ShareRow[] = [];
    for (const row of this.#options.store.sharesBackwards(this.#options.store.lastShareSeq())) if (newestFirst.push(row) >= REBUILD_SHARES_MAX) break;
    return newestFirst.reverse();
  }

  /** What the newest part of the log says; rejects, user agents and announced difficulties are not in it. */
  #rebuild(logged: readonly ShareRow[]): void {
    this.#crediting.recall(this.#options.store.sums.chunks(), logged);
    for (const row of logged) {
      const hashes = Number(row.work);
      this.#statistics.countAccepted({
        account: row.account, minerName: row.minerName, userAgent: '', difficulty: hashes / HASHES_PER_DIFFICULTY_ONE, hashes,
        shareDifficulty: difficultyOfHash(row.hash), atMs: row.atMs,
      });
    }
  }
}
