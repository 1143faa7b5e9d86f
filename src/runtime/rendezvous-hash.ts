/**
 * @module Which member a key belongs to: the one whose hash with the key is highest (rendezvous hashing, Thaler and
 * Ravishankar 1998). When a member joins or leaves, only the keys that it takes or held move.
 */

/** Of a member, from its path: the same in every run. FNV-1a, 32 bits. */
export function pathHash(path: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < path.length; i += 1) hash = Math.imul(hash ^ path.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** @param members - their {@link pathHash}es, at least one. @returns the index of the key's member. */
export function memberFor(key: string | number, members: readonly number[]): number {
  const keyHash = typeof key === 'number' ? mixed(key | 0) : pathHash(key);
  let best = 0;
  let bestScore = -1;
  for (let i = 0; i < members.length; i += 1) {
    const score = mixed(keyHash ^ members[i]!);
    if (score <= bestScore) continue;
    best = i;
    bestScore = score;
  }
  return best;
}

/** The finaliser of MurmurHash3: every bit of the input reaches every bit of the output. */
function mixed(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
