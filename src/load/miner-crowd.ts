/**
 * @module The miners of one thread: one timer for all of them, one queue of searches in bounded slices, and the counts.
 * A slice is short, because while it runs no socket is read, and what a socket waits would look like the pool's latency.
 */
import {monitorEventLoopDelay, performance} from 'node:perf_hooks';
import {CrowdCounts, type CrowdSnapshot} from './crowd-counts.js';
import {EventHeap, type ScheduledEvent} from './event-heap.js';
import {LatencyHistogram} from './latency-histogram.js';
import {LoadMiner, type CrowdServices} from './load-miner.js';
import {openTcpLink, type OpenLink} from './miner-link.js';
import type {MinerPlan} from './miner-plan.js';

export interface CrowdOptions {
  readonly plans: readonly MinerPlan[];
  readonly endpoint: {readonly host: string; readonly port: number};
  readonly password: string;
  readonly storms: {readonly everySec: number; readonly withinSec: number} | undefined;
}

/** Searched for at a time, then the sockets have their turn. */
const SLICE_MS = 1;
const SLICE_HASHES = 256;
/** The sampling interval of the loop's own delay; Node's histogram holds it whole. */
const LOOP_SAMPLE_MS = 2;
const DRAIN_POLL_MS = 20;

export class MinerCrowd implements CrowdServices {
  readonly counts = new CrowdCounts();
  readonly endpoint: {readonly host: string; readonly port: number};
  readonly password: string;
  readonly openLink: OpenLink;
  isFinishing = false;
  readonly #options: CrowdOptions;
  readonly #nowMs: () => number;
  readonly #miners: readonly LoadMiner[];
  readonly #events = new EventHeap();
  readonly #queue: LoadMiner[] = [];
  #queueAt = 0;
  #isPumping = false;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Infinity;
  readonly #loopDelay = monitorEventLoopDelay({resolution: LOOP_SAMPLE_MS});
  readonly #loopDelays = new LatencyHistogram();
  #utilisation = performance.eventLoopUtilization();

  constructor(options: CrowdOptions, modules: {readonly nowMs: () => number; readonly openLink?: OpenLink}) {
    this.#options = options;
    this.endpoint = options.endpoint;
    this.password = options.password;
    this.#nowMs = modules.nowMs;
    this.openLink = modules.openLink ?? openTcpLink;
    this.#miners = options.plans.map((plan) => new LoadMiner(plan, this));
  }

  start(): void {
    this.#loopDelay.enable();
    this.#utilisation = performance.eventLoopUtilization();
    for (const miner of this.#miners) this.after(miner.plan.connectAtMs, () => miner.connect());
    const {storms} = this.#options;
    if (storms !== undefined) this.after(storms.everySec * 1_000, () => this.#storm(storms));
  }

  nowMs(): number {
    return this.#nowMs();
  }

  after(delayMs: number, run: () => void): ScheduledEvent {
    const event = this.#events.add(this.#nowMs() + delayMs, run);
    if (event.atMs < this.#timerAtMs) this.#arm();
    return event;
  }

  search(miner: LoadMiner): void {
    this.#queue.push(miner);
    if (this.#isPumping) return;
    this.#isPumping = true;
    setImmediate(() => this.#pump());
  }

  snapshot(): CrowdSnapshot {
    const {counts} = this;
    const now = performance.eventLoopUtilization();
    const {utilization} = performance.eventLoopUtilization(now, this.#utilisation);
    this.#utilisation = now;
    this.#takeLoopDelay();
    const difficulties = new Map<number, number>();
    for (const {difficulty} of this.#miners) if (difficulty !== undefined) difficulties.set(difficulty, (difficulties.get(difficulty) ?? 0) + 1);
    return {
      ...counts.takeEvents(),
      connected: counts.connected, authorised: counts.authorised, sharesPlanned: counts.sharesPlanned, sharesSkipped: counts.sharesSkipped, hashes: counts.hashes,
      searchesWaiting: this.#queue.length - this.#queueAt, intents: counts.intents, accounts: counts.accounts, dialects: counts.dialects, connections: counts.connections, failures: counts.failures,
      strayAnswers: counts.strayAnswers, abandoned: counts.abandoned, submitsOpen: this.#submitsOpen(), utilisation: utilization,
      accepted: counts.accepted.data(), rejected: counts.rejected.data(), sendLag: counts.sendLag.data(),
      connectTime: counts.connectTime.data(), firstJobTime: counts.firstJobTime.data(), loopDelay: this.#loopDelays.data(),
      difficulties: [...difficulties],
    };
  }

  /** Ends the submits, waits for the answers that are owed, at most `drainMs`, and closes what is open. */
  async finish(drainMs: number): Promise<CrowdSnapshot> {
    this.isFinishing = true;
    for (const miner of this.#miners) miner.finish();
    const deadlineMs = this.#nowMs() + drainMs;
    while (this.#submitsOpen() > 0 && this.#nowMs() < deadlineMs) await pause(DRAIN_POLL_MS);
    const atEnd = this.snapshot();
    for (const miner of this.#miners) miner.cut(0);
    clearTimeout(this.#timer);
    this.#loopDelay.disable();
    return atEnd;
  }

  #submitsOpen(): number {
    let open = 0;
    for (const miner of this.#miners) open += miner.submitsOpen;
    return open;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const nextAtMs = this.#events.nextAtMs;
    if (nextAtMs === undefined) return;
    this.#timerAtMs = nextAtMs;
    // Node's timers have whole milliseconds and a longest of 2^31.
    this.#timer = setTimeout(() => {
      this.#timerAtMs = Infinity;
      this.#events.runDue(this.#nowMs());
      this.#arm();
    }, Math.min(2 ** 31 - 1, Math.max(0, Math.ceil(nextAtMs - this.#nowMs()))));
  }

  #pump(): void {
    const endMs = this.#nowMs() + SLICE_MS;
    while (this.#queueAt < this.#queue.length) {
      const {isDone, hashes} = this.#queue[this.#queueAt]!.searchSlice(SLICE_HASHES);
      this.counts.hashes += hashes;
      if (isDone) this.#queueAt += 1;
      if (this.#nowMs() >= endMs) break;
    }
    if (this.#queueAt === this.#queue.length) {
      this.#queue.length = 0;
      this.#queueAt = 0;
      this.#isPumping = false;
      return;
    }
    if (this.#queueAt > 1_024) {
      this.#queue.splice(0, this.#queueAt);
      this.#queueAt = 0;
    }
    setImmediate(() => this.#pump());
  }

  #storm(storms: {readonly everySec: number; readonly withinSec: number}): void {
    if (this.isFinishing) return;
    const {length} = this.#miners;
    for (const [index, miner] of this.#miners.entries()) miner.cut((storms.withinSec * 1_000 * index) / length);
    this.after(storms.everySec * 1_000, () => this.#storm(storms));
  }

  /** Node's histogram is read by its percentiles: a hundred values stand for the second that it saw. */
  #takeLoopDelay(): void {
    if (this.#loopDelay.count === 0) return;
    for (let percent = 1; percent <= 100; percent += 1) this.#loopDelays.addMs(Math.max(0, this.#loopDelay.percentile(percent) / 1e6 - LOOP_SAMPLE_MS));
    this.#loopDelay.reset();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
