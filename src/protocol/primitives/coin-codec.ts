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
import {assert, reject} from '../verdict.js';
import type {Verdict} from '../verdict.js';
import {OutputCoin} from './output-coin.js';
import type {Coin, Sats} from './transaction.js';
import {WireOutput} from './wire-transaction.js';

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
const WITNESS_KEY_HASH_TAG = 3;
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
    checkVersion(reader);
    return readCoin(reader);
  });
}

/** The coin of the row from where `reader` stands to `end`: for stores that keep many rows in one buffer. */
export function decodeStoredCoin(reader: ByteReader, end: number): Verdict<StoredCoin, 'coin-decode-failed'> {
  try {
    const coin = new StoredCoin(reader);
    return coin.end === end ? {ok: true, value: coin} : reject('coin-decode-failed', `ends at ${coin.end}, not at ${end}`);
  } catch (error) {
    if (error instanceof DecodeError) return reject('coin-decode-failed', error.message);
    throw error;
  }
}

export function writeCoin(writer: ByteWriter, coin: Coin): void {
  if (coin instanceof StoredCoin) {
    writer.range(coin.rows, coin.bodyAt, coin.end);
    return;
  }
  writeLeb128(writer, coin.height * 2 + (coin.isCoinbase ? 1 : 0));
  writeLeb128(writer, Number(coin.valueSats));
  if (coin instanceof OutputCoin && coin.output instanceof WireOutput) {
    writeScript(writer, coin.output.data, coin.output.scriptAt, coin.output.scriptSize);
  } else {
    const script = coin.scriptPubKey;
    writeScript(writer, script, 0, script.length);
  }
}

function writeScript(writer: ByteWriter, data: Uint8Array, at: number, size: number): void {
  const tag = templateTag(data, at, size);
  if (tag > 0) {
    const {prefix, hashSize} = SCRIPT_TEMPLATES[tag - 1]!;
    writer.u8(tag).range(data, at + prefix.length, at + prefix.length + hashSize);
  } else {
    writeLeb128(writer, RAW_TAG_MIN + size);
    writer.range(data, at, at + size);
  }
}

/** @throws DecodeError */
export function readCoin(reader: ByteReader): Coin {
  const code = readLeb128(reader);
  const valueSats = BigInt(readLeb128(reader));
  const tag = readScriptTag(reader);
  // A copy: a coin outlives the page or the undo record that it was read from.
  const scriptPubKey = readScript(reader.data, reader.skip(scriptBytes(tag)), tag);
  return {valueSats, scriptPubKey, height: Math.floor(code / 2), isCoinbase: code % 2 === 1};
}

function checkVersion(reader: ByteReader): void {
  const version = reader.u8();
  if (version !== COIN_VERSION) throw new DecodeError(`coin version ${version}`);
}

function readScriptTag(reader: ByteReader): number {
  const tag = readLeb128(reader);
  if (tag === 0) throw new DecodeError('script tag 0');
  return tag;
}

/** How many bytes of the script follow its tag. */
function scriptBytes(tag: number): number {
  return SCRIPT_TEMPLATES[tag - 1]?.hashSize ?? tag - RAW_TAG_MIN;
}

function readScript(data: Uint8Array, at: number, tag: number): Uint8Array {
  const template = SCRIPT_TEMPLATES[tag - 1];
  return template === undefined ? Uint8Array.prototype.slice.call(data, at, at + tag - RAW_TAG_MIN) : fillTemplate(template, data, at);
}

/**
 * A row as it was read, decoded as far as the rules of a block ask: numbers at once, the script when somebody looks at it.
 * A coin that is spent goes into the undo record as the bytes that it already is.
 */
export class StoredCoin implements Coin {
  readonly rows: Uint8Array;
  /** Behind the version byte. */
  readonly bodyAt: number;
  readonly end: number;
  readonly height: number;
  readonly isCoinbase: boolean;
  private readonly value: number;
  private readonly scriptTag: number;
  private readonly scriptAt: number;

  /**
   * @param reader - stands at the row; its bytes do not change as long as the coin lives.
   * @throws DecodeError
   */
  constructor(reader: ByteReader) {
    checkVersion(reader);
    this.rows = reader.data;
    this.bodyAt = reader.position;
    const code = readLeb128(reader);
    this.height = Math.floor(code / 2);
    this.isCoinbase = code % 2 === 1;
    this.value = readLeb128(reader);
    this.scriptTag = readScriptTag(reader);
    this.scriptAt = reader.position;
    reader.skip(scriptBytes(this.scriptTag));
    this.end = reader.position;
  }

  get valueSats(): Sats {
    return BigInt(this.value);
  }

  get scriptPubKey(): Uint8Array {
    return readScript(this.rows, this.scriptAt, this.scriptTag);
  }

  /** Pays to a witness key hash (BIP 141): most coins do, and their rules look at nothing else of the script. */
  get isWitnessKeyHash(): boolean {
    return this.scriptTag === WITNESS_KEY_HASH_TAG;
  }
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
function templateTag(data: Uint8Array, at: number, scriptSize: number): number {
  for (let tag = 1; tag <= SCRIPT_TEMPLATES.length; tag++) {
    const {prefix, hashSize, suffix, size} = SCRIPT_TEMPLATES[tag - 1]!;
    if (scriptSize === size && hasBytesAt(data, at, prefix) && hasBytesAt(data, at + prefix.length + hashSize, suffix)) return tag;
  }
  return 0;
}

function hasBytesAt(script: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (script[at + i] !== expected[i]) return false;
  return true;
}

/** The script again. Byte by byte: `set` with a view costs four times as much at these sizes. */
function fillTemplate({prefix, hashSize, suffix, size}: ScriptTemplate, data: Uint8Array, hashAt: number): Uint8Array {
  const script = new Uint8Array(size);
  let at = 0;
  for (let i = 0; i < prefix.length; i++) script[at++] = prefix[i]!;
  for (let i = 0; i < hashSize; i++) script[at++] = data[hashAt + i]!;
  for (let i = 0; i < suffix.length; i++) script[at++] = suffix[i]!;
  return script;
}
