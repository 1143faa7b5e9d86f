/**
 * @module A run's report as one HTML file: plots and tables, no script, nothing from elsewhere, light and dark, phone width.
 * What comes from a pool (texts of its errors) is escaped.
 */
import type {LatencySummary} from './latency-histogram.js';
import type {LoadReport} from './load-report.js';
import {INTENTS} from './profiles.js';
import {count, difficultyText, ms} from './report-text.js';
import {escaped, plotSvg, timeTicks, type Plot} from './svg-plot.js';

const STYLE = `
:root{--ground:#f3efe6;--panel:#fbf9f4;--line:#d9d2c3;--ink:#23252a;--faint:#66625a;--good:#1f6b3b;--bad:#a8321c;--a:#8f5600;--b:#2b6a8f;--c:#a8321c;color-scheme:light}
@media(prefers-color-scheme:dark){:root{--ground:#15171b;--panel:#1c1f25;--line:#2d3139;--ink:#ece7dc;--faint:#9a978e;--good:#7fc293;--bad:#ee8a77;--a:#f0b03c;--b:#7cb7dd;--c:#ee8a77;color-scheme:dark}}
*{box-sizing:border-box}html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 "Avenir Next",Avenir,"Segoe UI","Noto Sans","DejaVu Sans",sans-serif}
main{max-width:1180px;margin:0 auto;padding:28px 24px 64px}
h1{font-size:24px;margin:0}h2{font-size:17px;margin:36px 0 10px}p{margin:6px 0}.faint{color:var(--faint)}.good{color:var(--good)}.bad{color:var(--bad)}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:22px 0 8px}
.facts div{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:12px 14px;font-size:14px;color:var(--faint)}
.facts b{display:block;font-size:26px;line-height:1.15;color:var(--ink);font-variant-numeric:tabular-nums;letter-spacing:-.02em}
.plots{display:grid;margin-top:16px;grid-template-columns:repeat(auto-fit,minmax(min(100%,520px),1fr));gap:16px}
figure{margin:0;background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:12px 10px 4px}
figcaption{font-size:14px;padding:0 4px 6px;display:flex;flex-wrap:wrap;gap:4px 14px;justify-content:space-between}
svg{width:100%;height:auto;display:block}svg text{font-size:12px;fill:var(--faint);font-variant-numeric:tabular-nums}
.grid{stroke:var(--line)}.line{fill:none;stroke-width:1.8;stroke-linejoin:round}.line.a{stroke:var(--a)}.line.b{stroke:var(--b)}.line.c{stroke:var(--c)}
.dot.a{fill:var(--a)}.dot.b{fill:var(--b)}.dot.c{fill:var(--c)}
.key{font-size:13px;color:var(--faint);margin-left:10px;white-space:nowrap}.key::before{content:"";display:inline-block;width:12px;height:3px;margin-right:6px;vertical-align:middle;background:currentColor}
.key.a::before{background:var(--a)}.key.b::before{background:var(--b)}.key.c::before{background:var(--c)}
.wide{overflow-x:auto;background:var(--panel);border:1px solid var(--line);border-radius:8px}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th,td{padding:7px 12px;text-align:right;white-space:nowrap;border-top:1px solid var(--line)}th{font-weight:600;color:var(--faint);border-top:0}
th:first-child,td:first-child{text-align:left}.text{text-align:left;white-space:normal;min-width:240px}
@media(max-width:520px){main{padding:18px 12px 40px}.facts b{font-size:22px}svg text{font-size:20px}}
`;

