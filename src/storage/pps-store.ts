/**
 * @module What pay per share keeps on LMDB: from which share which rate holds, how far shares are booked, and the fractions
 * of satoshis that are owed besides. Written by `stage` into the transaction of the entries.
 *
 *   rate    key u48 share number, big-endian → u8 version=1 ‖ integer expectedWork ‖ integer subsidy ‖ u32 feePpm ‖
 *           u32 donationPpm ‖ text donationAccount
 *   carry   key ledger account → u64 units of 2^-64 satoshi, little-endian; no row for zero
 *   booked  key `pps-booked` of `counters` → u48 share number, big-endian
 */
import type {PpsChange, PpsStore} from '../actors/accounting/ports.js';
import {ByteWriter} from '../protocol/bytes/byte-writer.js';
import type {PpsRate} from '../protocol/payout/pps.js';
import {readInteger, readRow, readText, segmentKey, seqOfSegmentKey, writeInteger, writeText} from './accounting-rows.js';
import type {BatchWriter, Database, Table} from './open-database.js';

const ROW_VERSION = 1;
const BOOKED_KEY = Buffer.from('pps-booked');
const encoder = new TextEncoder();

export class LmdbPpsStore implements PpsStore {
  readonly #rates: Table;
  readonly #carries: Table;
  readonly #counters: Table;

  constructor(database: Database) {
    this.#rates = database.table('pps-rates');
    this.#carries = database.table('pps-carries');
    this.#counters = database.table('counters');
  }

  stage(writer: BatchWriter, {carries, bookedSeq, rate}: PpsChange): void {
    for (const [account, carry] of carries) {
      const key = encoder.encode(account);
      if (carry === 0n) writer.remove(this.#carries, key);
      else writer.put(this.#carries, key, encodeCarry(carry));
    }
    if (bookedSeq !== undefined) writer.put(this.#counters, BOOKED_KEY, segmentKey(bookedSeq));
    if (rate !== undefined) writer.put(this.#rates, segmentKey(rate.fromSeq), encodeRate(rate.rate));
  }

  bookedSeq(): number {
    const value = this.#counters.get(BOOKED_KEY);
    return value === undefined ? 0 : seqOfSegmentKey(value);
  }

  carryOf(account: string): bigint {
    const value = this.#carries.get(encoder.encode(account));
    return value === undefined ? 0n : decodeCarry(value);
  }

  rateAt(seq: number): PpsRate | undefined {
    for (const {value} of this.#rates.range({to: segmentKey(Math.max(0, seq) + 1), reverse: true, limit: 1})) return decodeRate(value);
    return undefined;
  }
}

/** The same in memory, for tests and the simulator. */
export class MemoryPpsStore implements PpsStore {
  readonly #carries = new Map<string, bigint>();
  readonly #rates: {readonly fromSeq: number; readonly rate: PpsRate}[] = [];
  #bookedSeq = 0;

  add({carries, bookedSeq, rate}: PpsChange): void {
    for (const [account, carry] of carries) this.#carries.set(account, carry);
    if (bookedSeq !== undefined) this.#bookedSeq = bookedSeq;
    if (rate !== undefined) this.#rates.push(rate);
  }

  bookedSeq(): number {
    return this.#bookedSeq;
  }

  carryOf(account: string): bigint {
    return this.#carries.get(account) ?? 0n;
  }

  rateAt(seq: number): PpsRate | undefined {
    return this.#rates.findLast(({fromSeq}) => fromSeq <= seq)?.rate;
  }
}

export function encodeRate(rate: PpsRate): Uint8Array {
  const writer = new ByteWriter(96);
  writer.u8(ROW_VERSION);
  writeInteger(writer, rate.expectedWork);
  writeInteger(writer, rate.subsidySats);
  writer.u32(rate.feePpm).u32(rate.donationPpm);
  writeText(writer, rate.donationAccount);
  return writer.finish();
}

/** @throws StorageError `database-corrupt` */
export function decodeRate(bytes: Uint8Array): PpsRate {
  return readRow('rate of pay per share', bytes, (reader) => {
    const expectedWork = readInteger(reader);
    const subsidySats = readInteger(reader);
    return {expectedWork, subsidySats, feePpm: reader.u32(), donationPpm: reader.u32(), donationAccount: readText(reader)};
  });
}

function encodeCarry(carry: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, carry, true);
  return bytes;
}

function decodeCarry(bytes: Uint8Array): bigint {
  return bytes.length === 8 ? new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true) : readRow('carry', new Uint8Array(0), () => 0n);
}
