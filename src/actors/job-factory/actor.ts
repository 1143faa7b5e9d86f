/**
 * @module The job factory: templates become jobs, solved jobs become blocks on their way to the chain.
 *
 * A candidate is on disk before the chain is asked, and the chain has answered before the miner is. If the disk
 * refuses, the chain is asked all the same: a lost row only matters after a crash, a lost block always. What is on disk
 * at start-up is handed over again; every step is idempotent by hash.
 */
import type {ActorContext, ActorRef, ActorSpec, Behaviour, PendingReply, Protocol} from '../../runtime/actor.js';
import {assembleBlock, assembleProposal} from '../../protocol/mining/assemble-block.js';
import type {BlockTemplate} from '../../protocol/mining/block-template.js';
import {ByteReader} from '../../protocol/bytes/byte-reader.js';
import {bytesEqual} from '../../protocol/bytes/compare.js';
import {compactToTarget} from '../../protocol/consensus/pow/compact.js';
import {paidDirectly, type RewardWindow} from '../../protocol/payout/coinbase-payout.js';
import type {Credit} from '../../protocol/payout/split-reward.js';
import {readTransaction} from '../../protocol/primitives/transaction-codec.js';
import type {Verdict} from '../../protocol/verdict.js';
import type {AccountingMessage, GetRewardWindow, RecordBlock} from '../accounting/messages.js';
import type {AcceptBlock, BlockOutcome, CheckProposal} from '../chain/messages.js';
import type {GetTemplate, TemplateEvent} from '../template/messages.js';
import type {UpstreamEvent} from '../upstream/messages.js';
import {CandidateDesk} from './candidate-desk.js';
import type {Candidate, CandidateReply} from './candidate-desk.js';
import {JobShelf} from './job-shelf.js';
import type {JobShelfOptions} from './job-shelf.js';
import type {JobFactoryMessage, JobsPaused, SubmitCandidate} from './messages.js';
import type {CandidateRow, CandidateStore} from './ports.js';

export interface JobFactoryOptions extends JobShelfOptions {
  /** The node in this process, or the upstream: whoever gives templates and takes blocks. */
  readonly template: ActorRef<GetTemplate>;
  readonly chain: ActorRef<AcceptBlock>;
  readonly accounting: ActorRef<AccountingMessage>;
  /** Where jobs are judged before anybody has solved one; absent where the rules are our own. */
  readonly rehearsal?: ActorRef<CheckProposal>;
  readonly candidates: CandidateStore;
  /** A template this old is asked for anew, so that header times and fees keep up. */
  readonly refreshMs: number;
  /** Address that a script pays to: undefined for those without one. */
  readonly accountOfScript?: (scriptPubKey: Uint8Array) => string | undefined;
}

type Internal =
  | {readonly type: 'jobs.refresh'}
  | {readonly type: 'jobs.windowDue'}
  | {readonly type: 'jobs.windowSeen'; readonly window: RewardWindow | undefined}
  | {readonly type: 'jobs.templateSeen'; readonly template: BlockTemplate | undefined}
  | {readonly type: 'jobs.rehearse'}
  | {readonly type: 'jobs.rehearsed'; readonly verdict: Verdict}
  | {readonly type: 'jobs.candidateStored'; readonly hash: Uint8Array; readonly error: unknown}
  | {readonly type: 'jobs.candidateJudged'; readonly hash: Uint8Array; readonly outcome: BlockOutcome | undefined; readonly error: unknown}
  | {readonly type: 'jobs.candidateRetry'; readonly hash: Uint8Array}
  | {readonly type: 'jobs.candidateRecorded'; readonly hash: Uint8Array; readonly ok: boolean}
  | {readonly type: 'jobs.candidateRemoved'; readonly error: unknown};
/** What it hears of nodes elsewhere. */
type UpstreamNews = Extract<UpstreamEvent, {type: 'upstream.stalled' | 'upstream.nodeUp'}>;
export type JobFactoryInbox = JobFactoryMessage | TemplateEvent | UpstreamNews | Internal;
type Context = ActorContext<JobFactoryInbox>;

const MAILBOX_CAPACITY = 16_384;
/** The chain answers within a block's validation; longer means that it is not there. */
const CHAIN_TIMEOUT_MS = 10_000;
const ACCOUNTING_TIMEOUT_MS = 10_000;
const TEMPLATE_TIMEOUT_MS = 5_000;
/** How old the window may be that a coinbase pays by. */
const WINDOW_REFRESH_MS = 5_000;
const HEADER_SIZE = 80;
const TEMPLATE_RETRY_MS = 500;
/** Some time after the first job, when its miners have it; then seldom. */
const REHEARSAL_FIRST_MS = 3_000;
const REHEARSAL_INTERVAL_MS = 600_000;
const REHEARSAL_TIMEOUT_MS = 30_000;
/** What mining software shows to its owner. */
const PAUSED_TEXT = 'The pool has lost its node: no new work until one answers. Stay connected; shares still count.';

