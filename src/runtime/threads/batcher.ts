/**
 * @module Stands in front of the threads for one kernel: takes groups of items, sends flat batches, hands back answers.
 *
 * Work-conserving: whatever was asked within one turn leaves at the end of it if a thread is idle. The queue is bounded
 * and a refusal is an answer. A deadline is kept whatever the threads do: the caller hears at that time, items that have not
 * left are not sent, and the thread skips those it reaches too late. A thread that ends fails the batch it was running.
 *
 * Contexts (what many items share): Piscina cannot address a thread, so the first batches that name a context
 * carry it, one per thread at least; a thread that still lacks it says so and gets the items again with it.
 */
import type {BatchKernel} from './batch-kernel.js';
import {ITEM_DONE, ITEM_EXPIRED, ITEM_NEEDS_CONTEXT} from './batch-kernel.js';
import type {ContextRecord} from './batch-codec.js';
import {Reply, RequestWriter} from './batch-codec.js';
import type {SizingLimits} from './batch-sizing.js';
import {CostEstimate, sizeBatch} from './batch-sizing.js';
import type {Entry, GroupOutcome} from './batch-queue.js';
import {BatchQueue, Group} from './batch-queue.js';
import type {BatchCarrier, BatchTimers, CarryOutcome} from './carrier.js';
import {ContextSendings} from './context-sendings.js';
import {DeadlineWatch} from './deadline-watch.js';

export interface BatcherOptions {
  /** Items waiting or under way; a group that does not fit is refused whole. */
  readonly queueCapacity: number;
  /** One running and one sent ahead keep a thread from running dry while its reply travels. */
  readonly batchesPerThread: number;
  readonly sizing: SizingLimits;
}

export interface BatcherModules {
  readonly carrier: BatchCarrier;
  readonly timers: BatchTimers;
  readonly nowMs: () => number;
  /** Runs at the end of this turn; queueMicrotask in production. */
  readonly defer: (run: () => void) => void;
}

export interface BatcherReport {
  readonly queued: number;
  readonly itemsDone: number;
  readonly batchesDone: number;
  readonly refused: number;
  readonly lastBatchSize: number;
  readonly lastBatchReason: string;
  /** Of the class that was sent last. */
  readonly itemCostUs: number;
  /** As the last reply told; 0 before the first. */
  readonly flavour: number;
}

/** A batch that was never begun (its thread died) goes out again this often before it counts as failed. */
const ATTEMPTS_MAX = 3;

export class Batcher<Item, Answer> {
  readonly #kernel: BatchKernel<Item, Answer>;
  readonly #options: BatcherOptions;
  readonly #modules: BatcherModules;
  readonly #queue: BatchQueue<Item, Answer>;
  readonly #estimate: CostEstimate;
  readonly #contexts: ContextSendings;
  readonly #deadlines: DeadlineWatch<Group<Item, Answer>>;
  readonly #drainWaiters: (() => void)[] = [];
  #isStopped = false;
  #isPumpDue = false;
  #lingerTimer: unknown;
  #batchesInFlight = 0;
  #itemsInFlight = 0;
  #counts = {itemsDone: 0, batchesDone: 0, refused: 0, lastBatchSize: 0, flavour: 0, lastClass: 0};
  #lastReason = 'nothing sent yet';

