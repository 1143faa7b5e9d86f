/**
 * @module How a coin lies in storage: small, versioned, not a wire format.
 *
 *   coin  = 01 body
 *   body  = LEB128(2 × height + isCoinbase) LEB128(value in sats) script
 *   script= tag 1..5 and the hash of a standard template, or LEB128(5 + 1 + length) and the raw bytes
 */
import {DecodeError, decodeWith} from '../bytes/byte-reader.js';
import type {ByteReader} from '../bytes/byte-reader.js';
import {ByteWriter} from '../bytes/byte-writer.js';
import {assert} from '../verdict.js';
import type {Verdict} from '../verdict.js';
import type {Coin} from './transaction.js';

const COIN_VERSION = 1;

/** Bytes around the 20- or 32-byte hash of a standard script; the tag is the row's place, from 1. */
interface ScriptTemplate {
  readonly prefix: Uint8Array;
  readonly hashSize: number;
  readonly suffix: Uint8Array;
  /** Of the whole script. */
  readonly size: number;
}

const SCRIPT_TEMPLATES: readonly ScriptTemplate[] = [
  scriptTemplate([0x76, 0xa9, 0x14], 20, [0x88, 0xac]), // P2PKH
  scriptTemplate([0xa9, 0x14], 20, [0x87]), // P2SH
  scriptTemplate([0x00, 0x14], 20, []), // P2WPKH
  scriptTemplate([0x00, 0x20], 32, []), // P2WSH
  scriptTemplate([0x51, 0x20], 32, []), // P2TR
];
const RAW_TAG_MIN = SCRIPT_TEMPLATES.length + 1;
/** A coin of a standard template: version, two numbers of at most 5 and 8 bytes, tag, hash of 32. */
export const COIN_SIZE_TYPICAL = 48;

export function encodeCoin(coin: Coin): Uint8Array {
  const writer = new ByteWriter(COIN_SIZE_TYPICAL);
  writeCoinRow(writer, coin);
  return writer.finish();
}

/** What {@link encodeCoin} makes, behind what was written before: thousands of rows in one buffer (0.2 us each). */
export function writeCoinRow(writer: ByteWriter, coin: Coin): void {
  writer.u8(COIN_VERSION);
  writeCoin(writer, coin);
}

export function decodeCoin(bytes: Uint8Array): Verdict<Coin, 'coin-decode-failed'> {
  return decodeWith(bytes, 'coin-decode-failed', (reader) => {
    const version = reader.u8();
    if (version !== COIN_VERSION) throw new DecodeError(`coin version ${version}`);
    return readCoin(reader);
  });
}

export function writeCoin(writer: ByteWriter, coin: Coin): void {
  writeLeb128(writer, coin.height * 2 + (coin.isCoinbase ? 1 : 0));
  writeLeb128(writer, Number(coin.valueSats));
  const script = coin.scriptPubKey;
  const tag = templateTag(script);
  if (tag > 0) {
    const {prefix, hashSize} = SCRIPT_TEMPLATES[tag - 1]!;
    writer.u8(tag).range(script, prefix.length, prefix.length + hashSize);
  } else {
    writeLeb128(writer, RAW_TAG_MIN + script.length);
    writer.bytes(script);
  }
}

/** @throws DecodeError */
export function readCoin(reader: ByteReader): Coin {
  const code = readLeb128(reader);
  const valueSats = BigInt(readLeb128(reader));
  const tag = readLeb128(reader);
  if (tag === 0) throw new DecodeError('script tag 0');
  const template = SCRIPT_TEMPLATES[tag - 1];
  // Copies: a coin outlives the page or the undo record that it was read from.
  const scriptPubKey = template === undefined
    ? reader.bytes(tag - RAW_TAG_MIN).slice()
    : fillTemplate(template, reader);
  return {valueSats, scriptPubKey, height: Math.floor(code / 2), isCoinbase: code % 2 === 1};
}

/** Seven bits a byte, low first. Values to 2^53 − 1: amounts are at most 21e14, heights far below. */
export function writeLeb128(writer: ByteWriter, value: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, 'a stored number is natural and below 2^53');
  let rest = value;
  while (rest >= 0x80) {
    writer.u8((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  writer.u8(rest);
}

/** @throws DecodeError */
export function readLeb128(reader: ByteReader): number {
  let value = 0;
  for (let scale = 1; ; scale *= 0x80) {
    const byte = reader.u8();
    value += (byte & 0x7f) * scale;
    if (!Number.isSafeInteger(value)) throw new DecodeError('number above 2^53');
    if (byte < 0x80) {
      if (byte === 0 && scale > 1) throw new DecodeError('number not in its shortest form');
      return value;
    }
  }
}

function scriptTemplate(prefix: readonly number[], hashSize: number, suffix: readonly number[]): ScriptTemplate {
  return {prefix: Uint8Array.from(prefix), hashSize, suffix: Uint8Array.from(suffix), size: prefix.length + hashSize + suffix.length};
}

/** @returns 0 when the script has no template. Loops, not `findIndex`: this runs for each coin that a block makes or spends. */
function templateTag(script: Uint8Array): number {
  for (let tag = 1; tag <= SCRIPT_TEMPLATES.length; tag++) {
    const {prefix, hashSize, suffix, size} = SCRIPT_TEMPLATES[tag - 1]!;
    if (script.length === size && hasBytesAt(script, 0, prefix) && hasBytesAt(script, prefix.length + hashSize, suffix)) return tag;
  }
  return 0;
}

function hasBytesAt(script: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (script[at + i] !== expected[i]) return false;
  return true;
}

/** The script again. Byte by byte: `set` with a view costs four times as much at these sizes. */
function fillTemplate({prefix, hashSize, suffix, size}: ScriptTemplate, reader: ByteReader): Uint8Array {
  const script = new Uint8Array(size);
  const {data} = reader;
  const hashAt = reader.skip(hashSize);
  let at = 0;
  for (let i = 0; i < prefix.length; i++) script[at++] = prefix[i]!;
  for (let i = 0; i < hashSize; i++) script[at++] = data[hashAt + i]!;
  for (let i = 0; i < suffix.length; i++) script[at++] = suffix[i]!;
  return script;
}