export const JOB_FACTORY_PROTOCOL: Protocol<JobFactoryInbox> = {
  kind: 'job-factory',
  mailbox: {capacity: MAILBOX_CAPACITY, policy: 'refuse'},
  priority: ['jobs.submitCandidate', 'template.changed'],
  undroppable: ['jobs.submitCandidate', 'template.changed', 'upstream.stalled', 'upstream.nodeUp'],
};

export function jobFactoryActor(options: JobFactoryOptions): ActorSpec<JobFactoryInbox> {
  return {protocol: JOB_FACTORY_PROTOCOL, create: (ctx) => new JobFactory(options, ctx)};
}

class JobFactory implements Behaviour<JobFactoryInbox> {
  readonly #options: JobFactoryOptions;
  readonly #shelf: JobShelf;
  readonly #desk = new CandidateDesk();
  /** Of some seconds ago: a job never waits for it. */
  #window: RewardWindow | undefined;

  constructor(options: JobFactoryOptions, ctx: Context) {
    this.#options = options;
    this.#shelf = new JobShelf(options, Math.floor(ctx.clock.wallMs() / 1000));
    ctx.events.subscribe<TemplateEvent>(['template.changed'], ctx.self);
    ctx.events.subscribe<UpstreamNews>(['upstream.stalled', 'upstream.nodeUp'], ctx.self);
    for (const row of options.candidates.pending()) {
      this.#askChain(this.#desk.open(row, targetOfBlock(row.blockBytes)), ctx);
    }
    if (options.rehearsal !== undefined) ctx.timers.once('rehearse', REHEARSAL_FIRST_MS, {type: 'jobs.rehearse'});
    this.#refresh(ctx);
    if (options.coinbasePayout !== undefined) this.#askWindow(ctx);
  }

