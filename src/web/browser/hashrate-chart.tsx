/**
 * @module Hashrate over time, drawn by uPlot. A time that nobody watched is a gap; the bucket that still grows is not drawn
 * until it is half full, because a few shares of a few seconds say nothing.
 */
import {useEffect, useRef, useState} from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type {HistoryAnswer, HistoryPoint, HistoryResolution} from '../api';
import {useAnswer} from './answers';
import {countedText, hashrateText, spanText} from './texts';

const RANGES: readonly {readonly resolution: HistoryResolution; readonly label: string}[] = [
  {resolution: '1m', label: 'Day'}, {resolution: '10m', label: 'Week'}, {resolution: '1h', label: 'Year'},
];
const REFRESH_MS = 20_000;
const HEIGHT_PX = 220;
/** More are put together: the points of a line are then as wide as a line. */
const POINTS_MAX = 300;

/** Points of equal length, oldest first; `undefined` where nobody watched. */
function gathered({points, bucketSec}: HistoryAnswer): {readonly stepSec: number; readonly points: readonly (HistoryPoint | undefined)[]} {
  const whole = points.filter((point, index) => index < points.length - 1 || point.coveredSec >= bucketSec / 2);
  const first = whole[0]?.atSec ?? 0;
  const last = whole.at(-1)?.atSec ?? 0;
  const factor = [1, 2, 3, 5, 10, 15, 30].find((candidate) => (last - first) / bucketSec / candidate <= POINTS_MAX) ?? 60;
  const stepSec = bucketSec * factor;
  const byStart = new Map<number, HistoryPoint>();
  for (const point of whole) {
    const atSec = point.atSec - (point.atSec % stepSec);
    const sum = byStart.get(atSec);
    const coveredSec = point.coveredSec + (sum?.coveredSec ?? 0);
    const hashes = point.hashesPerSec * point.coveredSec + (sum === undefined ? 0 : sum.hashesPerSec * sum.coveredSec);
    byStart.set(atSec, {
      atSec, coveredSec, hashesPerSec: coveredSec === 0 ? 0 : hashes / coveredSec, sharesAccepted: point.sharesAccepted + (sum?.sharesAccepted ?? 0),
      sharesRejected: point.sharesRejected + (sum?.sharesRejected ?? 0), connectedMax: Math.max(point.connectedMax, sum?.connectedMax ?? 0),
    });
  }
  const row: (HistoryPoint | undefined)[] = [];
  for (let atSec = first - (first % stepSec); atSec <= last && byStart.size > 0; atSec += stepSec) row.push(byStart.get(atSec));
  return {stepSec, points: row};
}

/** Minutes, hours, days: no label stands for less than a point. */
const TICKS_SEC = [60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_419_200];

