/**
 * @module A block's bytes to a `Block` in time slices: 2,000 transactions, each hashed twice, take 6 to 7 ms at once.
 * The outcome is that of `decodeBlock` in protocol/primitives; a test compares the two.
 */
import {ByteReader, DecodeError} from '../../protocol/bytes/byte-reader.js';
import {HEADER_SIZE, readHeader} from '../../protocol/primitives/block-codec.js';
import type {Block} from '../../protocol/primitives/block.js';
import {readTransactions, transactionListSize} from '../../protocol/primitives/transaction-codec.js';
import type {Transaction} from '../../protocol/primitives/transaction.js';
import {reject} from '../../protocol/verdict.js';
import type {Verdict} from '../../protocol/verdict.js';
import type {TimeSlices} from './time-slices.js';

/** Version 4, two empty lists, lock time 4: bounds the count before anything is allocated. */
const TRANSACTION_SIZE_MIN = 10;

export async function decodeBlockInSlices(bytes: Uint8Array, slices: TimeSlices): Promise<Verdict<Block, 'block-decode-failed'>> {
  try {
    const reader = new ByteReader(bytes);
    const header = readHeader(reader);
    const count = reader.count(TRANSACTION_SIZE_MIN);
    const transactions: Transaction[] = [];
    while (!readSlice(reader, {transactions, count}, slices)) await slices.next();
    if (reader.position !== bytes.length) return reject('block-decode-failed', `${bytes.length - reader.position} bytes left over`);
    const strippedSize = HEADER_SIZE + transactionListSize(transactions.map((transaction) => transaction.strippedSize));
    return {ok: true, value: {header, transactions, bytes, strippedSize}};
  } catch (error) {
    if (error instanceof DecodeError) return reject('block-decode-failed', error.message);
    throw error;
  }
}

/**
 * Reads until the slice is spent, which the last transactions may also do. @returns whether nothing is left. A function of its own, because
 * the engine runs a loop with an `await` in it interpreted again after each of them.
 */
function readSlice(
  reader: ByteReader, {transactions, count}: {readonly transactions: Transaction[]; readonly count: number}, slices: TimeSlices,
): boolean {
  while (transactions.length < count) {
    transactions.push(...readTransactions(reader, count - transactions.length));
    if (slices.isSpent()) return false;
  }
  return true;
}
