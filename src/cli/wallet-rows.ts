/**
 * @module What `pithead wallet` shows of a pool's rows: read beside a running pool or after it, never written.
 */
import {hashToDisplayHex} from '../protocol/bytes/hex.js';
import type {CoinSpec} from '../protocol/chain/chain-spec.js';
import {isUnresolved, paidSats} from '../protocol/payout/payout-record.js';
import {lockKeys, TrackedCoins} from '../protocol/wallet/tracked-coins.js';
import type {PayoutStore, WalletStore} from '../actors/payouts/ports.js';
import {accountingDatabase} from '../storage/accounting-folder.js';
import {openDatabase} from '../storage/open-database.js';
import {createPayoutStore, createWalletStore} from '../storage/payout-store.js';

const PAYOUTS_SHOWN = 50;

export interface PoolRows {
  readonly payouts: PayoutStore;
  readonly wallet: WalletStore;
  readonly maturityBlocks: number;
  close(): Promise<void>;
}

/** @throws StorageError when no pool ever ran there. */
export function openPoolRows(dataDir: string, spec: CoinSpec): PoolRows {
  const database = openDatabase({...accountingDatabase(dataDir, spec.name), readOnly: true});
  return {payouts: createPayoutStore(database), wallet: createWalletStore(database), maturityBlocks: spec.coinbaseMaturityBlocks, close: () => database.close()};
}

export function balanceText({payouts, wallet, maturityBlocks}: PoolRows, isJson: boolean): string {
  const open = [...payouts.records()].filter(isUnresolved);
  const height = wallet.position()?.height ?? 0;
  const totals = new TrackedCoins(wallet.coins()).totals({tipHeight: height, maturityBlocks, locked: new Set(open.flatMap(({coins}) => lockKeys(coins)))});
  const facts = {height, ...totals};
  if (isJson) return JSON.stringify(facts, digits);
  return [
    `spendable  ${coinText(totals.spendableSats)}`, `immature   ${coinText(totals.immatureSats)}`, `locked     ${coinText(totals.lockedSats)}  (payouts under way: ${open.length})`,
    `coins      ${totals.coinCount}`, `as of      block ${height}`,
  ].join('\n');
}

export function coinsText({wallet}: PoolRows, isJson: boolean): string {
  const coins = [...wallet.coins()].filter(({spentBy}) => spentBy === undefined).map(({outpoint, valueSats, height, isCoinbase}) => ({
    txid: hashToDisplayHex(outpoint.txid), vout: outpoint.vout, valueSats, height, isCoinbase,
  })).sort((a, b) => a.height - b.height);
  if (isJson) return JSON.stringify(coins, digits);
  return coins.map(({txid, vout, valueSats, height, isCoinbase}) => `${txid}:${vout}  ${coinText(valueSats)}  block ${height}${isCoinbase ? '  coinbase' : ''}`).join('\n');
}

export function payoutsText({payouts}: PoolRows, isJson: boolean): string {
  const rows = payouts.list({limit: PAYOUTS_SHOWN}).map((record) => {
    const attempt = record.attempts[record.confirmed?.attempt ?? record.attempts.length - 1]!;
    return {
      id: record.id, kind: record.kind, state: record.state, plannedAt: new Date(record.plannedAtMs).toISOString(), txid: hashToDisplayHex(attempt.txid),
      paidSats: paidSats(record), feeSats: attempt.feeSats, payeeCount: record.payees.length, inputCount: record.coins.length, problem: record.problem ?? null,
    };
  });
  if (isJson) return JSON.stringify(rows, digits);
  return rows.map(({id, kind, state, plannedAt, txid, paidSats: paid, payeeCount, problem}) => `${id}  ${kind}  ${state}  ${plannedAt}  ${coinText(paid)} to ${payeeCount}  ${txid}${problem === null ? '' : `  ${problem}`}`).join('\n');
}

function coinText(sats: bigint): string {
  const whole = sats / 100_000_000n;
  return `${whole}.${(sats % 100_000_000n).toString().padStart(8, '0')}`;
}

function digits(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