export function reportPage(report: LoadReport): string {
  const {pool, profile, miners, durationSec, seed, startedAt, machine} = report;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>Load on ${escaped(pool)}</title><style>${STYLE}</style></head><body><main>
<h1>${count(miners)} miners on ${escaped(pool)}</h1>
<p class="faint">Profile ${escaped(profile)}, ${durationSec.toFixed(1)} s, seed ${seed}, ${report.threads} thread(s); ${escaped(startedAt)}, Node ${escaped(machine.node)}, ${machine.cores} × ${escaped(machine.processor)}</p>
${verdict(report)}
${facts(report)}
<div class="plots">${plots(report).map(plotSvg).join('')}</div>
<h2>What was sent, and what was answered</h2>${intentsTable(report)}
<h2>Honest shares by firmware</h2>${dialectsTable(report)}
<h2>Latencies</h2>${latenciesTable(report)}
<h2>Connections</h2>${countsTable('What', {...report.connections, ...Object.fromEntries(Object.entries(report.failures).map(([text, times]) => [`failure: ${text}`, times]))})}
<h2>Books by account</h2>${accountsTable(report)}
<h2>Who was there</h2>${countsTable('What', {...report.planned.behaviours, ...report.planned.dialects, ...Object.fromEntries(report.difficulties.map(([value, those]) => [`at difficulty ${difficultyText(value)}`, those]))})}
</main></body></html>
`;
}

function verdict({isEachAnsweredOnce, surprises, harness, totals}: LoadReport): string {
  const missing = totals.unanswered - totals.abandoned + totals.open;
  const books = isEachAnsweredOnce
    ? `<p class="good">Every submit has exactly one answer${totals.abandoned > 0 ? `, but for ${count(totals.abandoned)} whose connection the harness cut or misused` : ''}.</p>`
    : `<p class="bad">${count(missing)} submits have no answer, ${count(totals.strayAnswers)} answers no submit.</p>`;
  const odd = surprises.map((surprise) => `<p class="bad">Not planned: ${escaped(surprise)}.</p>`).join('');
  const own = harness.isBottleneck ? harness.reasons.map((reason) => `<p class="bad">The harness is the bottleneck: ${escaped(reason)}.</p>`).join('') : '<p class="faint">The harness had time to spare.</p>';
  return books + odd + own;
}

function facts({totals, latencies, newBlocks, connections}: LoadReport): string {
  const toLast = newBlocks.solveToLast.count > 0 ? newBlocks.solveToLast : newBlocks.firstToLast;
  const cells: readonly (readonly [string, string])[] = [
    [totals.acceptedPerSec.toFixed(1), 'shares accepted a second'],
    [count(totals.accepted), `accepted of ${count(totals.submitted)}`],
    [ms(latencies.accepted.p50Ms), 'submit to answer, p50'],
    [ms(latencies.accepted.p99Ms), 'submit to answer, p99'],
    [toLast.count === 0 ? '–' : ms(toLast.p50Ms), `${newBlocks.solveToLast.count > 0 ? 'new block' : 'first'} to last miner, p50 of ${newBlocks.tips.length}`],
    [count(connections['closed by the pool'] + connections['failed to open']), 'connections lost or refused'],
  ];
  return `<div class="facts">${cells.map(([value, text]) => `<div><b>${escaped(value)}</b>${escaped(text)}</div>`).join('')}</div>`;
}

function plots({series, curve, newBlocks, durationSec}: LoadReport): Plot[] {
  const xTicks = timeTicks(durationSec);
  const over = (of: (point: LoadReport['series'][number]) => number) => series.map((point) => [point.atSec, of(point)] as const);
  const whole = (value: number): string => count(value);
  const all: Plot[] = [
    {title: 'Shares a second', yScale: 'linear', yText: whole, xTicks, lines: [{name: 'accepted', colour: 'a', points: over((point) => point.acceptedPerSec)}, {name: 'refused', colour: 'c', points: over((point) => point.rejectedPerSec)}]},
    {title: 'Submit to answer, accepted, each second', yScale: 'log', yText: tickMs, xTicks, lines: [{name: 'p50', colour: 'b', points: over((point) => point.acceptedP50Ms)}, {name: 'p99', colour: 'a', points: over((point) => point.acceptedP99Ms)}]},
    {
      title: 'Submit to answer by percentile', yScale: 'log', yText: tickMs, xTicks: [50, 90, 99, 99.9, 99.99].map((percent) => [nines(percent), `${percent} %`] as const),
      lines: [{name: 'accepted', colour: 'a', points: curve.filter(([percent]) => percent < 100).map(([percent, value]) => [nines(percent), value] as const)}],
    },
    {title: 'Miners connected', yScale: 'linear', yText: whole, xTicks, lines: [{name: 'connected', colour: 'b', points: over((point) => point.connected)}]},
    {title: 'The harness itself', yScale: 'linear', yText: (value) => value.toFixed(value < 10 ? 1 : 0), xTicks, lines: [{name: 'busiest thread, %', colour: 'b', points: over((point) => point.utilisation * 100)}, {name: 'loop late at p99, ms', colour: 'a', points: over((point) => point.loopDelayP99Ms)}]},
  ];
  if (newBlocks.tips.length > 0) {
    const tip = (of: 'firstMs' | 'medianMs' | 'lastMs') => newBlocks.tips.map((figures) => [figures.atSec, figures[of]] as const);
    all.splice(3, 0, {title: 'New block to miners', yScale: 'log', yText: tickMs, xTicks, yLeast: 0.1, lines: [
      {name: 'first', colour: 'b', points: tip('firstMs'), isDotted: true}, {name: 'median', colour: 'a', points: tip('medianMs'), isDotted: true}, {name: 'last', colour: 'c', points: tip('lastMs'), isDotted: true},
    ]});
  }
  return all;
}

function tickMs(value: number): string {
  return value >= 1_000 ? `${value / 1_000} s` : `${Number(value.toPrecision(2))} ms`;
}

/** 0, 1, 2, 3 for 0, 90, 99, 99.9 per cent: the tail has its room. */
function nines(percent: number): number {
  return -Math.log10(1 - percent / 100);
}

function intentsTable({intents}: LoadReport): string {
  const rows = INTENTS.filter((intent) => intents[intent].sent > 0).map((intent) => {
    const {sent, outcomes, unanswered} = intents[intent];
    const answers = Object.entries(outcomes).sort(([, a], [, b]) => b - a).map(([outcome, times]) => `${escaped(outcome)}: ${count(times)}`);
    if (unanswered > 0) answers.push(`unanswered: ${count(unanswered)}`);
    return `<tr><td>${intent}</td><td>${count(sent)}</td><td class="text">${answers.join('<br>')}</td></tr>`;
  });
  return table(['Intent', 'Sent', 'Answers'], rows);
}

function dialectsTable({dialects}: LoadReport): string {
  return table(['Firmware', 'Accepted', 'Answers'], Object.entries(dialects).map(([name, {accepted, refused}]) =>
    `<tr><td>${escaped(name)}</td><td>${count(accepted)}</td><td class="text">${Object.entries(refused).map(([outcome, times]) => `${escaped(outcome)}: ${count(times)}`).join('<br>') || 'none refused'}</td></tr>`));
}

function latenciesTable({latencies, newBlocks, harness}: LoadReport): string {
  const rows: readonly (readonly [string, LatencySummary])[] = [
    ['submit to answer, accepted', latencies.accepted], ['submit to answer, refused', latencies.rejected], ['connect', latencies.connect], ['connect to first job', latencies.firstJob],
    ['new block to first miner', newBlocks.solveToFirst], ['new block to median miner', newBlocks.solveToMedian], ['new block to last miner', newBlocks.solveToLast],
    ['first to median miner', newBlocks.firstToMedian], ['first to last miner', newBlocks.firstToLast], ['harness: due to sent', harness.sendLag], ['harness: loop delay', harness.loopDelay],
  ];
  return table(['', 'Count', 'Mean', 'p50', 'p90', 'p99', 'p99.9', 'Max'], rows.filter(([, {count: seen}]) => seen > 0).map(([name, summary]) =>
    `<tr><td>${name}</td><td>${count(summary.count)}</td>${[summary.meanMs, summary.p50Ms, summary.p90Ms, summary.p99Ms, summary.p999Ms, summary.maxMs].map((value) => `<td>${ms(value)}</td>`).join('')}</tr>`));
}

function accountsTable({accounts}: LoadReport): string {
  return table(['Account', 'Sent', 'Accepted', 'Refused', 'Unanswered'], Object.entries(accounts).map(([name, books]) =>
    `<tr><td>${escaped(name)}</td>${[books.sent, books.accepted, books.rejected, books.unanswered].map((value) => `<td>${count(value)}</td>`).join('')}</tr>`));
}

function countsTable(head: string, counts: Readonly<Record<string, number>>): string {
  return table([head, 'Count'], Object.entries(counts).filter(([, times]) => times > 0).map(([name, times]) => `<tr><td>${escaped(name)}</td><td>${count(times)}</td></tr>`));
}

function table(heads: readonly string[], rows: readonly string[]): string {
  return `<div class="wide"><table><thead><tr>${heads.map((head) => `<th${head === 'Answers' ? ' class="text"' : ''}>${head}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}
