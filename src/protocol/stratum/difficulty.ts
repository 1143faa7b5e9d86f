/**
 * @module Share difficulty: powers of two only, so that what is announced is exactly what is enforced.
 *
 * Mining firmware rounds other difficulties down to a power of two and mines the easier target; what it then sends would
 * be refused in part. A difficulty is an exponent here; its target is a 256-bit integer and alone decides. The scale is
 * that of Bitcoin pools: difficulty 1 is 0xffff * 2^208.
 */
import {DIFFICULTY_ONE_TARGET} from '../consensus/pow/work.js';
import {assert} from '../verdict.js';

export interface ShareDifficulty {
  /** The difficulty is 2^exponent. */
  readonly exponent: number;
  /** A hash at or below it, as a 256-bit integer, is a share. */
  readonly target: bigint;
  /** The JSON number to announce: exact, never in exponent form, an integer from 1 up. */
  readonly text: string;
  /** For people and estimates; exact, being a power of two. */
  readonly value: number;
}

/** 0xffff * 2^240 is the easiest target of this form that is a 256-bit number. */
export const DIFFICULTY_EXPONENT_MIN = -32;
/** Beyond any network; keeps hostile suggestions finite. */
export const DIFFICULTY_EXPONENT_MAX = 160;
/** Expected hashes for one share of difficulty 1: 2^256 over its target. */
export const HASHES_PER_DIFFICULTY_ONE = 2 ** 48 / 0xffff;

const known = new Map<number, ShareDifficulty>();

/** Exponents outside the range are clamped. */
export function shareDifficulty(exponent: number): ShareDifficulty {
  const clamped = clampExponent(exponent);
  let difficulty = known.get(clamped);
  if (difficulty === undefined) {
    difficulty = {exponent: clamped, target: targetOfExponent(clamped), text: textOfExponent(clamped), value: 2 ** clamped};
    known.set(clamped, difficulty);
  }
  return difficulty;
}

/** The hardest power of two that is not above `value`. @returns undefined when `value` is no positive number. */
export function exponentAtMost(value: number): number | undefined {
  if (!(value > 0)) return undefined;
  if (value === Infinity) return DIFFICULTY_EXPONENT_MAX;
  let exponent = Math.floor(Math.log2(value));
  // log2 may be off by an ulp at the powers themselves.
  if (2 ** (exponent + 1) <= value) exponent++;
  if (2 ** exponent > value) exponent--;
  return clampExponent(exponent);
}

/** The easiest power of two that is not below `value`: for a minimum that a client demands. */
export function exponentAtLeast(value: number): number | undefined {
  const below = exponentAtMost(value);
  if (below === undefined) return undefined;
  return 2 ** below < value ? clampExponent(below + 1) : below;
}

/** The hardest power of two whose target is not below `target`: so a hash that meets `target` is always a share too. */
export function exponentForTarget(target: bigint): number {
  if (target === latest.target) return latest.exponent;
  const exponent = searchExponent(target);
  latest = {target, exponent};
  return exponent;
}

/** Sessions ask with every share for the network's target, the same until the next block: some microseconds saved. */
let latest = {target: -1n, exponent: DIFFICULTY_EXPONENT_MAX};

function searchExponent(target: bigint): number {
  let exponent = DIFFICULTY_EXPONENT_MIN;
  if (target <= 0n) return DIFFICULTY_EXPONENT_MAX;
  // Bit lengths place it within one; the loop ends the argument exactly.
  exponent = clampExponent(224 - bitLength(target) - 1);
  while (exponent < DIFFICULTY_EXPONENT_MAX && targetOfExponent(exponent + 1) >= target) exponent++;
  while (exponent > DIFFICULTY_EXPONENT_MIN && targetOfExponent(exponent) < target) exponent--;
  return exponent;
}

/**
 * Target of any decimal difficulty, exactly: floor(difficulty-1 target / difficulty).
 * @param text - digits with an optional decimal point. @returns undefined for anything else, and for zero.
 */
export function targetOfDifficultyText(text: string): bigint | undefined {
  const match = /^(\d{1,80})(?:\.(\d{1,80}))?$/.exec(text);
  if (match === null) return undefined;
  const fraction = match[2] ?? '';
  const digits = BigInt(match[1]! + fraction);
  if (digits === 0n) return undefined;
  const target = (DIFFICULTY_ONE_TARGET * 10n ** BigInt(fraction.length)) / digits;
  const largest = (1n << 256n) - 1n;
  return target > largest ? largest : target;
}

function clampExponent(exponent: number): number {
  assert(!Number.isNaN(exponent), 'a difficulty exponent is a number');
  return Math.max(DIFFICULTY_EXPONENT_MIN, Math.min(DIFFICULTY_EXPONENT_MAX, Math.trunc(exponent)));
}

function targetOfExponent(exponent: number): bigint {
  return exponent >= 0 ? DIFFICULTY_ONE_TARGET >> BigInt(exponent) : DIFFICULTY_ONE_TARGET << BigInt(-exponent);
}

/** 2^-n is 5^n / 10^n: a finite decimal of n digits. */
function textOfExponent(exponent: number): string {
  if (exponent >= 0) return (1n << BigInt(exponent)).toString();
  return `0.${(5n ** BigInt(-exponent)).toString().padStart(-exponent, '0')}`;
}

function bitLength(value: bigint): number {
  return value.toString(2).length;
}
