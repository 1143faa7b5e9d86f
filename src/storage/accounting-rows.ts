/**
 * @module Byte layout of the accounting's rows. Decides nothing; the stores decide when they are written.
 *
 * Shares are kept in SEGMENTS: one row holds every share of one group commit, keyed by its first sequence number.
 * One LMDB put for many shares costs about what one put for one share does (limits.md, section 6), and the
 * distinct (account, miner) pairs of a segment are written once.
 *
 *   segment    u8 version=1 ‖ u32 shareCount ‖ u16 nameCount ‖ nameCount × (text account ‖ text minerName) ‖ shareCount × share
 *   share      u16 name index ‖ 32 hash ‖ u32 height ‖ whole atMs ‖ u8 flags (1 = block) ‖ integer work
 *   block      u8 version=2 ‖ 32 hash ‖ u32 height ‖ whole shareSeq ‖ text account ‖ text minerName ‖ whole foundAtSec ‖
 *              integer reward ‖ integer fee ‖ u8 status ‖ integer roundWork ‖ integer expectedWork ‖ u8 paysFinderDirectly ‖
 *              u32 creditCount ‖ creditCount × (text account ‖ integer sats) ‖ integer donation ‖ text donationAccount ‖
 *              integer risk ‖ u8 booked ‖ u32 bookings; version 1 ends with the credits
 *   candidate  u8 version=1 ‖ 32 hash ‖ u32 height ‖ varbytes block ‖ text account ‖ text minerName ‖ integer reward ‖
 *              u8 paysFinderDirectly ‖ whole foundAtMs
 *   text       CompactSize length ‖ UTF-8;   integer  CompactSize length ‖ little-endian magnitude;   whole  u64 below 2^53
 * Numbers are little-endian, but keys of segments: u48 sequence number, big-endian, so that they sort.
 */
import type {FoundBlockRow, ShareRow} from '../actors/accounting/ports.js';
import type {CandidateRow} from '../actors/job-factory/ports.js';
import type {BlockBooking} from '../protocol/payout/block-bookings.js';
import {ByteReader} from '../protocol/bytes/byte-reader.js';
import {ByteWriter} from '../protocol/bytes/byte-writer.js';
import {StorageError} from './storage-error.js';

const ROW_VERSION = 1;
/** 2 says what of the block stands in the ledger. */
const BLOCK_VERSION = 3;
const FLAG_IS_BLOCK = 1;
const TWO_POW_32 = 0x100000000;
const STATUSES: readonly FoundBlockRow['status'][] = ['pending', 'confirmed', 'orphaned', 'rejected'];
const BOOKINGS: readonly BlockBooking[] = ['none', 'immature', 'mature'];
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function segmentKey(firstSeq: number): Uint8Array {
  const key = Buffer.alloc(6);
  key.writeUIntBE(firstSeq, 0, 6);
  return key;
}

export function seqOfSegmentKey(key: Uint8Array): number {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).readUIntBE(0, 6);
}

/** `shares` have consecutive sequence numbers; at most 65,535 distinct names. */
export function encodeSegment(shares: readonly ShareRow[]): Uint8Array {
  /** By account, then by miner: a key joined of both would be made and hashed for each share. */
  const indexOf = new Map<string, Map<string, number>>();
  const firsts: ShareRow[] = [];
  const nameIndexes = new Uint16Array(shares.length);
  for (let i = 0; i < shares.length; i += 1) {
    const share = shares[i]!;
    let ofAccount = indexOf.get(share.account);
    if (ofAccount === undefined) indexOf.set(share.account, ofAccount = new Map());
    let index = ofAccount.get(share.minerName);
    if (index === undefined) {
      index = firsts.push(share) - 1;
      ofAccount.set(share.minerName, index);
    }
    nameIndexes[i] = index;
  }
  const writer = new ByteWriter(64 + shares.length * 64 + firsts.length * 64);
  const work = new IntegerBytes();
  writer.u8(ROW_VERSION).u32(shares.length).u16(firsts.length);
  for (const first of firsts) {
    writeText(writer, first.account);
    writeText(writer, first.minerName);
  }
  for (let i = 0; i < shares.length; i += 1) {
    const share = shares[i]!;
    writer.u16(nameIndexes[i]!).range(share.hash, 0, share.hash.length).u32(share.height);
    writeWhole(writer, share.atMs);
    writer.u8(share.isBlock ? FLAG_IS_BLOCK : 0).bytes(work.of(share.work));
  }
  return writer.finish();
}

