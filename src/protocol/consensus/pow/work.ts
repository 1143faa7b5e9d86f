/**
 * @module Expected hashes behind a target, what the best chain is the sum of; and difficulty, which is for people only.
 */
import {compactToTarget} from './compact.js';

const TWO_256 = 1n << 256n;
/** Target of difficulty 1 ("bdiff"): bits 1d00ffff. */
export const DIFFICULTY_ONE_TARGET = 0xffffn << 208n;

/** 2^256 / (target + 1), rounded down. */
export function workOfTarget(target: bigint): bigint {
  return TWO_256 / (target + 1n);
}

/** 0 for bits that name no target, as in Core. */
export function workOfBits(bits: number): bigint {
  const target = compactToTarget(bits);
  return target === undefined ? 0n : workOfTarget(target);
}

/** Display only: nothing may be accepted or refused by this float. */
export function difficultyOfTarget(target: bigint): number {
  if (target <= 0n) return Infinity;
  // 96 fraction bits keep all 53 of a double up to the easiest target there is (2^-32).
  return Number((DIFFICULTY_ONE_TARGET << 96n) / target) / 2 ** 96;
}

export function difficultyOfBits(bits: number): number {
  const target = compactToTarget(bits);
  return target === undefined ? 0 : difficultyOfTarget(target);
}
