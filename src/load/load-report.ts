/**
 * @module What a run was and did, as one plain object: the JSON of `pithead load`, and what the text and the page show.
 * Adds the threads' books up, compares answers with what was planned, and says whether the harness itself was too slow.
 */
import {addTo, type AccountCounts, type ConnectionEvent, type CrowdSnapshot, type DialectCounts, type IntentCounts} from './crowd-counts.js';
import {LatencyHistogram, summaryOf, type HistogramData, type LatencySummary} from './latency-histogram.js';
import {INTENTS, type Intent} from './profiles.js';
import type {TipReport} from './tip-times.js';

/** One second of a run. */
export interface SeriesPoint {
  readonly atSec: number;
  readonly connected: number;
  readonly acceptedPerSec: number;
  readonly rejectedPerSec: number;
  readonly acceptedP50Ms: number;
  readonly acceptedP99Ms: number;
  readonly loopDelayP99Ms: number;
  /** Busiest thread, 0 to 1. */
  readonly utilisation: number;
}

export interface LoadReport {
  readonly format: 1;
  readonly pool: string;
  readonly profile: string;
  readonly miners: number;
  readonly threads: number;
  readonly seed: number;
  readonly startedAt: string;
  readonly durationSec: number;
  readonly machine: {readonly node: string; readonly processor: string; readonly cores: number; /** Of the last minute, at the end. */ readonly loadAverage: number};
  readonly planned: {
    readonly behaviours: Readonly<Record<string, number>>;
    readonly dialects: Readonly<Record<string, number>>;
    readonly hashrateTotal: number;
    /** Of all threads together, timed before the run. */
    readonly hashesPerSecMeasured: number;
    /** Shares that the hashrates should have brought at the difficulties that the pool set. */
    readonly shares: number;
  };
  readonly totals: {
    readonly submitted: number;
    readonly accepted: number;
    readonly rejected: number;
    /** Their connection ended first. */
    readonly unanswered: number;
    /** Of those, because the harness cut it or misbehaved on it. */
    readonly abandoned: number;
    /** Still without an answer when the time to wait for it was over. */
    readonly open: number;
    readonly strayAnswers: number;
    readonly garbageLines: number;
    readonly acceptedPerSec: number;
    readonly hashes: number;
  };
  /** Every submit has exactly one answer, but for those that the harness abandoned. */
  readonly isEachAnsweredOnce: boolean;
  readonly accounts: Readonly<Record<string, AccountCounts>>;
  readonly intents: Readonly<Record<Intent, IntentCounts>>;
  /** Honest shares by firmware. */
  readonly dialects: Readonly<Record<string, DialectCounts>>;
  /** Answers that the plan does not explain. */
  readonly surprises: readonly string[];
  readonly connections: Readonly<Record<ConnectionEvent, number>>;
  readonly failures: Readonly<Record<string, number>>;
  readonly latencies: {
    readonly accepted: LatencySummary;
    readonly rejected: LatencySummary;
    readonly connect: LatencySummary;
    readonly firstJob: LatencySummary;
  };
  /** Percentile, milliseconds: of the answers that accepted. */
  readonly curve: readonly (readonly [number, number])[];
  readonly newBlocks: TipReport;
  readonly difficulties: readonly (readonly [number, number])[];
  readonly harness: {
    readonly isBottleneck: boolean;
    readonly reasons: readonly string[];
    readonly utilisation: readonly number[];
    readonly loopDelay: LatencySummary;
    /** From when a share was due to when it was found and sent. */
    readonly sendLag: LatencySummary;
    readonly sharesSkipped: number;
  };
  readonly series: readonly SeriesPoint[];
}

export interface RunFacts {
  readonly pool: string;
  readonly profile: string;
  readonly miners: number;
  readonly threads: number;
  readonly seed: number;
  readonly startedAt: string;
  readonly durationSec: number;
  readonly machine: LoadReport['machine'];
  readonly planned: Omit<LoadReport['planned'], 'shares'>;
  /** Mean over the run, by thread. */
  readonly utilisation: readonly number[];
  readonly series: readonly SeriesPoint[];
  readonly newBlocks: TipReport;
}

/** Above it a thread has no time left for what comes at once. */
const UTILISATION_MAX = 0.8;
const LOOP_DELAY_P99_MAX_MS = 10;
const SEND_LAG_P99_MAX_MS = 250;
/** A harness and a pool on one machine keep its cores busy; more than that is somebody else. */
const LOAD_AVERAGE_PER_CORE_MAX = 1.5;
/** Part of the threads' measured hashes a second that the crowd may ask for. */
const HASHRATE_PART_MAX = 0.6;
const CURVE_PERCENTS = [0, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 97, 98, 99, 99.3, 99.6, 99.8, 99.9, 99.95, 99.99, 100];

