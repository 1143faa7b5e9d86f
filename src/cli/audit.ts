/**
 * @module `pithead audit`: derives the pool's accounts again from what is on disk, offline, and says whether they agree.
 * Changes nothing. Exit code 0 when they do, 1 when not: then the first discrepancy is named.
 */
import {existsSync} from 'node:fs';
import {readConfig} from '../config.js';
import type {AccountingStore} from '../actors/accounting/ports.js';
import type {PayoutStore} from '../actors/payouts/ports.js';
import {COIN_NAMES} from '../protocol/chain/coins.js';
import {minerAccount} from '../protocol/payout/ledger.js';
import {accountingDatabase} from '../storage/accounting-folder.js';
import {createAccountingStore} from '../storage/accounting-store.js';
import {auditLedger, type LedgerVerdict} from '../storage/audit-ledger.js';
import {auditPayouts} from '../storage/audit-payouts.js';
import {auditPps} from '../storage/audit-pps.js';
import {auditSplits} from '../storage/audit-splits.js';
import {lockDirectory} from '../storage/directory-lock.js';
import {openDatabase, type Database} from '../storage/open-database.js';
import {createPayoutStore} from '../storage/payout-store.js';
import {sharesByAccount, type AccountShares} from '../storage/share-totals.js';
import {StorageError} from '../storage/storage-error.js';
import {verifyAccounting, type AccountingVerdict} from '../storage/verify-accounting.js';
import type {Command} from './command.js';
import {complain, print} from './print.js';

export const auditCommand: Command = {
  name: 'audit',
  summary: 'Derives a stopped pool\'s accounts again from its share log, blocks and journal, and names the first discrepancy.',
  usage: '[--data DIR | --config FILE] [--accounts] [--json]',
  flags: {
    data: {kind: 'text', value: 'DIR', doc: 'data folder. Default ./pithead-data'},
    config: {kind: 'text', value: 'FILE', doc: 'read the data folder from a config file'},
    accounts: {kind: 'switch', doc: 'shares, work and balances of each account, too'},
    json: {kind: 'switch', doc: 'one JSON object; satoshis and work are texts of digits'},
  },
  notes: ['Exit code 0 when all agrees, 1 when not or when there are no accounts. What the codes mean: docs/error-codes.md.'],
  takesWords: false,
  async run(_words, flags) {
    const {dataDir} = readConfig({file: flags.text('config'), sets: [], flags: flags.text('data') === undefined ? {} : {dataDir: flags.text('data')}});
    const isJson = flags.has('json');
    try {
      return await audited(dataDir, (books, chain) => {
        const report = audit(books, flags.has('accounts'));
        print(isJson ? JSON.stringify({...report, chain}, digits) : reportText(report, chain));
        return report.ok ? 0 : 1;
      });
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      if (isJson) print(JSON.stringify({ok: false, code: error.code, detail: error.message}));
      else complain(`pithead audit: ${error.message} (${error.code})`);
      return 1;
    }
  },
};

interface Books {
  readonly store: AccountingStore;
  readonly payoutStore: Pick<PayoutStore, 'records'>;
}

interface AccountReport extends AccountShares {
  readonly account: string;
  readonly pendingSats: bigint;
  readonly payableSats: bigint;
  readonly payingSats: bigint;
}

type AuditReport =
  | {readonly ok: false; readonly code: string; readonly detail: string | undefined}
  | {
    readonly ok: true;
    readonly shares: {readonly accepted: number; readonly work: bigint; readonly lastSeq: number};
    readonly blocks: Readonly<Record<'pending' | 'confirmed' | 'orphaned' | 'rejected', number>>;
    /** Of the found blocks: computed again, and of these with all shares of the window still in the log. */
    readonly splits: {readonly checked: number; readonly fromShares: number};
    /** Bookings of pay per share. */
    readonly perShare: {readonly bookings: number; readonly fromShares: number};
    /** Consolidations included. */
    readonly payouts: {readonly count: number; readonly unresolved: number};
    readonly ledger: Extract<LedgerVerdict, {ok: true}>['totals'];
    readonly journalEntries: number;
    readonly accounts?: readonly AccountReport[];
  };

