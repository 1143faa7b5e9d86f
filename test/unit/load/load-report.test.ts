// Proves that the books of the threads add up, that an answer outside the plan is named, and that the harness says when it
// is itself too slow, each beside the case in which it is not so.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {CrowdCounts, type CrowdSnapshot} from '../../../src/load/crowd-counts.js';
import {LatencyHistogram} from '../../../src/load/latency-histogram.js';
import {makeReport, type RunFacts} from '../../../src/load/load-report.js';
import {reportPage} from '../../../src/load/report-page.js';
import {reportText} from '../../../src/load/report-text.js';
import {TipTimes} from '../../../src/load/tip-times.js';

const FACTS: RunFacts = {
  pool: '127.0.0.1:3333', profile: 'mixed', miners: 10, threads: 2, seed: 1, startedAt: '2026-01-01T00:00:00.000Z', durationSec: 10,
  machine: {node: 'v20', processor: 'a processor', cores: 2, loadAverage: 1},
  planned: {behaviours: {honest: 10}, dialects: {cgminer: 10}, hashrateTotal: 1_000, hashesPerSecMeasured: 2_000_000},
  utilisation: [0.1, 0.2], series: [], newBlocks: new TipTimes(0).report(),
};

const alice = {account: 'alice', dialect: 'cgminer'} as const;
const bob = {account: 'bob', dialect: 'bitaxe'} as const;

function snapshotOf(counts: CrowdCounts, parts: Partial<CrowdSnapshot> = {}): CrowdSnapshot {
  const empty = new LatencyHistogram().data();
  return {
    ...counts.takeEvents(), connected: 5, authorised: 5, sharesPlanned: 4, sharesSkipped: counts.sharesSkipped, hashes: 100, searchesWaiting: 0,
    intents: counts.intents, accounts: counts.accounts, dialects: counts.dialects, connections: counts.connections, failures: counts.failures, strayAnswers: counts.strayAnswers,
    submitsOpen: 0, abandoned: counts.abandoned, accepted: counts.accepted.data(), rejected: counts.rejected.data(), sendLag: counts.sendLag.data(), connectTime: empty,
    firstJobTime: empty, loopDelay: empty, utilisation: 0.1, difficulties: [[2, 3]], ...parts,
  };
}

/** Three shares accepted, one duplicate refused. */
function aThread(): CrowdCounts {
  const counts = new CrowdCounts();
  for (const tookMs of [1, 2, 3]) {
    counts.sent(alice, 'share');
    counts.answered(alice, 'share', {outcome: 'accepted', tookMs});
  }
  counts.sent(bob, 'duplicate');
  counts.answered(bob, 'duplicate', {outcome: '22 Duplicate share', tookMs: 1});
  return counts;
}

const report = suite('load / load-report');

report('threads add up: by account, by intent, by latency', () => {
  const made = makeReport(FACTS, [snapshotOf(aThread()), snapshotOf(aThread())]);
  assert.equal([made.totals.submitted, made.totals.accepted, made.totals.rejected, made.totals.unanswered], [8, 6, 2, 0]);
  assert.equal(made.accounts, {alice: {sent: 6, accepted: 6, rejected: 0, unanswered: 0}, bob: {sent: 2, accepted: 0, rejected: 2, unanswered: 0}});
  assert.equal(made.intents.duplicate, {sent: 2, unanswered: 0, outcomes: {'22 Duplicate share': 2}});
  assert.equal(made.dialects, {cgminer: {accepted: 6, refused: {}}});
  assert.is(made.latencies.accepted.count, 6);
  assert.is(made.planned.shares, 8);
  assert.equal(made.difficulties, [[2, 6]]);
  assert.ok(made.isEachAnsweredOnce);
  assert.equal([made.surprises, made.harness.reasons], [[], []]);
  assert.match(reportText(made), /Every submit has exactly one answer/);
});

report('a submit without an answer, or an answer without one, is no clean run', () => {
  const cut = aThread();
  cut.sent(alice, 'share');
  cut.unanswered(alice, 'share', {isAbandoned: false});
  const made = makeReport(FACTS, [snapshotOf(cut)]);
  assert.not.ok(made.isEachAnsweredOnce);
  assert.equal([made.totals.unanswered, made.accounts['alice']!.unanswered], [1, 1]);
  const abandoned = aThread();
  abandoned.sent(alice, 'share');
  abandoned.unanswered(alice, 'share', {isAbandoned: true});
  assert.ok(makeReport(FACTS, [snapshotOf(abandoned)]).isEachAnsweredOnce, 'the harness cut it itself');
  const stray = aThread();
  stray.strayAnswers = 1;
  assert.not.ok(makeReport(FACTS, [snapshotOf(stray)]).isEachAnsweredOnce);
});

report('a repeated share that is accepted again is not booked again', () => {
  const counts = aThread();
  counts.sent(alice, 'duplicate');
  counts.answered(alice, 'duplicate', {outcome: 'accepted', tookMs: 1});
  const made = makeReport(FACTS, [snapshotOf(counts)]);
  assert.is(made.totals.accepted, 4);
  assert.is(made.accounts['alice']!.accepted, 3);
});

