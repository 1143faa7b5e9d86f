/**
 * @module Where the next page of a list begins. Opaque to callers, so that what it stands for may change; not secret, and
 * checked like everything that a stranger sends.
 */
import {HttpFault} from './http-fault.js';

/** A hash, a number or an address, with room for what wraps it. */
export const CURSOR_CHARS_MAX = 200;

export function cursorOf(place: string): string {
  return Buffer.from(place, 'utf8').toString('base64url');
}

/** @throws HttpFault `bad-request` for a text that no page gave. */
export function placeOf<T>(cursor: string | undefined, read: (place: string) => T | undefined): T | undefined {
  if (cursor === undefined) return undefined;
  const place = read(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (place === undefined) throw new HttpFault('bad-request', 'The cursor is none of this list. Begin again without it.');
  return place;
}

/** A place that is a whole number. */
export function wholeNumber(place: string): number | undefined {
  return /^\d{1,15}$/.test(place) ? Number(place) : undefined;
}

/** One item more than shown was asked for: if it is there, another page begins after the last shown one. */
export function pageOf<T, S>(found: readonly T[], limit: number, about: {readonly show: (item: T) => S; readonly place: (last: T) => string}): {readonly items: readonly S[]; readonly nextCursor?: string} {
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  return {items: shown.map(about.show), ...(found.length > limit && last !== undefined ? {nextCursor: cursorOf(about.place(last))} : {})};
}
