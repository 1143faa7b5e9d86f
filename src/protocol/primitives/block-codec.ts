/**
 * @module Headers and blocks to bytes and back. Decides only whether bytes ARE a block; see `consensus/` for the rules.
 */
import {decodeWith} from '../bytes/byte-reader.js';
import type {ByteReader} from '../bytes/byte-reader.js';
import {ByteWriter} from '../bytes/byte-writer.js';
import {sha256d} from '../bytes/sha256.js';
import type {Verdict} from '../verdict.js';
import type {Block, BlockHeader} from './block.js';
import {readTransactions, transactionListSize} from './transaction-codec.js';
import type {Transaction} from './transaction.js';

export const HEADER_SIZE = 80;
// Version 4, two empty lists, lock time 4.
const TRANSACTION_SIZE_MIN = 10;

/** A header before it is hashed. */
export type HeaderFields = Omit<BlockHeader, 'hash'>;

export function decodeHeader(bytes: Uint8Array): Verdict<BlockHeader, 'header-decode-failed'> {
  return decodeWith(bytes, 'header-decode-failed', readHeader);
}

/** The 80 bytes, wire order. */
export function encodeHeader(fields: HeaderFields): Uint8Array {
  return new ByteWriter(HEADER_SIZE)
    .u32(fields.version).bytes(fields.previousHash).bytes(fields.merkleRoot)
    .u32(fields.timeSec).u32(fields.bits).u32(fields.nonce)
    .finish();
}

export function buildHeader(fields: HeaderFields): BlockHeader {
  return {...fields, hash: sha256d(encodeHeader(fields))};
}

export function decodeBlock(bytes: Uint8Array): Verdict<Block, 'block-decode-failed'> {
  return decodeWith(bytes, 'block-decode-failed', (reader) => {
    const header = readHeader(reader);
    const count = reader.count(TRANSACTION_SIZE_MIN);
    const transactions: Transaction[] = [];
    while (transactions.length < count) transactions.push(...readTransactions(reader, count - transactions.length));
    return {header, transactions, bytes, strippedSize: strippedBlockSize(transactions)};
  });
}

export function encodeBlock(header: BlockHeader, transactions: readonly Transaction[]): Block {
  const writer = new ByteWriter(HEADER_SIZE + transactionListSize(transactions.map((tx) => tx.bytes.length)));
  writer.bytes(encodeHeader(header)).varint(transactions.length);
  for (const transaction of transactions) writer.bytes(transaction.bytes);
  return {header, transactions, bytes: writer.finish(), strippedSize: strippedBlockSize(transactions)};
}

/** @throws DecodeError */
export function readHeader(reader: ByteReader): BlockHeader {
  const start = reader.position;
  const fields = {
    version: reader.i32(), previousHash: reader.bytes(32), merkleRoot: reader.bytes(32),
    timeSec: reader.u32(), bits: reader.u32(), nonce: reader.u32(),
  };
  return {...fields, hash: sha256d(reader.data.subarray(start, start + HEADER_SIZE))};
}

function strippedBlockSize(transactions: readonly Transaction[]): number {
  return HEADER_SIZE + transactionListSize(transactions.map((tx) => tx.strippedSize));
}
