/**
 * @module The Prometheus text format, version 0.0.4: one HELP and one TYPE per family, labels escaped, each name once.
 */
export const PROMETHEUS_MEDIA_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export type MetricKind = 'counter' | 'gauge' | 'histogram';
export type Labels = Readonly<Record<string, string | number>>;

export class Exposition {
  readonly #lines: string[] = [];
  readonly #names = new Set<string>();

  /** One sample without labels; skipped when the value is not known. */
  value(kind: MetricKind, name: string, about: {readonly help: string; readonly value: number | undefined}): void {
    if (about.value !== undefined) this.family(kind, name, {help: about.help, samples: [[{}, about.value]]});
  }

  /** @throws Error for a name that was written before, which only our own mistake can cause. */
  family(kind: MetricKind, name: string, about: {readonly help: string; readonly samples: Iterable<readonly [Labels, number]>}): void {
    if (this.#names.has(name)) throw new Error(`the metric ${name} is written twice`);
    this.#names.add(name);
    this.#lines.push(`# HELP ${name} ${about.help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}`, `# TYPE ${name} ${kind}`);
    for (const [labels, value] of about.samples) this.#lines.push(`${name}${labelText(labels)} ${numberText(value)}`);
  }

  /** @param about - `buckets`: upper bound and how many were at most that, in rising order. */
  histogram(name: string, about: {readonly help: string; readonly buckets: readonly (readonly [number, number])[]; readonly count: number; readonly sum: number}): void {
    this.family('histogram', name, {help: about.help, samples: []});
    for (const [bound, count] of about.buckets) this.#lines.push(`${name}_bucket{le="${bound}"} ${count}`);
    this.#lines.push(`${name}_bucket{le="+Inf"} ${about.count}`, `${name}_sum ${numberText(about.sum)}`, `${name}_count ${about.count}`);
  }

  text(): string {
    return `${this.#lines.join('\n')}\n`;
  }
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${String(value).replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function numberText(value: number): string {
  return value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value);
}
