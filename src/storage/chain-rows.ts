/**
 * @module The bytes of the chain's rows: keys and values of each table, as docs/storage-layout.md lists them.
 * Integers in keys are big-endian, so that LMDB's byte order is their order; in values little-endian, as on the wire.
 */
import type {CoinTotals, LogEntry, StoredHeader} from '../actors/chain/ports.js';
import type {Hash256} from '../protocol/primitives/transaction.js';
import {StorageError} from './storage-error.js';

const HEADER_SIZE = 80;
const HASH_SIZE = 32;
/** Order is the stored number: append only. */
const HEADER_STATUSES = ['headers-only', 'stored', 'connected', 'invalid'] as const satisfies readonly StoredHeader['status'][];
const HEADER_ROW_SIZE = HEADER_SIZE + 1 + 4 + 6;
const LOG_ROW_SIZE = 1 + 4 + HASH_SIZE;
const LOG_KINDS = ['connect', 'disconnect'] as const satisfies readonly LogEntry['kind'][];
const TWO_32 = 0x1_0000_0000;

/** height ‖ hash: a walk over the table meets parents before children. */
export function headerKey(height: number, hash: Hash256): Uint8Array {
  const key = new Uint8Array(4 + HASH_SIZE);
  viewOf(key).setUint32(0, height);
  key.set(hash, 4);
  return key;
}

export function encodeHeaderRow(entry: StoredHeader): Uint8Array {
  const row = new Uint8Array(HEADER_ROW_SIZE);
  row.set(entry.headerBytes);
  row[HEADER_SIZE] = HEADER_STATUSES.indexOf(entry.status);
  const view = viewOf(row);
  view.setUint32(HEADER_SIZE + 1, entry.txCount, true);
  view.setUint32(HEADER_SIZE + 5, entry.arrival % TWO_32, true);
  view.setUint16(HEADER_SIZE + 9, Math.floor(entry.arrival / TWO_32), true);
  return row;
}

export function decodeHeaderRow(key: Uint8Array, row: Uint8Array): {readonly hash: Hash256; readonly entry: StoredHeader} {
  const status = HEADER_STATUSES[row[HEADER_SIZE] ?? 0xff];
  if (key.length !== 4 + HASH_SIZE || row.length !== HEADER_ROW_SIZE || status === undefined) throw corrupt('headers');
  const view = viewOf(row);
  return {
    hash: key.slice(4),
    entry: {
      headerBytes: row.slice(0, HEADER_SIZE),
      height: viewOf(key).getUint32(0),
      status,
      txCount: view.getUint32(HEADER_SIZE + 1, true),
      arrival: view.getUint32(HEADER_SIZE + 5, true) + view.getUint16(HEADER_SIZE + 9, true) * TWO_32,
    },
  };
}

export function logKey(seq: number): Uint8Array {
  const key = new Uint8Array(8);
  const view = viewOf(key);
  view.setUint32(0, Math.floor(seq / TWO_32));
  view.setUint32(4, seq % TWO_32);
  return key;
}

export function encodeLogRow(entry: LogEntry): Uint8Array {
  const row = new Uint8Array(LOG_ROW_SIZE);
  row[0] = LOG_KINDS.indexOf(entry.kind);
  viewOf(row).setUint32(1, entry.height, true);
  row.set(entry.hash, 5);
  return row;
}

export function decodeLogRow(key: Uint8Array, row: Uint8Array): LogEntry {
  const kind = LOG_KINDS[row[0] ?? 0xff];
  if (key.length !== 8 || row.length !== LOG_ROW_SIZE || kind === undefined) throw corrupt('log');
  const keyView = viewOf(key);
  return {
    seq: keyView.getUint32(0) * TWO_32 + keyView.getUint32(4),
    kind,
    height: viewOf(row).getUint32(1, true),
    hash: row.slice(5),
  };
}

export function encodeTipRow(tip: {readonly hash: Hash256; readonly height: number}): Uint8Array {
  const row = new Uint8Array(HASH_SIZE + 4);
  row.set(tip.hash);
  viewOf(row).setUint32(HASH_SIZE, tip.height, true);
  return row;
}

export function decodeTipRow(row: Uint8Array): {readonly hash: Hash256; readonly height: number} {
  if (row.length !== HASH_SIZE + 4) throw corrupt('meta/tip');
  return {hash: row.slice(0, HASH_SIZE), height: viewOf(row).getUint32(HASH_SIZE, true)};
}

export function encodeTotalsRow(totals: CoinTotals): Uint8Array {
  const row = new Uint8Array(16);
  const view = viewOf(row);
  view.setBigUint64(0, BigInt(totals.coinCount), true);
  view.setBigUint64(8, totals.totalSats, true);
  return row;
}

export function decodeTotalsRow(row: Uint8Array): CoinTotals {
  if (row.length !== 16) throw corrupt('meta/totals');
  const view = viewOf(row);
  return {coinCount: Number(view.getBigUint64(0, true)), totalSats: view.getBigUint64(8, true)};
}

export function corrupt(table: string, detail = ''): StorageError {
  return new StorageError('database-corrupt', `A row of the table ${table} does not decode${detail === '' ? '' : `: ${detail}`}. Run pithead verify.`);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