function audit({store, payoutStore}: Books, withAccounts: boolean): AuditReport {
  const log: AccountingVerdict = verifyAccounting(store);
  if (!log.ok) return {ok: false, code: log.code, detail: log.detail};
  const ledger = auditLedger(store);
  if (!ledger.ok) return {ok: false, code: ledger.code, detail: ledger.detail};
  const splits = auditSplits(store);
  if (!splits.ok) return {ok: false, code: splits.code, detail: splits.detail};
  const perShare = auditPps(store);
  if (!perShare.ok) return {ok: false, code: perShare.code, detail: perShare.detail};
  const payouts = auditPayouts(store.ledger, payoutStore);
  if (!payouts.ok) return {ok: false, code: payouts.code, detail: payouts.detail};
  const byAccount = sharesByAccount(store);
  const blocks = {pending: 0, confirmed: 0, orphaned: 0, rejected: 0};
  for (const {status} of store.found.all()) blocks[status] += 1;
  let accepted = 0;
  let work = 0n;
  for (const sums of byAccount.values()) {
    accepted += sums.shares;
    work += sums.work;
  }
  return {
    ok: true, shares: {accepted, work, lastSeq: store.lastShareSeq()}, blocks, splits: {checked: splits.splitCount, fromShares: splits.windowCount}, perShare: {bookings: perShare.bookingCount, fromShares: perShare.checkedCount}, payouts: {count: payouts.payoutCount, unresolved: payouts.unresolvedCount}, ledger: ledger.totals, journalEntries: ledger.entryCount,
    ...(withAccounts && {accounts: accountReports(store, byAccount)}),
  };
}

/** Whoever worked or is owed something, by name. */
function accountReports(store: AccountingStore, byAccount: ReadonlyMap<string, AccountShares>): readonly AccountReport[] {
  const names = new Set(byAccount.keys());
  for (const claim of ['pending', 'payable', 'paying'] as const) {
    const prefix = minerAccount(claim, '');
    for (const {account} of store.ledger.balances({prefix})) names.add(account.slice(prefix.length));
  }
  return [...names].sort().map((account) => ({
    account, ...(byAccount.get(account) ?? {shares: 0, work: 0n}),
    pendingSats: -store.ledger.balanceOf(minerAccount('pending', account)),
    payableSats: -store.ledger.balanceOf(minerAccount('payable', account)),
    payingSats: -store.ledger.balanceOf(minerAccount('paying', account)),
  }));
}

/** The database knows its chain; nobody should have to say it. @throws StorageError */
async function audited(dataDir: string, use: (books: Books, chainName: string) => number): Promise<number> {
  // A pool that writes meanwhile would look like a discrepancy.
  const lock = existsSync(dataDir) ? lockDirectory(dataDir) : undefined;
  try {
    const {database, chainName} = openAnyAccounts(dataDir);
    try {
      return use({store: createAccountingStore(database), payoutStore: createPayoutStore(database)}, chainName);
    } finally {
      await database.close();
    }
  } finally {
    lock?.release();
  }
}

function openAnyAccounts(dataDir: string): {readonly database: Database; readonly chainName: string} {
  let wrongChain: StorageError | undefined;
  for (const name of COIN_NAMES) {
    try {
      return {database: openDatabase({...accountingDatabase(dataDir, name), readOnly: true}), chainName: name};
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'database-wrong-chain') throw error;
      wrongChain = error;
    }
  }
  throw wrongChain ?? new StorageError('database-missing', `there are no accounts in ${dataDir}`);
}

/** A satoshi more or less must not depend on a reader's floats. */
function digits(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

function reportText(report: AuditReport, chain: string): string {
  if (!report.ok) return `DOES NOT AGREE (${chain}): ${report.code}${report.detail === undefined ? '' : `: ${report.detail}`}`;
  const {shares, blocks, ledger} = report;
  return [
    `agrees (${chain}): ${shares.accepted} shares, ${report.journalEntries} journal entries`,
    `blocks    ${blocks.pending} pending, ${blocks.confirmed} confirmed, ${blocks.orphaned} orphaned, ${blocks.rejected} rejected`,
    `splits    ${report.splits.checked} computed again, ${report.splits.fromShares} from the shares themselves`,
    `payouts   ${report.payouts.count}, of which ${report.payouts.unresolved} under way`,
    `miners    ${ledger.pendingSats} pending, ${ledger.payableSats} payable, ${ledger.payingSats} being paid, ${ledger.debtSats} debts (satoshis)`,
    `pool      ${ledger.poolFeesSats} fees, ${ledger.poolDonationsSats} donations, ${ledger.poolRiskSats} risk, ${ledger.poolImmatureSats} immature`,
    `coins     ${ledger.coinbaseImmatureSats} immature, ${ledger.walletAvailableSats} available, ${ledger.walletInFlightSats} in flight`,
    `balances  add up to ${ledger.sumSats}`,
    ...(report.accounts ?? []).map(({account, shares: count, work, pendingSats, payableSats, payingSats}) =>
      `${account}  ${count} shares, work ${work}, ${pendingSats} pending, ${payableSats} payable, ${payingSats} being paid`),
  ].join('\n');
}
