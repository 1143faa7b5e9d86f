/**
 * @module Line plots as SVG text for a page that must work without scripts and without a network. Colours are the page's
 * classes, so that one picture serves light and dark.
 */

export interface PlotLine {
  readonly name: string;
  /** CSS class of its colour: `a`, `b`, `c`. */
  readonly colour: string;
  readonly points: readonly (readonly [number, number])[];
  /** Marks in place of a line. */
  readonly isDotted?: boolean;
}

export interface Plot {
  readonly title: string;
  readonly lines: readonly PlotLine[];
  /** log: decades; values at or below `yLeast` are drawn on the border. */
  readonly yScale: 'linear' | 'log';
  readonly yText: (value: number) => string;
  readonly xTicks: readonly (readonly [number, string])[];
  readonly yLeast?: number;
}

const WIDTH = 720;
const HEIGHT = 240;
const LEFT = 84;
const RIGHT = 30;
const TOP = 12;
const BOTTOM = 28;
/** More points than pixels say nothing more. */
const POINTS_MAX = 600;
const Y_TICKS = 4;
/** Beyond it an axis counts minutes. */
const WHOLE_MINUTES_FROM_SEC = 240;
/** A plot of nothing but zeros still needs a scale. */
const LOG_LEAST = 0.01;

interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

export function plotSvg(plot: Plot): string {
  const lines = plot.lines.map((line) => ({...line, points: thinned(line.points)}));
  const xs = [...lines.flatMap(({points}) => points.map(([x]) => x)), ...plot.xTicks.map(([x]) => x)];
  const ys = lines.flatMap(({points}) => points.map(([, y]) => y));
  const x = linear([Math.min(...xs, Infinity), Math.max(...xs, -Infinity)], [LEFT, WIDTH - RIGHT]);
  const y = plot.yScale === 'log' ? logScale(ys, plot.yLeast ?? LOG_LEAST) : linearScale(ys);
  const grid = y.ticks.map((value) => `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${px(y.at(value))}" y2="${px(y.at(value))}"/>`
    + `<text x="${LEFT - 8}" y="${px(y.at(value) + 4)}" text-anchor="end">${escaped(plot.yText(value))}</text>`).join('');
  const foot = plot.xTicks.map(([value, text]) => `<text x="${px(x(value))}" y="${HEIGHT - 8}" text-anchor="middle">${escaped(text)}</text>`).join('');
  const drawn = lines.map(({points, colour, isDotted}) => (isDotted === true
    ? points.map(([a, b]) => `<circle class="dot ${colour}" cx="${px(x(a))}" cy="${px(y.at(b))}" r="2.5"/>`).join('')
    : `<polyline class="line ${colour}" points="${points.map(([a, b]) => `${px(x(a))},${px(y.at(b))}`).join(' ')}"/>`)).join('');
  const legend = lines.map(({name, colour}) => `<span class="key ${colour}">${escaped(name)}</span>`).join(' ');
  return `<figure><figcaption>${escaped(plot.title)} <span class="keys">${legend}</span></figcaption>`
    + `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(plot.title)}">${grid}${foot}${drawn}</svg></figure>`;
}

/** Round numbers over a stretch of seconds. */
export function timeTicks(seconds: number): (readonly [number, string])[] {
  const step = seconds > WHOLE_MINUTES_FROM_SEC ? Math.max(1, niceStep(seconds / 60 / 6)) * 60 : niceStep(seconds / 6);
  const ticks: (readonly [number, string])[] = [];
  for (let at = 0; at <= seconds; at += step) ticks.push([at, step % 60 === 0 ? `${at / 60} min` : `${Number(at.toFixed(3))} s`]);
  return ticks;
}

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function linear([from, to]: readonly [number, number], [start, end]: readonly [number, number]): (value: number) => number {
  const span = to - from;
  return (value) => (span > 0 ? start + ((value - from) / span) * (end - start) : start);
}

function linearScale(values: readonly number[]): Scale {
  const greatest = Math.max(1e-9, ...values);
  const step = niceStep(greatest / Y_TICKS);
  const top = Math.ceil(greatest / step) * step;
  const at = linear([0, top], [HEIGHT - BOTTOM, TOP]);
  return {at, ticks: Array.from({length: Math.round(top / step) + 1}, (_, index) => index * step)};
}

function logScale(values: readonly number[], least: number): Scale {
  const positive = values.filter((value) => value > 0);
  const low = Math.floor(Math.log10(Math.max(least, Math.min(...positive, 1))));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(least, ...positive, 0))));
  const scale = linear([low, high], [HEIGHT - BOTTOM, TOP]);
  return {at: (value) => scale(Math.max(low, Math.log10(Math.max(value, 1e-12)))), ticks: Array.from({length: high - low + 1}, (_, index) => 10 ** (low + index))};
}

/** 1, 2 or 5 times a power of ten, not below `raw`. */
function niceStep(raw: number): number {
  const decade = 10 ** Math.floor(Math.log10(Math.max(raw, 1e-9)));
  return [1, 2, 5, 10].map((factor) => factor * decade).find((step) => step >= raw * 0.999)!;
}

function thinned(points: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  const every = Math.ceil(points.length / POINTS_MAX);
  return every <= 1 ? points : points.filter((_, index) => index % every === 0);
}

function px(value: number): string {
  return value.toFixed(1);
}
