/** @module A run's report as text for a terminal: what was asked, what came of it, and what to make of the figures. */
import type {LatencySummary} from './latency-histogram.js';
import type {LoadReport, SeriesPoint} from './load-report.js';
import {INTENTS} from './profiles.js';

export function progressLine(point: SeriesPoint, totals: {readonly accepted: number; readonly rejected: number}): string {
  return [
    `${point.atSec.toFixed(0).padStart(5)} s`, `${count(point.connected).padStart(6)} miners`,
    `${point.acceptedPerSec.toFixed(0).padStart(6)} shares/s`, `${point.rejectedPerSec.toFixed(0).padStart(4)} refused/s`,
    `answer p50 ${ms(point.acceptedP50Ms)} p99 ${ms(point.acceptedP99Ms)}`,
    `harness busy ${(point.utilisation * 100).toFixed(0)} %, late ${ms(point.loopDelayP99Ms)}`, `in all ${count(totals.accepted)} + ${count(totals.rejected)}`,
  ].join('  ');
}

export function reportText(report: LoadReport): string {
  return [...headText(report), ...answersText(report), ...timesText(report), ...connectionsText(report), ...verdictText(report)].join('\n');
}

function headText({pool, profile, miners, durationSec, seed, threads, planned, totals, difficulties}: LoadReport): string[] {
  return [
    `Pool ${pool}, profile ${profile}: ${count(miners)} miners for ${durationSec.toFixed(1)} s, seed ${seed}, ${threads} thread(s)`,
    `  who            ${list(planned.behaviours)}`,
    `  dialects       ${list(planned.dialects)}`,
    `  hashing        ${count(planned.hashrateTotal)} hashes/s wanted, ${count(planned.hashesPerSecMeasured)} possible, ${count(totals.hashes)} made`,
    `  difficulties   ${difficulties.map(([value, miners]) => `${difficultyText(value)}: ${miners}`).join(', ') || 'none'}`,
    '',
  ];
}

function answersText({totals, planned, intents, dialects}: LoadReport): string[] {
  const lines = [
    `Submits ${count(totals.submitted)} (planned ${count(planned.shares)}): ${count(totals.accepted)} accepted (${totals.acceptedPerSec.toFixed(1)} a second), `
      + `${count(totals.rejected)} refused, ${count(totals.unanswered)} unanswered when their connection ended, ${count(totals.open)} open at the end`,
  ];
  for (const intent of INTENTS) {
    const {sent, outcomes, unanswered} = intents[intent];
    if (sent === 0) continue;
    const answers = Object.entries(outcomes).sort(([, a], [, b]) => b - a).map(([outcome, times]) => `${outcome} ${count(times)}`);
    if (unanswered > 0) answers.push(`unanswered ${count(unanswered)}`);
    lines.push(`  ${intent.padEnd(15)}${count(sent).padStart(9)}  ${answers.join('; ')}`);
  }
  for (const [name, {accepted, refused}] of Object.entries(dialects)) {
    if (Object.keys(refused).length > 0) lines.push(`  honest shares of ${name}: accepted ${count(accepted)}, ${list(refused)}`);
  }
  return [...lines, ''];
}

function timesText({latencies, newBlocks, harness}: LoadReport): string[] {
  const head = `${''.padEnd(28)}${['count', 'p50', 'p90', 'p99', 'p99.9', 'max'].map((name) => name.padStart(10)).join('')}`;
  const row = (name: string, summary: LatencySummary): string =>
    `  ${name.padEnd(26)}${[count(summary.count), ...[summary.p50Ms, summary.p90Ms, summary.p99Ms, summary.p999Ms, summary.maxMs].map(ms)].map((text) => text.padStart(10)).join('')}`;
  const rows = [
    ['submit to answer, accepted', latencies.accepted], ['submit to answer, refused', latencies.rejected],
    ['connect', latencies.connect], ['connect to first job', latencies.firstJob],
    ['new block to first miner', newBlocks.solveToFirst], ['new block to median miner', newBlocks.solveToMedian], ['new block to last miner', newBlocks.solveToLast],
    ['first to median miner', newBlocks.firstToMedian], ['first to last miner', newBlocks.firstToLast],
    ['harness: due to sent', harness.sendLag], ['harness: loop delay', harness.loopDelay],
  ] as const;
  return [head, ...rows.filter(([, summary]) => summary.count > 0).map(([name, summary]) => row(name, summary)),
    `  ${newBlocks.tips.length} new blocks, ${newBlocks.solvedHere} of them solved by these miners`, ''];
}

function connectionsText({connections, failures}: LoadReport): string[] {
  const lines = [`Connections: ${list(connections)}`];
  if (Object.keys(failures).length > 0) lines.push(`  failures: ${list(failures)}`);
  return [...lines, ''];
}

function verdictText({isEachAnsweredOnce, surprises, harness, totals}: LoadReport): string[] {
  const lines = [isEachAnsweredOnce
    ? `Every submit has exactly one answer${totals.abandoned > 0 ? `, but for ${count(totals.abandoned)} whose connection the harness cut or misused` : ''}.`
    : `${count(totals.unanswered - totals.abandoned + totals.open)} submits have no answer, ${count(totals.strayAnswers)} answers no submit.`];
  for (const surprise of surprises) lines.push(`Not planned: ${surprise}.`);
  if (!harness.isBottleneck) lines.push('The harness had time to spare: the latencies are the pool\'s and the system\'s.');
  for (const reason of harness.reasons) lines.push(`The harness is the bottleneck: ${reason}.`);
  return lines;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function ms(value: number): string {
  return value >= 1_000 ? `${(value / 1_000).toFixed(2)} s` : value >= 100 ? `${value.toFixed(0)} ms` : value >= 1 ? `${value.toFixed(1)} ms` : `${value.toFixed(2)} ms`;
}

/** Powers of two as such: 2^-22 says more than 0.00000024. */
export function difficultyText(value: number): string {
  const exponent = Math.log2(value);
  return Number.isInteger(exponent) ? `2^${exponent}` : value.toPrecision(4);
}

function list(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts).filter(([, times]) => times > 0).map(([name, times]) => `${name} ${count(times)}`).join(', ') || 'none';
}