/** A share that is too easy is good when the pool lowers its difficulty at that moment; many such are a pool that does not look. */
const EASED_PART_MAX = 0.02;
const EASED_LEAST = 2;

/** Outcomes that belong to each intent, by how they begin. Anything else is named in the report. */
const EXPECTED: Readonly<Record<Intent, readonly string[]>> = {
  // 21: a block overtook it. The rest of the code's meanings are no plan of ours.
  'share': ['accepted', '21'],
  'duplicate': ['22', '21', 'accepted'],
  'stale': ['21'],
  'low-difficulty': ['23', '21'],
  'unknown-job': ['21', '20'],
  'malformed': ['20'],
  'bad-version': ['20', '23', '21'],
  'bad-ntime': ['20', '21'],
  'unauthorised': ['24', '20'],
  'garbage': [],
};

export function makeReport(facts: RunFacts, threads: readonly CrowdSnapshot[]): LoadReport {
  const sum = (of: (snapshot: CrowdSnapshot) => number): number => threads.reduce((total, snapshot) => total + of(snapshot), 0);
  const histogram = (of: (snapshot: CrowdSnapshot) => HistogramData): LatencyHistogram => merged(threads.map(of));
  const intents = mergedIntents(threads.map((snapshot) => snapshot.intents));
  const submits = INTENTS.filter((intent) => intent !== 'garbage').map((intent) => intents[intent]);
  const count = (of: (counts: IntentCounts) => number): number => submits.reduce((total, counts) => total + of(counts), 0);
  const accepted = count(({outcomes}) => outcomes['accepted'] ?? 0);
  const answered = count(({outcomes}) => Object.values(outcomes).reduce((total, each) => total + each, 0));
  const [submitted, unanswered] = [count(({sent}) => sent), count((counts) => counts.unanswered)];
  const [abandoned, open, strayAnswers, sharesSkipped] = [sum((snapshot) => snapshot.abandoned), sum((snapshot) => snapshot.submitsOpen), sum((snapshot) => snapshot.strayAnswers), sum((snapshot) => snapshot.sharesSkipped)];
  const [acceptedTimes, loopDelay, sendLag] = [histogram((snapshot) => snapshot.accepted), histogram((snapshot) => snapshot.loopDelay), histogram((snapshot) => snapshot.sendLag)];
  const {utilisation, series, newBlocks, planned, ...words} = facts;
  const reasons = bottleneckReasons(facts, {loopDelay: summaryOf(loopDelay), sendLag: summaryOf(sendLag), sharesSkipped});
  return {
    format: 1, ...words,
    planned: {...planned, shares: sum((snapshot) => snapshot.sharesPlanned)},
    totals: {
      submitted, accepted, rejected: answered - accepted, unanswered, abandoned, open, strayAnswers, garbageLines: intents.garbage.sent,
      acceptedPerSec: accepted / Math.max(0.001, facts.durationSec), hashes: sum((snapshot) => snapshot.hashes),
    },
    isEachAnsweredOnce: submitted === answered + abandoned && strayAnswers === 0,
    accounts: mergedRecords(threads.map((snapshot) => snapshot.accounts), () => ({sent: 0, accepted: 0, rejected: 0, unanswered: 0})),
    intents,
    dialects: mergedDialects(threads.map((snapshot) => snapshot.dialects)),
    surprises: surprisesIn(intents, strayAnswers),
    connections: mergedCounts(threads.map((snapshot) => snapshot.connections)) as Record<ConnectionEvent, number>,
    failures: mergedCounts(threads.map((snapshot) => snapshot.failures)),
    latencies: {
      accepted: summaryOf(acceptedTimes), rejected: summaryOf(histogram((snapshot) => snapshot.rejected)),
      connect: summaryOf(histogram((snapshot) => snapshot.connectTime)), firstJob: summaryOf(histogram((snapshot) => snapshot.firstJobTime)),
    },
    curve: acceptedTimes.count === 0 ? [] : CURVE_PERCENTS.map((percent) => [percent, acceptedTimes.percentileMs(percent)] as const),
    newBlocks,
    difficulties: mergedPairs(threads.map((snapshot) => snapshot.difficulties)),
    harness: {isBottleneck: reasons.length > 0, reasons, utilisation, loopDelay: summaryOf(loopDelay), sendLag: summaryOf(sendLag), sharesSkipped},
    series,
  };
}