  constructor(kernel: BatchKernel<Item, Answer>, options: BatcherOptions, modules: BatcherModules) {
    this.#kernel = kernel;
    this.#options = options;
    this.#modules = modules;
    this.#queue = new BatchQueue(kernel);
    this.#estimate = new CostEstimate(kernel.costClasses.map((costClass) => costClass.firstGuessUs));
    this.#contexts = new ContextSendings(modules.carrier.threads);
    this.#deadlines = new DeadlineWatch({timers: modules.timers, nowMs: modules.nowMs, expire: (group) => {
      this.#refuse(group, 'pool-expired');
      this.#schedulePump();
    }});
    modules.carrier.onFreed(() => this.#pump());
  }

  /** All answers in the order of the items, or one refusal for the whole group. Never rejects. */
  submit(items: readonly Item[], deadlineMs = Infinity): Promise<GroupOutcome<Answer>> {
    const nowMs = this.#modules.nowMs();
    if (items.length === 0) return Promise.resolve({ok: true, answers: []});
    if (this.#isStopped) return this.#refusal('pool-stopped');
    if (deadlineMs <= nowMs) return this.#refusal('pool-expired');
    if (this.#queue.length + this.#itemsInFlight + items.length > this.#options.queueCapacity) return this.#refusal('pool-queue-full');
    return new Promise((resolve) => {
      const group = new Group<Item, Answer>(items, {deadlineMs, queuedAtMs: nowMs}, resolve);
      this.#queue.push(group);
      this.#deadlines.watch(group);
      this.#schedulePump();
    });
  }

  report(): BatcherReport {
    const {itemsDone, batchesDone, refused, lastBatchSize, flavour, lastClass} = this.#counts;
    return {queued: this.#queue.length, itemsDone, batchesDone, refused, lastBatchSize, flavour,
      lastBatchReason: this.#lastReason, itemCostUs: this.#estimate.costUs(lastClass)};
  }

  /** Takes nothing new; resolves when all that was accepted has been answered. */
  drain(): Promise<void> {
    this.#isStopped = true;
    return new Promise((resolve) => {
      this.#drainWaiters.push(resolve);
      this.#pump();
    });
  }

  /** Takes nothing new, answers what has not left with `pool-stopped`, waits for what is under way. */
  close(): Promise<void> {
    this.#isStopped = true;
    for (const group of this.#queue.clear()) this.#refuse(group, 'pool-stopped');
    return this.drain();
  }

  #refusal(code: 'pool-stopped' | 'pool-expired' | 'pool-queue-full'): Promise<GroupOutcome<Answer>> {
    this.#counts.refused += 1;
    return Promise.resolve({ok: false, code});
  }

  #refuse(group: Group<Item, Answer>, code: 'pool-stopped' | 'pool-expired' | 'pool-failed'): void {
    if (group.isSettled) return;
    this.#counts.refused += 1;
    group.settle({ok: false, code});
    this.#deadlines.forget(group);
  }

  #schedulePump(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    this.#modules.defer(() => {
      this.#isPumpDue = false;
      this.#pump();
    });
  }

  #pump(): void {
    const {carrier, nowMs, timers} = this.#modules;
    this.#stopLingering();
    this.#queue.dropSettled();
    while (this.#queue.length > 0) {
      const facts = {
        queued: this.#queue.length,
        idleThreads: carrier.idleThreads(),
        freeSlots: carrier.threads * this.#options.batchesPerThread - this.#batchesInFlight,
        itemCostUs: this.#queue.meanCostUs(this.#estimate),
        waitedMs: this.#queue.waitedMs(nowMs()),
      };
      const decision = sizeBatch(facts, this.#options.sizing);
      if (!decision.send) {
        if (decision.waitMs !== Infinity) this.#lingerTimer = timers.set(decision.waitMs, () => this.#pump());
        break;
      }
      const entries = this.#queue.take({itemsMax: decision.items, runUsMax: this.#options.sizing.runTimeMsMax * 1000}, this.#estimate);
      this.#queue.dropSettled();
      if (entries.length === 0) continue;
      this.#lastReason = decision.reason;
      void this.#send(entries);
    }
    this.#tellDrained();
  }

  async #send(entries: readonly Entry<Item, Answer>[]): Promise<void> {
    this.#batchesInFlight += 1;
    this.#itemsInFlight += entries.length;
    this.#counts.lastBatchSize = entries.length;
    const outcome = await this.#modules.carrier.carry(this.#kernel.name, this.#encode(entries));
    this.#batchesInFlight -= 1;
    this.#itemsInFlight -= entries.length;
    this.#counts.batchesDone += 1;
    if (outcome.ok) this.#readReply(entries, new Reply(outcome.reply, this.#kernel.answerLength));
    else this.#readLoss(entries, outcome);
    this.#pump();
  }

  #encode(entries: readonly Entry<Item, Answer>[]): Uint8Array {
    const kernel = this.#kernel;
    let itemBytes = 0;
    const contexts = new Map<number, ContextRecord>();
    const isCounted = new Set<number>();
    for (const {group, index, withContext} of entries) {
      const item = group.items[index]!;
      itemBytes += kernel.byteLength(item);
      const key = kernel.contextKeyOf(item);
      if (key === 0 || contexts.has(key)) continue;
      const isDue = !isCounted.has(key) && this.#contexts.isDue(key);
      isCounted.add(key);
      if (isDue || withContext) contexts.set(key, {key, bytes: kernel.contextOf(item)});
    }
    const writer = new RequestWriter({itemCount: entries.length, itemBytes, contexts: [...contexts.values()]});
    const nowMs = this.#modules.nowMs();
    for (const {group, index} of entries) {
      const item = group.items[index]!;
      const costClass = kernel.costClassOf(item);
      this.#counts.lastClass = costClass;
      kernel.encode(item, writer.item({byteLength: kernel.byteLength(item), costClass, slackMs: group.deadlineMs - nowMs, contextKey: kernel.contextKeyOf(item)}));
    }
    return writer.bytes;
  }

  #readReply(entries: readonly Entry<Item, Answer>[], reply: Reply): void {
    for (let costClass = 0; costClass < this.#kernel.costClasses.length; costClass += 1) this.#estimate.learn(costClass, reply.cost(costClass));
    this.#counts.flavour = reply.flavour;
    const again: Entry<Item, Answer>[] = [];
    for (let position = 0; position < entries.length; position += 1) {
      const entry = entries[position]!;
      const {group, index} = entry;
      const status = reply.statuses[position];
      if (status === ITEM_DONE) {
        this.#counts.itemsDone += 1;
        group.answer(index, this.#kernel.decode(reply.answer(position), group.items[index]!));
        if (group.isSettled) this.#deadlines.forget(group);
      } else if (status === ITEM_NEEDS_CONTEXT && entry.attempts < ATTEMPTS_MAX) {
        again.push({group, index, withContext: true, attempts: entry.attempts + 1});
      } else {
        this.#refuse(group, status === ITEM_EXPIRED ? 'pool-expired' : 'pool-failed');
      }
    }
    this.#sendAgain(again);
  }

  #readLoss(entries: readonly Entry<Item, Answer>[], outcome: Extract<CarryOutcome, {ok: false}>): void {
    const again: Entry<Item, Answer>[] = [];
    for (const entry of entries) {
      if (outcome.code === 'not-run' && entry.attempts < ATTEMPTS_MAX) again.push({...entry, withContext: true, attempts: entry.attempts + 1});
      else this.#refuse(entry.group, outcome.code === 'closed' ? 'pool-stopped' : 'pool-failed');
    }
    this.#sendAgain(again);
  }

  #sendAgain(entries: readonly Entry<Item, Answer>[]): void {
    this.#queue.pushAgain(entries.filter((entry) => !entry.group.isSettled));
  }

  #stopLingering(): void {
    if (this.#lingerTimer === undefined) return;
    this.#modules.timers.clear(this.#lingerTimer);
    this.#lingerTimer = undefined;
  }

  #tellDrained(): void {
    if (this.#drainWaiters.length === 0 || this.#queue.length > 0 || this.#batchesInFlight > 0) return;
    for (const resolve of this.#drainWaiters.splice(0)) resolve();
  }
}
