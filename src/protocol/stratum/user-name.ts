/**
 * @module What miners put into the two texts of mining.authorize: `address.worker`, and options in the password.
 */
import {printable} from './request.js';

const MINER_NAME_LENGTH_MAX = 64;

/** A decimal number, with a letter for thousands, millions or thousand millions. */
const DIFFICULTY = String.raw`(\d{1,15}(?:\.\d{1,40})?)([kmg])?`;
const OPTION = new RegExp(`(?:^|[,; ])(?:d|diff)=${DIFFICULTY}(?=$|[,; ])`, 'i');
const SUFFIX = new RegExp(`\\+${DIFFICULTY}$`, 'i');
const FACTOR_OF_LETTER: Readonly<Record<string, number>> = {k: 1e3, m: 1e6, g: 1e9};

export interface UserNameParts {
  readonly addressText: string;
  /** Safe to show; empty when there is none. */
  readonly minerName: string;
  /** Asked for as `address.worker+difficulty` or `address+difficulty`. */
  readonly difficulty: number | undefined;
}

/** The address ends at the first dot. A difficulty is no part of the name: with and without it, it is the same miner. */
export function splitUserName(userName: string): UserNameParts {
  const suffix = SUFFIX.exec(userName);
  const difficulty = difficultyOf(suffix);
  const name = suffix === null || difficulty === undefined ? userName : userName.slice(0, suffix.index);
  const dot = name.indexOf('.');
  if (dot === -1) return {addressText: name, minerName: '', difficulty};
  return {addressText: name.slice(0, dot), minerName: printable(name.slice(dot + 1)).slice(0, MINER_NAME_LENGTH_MAX), difficulty};
}

/** `d=1024`, `diff=1024` or `d=500k`, anywhere among options parted by comma, semicolon or space. */
export function fixedDifficultyOf(password: string): number | undefined {
  return difficultyOf(OPTION.exec(password));
}

function difficultyOf(match: RegExpExecArray | null): number | undefined {
  if (match === null) return undefined;
  const value = Number(match[1]) * (match[2] === undefined ? 1 : FACTOR_OF_LETTER[match[2].toLowerCase()]!);
  return value > 0 ? value : undefined;
}
