/**
 * @module Byte layout of the payouts' rows and of the wallet's coins. Decides nothing; `payout-store.ts` does.
 *
 *   payout    u8 version=1 ‖ whole id ‖ u8 kind ‖ u8 state ‖ u32 record version ‖ whole plannedAtMs ‖ whole changedAtMs ‖
 *             u32 count × payee ‖ u32 count × coin ‖ varbytes change script ‖ u8 count × attempt ‖ u32 settlements ‖
 *             u8 0 or 1 (confirmed): u8 attempt ‖ u32 height ‖ varbytes outbox (an entry of the journal; empty: none) ‖ text problem
 *   payee     text account ‖ varbytes script ‖ integer sats ‖ integer fee
 *   coin      32 txid ‖ u32 vout ‖ integer sats ‖ varbytes script ‖ u32 height ‖ u8 coinbase
 *   attempt   32 txid ‖ integer fee ‖ integer change ‖ u32 vsize ‖ whole madeAtMs ‖ varbytes signed transaction (empty: not yet)
 *   wallet coin   u8 version=1 ‖ coin ‖ u8 0 or 1 (spent): 32 txid ‖ u32 height
 *   settings  u8 version=1 ‖ u8 paused ‖ u8 0 or 1: whole lastRunAtMs
 *   position  u8 version=1 ‖ u32 height ‖ 32 block hash
 * Fields as in `accounting-rows.ts`.
 */
import type {PayoutSettings} from '../actors/payouts/ports.js';
import type {ByteReader} from '../protocol/bytes/byte-reader.js';
import {ByteWriter} from '../protocol/bytes/byte-writer.js';
import type {Payee, PayoutAttempt, PayoutEntry, PayoutRecord, PayoutStateName} from '../protocol/payout/payout-record.js';
import type {WalletCoin} from '../protocol/wallet/select-coins.js';
import type {TrackedCoin, WalletPosition} from '../protocol/wallet/tracked-coins.js';
import {readInteger, readRow, readText, readWhole, writeInteger, writeText, writeWhole} from './accounting-rows.js';
import {decodeEntry, encodeEntry} from './ledger-rows.js';

const ROW_VERSION = 1;
/** By number in the row: append only. */
const KINDS: readonly PayoutRecord['kind'][] = ['payout', 'consolidation'];
const STATES: readonly PayoutStateName[] = ['planned', 'recorded', 'signed', 'broadcast', 'confirmed', 'failed'];
const NO_BYTES = new Uint8Array(0);

export function encodePayout(record: PayoutRecord): Uint8Array {
  const writer = new ByteWriter(512 + record.payees.length * 100 + record.coins.length * 80);
  writer.u8(ROW_VERSION);
  writeWhole(writer, record.id);
  writer.u8(KINDS.indexOf(record.kind)).u8(STATES.indexOf(record.state)).u32(record.version);
  writeWhole(writer, record.plannedAtMs);
  writeWhole(writer, record.changedAtMs);
  writer.u32(record.payees.length);
  for (const payee of record.payees) writePayee(writer, payee);
  writer.u32(record.coins.length);
  for (const coin of record.coins) writeCoin(writer, coin);
  writer.varBytes(record.changeScript).u8(record.attempts.length);
  for (const attempt of record.attempts) writeAttempt(writer, attempt);
  writer.u32(record.settlements).u8(record.confirmed === undefined ? 0 : 1);
  if (record.confirmed !== undefined) writer.u8(record.confirmed.attempt).u32(record.confirmed.height);
  writer.varBytes(record.outbox === undefined ? NO_BYTES : encodeEntry(record.outbox));
  writeText(writer, record.problem ?? '');
  return writer.finish();
}

/** @throws StorageError `database-corrupt` when the bytes are not a payout of this layout. */
export function decodePayout(bytes: Uint8Array): PayoutRecord {
  return readRow('payout', bytes, (reader) => {
    const id = readWhole(reader);
    const kind = KINDS[reader.u8()];
    const state = STATES[reader.u8()];
    if (kind === undefined || state === undefined) throw new RangeError('unknown kind or state');
    const version = reader.u32();
    const plannedAtMs = readWhole(reader);
    const changedAtMs = readWhole(reader);
    const payees = readList(reader, reader.u32(), readPayee);
    const coins = readList(reader, reader.u32(), readCoin);
    const changeScript = reader.varBytes().slice();
    const attempts = readList(reader, reader.u8(), readAttempt);
    const settlements = reader.u32();
    const confirmed = reader.u8() === 1 ? {attempt: reader.u8(), height: reader.u32()} : undefined;
    const entry = reader.varBytes();
    const outbox = entry.length === 0 ? undefined : decodeEntry(id, entry) as PayoutEntry;
    const problem = readText(reader);
    return {
      id, kind, state, version, plannedAtMs, changedAtMs, payees, coins, changeScript, attempts, outbox, settlements, confirmed,
      problem: problem === '' ? undefined : problem,
    };
  });
}

