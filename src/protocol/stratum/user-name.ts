/**
 * @module What miners put into the two texts of mining.authorize: `address.worker`, and options in the password.
 */
import {printable} from './request.js';

const MINER_NAME_LENGTH_MAX = 64;

/** The address ends at the first dot. @returns a name that is safe to show; empty when there is none. */
export function splitUserName(userName: string): {readonly addressText: string; readonly minerName: string} {
  const dot = userName.indexOf('.');
  if (dot === -1) return {addressText: userName, minerName: ''};
  return {addressText: userName.slice(0, dot), minerName: printable(userName.slice(dot + 1)).slice(0, MINER_NAME_LENGTH_MAX)};
}

/** `d=1024` or `diff=1024`, anywhere among options parted by comma, semicolon or space. */
export function fixedDifficultyOf(password: string): number | undefined {
  const match = /(?:^|[,; ])(?:d|diff)=(\d{1,15}(?:\.\d{1,15})?)(?=$|[,; ])/i.exec(password);
  const value = match === null ? 0 : Number(match[1]);
  return value > 0 ? value : undefined;
}
