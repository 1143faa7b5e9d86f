/**
 * @module Parses one untrusted JSON line into at most a bounded shape: depth first, so that no nesting reaches the parser.
 */
import {reject} from '../verdict.js';
import type {Verdict} from '../verdict.js';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {readonly [key: string]: JsonValue | undefined}

/** The deepest honest request is configure's: object, array, array or object. */
export const JSON_DEPTH_MAX = 8;

export function parseGuardedJson(text: string): Verdict<JsonValue, 'json-too-deep' | 'json-malformed'> {
  if (mayBeDeep(text) && depthOf(text) > JSON_DEPTH_MAX) return reject('json-too-deep');
  try {
    return {ok: true, value: JSON.parse(text) as JsonValue};
  } catch {
    return reject('json-malformed');
  }
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Nothing is deeper than it has opening brackets, and an honest line has two or three: the walk below is for the others. */
function mayBeDeep(text: string): boolean {
  let count = 0;
  for (const bracket of ['[', '{']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      count++;
      if (count > JSON_DEPTH_MAX) return true;
    }
  }
  return false;
}

/** An upper bound: brackets inside strings are skipped, anything else is counted. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isInString) {
      if (code === 0x5c) at++;
      else if (code === 0x22) isInString = false;
    } else if (code === 0x22) {
      isInString = true;
    } else if (code === 0x5b || code === 0x7b) {
      deepest = Math.max(deepest, ++depth);
    } else if (code === 0x5d || code === 0x7d) {
      depth--;
    }
  }
  return deepest;
}