/** The time of day where the line is of days, the date where it is of weeks. */
function timeLabels(plot: uPlot, ticks: readonly number[]): string[] {
  const {min = 0, max = 0} = plot.scales['x'] ?? {};
  const format: Intl.DateTimeFormatOptions = max - min > 3 * 86_400 ? {month: 'short', day: 'numeric'} : {hour: '2-digit', minute: '2-digit', hourCycle: 'h23'};
  return ticks.map((tick) => new Date(tick * 1000).toLocaleString(undefined, format));
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

interface Drawing {
  readonly data: uPlot.AlignedData;
  readonly onPoint: (index: number | undefined) => void;
}

function optionsOf(box: HTMLElement, {onPoint}: Drawing): uPlot.Options {
  const axis = {stroke: colour('--faint'), grid: {stroke: colour('--line'), width: 1}, ticks: {show: false}, font: '12px sans-serif'};
  return {
    width: box.clientWidth, height: HEIGHT_PX, padding: [12, 22, 0, 0],
    cursor: {y: false, drag: {x: false, y: false}, points: {size: 7, fill: colour('--lamp')}},
    legend: {show: false},
    scales: {y: {range: (_plot, _low, high) => [0, high === 0 ? 1 : high * 1.1]}},
    axes: [{...axis, space: 80, size: 30, incrs: TICKS_SEC, values: (plot, ticks) => timeLabels(plot, ticks)}, {...axis, size: 78, values: (_plot, ticks) => ticks.map((tick) => hashrateText(tick))}],
    series: [{}, {stroke: colour('--lamp'), width: 2, fill: colour('--lamp-veil'), spanGaps: false, points: {show: false}}],
    hooks: {setCursor: [(plot) => onPoint(plot.cursor.idx ?? undefined)]},
  };
}

function Plot({data, onPoint}: Drawing) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>();
  const latest = useRef<Drawing>({data, onPoint});
  latest.current = {data, onPoint};
  useEffect(() => {
    const draw = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(box.current!, {data: latest.current.data, onPoint: (index) => latest.current.onPoint(index)}), latest.current.data, box.current!);
    };
    draw();
    // A canvas does not follow the page's width and light by itself.
    const sizes = new ResizeObserver(() => plot.current?.setSize({width: box.current!.clientWidth, height: HEIGHT_PX}));
    sizes.observe(box.current!);
    const lights = new MutationObserver(draw);
    lights.observe(document.documentElement, {attributeFilter: ['data-light']});
    return () => {
      sizes.disconnect();
      lights.disconnect();
      plot.current?.destroy();
    };
  }, []);
  useEffect(() => plot.current?.setData(data), [data]);
  return <div class="plot" ref={box} aria-hidden="true" />;
}

function pointText({atSec, hashesPerSec, sharesAccepted, sharesRejected, connectedMax}: HistoryPoint): string {
  const time = new Date(atSec * 1000).toLocaleString(undefined, {month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23'});
  return `${time}: ${hashrateText(hashesPerSec)}, ${countedText(sharesAccepted, 'share')}, ${sharesRejected} rejected, ${countedText(connectedMax, 'session')}`;
}

/** @param url - of the history, without its query. */
export function HashrateChart({url, title}: {readonly url: string; readonly title: string}) {
  const [resolution, setResolution] = useState<HistoryResolution>('1m');
  const [place, setPlace] = useState<number>();
  const {value, refusal} = useAnswer<HistoryAnswer>(`${url}?resolution=${resolution}`, REFRESH_MS);
  const drawn = value === undefined ? undefined : gathered(value);
  const points = drawn?.points ?? [];
  const known = points.filter((point) => point !== undefined);
  const shown = (place === undefined ? undefined : points[place]) ?? known.at(-1);
  const start = known[0]?.atSec ?? 0;
  const first = start - (start % (drawn?.stepSec ?? 1));
  const data: uPlot.AlignedData = [points.map((_point, index) => first + index * (drawn?.stepSec ?? 1)), points.map((point) => point?.hashesPerSec ?? null)];
  return (
    <figure class="chart">
      <figcaption>
        <span class="title">{title}</span>
        <span class="ranges" role="group" aria-label="Time shown">
          {RANGES.map((range) => <button key={range.resolution} type="button" aria-pressed={range.resolution === resolution} onClick={() => setResolution(range.resolution)}>{range.label}</button>)}
        </span>
      </figcaption>
      <div class="canvas">
        {known.length > 1 ? <Plot key={resolution} data={data} onPoint={setPlace} /> : <p class="empty">{emptyText(value, refusal?.message)}</p>}
      </div>
      <p class="readout num" aria-live="off">{shown === undefined || known.length < 2 ? '\u00a0' : pointText(shown)}</p>
      <p class="note">{drawn === undefined || known.length < 2 ? '\u00a0' : `Each point: ${spanText(drawn.stepSec)} of accepted shares. Gaps: the pool was not running.`} <a href={`${url}?resolution=${resolution}`}>As JSON</a></p>
    </figure>
  );
}

function emptyText(value: HistoryAnswer | undefined, refusal: string | undefined): string {
  if (refusal !== undefined) return refusal;
  return value === undefined ? 'Asking for the history.' : 'Too little history for a line yet: it begins two minutes after the first share.';
}
