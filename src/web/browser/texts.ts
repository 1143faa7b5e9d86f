/**
 * @module How numbers are written for people: three significant digits, units after the number, ages in words.
 */

const HASH_UNITS = ['H/s', 'kH/s', 'MH/s', 'GH/s', 'TH/s', 'PH/s', 'EH/s'];
const SATS_PER_COIN = 100_000_000n;

function threeDigits(value: number): string {
  if (value === 0) return '0';
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function hashrateText(hashesPerSecond: number): string {
  let value = hashesPerSecond;
  let unit = 0;
  while (value >= 999.5 && unit < HASH_UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${threeDigits(value)} ${HASH_UNITS[unit]}`;
}

/** @returns the exponent where the difficulty is a power of two below one. */
export function difficultyExponent(difficulty: number): number | undefined {
  if (difficulty <= 0 || difficulty >= 1) return undefined;
  const exponent = Math.round(Math.log2(difficulty));
  return Math.abs(2 ** exponent / difficulty - 1) < 0.001 ? exponent : undefined;
}

export function difficultyText(difficulty: number): string {
  if (difficulty <= 0) return '0';
  if (difficulty >= 1) return difficulty >= 1e6 ? difficulty.toExponential(2) : threeDigits(difficulty);
  return difficulty.toPrecision(3);
}

export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3_600)} h`;
}

/** A length that is whole in some unit: `1 min`, `10 min`, `1 h`. */
export function spanText(seconds: number): string {
  if (seconds % 86_400 === 0) return countedText(seconds / 86_400, 'day');
  return seconds % 3_600 === 0 ? `${seconds / 3_600} h` : seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

/** One unit only, at most ten characters: a column of ages keeps its width. */
export function agoText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s ago`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ago`;
  if (whole < 86_400) return `${Math.floor(whole / 3_600)} h ago`;
  return `${Math.floor(whole / 86_400)} d ago`;
}

export function coinsText(sats: string): string {
  const value = BigInt(sats);
  const fraction = (value % SATS_PER_COIN).toString().padStart(8, '0').replace(/0+$/, '');
  return `${countText(Number(value / SATS_PER_COIN))}${fraction === '' ? '' : `.${fraction}`}`;
}

/** All eight places, so that a column of amounts stands straight. */
export function exactCoinsText(sats: string): string {
  const value = BigInt(sats);
  return `${countText(Number(value / SATS_PER_COIN))}.${(value % SATS_PER_COIN).toString().padStart(8, '0')}`;
}

/** `1 session`, `2 sessions`. */
export function countedText(count: number, thing: string): string {
  return `${countText(count)} ${thing}${count === 1 ? '' : 's'}`;
}

export function countText(count: number): string {
  return count.toString().replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
}

export function percentText(ratio: number): string {
  const percent = ratio * 100;
  return `${percent >= 100 ? percent.toFixed(0) : percent.toFixed(1)}\u202f%`;
}

export function bytesText(bytes: number): string {
  return bytes < 10_000 ? `${countText(bytes)} B` : bytes < 1e6 ? `${threeDigits(bytes / 1e3)} kB` : `${threeDigits(bytes / 1e6)} MB`;
}
