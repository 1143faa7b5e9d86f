/**
 * @module Work of a target and difficulty of a hash, cached and cheap: asked once per share.
 * Work decides money and is an integer; difficulties are floats for people.
 */
import {difficultyOfTarget, workOfTarget} from '../../protocol/consensus/pow/work.js';
import {PPM} from '../../protocol/payout/split-reward.js';

/** 0xffff · 2^208, as a double: exact, because it has 16 significant bits. */
const DIFFICULTY_ONE = 0xffff * 2 ** 208;
/** Targets are powers of two of one scale, so there are few; a stranger among them must not grow the cache. */
const CACHED_MAX = 512;

export interface TargetWork {
  /** Expected number of hashes: floor(2^256 / (target + 1)), as chainwork counts it. */
  readonly work: bigint;
  readonly hashes: number;
  readonly difficulty: number;
}

export class WorkOfTarget {
  readonly #known = new Map<bigint, TargetWork>();
  #latestTarget: bigint | undefined;
  #latest: TargetWork | undefined;

  target(target: bigint): TargetWork {
    if (target === this.#latestTarget) return this.#latest!;
    this.#latest = this.#find(target);
    this.#latestTarget = target;
    return this.#latest;
  }

  #find(target: bigint): TargetWork {
    const known = this.#known.get(target);
    if (known !== undefined) return known;
    const work = workOfTarget(target);
    const facts = {work, hashes: Number(work), difficulty: difficultyOfTarget(target)};
    if (this.#known.size >= CACHED_MAX) this.#known.clear();
    this.#known.set(target, facts);
    return facts;
  }
}

/** A hash is a little-endian number; the bytes from its first that counts, eight of them, are enough for people. */
export function difficultyOfHash(hash: Uint8Array): number {
  let top = 31;
  while (top > 0 && hash[top] === 0) top -= 1;
  const lowest = Math.max(0, top - 7);
  let value = 0;
  for (let i = top; i >= lowest; i -= 1) value = value * 256 + hash[i]!;
  value *= 2 ** (8 * lowest);
  return value === 0 ? Infinity : DIFFICULTY_ONE / value;
}

/** In millionths; 0 of nothing. */
export function ratio(part: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number((part * BigInt(PPM)) / whole) / PPM;
}
