/**
 * @module Byte layout of the ledger's rows. Decides nothing; `ledger-store.ts` decides when they are written.
 *
 *   journal   key u48 seq, big-endian → u8 version=1 ‖ text id ‖ u8 kind ‖ whole atMs ‖ u32 count ‖ count × (text account ‖ i64 sats)
 *   entry id  key id, ASCII → u48 seq, big-endian
 *   balance   key account, ASCII → i64 sats
 * Fields as in `accounting-rows.ts`; i64 is little-endian, two's complement.
 */
import {ByteWriter} from '../protocol/bytes/byte-writer.js';
import type {EntryKind, JournalEntry, Posting} from '../protocol/payout/ledger.js';
import type {Sats} from '../protocol/primitives/transaction.js';
import {readRow, readText, readWhole, writeText, writeWhole} from './accounting-rows.js';

const ROW_VERSION = 1;
/** By number in the row: append only. */
const KINDS: readonly EntryKind[] = [
  'block-credited', 'block-matured', 'block-orphaned', 'block-returned', 'pps-credit',
  'payout-planned', 'payout-sent', 'payout-settled', 'payout-cancelled', 'consolidation', 'write-off', 'operator',
];

export function encodeEntry(entry: JournalEntry): Uint8Array {
  const writer = new ByteWriter(64 + entry.id.length + entry.postings.length * 64);
  writer.u8(ROW_VERSION);
  writeText(writer, entry.id);
  writer.u8(KINDS.indexOf(entry.kind));
  writeWhole(writer, entry.atMs);
  writer.u32(entry.postings.length);
  for (const {account, sats} of entry.postings) {
    writeText(writer, account);
    writer.u64(BigInt.asUintN(64, sats));
  }
  return writer.finish();
}

/** @throws StorageError `database-corrupt` when the bytes are not an entry of this layout. */
export function decodeEntry(seq: number, bytes: Uint8Array): JournalEntry {
  return readRow(`journal entry ${seq}`, bytes, (reader) => {
    const id = readText(reader);
    const kind = KINDS[reader.u8()];
    if (kind === undefined) throw new RangeError('unknown kind');
    const atMs = readWhole(reader);
    const count = reader.u32();
    const postings: Posting[] = [];
    for (let i = 0; i < count; i += 1) postings.push({account: readText(reader), sats: reader.i64()});
    return {id, kind, atMs, postings};
  });
}

export function encodeBalance(sats: Sats): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, sats, true);
  return bytes;
}

/** @throws StorageError `database-corrupt` */
export function decodeBalance(account: string, bytes: Uint8Array): Sats {
  if (bytes.length !== 8) readRow(`balance of ${account}`, new Uint8Array(0), () => undefined);
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0, true);
}
