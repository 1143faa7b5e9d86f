/**
 * @module A run from its start to its report: threads, the second by second look at them, the end. Prints nothing.
 */
import {cpus, loadavg} from 'node:os';
import {Worker} from 'node:worker_threads';
import {wrap, type Remote} from 'comlink';
import type {CrowdSnapshot} from './crowd-counts.js';
import type {CrowdThread} from './crowd-thread.js';
import {LatencyHistogram, type HistogramData} from './latency-histogram.js';
import {makeReport, merged, type LoadReport, type SeriesPoint} from './load-report.js';
import {planCrowd, type MinerPlan} from './miner-plan.js';
import type {Profile} from './profiles.js';
import {sharedNowMs} from './shared-clock.js';
import {endpointOf} from './thread-endpoint.js';
import {TipTimes} from './tip-times.js';

export interface LoadOptions {
  readonly host: string;
  readonly port: number;
  readonly miners: number;
  readonly durationSec: number;
  readonly profile: Profile;
  readonly threads: number;
  readonly seed: number;
  /** Payout addresses; each miner mines for one of them. */
  readonly accounts: readonly string[];
  readonly password: string;
  /** Mean of all miners; undefined takes what the machine can do without effort. */
  readonly hashrateMean: number | undefined;
  /** Longest wait for the last answers. */
  readonly drainSec: number;
  readonly onSecond?: (point: SeriesPoint, totals: {readonly accepted: number; readonly rejected: number}) => void;
  /** Ends the run early; it is reported all the same. */
  readonly signal?: AbortSignal;
}

const SAMPLE_MS = 1_000;
const TIMING_MS = 80;
/** Part of what the threads can hash that a crowd takes when nobody says how much. */
const HASHRATE_PART = 0.25;
const HASHRATE_MEAN_MAX = 1_000;

interface Thread {
  readonly worker: Worker;
  readonly crowd: Remote<CrowdThread>;
}

export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  const threads: Thread[] = Array.from({length: options.threads}, () => {
    const worker = new Worker(new URL('./crowd-thread.js', import.meta.url));
    return {worker, crowd: wrap<CrowdThread>(endpointOf(worker))};
  });
  const lost = new Promise<never>((_resolve, reject) => {
    for (const {worker} of threads) worker.once('error', reject);
  });
  // Awaited below; until then a failure has nobody else to hear of it.
  lost.catch(() => undefined);
  try {
    return await Promise.race([drive(options, threads), lost]);
  } finally {
    await Promise.all(threads.map(({worker}) => worker.terminate()));
  }
}

async function drive(options: LoadOptions, threads: readonly Thread[]): Promise<LoadReport> {
  const hashing = await Promise.all(threads.map(({crowd}) => crowd.timeHashing(TIMING_MS)));
  const hashesPerSecMeasured = hashing.reduce((total, each) => total + each, 0);
  const plans = planCrowd({
    ...options, isLoopback: process.platform === 'linux' && options.host.startsWith('127.'),
    hashrateMean: options.hashrateMean ?? Math.min(HASHRATE_MEAN_MAX, (hashesPerSecMeasured * HASHRATE_PART) / options.miners),
  });
  const startedAtMs = sharedNowMs();
  const startedAt = new Date().toISOString();
  await Promise.all(threads.map(({crowd}, index) => crowd.start({
    plans: plans.filter((plan) => plan.index % threads.length === index), endpoint: {host: options.host, port: options.port},
    password: options.password, storms: options.profile.storms,
  })));
  const watch = new RunWatch(startedAtMs, options);
  await watch.until(startedAtMs + options.durationSec * 1_000, threads);
  const durationSec = (sharedNowMs() - startedAtMs) / 1_000;
  const last = await Promise.all(threads.map(({crowd}) => crowd.finish(options.drainSec * 1_000)));
  watch.tips(last);
  return makeReport({
    pool: `${options.host}:${options.port}`, profile: options.profile.name, miners: options.miners, threads: options.threads, seed: options.seed,
    startedAt, durationSec,
    machine: {node: process.version, processor: cpus()[0]?.model ?? 'unknown', cores: cpus().length, loadAverage: loadavg()[0] ?? 0},
    planned: {
      behaviours: tally(plans, (plan) => plan.behaviour.name), dialects: tally(plans, (plan) => plan.dialect),
      hashrateTotal: plans.reduce((total, plan) => total + plan.hashrate, 0), hashesPerSecMeasured,
    },
    utilisation: watch.utilisation(), series: watch.series, newBlocks: watch.newBlocks(),
  }, last);
}

