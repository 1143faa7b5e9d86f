/**
 * @module Payouts and the wallet's coins on LMDB, in the accounting's environment: what was paid stands beside the ledger
 * that says so, and one copy of the folder holds both. Layout: `payout-rows.ts`, docs/storage-layout.md.
 *
 * A payout's row is on disk before `put` resolves. The coins may lag: what a crash loses is read from the chain again.
 */
import type {PayoutStore, WalletStore} from '../actors/payouts/ports.js';
import {outpointKey} from '../protocol/bytes/hash-key.js';
import type {PayoutRecord} from '../protocol/payout/payout-record.js';
import {segmentKey, seqOfSegmentKey} from './accounting-rows.js';
import type {Database, Table} from './open-database.js';
import {
  decodePayout, decodePosition, decodeSettings, decodeTrackedCoin, encodePayout, encodePosition, encodeSettings, encodeTrackedCoin,
} from './payout-rows.js';
import {StorageError} from './storage-error.js';

const SETTINGS_KEY = Buffer.from('settings');
const POSITION_KEY = Buffer.from('position');
const PRESENT = Uint8Array.of(1);
const ID_MAX = 2 ** 47;
/** As far back as a wallet finds its way after a reorganisation without reading everything again. */
const BLOCKS_KEPT = 1_000;

export function createPayoutStore(database: Database): PayoutStore {
  const payouts = database.table('payouts');
  const ofAccount = database.table('payouts-of-account');
  const state = database.table('payout-state');
  const read = (id: number): PayoutRecord | undefined => {
    const row = payouts.get(segmentKey(id));
    return row === undefined ? undefined : decodePayout(row);
  };
  return {
    *records() {
      for (const {value} of payouts.range()) yield decodePayout(value);
    },
    record: read,
    list({limit, before, account, kind}) {
      const found: PayoutRecord[] = [];
      const ids = account === undefined ? newestFirst(payouts, before) : newestOf(ofAccount, account, before);
      for (const id of ids) {
        if (found.length >= limit) break;
        const record = read(id);
        if (record !== undefined && (kind === undefined || record.kind === kind)) found.push(record);
      }
      return found;
    },
    settings() {
      const row = state.get(SETTINGS_KEY);
      return row === undefined ? {isPaused: false, lastRunAtMs: undefined} : decodeSettings(row);
    },
    async put(record) {
      assertNext(record, read(record.id));
      await database.batch((writer) => {
        writer.put(payouts, segmentKey(record.id), encodePayout(record));
        // Payees never change: the first version names them all.
        if (record.version === 1) for (const {account} of record.payees) writer.put(ofAccount, accountKey(account, record.id), PRESENT);
      });
      await database.flushed();
    },
    async putSettings(settings) {
      await database.batch((writer) => writer.put(state, SETTINGS_KEY, encodeSettings(settings)));
      await database.flushed();
    },
  };
}

function* newestFirst(payouts: Table, before: number | undefined): Iterable<number> {
  for (const {key} of payouts.range({...(before !== undefined && {to: segmentKey(before)}), reverse: true})) yield seqOfSegmentKey(key);
}

function* newestOf(ofAccount: Table, account: string, before = ID_MAX): Iterable<number> {
  for (const {key} of ofAccount.range({from: accountKey(account, 0), to: accountKey(account, before), reverse: true})) yield seqOfSegmentKey(key.subarray(key.length - 6));
}

/** A zero ends the account's name: none is the beginning of another. */
function accountKey(account: string, id: number): Uint8Array {
  return Buffer.concat([Buffer.from(account), Uint8Array.of(0), segmentKey(id)]);
}

/**
 * Between the read and the write nobody else writes: one process owns the folder, and its writers are in this thread. A
 * writer that was replaced while its write was under way finds a version that it does not know.
 */
export function assertNext(record: PayoutRecord, stored: PayoutRecord | undefined): void {
  if (record.version === (stored?.version ?? 0) + 1) return;
  throw new StorageError('payout-fenced', `payout ${record.id}: version ${record.version} does not follow ${stored?.version ?? 0}; somebody else has written it`);
}

export function createWalletStore(database: Database): WalletStore {
  const coins = database.table('wallet-coins');
  const blocks = database.table('wallet-blocks');
  const state = database.table('payout-state');
  return {
    position() {
      const row = state.get(POSITION_KEY);
      return row === undefined ? undefined : decodePosition(row);
    },
    hashAt: (height) => blocks.get(heightKey(height)),
    *coins() {
      for (const {value} of coins.range()) yield decodeTrackedCoin(value);
    },
    async commit({put, removed, position, blocks: passed}) {
      await database.batch((writer) => {
        for (const outpoint of removed) writer.remove(coins, outpointKey(outpoint));
        for (const coin of put) writer.put(coins, outpointKey(coin.outpoint), encodeTrackedCoin(coin));
        for (const {key} of blocks.range({from: heightKey(position.height + 1)})) writer.remove(blocks, key);
        for (const {key} of blocks.range({to: heightKey(Math.max(0, position.height - BLOCKS_KEPT))})) writer.remove(blocks, key);
        for (const {height, hash} of [...passed, position]) writer.put(blocks, heightKey(height), hash);
        writer.put(state, POSITION_KEY, encodePosition(position));
      });
    },
  };
}

function heightKey(height: number): Uint8Array {
  const key = Buffer.alloc(4);
  key.writeUInt32BE(height);
  return key;
}