export function merged(parts: readonly HistogramData[]): LatencyHistogram {
  const all = new LatencyHistogram();
  for (const part of parts) all.add(part);
  return all;
}

function bottleneckReasons(facts: RunFacts, seen: {readonly loopDelay: LatencySummary; readonly sendLag: LatencySummary; readonly sharesSkipped: number}): string[] {
  const reasons: string[] = [];
  const busiest = Math.max(0, ...facts.utilisation);
  const {hashrateTotal, hashesPerSecMeasured} = facts.planned;
  if (hashrateTotal > hashesPerSecMeasured * HASHRATE_PART_MAX) {
    reasons.push(`the miners ask for ${Math.round(hashrateTotal)} hashes a second, and ${facts.threads} thread(s) of this machine do ${Math.round(hashesPerSecMeasured)}: fewer miners, a lower --hashrate, or more --threads`);
  }
  if (busiest > UTILISATION_MAX) reasons.push(`a thread of the harness worked ${Math.round(busiest * 100)} % of the time`);
  if (seen.loopDelay.p99Ms > LOOP_DELAY_P99_MAX_MS) reasons.push(`its event loop was late by ${seen.loopDelay.p99Ms.toFixed(1)} ms at p99: latencies include that`);
  if (seen.sendLag.p99Ms > SEND_LAG_P99_MAX_MS) reasons.push(`shares were sent up to ${seen.sendLag.p99Ms.toFixed(0)} ms after they were due (p99)`);
  if (seen.sharesSkipped > 0) reasons.push(`${seen.sharesSkipped} shares were due and never searched for`);
  const {cores, loadAverage} = facts.machine;
  if (loadAverage > cores * LOAD_AVERAGE_PER_CORE_MAX) reasons.push(`this machine had ${loadAverage.toFixed(1)} tasks for ${cores} cores (load average): everything waited`);
  return reasons;
}

function surprisesIn(intents: Readonly<Record<Intent, IntentCounts>>, strayAnswers: number): string[] {
  const surprises = INTENTS.flatMap((intent) => Object.entries(intents[intent].outcomes)
    .filter(([outcome, times]) => !(intent === 'low-difficulty' && outcome === 'accepted' && times <= Math.max(EASED_LEAST, intents[intent].sent * EASED_PART_MAX)))
    .filter(([outcome]) => !EXPECTED[intent].some((expected) => outcome.startsWith(expected)))
    .map(([outcome, times]) => `${times} × ${intent} answered "${outcome}"`));
  if (strayAnswers > 0) surprises.push(`${strayAnswers} answers to nothing that was asked`);
  return surprises;
}

function mergedIntents(parts: readonly Readonly<Record<Intent, IntentCounts>>[]): Record<Intent, IntentCounts> {
  return Object.fromEntries(INTENTS.map((intent) => [intent, {
    sent: parts.reduce((total, part) => total + part[intent].sent, 0),
    unanswered: parts.reduce((total, part) => total + part[intent].unanswered, 0),
    outcomes: mergedCounts(parts.map((part) => part[intent].outcomes)),
  }])) as unknown as Record<Intent, IntentCounts>;
}

function mergedCounts(parts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const all: Record<string, number> = {};
  for (const part of parts) for (const [key, count] of Object.entries(part)) addTo(all, key, count);
  return all;
}

function mergedRecords(parts: readonly Readonly<Record<string, AccountCounts>>[], empty: () => AccountCounts): Record<string, AccountCounts> {
  const all: Record<string, AccountCounts> = {};
  for (const part of parts) {
    for (const [name, counts] of Object.entries(part)) {
      const books = (all[name] ??= empty());
      books.sent += counts.sent;
      books.accepted += counts.accepted;
      books.rejected += counts.rejected;
      books.unanswered += counts.unanswered;
    }
  }
  return all;
}

function mergedDialects(parts: readonly Readonly<Record<string, DialectCounts>>[]): Record<string, DialectCounts> {
  const all: Record<string, DialectCounts> = {};
  for (const [name, {accepted, refused}] of parts.flatMap((part) => Object.entries(part))) {
    const firmware = (all[name] ??= {accepted: 0, refused: {}});
    firmware.accepted += accepted;
    for (const [outcome, times] of Object.entries(refused)) addTo(firmware.refused, outcome, times);
  }
  return all;
}

function mergedPairs(parts: readonly (readonly (readonly [number, number])[])[]): (readonly [number, number])[] {
  const all = new Map<number, number>();
  for (const part of parts) for (const [value, count] of part) all.set(value, (all.get(value) ?? 0) + count);
  return [...all].sort(([a], [b]) => a - b);
}
