/**
 * @module Payouts and the wallet's coins in memory, for tests and the simulator: same answers as `payout-store.ts`.
 */
import type {PayoutSettings, PayoutStore, WalletStore} from '../actors/payouts/ports.js';
import {outpointMapKey} from '../protocol/bytes/hash-key.js';
import type {PayoutRecord} from '../protocol/payout/payout-record.js';
import type {Hash256} from '../protocol/primitives/transaction.js';
import type {TrackedCoin, WalletPosition} from '../protocol/wallet/tracked-coins.js';
import {assertNext} from './payout-store.js';

export function createMemoryPayoutStore(): PayoutStore {
  const records = new Map<number, PayoutRecord>();
  let settings: PayoutSettings = {isPaused: false, lastRunAtMs: undefined};
  return {
    records: () => [...records.values()],
    record: (id) => records.get(id),
    list: ({limit, before = Infinity, account, kind}) => [...records.values()].reverse()
      .filter((record) => record.id < before && (kind === undefined || record.kind === kind) && (account === undefined || record.payees.some((payee) => payee.account === account)))
      .slice(0, limit),
    settings: () => settings,
    async put(record) {
      assertNext(record, records.get(record.id));
      records.set(record.id, record);
    },
    async putSettings(next) {
      settings = next;
    },
  };
}

export function createMemoryWalletStore(): WalletStore {
  const coins = new Map<string, TrackedCoin>();
  const hashes = new Map<number, Hash256>();
  let position: WalletPosition | undefined;
  return {
    position: () => position,
    hashAt: (height) => hashes.get(height),
    coins: () => [...coins.values()],
    async commit(change) {
      for (const outpoint of change.removed) coins.delete(outpointMapKey(outpoint));
      for (const coin of change.put) coins.set(outpointMapKey(coin.outpoint), coin);
      for (const {height, hash} of [...change.blocks, change.position]) hashes.set(height, hash);
      for (const height of hashes.keys()) if (height > change.position.height) hashes.delete(height);
      position = change.position;
    },
  };
}