/** Shares of one commit are worth few different amounts: the bytes of the latest are kept. */
class IntegerBytes {
  #value: bigint | undefined;
  #bytes: Uint8Array = new Uint8Array(0);

  of(value: bigint): Uint8Array {
    if (value !== this.#value) {
      const writer = new ByteWriter(40);
      writeInteger(writer, value);
      this.#bytes = writer.finish();
      this.#value = value;
    }
    return this.#bytes;
  }
}

/** @throws StorageError `database-corrupt` when the bytes are not a segment of this layout. */
export function decodeSegment(firstSeq: number, bytes: Uint8Array): ShareRow[] {
  return readRow(`share segment ${firstSeq}`, bytes, (reader) => {
    const count = reader.u32();
    const nameCount = reader.u16();
    const names: {account: string; minerName: string}[] = [];
    for (let i = 0; i < nameCount; i += 1) names.push({account: readText(reader), minerName: readText(reader)});
    const shares: ShareRow[] = [];
    for (let i = 0; i < count; i += 1) {
      const name = names[reader.u16()];
      if (name === undefined) throw new RangeError(`share ${firstSeq + i} names nobody`);
      const hash = reader.bytes(32).slice();
      const height = reader.u32();
      const atMs = readWhole(reader);
      const isBlock = (reader.u8() & FLAG_IS_BLOCK) !== 0;
      shares.push({seq: firstSeq + i, account: name.account, minerName: name.minerName, work: readInteger(reader), height, atMs, hash, isBlock});
    }
    return shares;
  });
}

export function encodeFoundBlock(block: FoundBlockRow): Uint8Array {
  const writer = new ByteWriter(256 + block.credits.length * 80);
  writer.u8(BLOCK_VERSION).bytes(block.hash).u32(block.height);
  writeWhole(writer, block.shareSeq);
  writeText(writer, block.account);
  writeText(writer, block.minerName);
  writeWhole(writer, block.foundAtSec);
  writeInteger(writer, block.rewardSats);
  writeInteger(writer, block.feeSats);
  writer.u8(STATUSES.indexOf(block.status));
  writeInteger(writer, block.roundWork);
  writeInteger(writer, block.expectedWork);
  writer.u8(block.paysFinderDirectly ? 1 : 0).u32(block.credits.length);
  for (const credit of block.credits) {
    writeText(writer, credit.account);
    writeInteger(writer, credit.sats);
  }
  writeInteger(writer, block.donationSats);
  writeText(writer, block.donationAccount);
  writeInteger(writer, block.riskSats);
  writer.u8(BOOKINGS.indexOf(block.booked)).u32(block.bookings).u32(block.direct?.length ?? 0);
  for (const {account, sats} of block.direct ?? []) {
    writeText(writer, account);
    writeInteger(writer, sats);
  }
  return writer.finish();
}

