/**
 * @module The known name that a mistyped one probably meant, for hints. Decides nothing: an unknown name stays an error.
 */

/** The closest of `names`, or undefined when none is near. */
export function nearestName(typed: string, names: readonly string[]): string | undefined {
  const wanted = typed.toLowerCase();
  const lastPart = wanted.slice(wanted.lastIndexOf('.') + 1);
  const distances = names.map((name) => ({name, distance: editDistance(wanted, name.toLowerCase())}));
  const best = distances.reduce<{name: string; distance: number} | undefined>(
    (least, entry) => (least === undefined || entry.distance < least.distance ? entry : least), undefined);
  // A third of the letters wrong is still a likely slip of the fingers.
  if (best !== undefined && best.distance <= Math.max(1, Math.floor(wanted.length / 3))) return best.name;
  return names.find((name) => name.toLowerCase().endsWith(`.${lastPart}`));
}

/** Levenshtein: fewest letters inserted, removed or replaced. */
function editDistance(left: string, right: string): number {
  let row = Array.from({length: right.length + 1}, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const replaced = row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[right.length]!;
}
