/**
 * @module Byte layout of what a found block's credits follow from. Fields as in `accounting-rows.ts`.
 *
 *   split  key block hash → u8 version=1 ‖ u8 scheme ‖ u32 feePpm ‖ u32 donationPpm ‖ text donationAccount ‖ integer subsidy ‖
 *          integer windowWork ‖ whole firstSeq ‖ whole lastSeq ‖ integer firstWork ‖ varbytes root (32 or none) ‖
 *          u32 count ‖ count × (text account ‖ integer work)
 *   tree chunk  key u48 number of the 1,024 shares, big-endian → 32 root ‖ u128 work, little-endian
 */
import type {BlockSplitRow} from '../actors/accounting/ports.js';
import {ByteWriter} from '../protocol/bytes/byte-writer.js';
import {PAYOUT_SCHEMES} from '../protocol/payout/schemes.js';
import type {SumNode} from '../protocol/payout/share-tree.js';
import type {WorkOfAccount} from '../protocol/payout/split-reward.js';
import {readInteger, readRow, readText, readWhole, writeInteger, writeText, writeWhole} from './accounting-rows.js';

const ROW_VERSION = 1;
const TREE_CHUNK_BYTES = 48;

export function encodeSplit(split: BlockSplitRow): Uint8Array {
  const {terms} = split;
  const writer = new ByteWriter(160 + split.work.length * 72);
  writer.u8(ROW_VERSION).u8(PAYOUT_SCHEMES.indexOf(terms.scheme)).u32(terms.feePpm).u32(terms.donationPpm);
  writeText(writer, terms.donationAccount);
  writeInteger(writer, split.subsidySats);
  writeInteger(writer, split.windowWork);
  writeWhole(writer, split.firstSeq);
  writeWhole(writer, split.lastSeq);
  writeInteger(writer, split.firstWork);
  writer.varBytes(split.shareRoot ?? new Uint8Array(0)).u32(split.work.length);
  for (const {account, work} of split.work) {
    writeText(writer, account);
    writeInteger(writer, work);
  }
  return writer.finish();
}

/** @throws StorageError `database-corrupt` when the bytes are not a split of this layout. */
export function decodeSplit(hash: Uint8Array, bytes: Uint8Array): BlockSplitRow {
  return readRow('split of a block', bytes, (reader) => {
    const scheme = PAYOUT_SCHEMES[reader.u8()];
    if (scheme === undefined) throw new RangeError('unknown scheme');
    const terms = {scheme, feePpm: reader.u32(), donationPpm: reader.u32(), donationAccount: readText(reader)};
    const subsidySats = readInteger(reader);
    const windowWork = readInteger(reader);
    const firstSeq = readWhole(reader);
    const lastSeq = readWhole(reader);
    const firstWork = readInteger(reader);
    const root = reader.varBytes().slice();
    if (root.length !== 0 && root.length !== 32) throw new RangeError(`a root of ${root.length} bytes`);
    const count = reader.u32();
    const work: WorkOfAccount[] = [];
    for (let i = 0; i < count; i += 1) work.push({account: readText(reader), work: readInteger(reader)});
    return {hash, terms, subsidySats, windowWork, firstSeq, lastSeq, firstWork, work, shareRoot: root.length === 0 ? undefined : root};
  });
}

export function encodeTreeChunk({hash, work}: SumNode): Uint8Array {
  const bytes = new Uint8Array(TREE_CHUNK_BYTES);
  bytes.set(hash);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(32, BigInt.asUintN(64, work), true);
  view.setBigUint64(40, work >> 64n, true);
  return bytes;
}

/** @throws StorageError `database-corrupt` */
export function decodeTreeChunk(bytes: Uint8Array): SumNode {
  if (bytes.length !== TREE_CHUNK_BYTES) return readRow('root of a chunk of shares', new Uint8Array(0), () => ({hash: bytes, work: 0n}));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {hash: bytes.slice(0, 32), work: (view.getBigUint64(40, true) << 64n) | view.getBigUint64(32, true)};
}