/** Looks at the threads each second and keeps what changes with time. */
class RunWatch {
  readonly series: SeriesPoint[] = [];
  readonly #options: LoadOptions;
  readonly #startedAtMs: number;
  readonly #tips: TipTimes;
  readonly #utilisations: number[][] = [];
  #before: {readonly atMs: number; readonly accepted: HistogramData; readonly rejected: number; readonly loopDelay: HistogramData};

  constructor(startedAtMs: number, options: LoadOptions) {
    this.#options = options;
    this.#startedAtMs = startedAtMs;
    this.#tips = new TipTimes(startedAtMs);
    const empty = new LatencyHistogram().data();
    this.#before = {atMs: startedAtMs, accepted: empty, rejected: 0, loopDelay: empty};
  }

  async until(endMs: number, threads: readonly Thread[]): Promise<void> {
    for (let left = endMs - sharedNowMs(); left > 0 && this.#options.signal?.aborted !== true; left = endMs - sharedNowMs()) {
      await pause(Math.min(SAMPLE_MS, left), this.#options.signal);
      // What is left at the end is no whole second: its rates would be noise. The last snapshot has it.
      if (sharedNowMs() - this.#before.atMs >= SAMPLE_MS / 2) this.#sample(await Promise.all(threads.map(({crowd}) => crowd.snapshot())));
    }
  }

  tips(snapshots: readonly CrowdSnapshot[]): void {
    for (const snapshot of snapshots) this.#tips.add(snapshot);
  }

  newBlocks() {
    return this.#tips.report();
  }

  utilisation(): number[] {
    return this.#utilisations.map((seen) => seen.reduce((total, each) => total + each, 0) / Math.max(1, seen.length));
  }

  #sample(snapshots: readonly CrowdSnapshot[]): void {
    this.tips(snapshots);
    const atMs = sharedNowMs();
    const accepted = merged(snapshots.map((snapshot) => snapshot.accepted));
    const loopDelay = merged(snapshots.map((snapshot) => snapshot.loopDelay));
    const rejected = snapshots.reduce((total, snapshot) => total + snapshot.rejected.count, 0);
    for (const [index, {utilisation}] of snapshots.entries()) (this.#utilisations[index] ??= []).push(utilisation);
    const seconds = Math.max(0.001, (atMs - this.#before.atMs) / 1_000);
    const newlyAccepted = accepted.since(this.#before.accepted);
    const point: SeriesPoint = {
      atSec: (atMs - this.#startedAtMs) / 1_000,
      connected: snapshots.reduce((total, snapshot) => total + snapshot.connected, 0),
      acceptedPerSec: newlyAccepted.count / seconds,
      rejectedPerSec: (rejected - this.#before.rejected) / seconds,
      acceptedP50Ms: newlyAccepted.percentileMs(50), acceptedP99Ms: newlyAccepted.percentileMs(99),
      loopDelayP99Ms: loopDelay.since(this.#before.loopDelay).percentileMs(99),
      utilisation: Math.max(...snapshots.map(({utilisation}) => utilisation)),
    };
    this.#before = {atMs, accepted: accepted.data(), rejected, loopDelay: loopDelay.data()};
    this.series.push(point);
    this.#options.onSecond?.(point, {accepted: accepted.count, rejected});
  }
}

function tally(plans: readonly MinerPlan[], nameOf: (plan: MinerPlan) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const plan of plans) counts[nameOf(plan)] = (counts[nameOf(plan)] ?? 0) + 1;
  return counts;
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}
