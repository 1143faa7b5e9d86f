/**
 * What must hold of a pool's payouts whatever happened to it, read from its files and from its chain: every payout in the
 * journal has its record and every record its entry, no coin is spent by two payouts that may both confirm, the chain pays
 * each address what the records of the payouts in it say, and what an account is owed and was paid is what it earned.
 */
import {REGTEST} from '../../src/protocol/chain/presets.js';
import {outpointMapKey} from '../../src/protocol/bytes/hash-key.js';
import {hashToDisplayHex} from '../../src/protocol/bytes/hex.js';
import {minerAccount} from '../../src/protocol/payout/ledger.js';
import type {JournalEntry} from '../../src/protocol/payout/ledger.js';
import {isUnresolved, partsOf, plannedEntry} from '../../src/protocol/payout/payout-record.js';
import type {PayoutRecord} from '../../src/protocol/payout/payout-record.js';
import {encodeTransaction} from '../../src/protocol/primitives/transaction-codec.js';
import {accountingDatabase} from '../../src/storage/accounting-folder.js';
import {createAccountingStore} from '../../src/storage/accounting-store.js';
import {openDatabase} from '../../src/storage/open-database.js';
import {createPayoutStore} from '../../src/storage/payout-store.js';

/** A pool that runs: where its files are, and how it is asked. */
export interface AskedPool {
  readonly dataDir: string;
  rpc<T>(method: string, ...params: readonly unknown[]): Promise<T>;
}

interface Books {
  readonly records: readonly PayoutRecord[];
  readonly journal: readonly JournalEntry[];
  readonly owed: (account: string) => bigint;
}

/** With the pool stopped, or beside it. */
export async function readBooks(dataDir: string): Promise<Books> {
  const database = openDatabase({...accountingDatabase(dataDir, REGTEST.name), readOnly: true});
  try {
    const {ledger} = createAccountingStore(database);
    const journal = ledger.entriesFrom(1, Number.MAX_SAFE_INTEGER).map(({entry}) => entry);
    const balances = new Map(journal.flatMap(({postings}) => postings).map(({account}) => [account, ledger.balanceOf(account)]));
    return {records: [...createPayoutStore(database).records()], journal, owed: (account) => -(balances.get(account) ?? 0n)};
  } finally {
    await database.close();
  }
}

/** With the pool stopped at any moment: nothing needs to be finished for this to hold. */
export function brokenPromises({records, journal}: Books): string[] {
  const problems: string[] = [];
  const entries = new Map(journal.map((entry) => [entry.id, entry]));
  const holders = new Map<string, number>();
  for (const record of records) {
    const planned = plannedEntry(record, record.plannedAtMs);
    const booked = planned === undefined ? undefined : entries.get(planned.id);
    const mustBeBooked = record.kind === 'payout' && record.state !== 'planned' && record.problem !== 'ledger-overdrawn';
    if (mustBeBooked && booked === undefined) problems.push(`payout ${record.id} is ${record.state} and nobody was debited`);
    if (booked !== undefined && String(booked.postings.map(({account, sats}) => `${account}${sats}`)) !== String(planned!.postings.map(({account, sats}) => `${account}${sats}`))) problems.push(`payout ${record.id} debited others than it pays`);
    for (const attempt of record.attempts) if (hashToDisplayHex(encodeTransaction(partsOf(record, attempt)).txid) !== hashToDisplayHex(attempt.txid)) problems.push(`payout ${record.id} changed after it was planned`);
    for (const {outpoint} of record.state === 'failed' ? [] : record.coins) {
      const key = outpointMapKey(outpoint);
      if (holders.has(key)) problems.push(`payouts ${holders.get(key)} and ${record.id} spend one coin`);
      holders.set(key, record.id);
    }
  }
  for (const id of entries.keys()) {
    const match = /^payout\/(\d+)\/planned$/.exec(id);
    if (match !== null && !records.some((record) => record.id === Number(match[1]))) problems.push(`payout ${match[1]} was debited and forgotten`);
  }
  return problems;
}

/** With the pool running: the chain against the records. @param accounts - all that mined. */
export async function unpaidOrPaidTwice(pool: AskedPool, accounts: readonly string[]): Promise<string[]> {
  const problems: string[] = [];
  const onChain = await spendsOnChain(pool, accounts);
  const {records, journal, owed} = await readBooks(pool.dataDir);
  const expected = new Map<string, bigint>();
  const known = new Set<string>();
  for (const record of records) {
    const found = record.attempts.map(({txid}) => hashToDisplayHex(txid)).filter((txid) => onChain.has(txid));
    if (found.length > 1) problems.push(`payout ${record.id} is on the chain ${found.length} times`);
    for (const txid of found) known.add(txid);
    if (record.state === 'confirmed' && found.length === 0) problems.push(`payout ${record.id} says confirmed and is not on the chain`);
    if (found.length === 0) continue;
    for (const {account, sats, feeSats} of record.payees) expected.set(account, (expected.get(account) ?? 0n) + sats - feeSats);
  }
  for (const [txid, paid] of onChain) if (paid.size > 0 && !known.has(txid)) problems.push(`${txid} pays miners and is no payout`);
  for (const account of accounts) {
    const received = [...onChain.values()].reduce((sum, paid) => sum + (paid.get(account) ?? 0n), 0n);
    if (received !== (expected.get(account) ?? 0n)) problems.push(`${account} received ${received}; its payouts on the chain say ${expected.get(account) ?? 0n}`);
    const earned = journal.filter(({id}) => id.startsWith('block/')).flatMap(({postings}) => postings).filter(({account: name}) => name === minerAccount('payable', account)).reduce((sum, {sats}) => sum - sats, 0n);
    const debited = records.filter(({state}) => state === 'confirmed').flatMap(({payees}) => payees).filter((payee) => payee.account === account).reduce((sum, {sats}) => sum + sats, 0n);
    const still = owed(minerAccount('payable', account)) + owed(minerAccount('paying', account));
    if (earned !== debited + still) problems.push(`${account} earned ${earned}, was paid ${debited} and is owed ${still}`);
  }
  return problems;
}

export function unresolvedCount({records}: Books): number {
  return records.filter((record) => isUnresolved(record) || record.outbox !== undefined).length;
}

/** Transactions of the active chain but coinbases: what each pays to these accounts. */
async function spendsOnChain(pool: AskedPool, accounts: readonly string[]): Promise<Map<string, Map<string, bigint>>> {
  const wanted = new Set(accounts);
  const spends = new Map<string, Map<string, bigint>>();
  const tip = await pool.rpc<number>('getblockcount');
  for (let height = 1; height <= tip; height += 1) {
    const hash = await pool.rpc<string>('getblockhash', height);
    const {tx} = await pool.rpc<{tx: {txid: string; vout: {value: number; scriptPubKey: {address?: string}}[]}[]}>('getblock', hash, 2);
    for (const {txid, vout} of tx.slice(1)) {
      const paid = new Map<string, bigint>();
      for (const {value, scriptPubKey: {address}} of vout) if (address !== undefined && wanted.has(address)) paid.set(address, (paid.get(address) ?? 0n) + BigInt(Math.round(value * 1e8)));
      spends.set(txid, paid);
    }
  }
  return spends;
}