/** @throws StorageError `database-corrupt` when the bytes are not a found block of this layout. */
export function decodeFoundBlock(bytes: Uint8Array): FoundBlockRow {
  return readRow('found block', bytes, (reader, version) => {
    const hash = reader.bytes(32).slice();
    const height = reader.u32();
    const shareSeq = readWhole(reader);
    const account = readText(reader);
    const minerName = readText(reader);
    const foundAtSec = readWhole(reader);
    const rewardSats = readInteger(reader);
    const feeSats = readInteger(reader);
    const status = STATUSES[reader.u8()];
    if (status === undefined) throw new RangeError('unknown status');
    const roundWork = readInteger(reader);
    const expectedWork = readInteger(reader);
    const paysFinderDirectly = reader.u8() === 1;
    const creditCount = reader.u32();
    const credits: {account: string; sats: bigint}[] = [];
    for (let i = 0; i < creditCount; i += 1) credits.push({account: readText(reader), sats: readInteger(reader)});
    const facts = {hash, height, shareSeq, account, minerName, foundAtSec, rewardSats, feeSats, status, roundWork, expectedWork, credits, paysFinderDirectly};
    // Before the ledger: nothing of it is booked, so the next start books what its status stands for.
    if (version === 1) return {...facts, donationSats: 0n, donationAccount: '', riskSats: 0n, booked: 'none', bookings: 0};
    const donation = {donationSats: readInteger(reader), donationAccount: readText(reader), riskSats: readInteger(reader)};
    const booked = BOOKINGS[reader.u8()];
    if (booked === undefined) throw new RangeError('unknown booking');
    const bookings = reader.u32();
    // Since version 3: what the coinbase paid itself.
    const directCount = version < 3 ? 0 : reader.u32();
    const direct: {account: string; sats: bigint}[] = [];
    // Not `Array.from`: it would make room for whatever number a damaged row announces.
    for (let i = 0; i < directCount; i += 1) direct.push({account: readText(reader), sats: readInteger(reader)});
    return {...facts, ...donation, booked, bookings, ...(direct.length > 0 && {direct})};
  }, BLOCK_VERSION);
}

export function encodeCandidate(row: CandidateRow): Uint8Array {
  const writer = new ByteWriter(row.blockBytes.length + 256);
  writer.u8(ROW_VERSION).bytes(row.hash).u32(row.height).varBytes(row.blockBytes);
  writeText(writer, row.account);
  writeText(writer, row.minerName);
  writeInteger(writer, row.rewardSats);
  writer.u8(row.paysFinderDirectly ? 1 : 0);
  writeWhole(writer, row.foundAtMs);
  return writer.finish();
}

/** @throws StorageError `database-corrupt` when the bytes are not a candidate of this layout. */
export function decodeCandidate(bytes: Uint8Array): CandidateRow {
  return readRow('block candidate', bytes, (reader) => {
    const hash = reader.bytes(32).slice();
    const height = reader.u32();
    const blockBytes = reader.varBytes().slice();
    const account = readText(reader);
    const minerName = readText(reader);
    const rewardSats = readInteger(reader);
    const paysFinderDirectly = reader.u8() === 1;
    return {hash, height, blockBytes, account, minerName, rewardSats, paysFinderDirectly, foundAtMs: readWhole(reader)};
  });
}

/** Rows are our own: one that does not decode means a damaged file, never something to skip. */
export function readRow<T>(what: string, bytes: Uint8Array, read: (reader: ByteReader, version: number) => T, versionMax = ROW_VERSION): T {
  try {
    const reader = new ByteReader(bytes);
    const version = reader.u8();
    if (version < 1 || version > versionMax) throw new RangeError(`layout version ${version}`);
    const row = read(reader, version);
    if (reader.remaining !== 0) throw new RangeError(`${reader.remaining} bytes left over`);
    return row;
  } catch (error) {
    throw new StorageError('database-corrupt', `A row of the accounting does not decode (${what}): ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

export function writeText(writer: ByteWriter, text: string): void {
  writer.varBytes(encoder.encode(text));
}

export function readText(reader: ByteReader): string {
  return decoder.decode(reader.varBytes());
}

/** A natural number below 2^53, without a bigint in between. */
export function writeWhole(writer: ByteWriter, value: number): void {
  const high = Math.floor(value / TWO_POW_32);
  writer.u32(value - high * TWO_POW_32).u32(high);
}

export function readWhole(reader: ByteReader): number {
  const low = reader.u32();
  return reader.u32() * TWO_POW_32 + low;
}

export function writeInteger(writer: ByteWriter, value: bigint): void {
  if (value < 0n) throw new RangeError(`negative integer ${value}`);
  const bytes: number[] = [];
  if (value <= 0xffffffffn) {
    for (let rest = Number(value); rest > 0; rest = Math.floor(rest / 256)) bytes.push(rest % 256);
  } else {
    for (let rest = value; rest > 0n; rest >>= 8n) bytes.push(Number(rest & 0xffn));
  }
  writer.varint(bytes.length);
  for (const byte of bytes) writer.u8(byte);
}

export function readInteger(reader: ByteReader): bigint {
  const bytes = reader.varBytes();
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i -= 1) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
}
