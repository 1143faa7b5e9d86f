/**
 * @module One line of a miner, decoded: untrusted JSON in, a typed request out. Widths and digits are settled here, so
 * that behind this file a nonce is a number and no text of the wire is ever compared or used as a key.
 *
 * Leniency is limited to what honest clients need: hex in either case, a nonce without its leading zeros (some firmware
 * formats it so; the hash decides), a missing version field. `0x` and every other character are refused.
 */
import {hexToBytes} from '../bytes/hex.js';
import {isJsonObject, parseGuardedJson} from './json-guard.js';
import type {JsonObject, JsonValue} from './json-guard.js';

/** What is echoed. Text ids are bounded; clients use small numbers. */
export type RequestId = number | string | null;

export interface SubmitFields {
  readonly userName: string;
  readonly jobId: string;
  readonly extranonce2: Uint8Array;
  readonly timeSec: number;
  readonly nonce: number;
  /** undefined when the field is absent: nothing was rolled. */
  readonly versionBits: number | undefined;
  /** The nonce came with fewer than eight digits: a defect of the client, to be counted. */
  readonly isNoncePadded: boolean;
}

export interface ConfigureWishes {
  /** Extension names as asked for, in order. */
  readonly extensions: readonly string[];
  /** undefined when not given: any bit. */
  readonly versionMask: number | undefined;
  readonly minimumDifficulty: number | undefined;
}

export type StratumRequest =
  | {readonly method: 'mining.subscribe'; readonly userAgent: string; readonly resumeSessionId: string | undefined}
  | {readonly method: 'mining.authorize'; readonly userName: string; readonly password: string}
  | ({readonly method: 'mining.configure'} & ConfigureWishes)
  | {readonly method: 'mining.suggest_difficulty'; readonly difficulty: number}
  | {readonly method: 'mining.suggest_target'; readonly target: bigint}
  | {readonly method: 'mining.extranonce.subscribe'}
  | ({readonly method: 'mining.submit'} & SubmitFields)
  | {readonly method: 'mining.get_transactions'; readonly jobId: string}
  | {readonly method: 'mining.multi_version'}
  | {readonly method: 'mining.ping'}
  | {readonly method: 'mining.pong'}
  | {readonly method: 'client.get_version'};

export type DecodedLine =
  | {readonly kind: 'request'; /** undefined: a notification, never answered. */ readonly id: RequestId | undefined; readonly request: StratumRequest}
  /** The client answers something that we asked. */
  | {readonly kind: 'reply'; readonly id: RequestId; readonly result: JsonValue}
  /** Shaped like a request, but with nothing that can be done for it. */
  | {readonly kind: 'refused'; readonly id: RequestId | undefined; readonly method: string; readonly text: string; readonly isSubmit: boolean}
  /** Not a request at all. */
  | {readonly kind: 'malformed'; readonly code: 'json-too-deep' | 'json-malformed' | 'not-an-object' | 'no-method'};

/** Longest hex text of extranonce2 that is looked at; the session knows the exact length. */
const EXTRANONCE2_DIGITS_MAX = 64;
const ID_LENGTH_MAX = 64;
const TEXT_LENGTH_MAX = 256;
const EXTENSIONS_MAX = 16;
const DIGITS_8 = /^[0-9a-fA-F]{8}$/;
const DIGITS_1_TO_8 = /^[0-9a-fA-F]{1,8}$/;

export function decodeLine(text: string): DecodedLine {
  const parsed = parseGuardedJson(text);
  if (!parsed.ok) return {kind: 'malformed', code: parsed.code};
  const value = parsed.value;
  if (!isJsonObject(value)) return {kind: 'malformed', code: 'not-an-object'};
  const id = decodeId(value);
  const method = value['method'];
  if (typeof method !== 'string') {
    if ('result' in value || 'error' in value) return {kind: 'reply', id: id ?? null, result: value['result'] ?? null};
    return {kind: 'malformed', code: 'no-method'};
  }
  const params = value['params'] ?? [];
  const decoded = Array.isArray(params) ? decodeRequest(method, params) : 'params must be an array';
  if (typeof decoded !== 'string') return {kind: 'request', id, request: decoded};
  return {kind: 'refused', id, method: method.slice(0, ID_LENGTH_MAX), text: decoded, isSubmit: method === 'mining.submit'};
}

/** An id that cannot be echoed faithfully is answered as null: an answer is owed all the same. */
function decodeId(value: JsonObject): RequestId | undefined {
  const id = value['id'];
  if (id === undefined) return undefined;
  if (typeof id === 'number' && Number.isFinite(id)) return id;
  return typeof id === 'string' && id.length <= ID_LENGTH_MAX ? id : null;
}