  receive(message: JobFactoryInbox, ctx: Context): void {
    switch (message.type) {
      case 'jobs.getCurrent': return ctx.reply(this.#shelf.current ?? null);
      case 'jobs.getForAccount': return ctx.reply(this.#shelf.forAccount(message.jobKey, message.account) ?? null);
      case 'jobs.submitCandidate': return this.#submit(message, ctx);
      case 'template.changed': return this.#publish(message.template, ctx);
      case 'upstream.stalled': return this.#pause(ctx);
      case 'upstream.nodeUp': return this.#retryNow(ctx);
      case 'jobs.windowDue': return this.#askWindow(ctx);
      case 'jobs.windowSeen':
        this.#window = message.window ?? this.#window;
        return ctx.timers.once('window', WINDOW_REFRESH_MS, {type: 'jobs.windowDue'});
      case 'jobs.refresh': return this.#refresh(ctx);
      case 'jobs.templateSeen': return this.#templateSeen(message.template, ctx);
      case 'jobs.rehearse': return this.#rehearse(ctx);
      case 'jobs.rehearsed': return this.#rehearsed(message.verdict, ctx);
      case 'jobs.candidateStored': return this.#stored(message.hash, message.error, ctx);
      case 'jobs.candidateJudged': return this.#judged(message, ctx);
      case 'jobs.candidateRetry': return this.#retry(message.hash, ctx);
      case 'jobs.candidateRecorded': return this.#recorded(message.hash, message.ok, ctx);
      case 'jobs.candidateRemoved':
        return ctx.log.warn({code: 'candidate-not-removed', err: message.error}, 'a settled block candidate stays on disk; it is handed over again at the next start');
    }
  }

  inspect(): unknown {
    return {jobsKept: this.#shelf.size, currentJob: this.#shelf.current?.jobId, height: this.#shelf.current?.template.height, candidatesOpen: this.#desk.openCount};
  }

  #askWindow(ctx: Context): void {
    // One more than are paid: what is left over belongs to nobody by name.
    const query: GetRewardWindow = {type: 'accounting.getRewardWindow', limit: this.#options.coinbasePayout!.outputsMax + 1};
    ctx.pipeToSelf(ctx.ask<AccountingMessage, GetRewardWindow>(this.#options.accounting, query, {timeoutMs: ACCOUNTING_TIMEOUT_MS}),
      (window) => ({type: 'jobs.windowSeen', window: window ?? undefined}), () => ({type: 'jobs.windowSeen', window: undefined}));
  }

  #refresh(ctx: Context): void {
    ctx.pipeToSelf(ctx.ask<GetTemplate, GetTemplate>(this.#options.template, {type: 'template.get'}, {timeoutMs: TEMPLATE_TIMEOUT_MS}),
      (template) => ({type: 'jobs.templateSeen', template: 'ok' in template ? undefined : template}),
      () => ({type: 'jobs.templateSeen', template: undefined}));
  }

  /** No template yet, or none just now: jobs that are out stay valid, and the question is asked again soon. */
  #templateSeen(template: BlockTemplate | undefined, ctx: Context): void {
    if (template === undefined) ctx.timers.once('refresh', TEMPLATE_RETRY_MS, {type: 'jobs.refresh'});
    else this.#publish(template, ctx);
  }

  /** What miners have stays valid: a share of it is honest work, and a block of it may still be the best. */
  #pause(ctx: Context): void {
    if (this.#shelf.current === undefined) return;
    this.#shelf.rest();
    ctx.events.publish<JobsPaused>({type: 'jobs.paused', text: PAUSED_TEXT});
  }

  /** A node is back: blocks that nobody could judge are offered at once, not after their pause. */
  #retryNow(ctx: Context): void {
    for (const candidate of this.#desk.unjudged()) {
      ctx.timers.cancel(retryKey(candidate.row.hash));
      this.#askChain(candidate, ctx);
    }
  }

  #publish(template: BlockTemplate, ctx: Context): void {
    const before = this.#shelf.current?.template;
    // Compared here and not taken from the event: what miners must drop depends on what they were given.
    const cleanJobs = before === undefined || !bytesEqual(before.previousHash, template.previousHash);
    const job = this.#shelf.add(template, {cleanJobs, nowMs: ctx.clock.nowMs(), window: this.#window});
    ctx.timers.once('refresh', this.#options.refreshMs, {type: 'jobs.refresh'});
    ctx.events.publish({type: 'jobs.published', job, cleanJobs});
  }

  /** A node that would refuse the pool's block says so while nothing is lost yet. Seldom: it costs the node as much as a block. */
  #rehearse(ctx: Context): void {
    const {rehearsal, extranonceSize} = this.#options;
    const job = this.#shelf.current;
    ctx.timers.once('rehearse', job === undefined ? REHEARSAL_FIRST_MS : REHEARSAL_INTERVAL_MS, {type: 'jobs.rehearse'});
    if (rehearsal === undefined || job === undefined) return;
    const proposal: CheckProposal = {type: 'chain.checkProposal', blockBytes: assembleProposal({...job, extranonceSize})};
    ctx.pipeToSelf(ctx.ask<CheckProposal, CheckProposal>(rehearsal, proposal, {timeoutMs: REHEARSAL_TIMEOUT_MS}),
      (verdict) => ({type: 'jobs.rehearsed', verdict}), () => ({type: 'jobs.rehearsed', verdict: {ok: true}}));
  }

  #rehearsed(verdict: Verdict, ctx: Context): void {
    // The tip moved while the question was on its way: nothing about the job.
    if (verdict.ok || verdict.code === 'inconclusive-not-best-prevblk') return;
    ctx.log.error({code: 'job-refused-in-advance', reason: verdict.code, detail: verdict.detail}, 'the node would refuse the block of this job: look at it before a miner finds one');
  }

