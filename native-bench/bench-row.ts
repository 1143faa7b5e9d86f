/** @module One line of a benchmark table: our figure beside its peers', all medians of the same run on the same machine. */

export interface BenchRow {
  readonly suite: string;
  readonly name: string;
  readonly unit: string;
  readonly higherIsBetter: boolean;
  readonly ours: number;
  /** By name; what each one is stands in the bench file's header. */
  readonly peers: Readonly<Record<string, number>>;
}

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('the median of nothing');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Runs every contestant once per round, so that a slow moment of the machine falls on all of them alike. */
export async function interleaved(
  contestants: Readonly<Record<string, () => number | Promise<number>>>, rounds = 5,
): Promise<Record<string, number>> {
  const figures: Record<string, number[]> = {};
  // The first round warms the compiler up and is not counted.
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, contest] of Object.entries(contestants)) {
      const figure = await contest();
      if (round > 0) (figures[name] ??= []).push(figure);
    }
  }
  return Object.fromEntries(Object.entries(figures).map(([name, values]) => [name, median(values)]));
}