/** @returns the request, or what is wrong with it, for people. */
function decodeRequest(method: string, params: readonly JsonValue[]): StratumRequest | string {
  switch (method) {
    case 'mining.subscribe':
      return {method, userAgent: printable(textOf(params[0])), resumeSessionId: typeof params[1] === 'string' ? params[1].slice(0, TEXT_LENGTH_MAX) : undefined};
    case 'mining.authorize':
      if (typeof params[0] !== 'string' || params[0].length > TEXT_LENGTH_MAX) return 'a user name is needed';
      return {method, userName: params[0], password: textOf(params[1])};
    case 'mining.configure': return decodeConfigure(params);
    case 'mining.suggest_difficulty': {
      const difficulty = positiveNumber(params[0]);
      return difficulty === undefined ? 'a positive difficulty is needed' : {method, difficulty};
    }
    case 'mining.suggest_target': {
      const digits = params[0];
      if (typeof digits !== 'string' || !/^[0-9a-fA-F]{1,64}$/.test(digits) || /^0+$/.test(digits)) return 'a target of up to 64 hex digits is needed';
      return {method, target: BigInt(`0x${digits}`)};
    }
    case 'mining.submit': return decodeSubmit(params);
    case 'mining.get_transactions':
      return typeof params[0] === 'string' ? {method, jobId: params[0].toLowerCase()} : 'a job id is needed';
    case 'mining.extranonce.subscribe':
    case 'mining.multi_version':
    case 'mining.ping':
    case 'mining.pong':
    case 'client.get_version':
      return {method};
    // ESP-Miner answers a ping so.
    case 'pong': return {method: 'mining.pong'};
    default: return 'unknown method';
  }
}

function decodeSubmit(params: readonly JsonValue[]): StratumRequest | string {
  const [userName, jobId, extranonce2Hex, timeHex, nonceHex, bitsHex] = params;
  if (typeof userName !== 'string' || userName.length > TEXT_LENGTH_MAX) return 'the first parameter is the user name';
  if (typeof jobId !== 'string' || jobId.length > ID_LENGTH_MAX) return 'the second parameter is the job id';
  if (typeof extranonce2Hex !== 'string' || extranonce2Hex.length > EXTRANONCE2_DIGITS_MAX) return 'extranonce2 must be hex';
  const extranonce2 = hexToBytes(extranonce2Hex);
  if (extranonce2 === undefined) return 'extranonce2 must be hex of even length';
  if (typeof timeHex !== 'string' || !DIGITS_8.test(timeHex)) return 'ntime must be 8 hex digits';
  if (typeof nonceHex !== 'string' || !DIGITS_1_TO_8.test(nonceHex)) return 'nonce must be 8 hex digits';
  const isRolled = bitsHex !== undefined && bitsHex !== null;
  if (isRolled && (typeof bitsHex !== 'string' || !DIGITS_8.test(bitsHex))) return 'version bits must be 8 hex digits';
  return {
    method: 'mining.submit', userName, jobId: jobId.toLowerCase(), extranonce2,
    timeSec: Number.parseInt(timeHex, 16),
    nonce: Number.parseInt(nonceHex, 16),
    versionBits: isRolled ? Number.parseInt(bitsHex as string, 16) : undefined,
    isNoncePadded: nonceHex.length < 8,
  };
}

/** BIP 310: a list of names, and one object with dotted keys for their parameters. */
function decodeConfigure(params: readonly JsonValue[]): StratumRequest | string {
  const names = params[0];
  if (!Array.isArray(names)) return 'a list of extensions is needed';
  const options = isJsonObject(params[1]) ? params[1] : {};
  const mask = options['version-rolling.mask'];
  if (mask !== undefined && (typeof mask !== 'string' || !DIGITS_1_TO_8.test(mask))) return 'version-rolling.mask must be 8 hex digits';
  return {
    method: 'mining.configure',
    extensions: names.filter((name): name is string => typeof name === 'string' && name.length <= ID_LENGTH_MAX).slice(0, EXTENSIONS_MAX),
    versionMask: mask === undefined ? undefined : Number.parseInt(mask, 16),
    minimumDifficulty: positiveNumber(options['minimum-difficulty.value']),
  };
}

/** Some clients send numbers as text. */
function positiveNumber(value: JsonValue | undefined): number | undefined {
  const number = typeof value === 'string' && /^[\d.]{1,32}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && number > 0 && number < Infinity ? number : undefined;
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value.slice(0, TEXT_LENGTH_MAX) : '';
}

/** What ends up in logs and pages holds no control characters. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