  #submit(message: SubmitCandidate, ctx: Context): void {
    const waiter = ctx.takeReply<CandidateReply>();
    const settled = this.#desk.settledOutcome(message.hash);
    if (settled !== undefined) return waiter?.resolve(settled);
    const open = this.#desk.find(message.hash);
    if (open !== undefined) {
      if (open.outcome !== undefined) waiter?.resolve(open.outcome);
      else if (waiter !== undefined) open.waiters.push(waiter);
      return;
    }
    this.#open(message, ctx, waiter);
  }

  #open(message: SubmitCandidate, ctx: Context, waiter: PendingReply<CandidateReply> | undefined): void {
    const {job, extranonce1, extranonce2, header} = message;
    const row: CandidateRow = {
      hash: message.hash,
      height: job.template.height,
      blockBytes: assembleBlock({template: job.template, coinbase1: job.coinbase1, extranonce1, extranonce2, coinbase2: job.coinbase2, header}),
      account: message.account,
      minerName: message.minerName,
      rewardSats: job.template.coinbaseValueSats,
      paysFinderDirectly: this.#options.scheme === 'SOLO',
      foundAtMs: Math.floor(ctx.clock.wallMs()),
    };
    const candidate = this.#desk.open(row, job.template.target);
    if (waiter !== undefined) candidate.waiters.push(waiter);
    ctx.pipeToSelf(this.#options.candidates.put(row),
      () => ({type: 'jobs.candidateStored', hash: row.hash, error: undefined}), (error) => ({type: 'jobs.candidateStored', hash: row.hash, error}));
  }

  #stored(hash: Uint8Array, error: unknown, ctx: Context): void {
    if (error !== undefined) ctx.log.error({code: 'candidate-not-stored', err: error}, 'a solved block could not be written to disk; the chain is asked all the same');
    const candidate = this.#desk.find(hash);
    if (candidate !== undefined) this.#askChain(candidate, ctx);
  }

  #askChain(candidate: Candidate, ctx: Context): void {
    candidate.attempts += 1;
    const {hash, blockBytes, account} = candidate.row;
    const accept: AcceptBlock = {type: 'chain.acceptBlock', blockBytes, source: {kind: 'mining-pool', name: account}};
    ctx.pipeToSelf(ctx.ask<AcceptBlock, AcceptBlock>(this.#options.chain, accept, {timeoutMs: CHAIN_TIMEOUT_MS}),
      (outcome) => ({type: 'jobs.candidateJudged', hash, outcome, error: undefined}),
      (error) => ({type: 'jobs.candidateJudged', hash, outcome: undefined, error}));
  }

  #judged(message: Extract<Internal, {type: 'jobs.candidateJudged'}>, ctx: Context): void {
    const candidate = this.#desk.find(message.hash);
    if (candidate === undefined || candidate.outcome !== undefined) return;
    if (message.outcome !== undefined && this.#desk.judge(candidate, message.outcome)) {
      if (!message.outcome.ok) {
        ctx.log.error({code: 'candidate-rejected', reason: message.outcome.code, height: candidate.row.height}, 'the chain refused a block of the pool');
      }
      this.#record(candidate, ctx);
      return;
    }
    ctx.log.warn({code: 'candidate-retried', attempts: candidate.attempts, err: message.error}, 'the chain has not judged a solved block yet');
    // The miner is not kept waiting for a chain that is away: the candidate is safe, the share is judged as a share.
    this.#desk.answer(candidate, message.outcome ?? {ok: false, code: 'chain-unavailable', status: 'invalid'});
    this.#retryLater(candidate, ctx);
  }

  #retryLater(candidate: Candidate, ctx: Context): void {
    const {hash} = candidate.row;
    ctx.timers.once(retryKey(hash), this.#desk.nextDelayMs(candidate), {type: 'jobs.candidateRetry', hash});
  }

  #retry(hash: Uint8Array, ctx: Context): void {
    const candidate = this.#desk.find(hash);
    if (candidate === undefined) return;
    if (candidate.outcome === undefined) this.#askChain(candidate, ctx);
    else this.#record(candidate, ctx);
  }

  #record(candidate: Candidate, ctx: Context): void {
    const {row, target, outcome} = candidate;
    const {hash, height, account, minerName, rewardSats, paysFinderDirectly} = row;
    const direct = paysFinderDirectly ? [] : this.#paidDirectly(row);
    const record: RecordBlock = {
      type: 'accounting.recordBlock', hash, height, target, account, minerName, rewardSats, paysFinderDirectly, accepted: outcome?.ok ?? false, ...(direct.length > 0 && {direct}),
    };
    ctx.pipeToSelf(ctx.ask<AccountingMessage, RecordBlock>(this.#options.accounting, record, {timeoutMs: ACCOUNTING_TIMEOUT_MS}),
      ({ok}) => ({type: 'jobs.candidateRecorded', hash, ok}), () => ({type: 'jobs.candidateRecorded', hash, ok: false}));
  }

  /** Read from the block itself: what is configured now may be something else than when its job was made. */
  #paidDirectly({blockBytes}: CandidateRow): readonly Credit[] {
    const {accountOfScript, poolScript} = this.#options;
    if (accountOfScript === undefined) return [];
    const reader = new ByteReader(blockBytes.subarray(HEADER_SIZE));
    reader.varint();
    return paidDirectly(readTransaction(reader).outputs, poolScript, accountOfScript);
  }

  /** Only what the accounting has on disk leaves ours. */
  #recorded(hash: Uint8Array, ok: boolean, ctx: Context): void {
    const candidate = this.#desk.find(hash);
    if (candidate === undefined) return;
    if (!ok) {
      candidate.attempts += 1;
      this.#retryLater(candidate, ctx);
      return;
    }
    this.#desk.settle(candidate);
    this.#options.candidates.remove(hash).then(undefined, (error: unknown) => ctx.tell(ctx.self, {type: 'jobs.candidateRemoved', error}));
  }
}

function retryKey(hash: Uint8Array): string {
  return `candidate:${String.fromCharCode(...hash)}`;
}

/** Bits stand at offset 72 of the header, little-endian. A row of ours always decodes. */
function targetOfBlock(blockBytes: Uint8Array): bigint {
  return compactToTarget(new DataView(blockBytes.buffer, blockBytes.byteOffset).getUint32(72, true)) ?? 0n;
}