export function encodeTrackedCoin(coin: TrackedCoin): Uint8Array {
  const writer = new ByteWriter(160);
  writer.u8(ROW_VERSION);
  writeCoin(writer, coin);
  writer.u8(coin.spentBy === undefined ? 0 : 1);
  if (coin.spentBy !== undefined) writer.bytes(coin.spentBy.txid).u32(coin.spentBy.height);
  return writer.finish();
}

/** @throws StorageError `database-corrupt` */
export function decodeTrackedCoin(bytes: Uint8Array): TrackedCoin {
  return readRow('wallet coin', bytes, (reader) => {
    const coin = readCoin(reader);
    return {...coin, spentBy: reader.u8() === 1 ? {txid: reader.bytes(32).slice(), height: reader.u32()} : undefined};
  });
}

export function encodeSettings({isPaused, lastRunAtMs}: PayoutSettings): Uint8Array {
  const writer = new ByteWriter(16);
  writer.u8(ROW_VERSION).u8(isPaused ? 1 : 0).u8(lastRunAtMs === undefined ? 0 : 1);
  if (lastRunAtMs !== undefined) writeWhole(writer, lastRunAtMs);
  return writer.finish();
}

/** @throws StorageError `database-corrupt` */
export function decodeSettings(bytes: Uint8Array): PayoutSettings {
  return readRow('payout settings', bytes, (reader) => ({isPaused: reader.u8() === 1, lastRunAtMs: reader.u8() === 1 ? readWhole(reader) : undefined}));
}

export function encodePosition({height, hash}: WalletPosition): Uint8Array {
  return new ByteWriter(64).u8(ROW_VERSION).u32(height).bytes(hash).finish();
}

/** @throws StorageError `database-corrupt` */
export function decodePosition(bytes: Uint8Array): WalletPosition {
  return readRow('wallet position', bytes, (reader) => ({height: reader.u32(), hash: reader.bytes(32).slice()}));
}

function writePayee(writer: ByteWriter, {account, scriptPubKey, sats, feeSats}: Payee): void {
  writeText(writer, account);
  writer.varBytes(scriptPubKey);
  writeInteger(writer, sats);
  writeInteger(writer, feeSats);
}

function readPayee(reader: ByteReader): Payee {
  return {account: readText(reader), scriptPubKey: reader.varBytes().slice(), sats: readInteger(reader), feeSats: readInteger(reader)};
}

function writeCoin(writer: ByteWriter, {outpoint, valueSats, scriptPubKey, height, isCoinbase}: WalletCoin): void {
  writer.bytes(outpoint.txid).u32(outpoint.vout);
  writeInteger(writer, valueSats);
  writer.varBytes(scriptPubKey).u32(height).u8(isCoinbase ? 1 : 0);
}

function readCoin(reader: ByteReader): WalletCoin {
  const outpoint = {txid: reader.bytes(32).slice(), vout: reader.u32()};
  return {outpoint, valueSats: readInteger(reader), scriptPubKey: reader.varBytes().slice(), height: reader.u32(), isCoinbase: reader.u8() === 1};
}

function writeAttempt(writer: ByteWriter, {txid, feeSats, changeSats, vsize, madeAtMs, signed}: PayoutAttempt): void {
  writer.bytes(txid);
  writeInteger(writer, feeSats);
  writeInteger(writer, changeSats);
  writer.u32(vsize);
  writeWhole(writer, madeAtMs);
  writer.varBytes(signed ?? NO_BYTES);
}

function readAttempt(reader: ByteReader): PayoutAttempt {
  const txid = reader.bytes(32).slice();
  const feeSats = readInteger(reader);
  const changeSats = readInteger(reader);
  const vsize = reader.u32();
  const madeAtMs = readWhole(reader);
  const signed = reader.varBytes().slice();
  return {txid, feeSats, changeSats, vsize, madeAtMs, signed: signed.length === 0 ? undefined : signed};
}

function readList<T>(reader: ByteReader, count: number, read: (reader: ByteReader) => T): T[] {
  const items: T[] = [];
  for (let i = 0; i < count; i += 1) items.push(read(reader));
  return items;
}