report('an answer that the plan does not explain is named', () => {
  const counts = aThread();
  counts.sent(alice, 'share');
  counts.answered(alice, 'share', {outcome: '23 Low difficulty share', tookMs: 1});
  counts.sent(alice, 'unauthorised');
  counts.answered(alice, 'unauthorised', {outcome: 'accepted', tookMs: 1});
  assert.equal(makeReport(FACTS, [snapshotOf(counts)]).surprises, ['1 × share answered "23 Low difficulty share"', '1 × unauthorised answered "accepted"']);
});

report('a share that was too easy is good when the difficulty came down meanwhile, but not as a rule', () => {
  const surprisesAt = (accepted: number): number => {
    const counts = aThread();
    for (let i = 0; i < 100; i += 1) {
      counts.sent(alice, 'low-difficulty');
      counts.answered(alice, 'low-difficulty', {outcome: i < accepted ? 'accepted' : '23 Low difficulty share', tookMs: 1});
    }
    return makeReport(FACTS, [snapshotOf(counts)]).surprises.length;
  };
  assert.equal([surprisesAt(0), surprisesAt(2), surprisesAt(3), surprisesAt(100)], [0, 0, 1, 1]);
});

report('says when the harness is the bottleneck, and by what', () => {
  const reasonsOf = (facts: Partial<RunFacts>, parts: Partial<CrowdSnapshot> = {}): string => makeReport({...FACTS, ...facts}, [snapshotOf(aThread(), parts)]).harness.reasons.join('; ');
  const late = new LatencyHistogram();
  late.addMs(900);
  assert.match(reasonsOf({utilisation: [0.2, 0.95]}), /^a thread of the harness worked 95 %/);
  assert.match(reasonsOf({planned: {...FACTS.planned, hashrateTotal: 3_000_000}}), /^the miners ask for 3000000 hashes/);
  assert.match(reasonsOf({}, {loopDelay: late.data()}), /^its event loop was late by 900.0 ms/);
  assert.match(reasonsOf({}, {sendLag: late.data()}), /^shares were sent up to 900 ms after/);
  assert.match(reasonsOf({}, {sharesSkipped: 3}), /^3 shares were due/);
  assert.match(reasonsOf({machine: {...FACTS.machine, loadAverage: 7}}), /^this machine had 7.0 tasks for 2 cores/);
  assert.is(reasonsOf({}), '');
});

report('a tip counts from the submit that solved it, or from the first miner', () => {
  const tips = new TipTimes(1_000);
  tips.add({tips: [{previousHashHex: 'aa', arrivalsMs: [2_010, 2_030]}, {previousHashHex: 'bb', arrivalsMs: [3_000]}], blocks: [{hashHex: 'aa', sentAtMs: 2_000}]});
  // The other thread; one miner came back after a minute and is not counted.
  tips.add({tips: [{previousHashHex: 'aa', arrivalsMs: [2_020, 62_000]}, {previousHashHex: 'bb', arrivalsMs: [3_004]}], blocks: []});
  const {tips: figures, solvedHere, solveToLast, firstToLast} = tips.report();
  assert.equal(figures, [
    {atSec: 1, isSolvedHere: true, miners: 3, firstMs: 10, medianMs: 20, lastMs: 30},
    {atSec: 2, isSolvedHere: false, miners: 2, firstMs: 0, medianMs: 4, lastMs: 4},
  ]);
  assert.equal([solvedHere, solveToLast.count, solveToLast.maxMs, firstToLast.count, firstToLast.maxMs], [1, 1, 30, 2, 20]);
  // A reorganisation and back: told to all again, and no new solution.
  tips.add({tips: [{previousHashHex: 'aa', arrivalsMs: [9_000, 9_003, 9_001]}], blocks: []});
  assert.equal(tips.report().tips.slice(2), [{atSec: 8, isSolvedHere: false, miners: 3, firstMs: 0, medianMs: 1, lastMs: 3}]);
});

report('the page is one file without scripts, and what a pool said cannot become part of it', () => {
  const counts = aThread();
  counts.sent(alice, 'share');
  counts.answered(alice, 'share', {outcome: '20 <script>alert(1)</script>', tookMs: 1});
  counts.failed('<img src=x>');
  const page = reportPage(makeReport({...FACTS, series: [{atSec: 1, connected: 5, acceptedPerSec: 3, rejectedPerSec: 1, acceptedP50Ms: 0, acceptedP99Ms: 3, loopDelayP99Ms: 0, utilisation: 0.1}]}, [snapshotOf(counts)]));
  assert.not.match(page, /<script|<img|https?:\/\//);
  assert.not.match(page, /NaN|Infinity|undefined/);
  assert.is(page.match(/<svg /g)!.length, 5);
  assert.match(page, /&#60;script&#62;/);
});

report('a page of a run in which nothing happened is a page, too', () => {
  const page = reportPage(makeReport({...FACTS, durationSec: 0}, [snapshotOf(new CrowdCounts())]));
  assert.not.match(page, /NaN|Infinity|undefined/);
});

report.run();
