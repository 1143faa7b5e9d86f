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
const SCRIPT_TEMPLATES: readonly {readonly prefix: readonly number[]; readonly hashSize: number; readonly suffix: readonly number[]}[] = [
  {prefix: [0x76, 0xa9, 0x14], hashSize: 20, suffix: [0x88, 0xac]}, // P2PKH
  {prefix: [0xa9, 0x14], hashSize: 20, suffix: [0x87]}, // P2SH
  {prefix: [0x00, 0x14], hashSize: 20, suffix: []}, // P2WPKH
  {prefix: [0x00, 0x20], hashSize: 32, suffix: []}, // P2WSH
  {prefix: [0x51, 0x20], hashSize: 32, suffix: []}, // P2TR
];
const RAW_TAG_MIN = SCRIPT_TEMPLATES.length + 1;

export function encodeCoin(coin: Coin): Uint8Array {
  const writer = new ByteWriter(48).u8(COIN_VERSION);
  writeCoin(writer, coin);
  return writer.finish();
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
  const row = SCRIPT_TEMPLATES.findIndex((template) => matchesTemplate(script, template));
  if (row >= 0) {
    const {prefix, hashSize} = SCRIPT_TEMPLATES[row]!;
    writer.u8(row + 1).bytes(script.subarray(prefix.length, prefix.length + hashSize));
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
    : Uint8Array.from([...template.prefix, ...reader.bytes(template.hashSize), ...template.suffix]);
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

function matchesTemplate(script: Uint8Array, template: (typeof SCRIPT_TEMPLATES)[number]): boolean {
  const {prefix, hashSize, suffix} = template;
  return script.length === prefix.length + hashSize + suffix.length
    && prefix.every((byte, i) => script[i] === byte)
    && suffix.every((byte, i) => script[prefix.length + hashSize + i] === byte);
}
