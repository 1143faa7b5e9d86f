// Proves that the audit of the ledger passes what the pool books, and that it can fail: a discrepancy of each kind is
// planted in what the store answers, and the audit names that kind.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {AccountingStore, FoundBlockRow, JournalRow, LedgerStore} from '../../../src/actors/accounting/ports.js';
import type {JournalEntry} from '../../../src/protocol/payout/ledger.js';
import {auditLedger} from '../../../src/storage/audit-ledger.js';
import {StorageError} from '../../../src/storage/storage-error.js';
import {aPoolWithBlock, foundAs} from '../../support/accounting-pool.js';

/** A block that matured, left the chain and returned, and a payout that is reserved: six entries. */
async function aStore(): Promise<AccountingStore> {
  const pool = await aPoolWithBlock();
  const happen = async (event: object): Promise<void> => {
    pool.sim.system.events.publish(event as {type: string});
    await pool.sim.runUntilIdle();
  };
  const block = {header: {hash: pool.store.found.all()[0]!.hash}};
  await happen({type: 'chain.tipChanged', tip: {height: 7}});
  await happen({type: 'chain.blockDisconnected', height: 5, block});
  await happen({type: 'chain.blockConnected', height: 5, block});
  const reserve = pool.ask({type: 'accounting.postEntry', entry: {
    id: 'payout/1', kind: 'payout-planned', atMs: 1, postings: [{account: 'payable/bob', sats: 5n}, {account: 'paying/bob', sats: -5n}],
  }});
  await pool.sim.runUntilIdle();
  await reserve;
  return pool.store.inner;
}

const audit = suite('storage / audit-ledger');

audit('what the pool books agrees', async () => {
  const verdict = auditLedger(await aStore());
  assert.ok(verdict.ok);
  assert.is(verdict.entryCount, 5);
  assert.is(verdict.totals.payingSats, 5n);
  assert.is(verdict.totals.sumSats, 0n);
});

interface Damage {
  readonly ledger?: Partial<LedgerStore>;
  readonly row?: Partial<FoundBlockRow>;
  readonly blocks?: readonly FoundBlockRow[];
}

async function codeAfter(damage: (store: AccountingStore) => Damage): Promise<string> {
  const store = await aStore();
  const {ledger = {}, row = {}, blocks} = damage(store);
  const own: LedgerStore = {
    balanceOf: (account) => store.ledger.balanceOf(account), balances: (query) => store.ledger.balances(query), totals: () => store.ledger.totals(),
    entry: (id) => store.ledger.entry(id), lastEntrySeq: () => store.ledger.lastEntrySeq(), entriesFrom: (seq, limit) => store.ledger.entriesFrom(seq, limit),
    entriesBackwards: (seq) => store.ledger.entriesBackwards(seq), ...ledger,
  };
  const verdict = auditLedger({...store, ledger: own, ...foundAs(blocks ?? store.found.all().map((block) => ({...block, ...row})))});
  return verdict.ok ? 'ok' : verdict.code;
}

/** The journal with one entry replaced, wherever it is looked up. */
function replaced(store: AccountingStore, seq: number, change: (entry: JournalEntry) => JournalEntry): Partial<LedgerStore> {
  const rows = store.ledger.entriesFrom(1, 100).map((row): JournalRow => (row.seq === seq ? {seq, entry: change(row.entry)} : row));
  return {
    entriesFrom: (from, limit) => rows.filter((row) => row.seq >= from).slice(0, limit),
    entry: (id) => rows.find(({entry}) => entry.id === id)?.entry,
  };
}

audit('the planting itself changes nothing', async () => {
  assert.is(await codeAfter(() => ({})), 'ok');
  assert.is(await codeAfter((store) => ({ledger: replaced(store, 2, (entry) => entry)})), 'ok');
});

audit('audit-journal-gap', async () => {
  for (const seq of [1, 3, 5]) {
    assert.is(await codeAfter(({ledger}) => ({ledger: {entriesFrom: (from, limit) => ledger.entriesFrom(from, limit).filter((row) => row.seq !== seq)}})), 'audit-journal-gap', `entry ${seq}`);
  }
});

audit('audit-journal-entry', async () => {
  assert.is(await codeAfter((store) => ({ledger: replaced(store, 1, (entry) => ({...entry, postings: entry.postings.slice(1)}))})), 'audit-journal-entry');
});

audit('audit-journal-id', async () => {
  assert.is(await codeAfter(({ledger}) => ({ledger: {entry: (id) => (id === 'payout/1' ? undefined : ledger.entry(id))}})), 'audit-journal-id');
  assert.is(await codeAfter(({ledger}) => ({ledger: {entry: (id) => ledger.entry(id === 'payout/1' ? ledger.entriesFrom(1, 1)[0]!.entry.id : id)}})), 'audit-journal-id');
});

audit('audit-block-entry', async () => {
  const moved = (entry: JournalEntry): JournalEntry => ({...entry, postings: entry.postings.map(({account, sats}) => ({account: account.replace('alice', 'mallory'), sats}))});
  assert.is(await codeAfter((store) => ({ledger: replaced(store, 2, moved)})), 'audit-block-entry', 'credited to somebody else');
  assert.is(await codeAfter((store) => ({ledger: replaced(store, 3, (entry) => ({...entry, kind: 'block-matured'}))})), 'audit-block-entry', 'matured twice');
  assert.is(await codeAfter((store) => ({ledger: replaced(store, 3, (entry) => ({...entry, kind: 'operator'}))})), 'audit-block-entry', 'no step of a block');
  assert.is(await codeAfter(() => ({row: {bookings: 5}})), 'audit-block-entry', 'one is missing');
  assert.is(await codeAfter(() => ({row: {booked: 'immature'}})), 'audit-block-entry');
  assert.is(await codeAfter(() => ({row: {feeSats: 1n}})), 'audit-block-entry', 'the row was changed behind the ledger\'s back');
});

audit('audit-block-status', async () => {
  for (const status of ['pending', 'orphaned', 'rejected'] as const) assert.is(await codeAfter(() => ({row: {status}})), 'audit-block-status', status);
});

audit('audit-block-unknown', async () => {
  assert.is(await codeAfter(() => ({blocks: []})), 'audit-block-unknown');
});

audit('audit-balance', async () => {
  const adding = (account: string, sats: bigint) => ({ledger}: AccountingStore): Damage => ({ledger: {
    balanceOf: (name) => ledger.balanceOf(name) + (name === account ? sats : 0n),
    *balances(query) {
      for (const row of ledger.balances(query)) yield row.account === account ? {account, sats: row.sats + sats} : row;
      if (ledger.balanceOf(account) === 0n) yield {account, sats};
    },
  }});
  for (const account of ['payable/alice', 'payable/mallory', 'wallet/available']) assert.is(await codeAfter(adding(account, -1n)), 'audit-balance', account);
  const hidden = ({ledger}: AccountingStore): Damage => ({ledger: {
    balanceOf: (name) => (name === 'payable/bob' ? 0n : ledger.balanceOf(name)),
    balances: (query) => [...ledger.balances(query)].filter(({account}) => account !== 'payable/bob'),
  }});
  assert.is(await codeAfter(hidden), 'audit-balance');
});

audit('audit-claim', async () => {
  const store = await aStore();
  await store.append({entries: [{id: 'x', kind: 'operator', atMs: 1, postings: [{account: 'paying/bob', sats: 6n}, {account: 'pool/equity', sats: -6n}]}]});
  const verdict = auditLedger(store);
  assert.is(verdict.ok ? 'ok' : verdict.code, 'audit-claim');
});

audit('a coinbase that paid a miner more than its credit is no discrepancy, now and when the block is mature', async () => {
  const pool = await aPoolWithBlock();
  pool.chain.activeHashes.add(8);
  const recorded = pool.recordBlock({hash: new Uint8Array(32).fill(8), height: 6, direct: [{account: 'bob', sats: 4_000_000_000n}, {account: 'alice', sats: 1_000_000n}]});
  await pool.sim.advance(3_000);
  assert.equal(await recorded, {ok: true});
  for (const height of [6, 9]) {
    pool.sim.system.events.publish({type: 'chain.tipChanged', tip: {height}} as {type: string});
    await pool.sim.runUntilIdle();
    assert.ok(auditLedger(pool.store).ok);
    assert.is((await pool.account('bob'))!.pendingSats, 0n);
  }
  assert.ok((await pool.account('bob'))!.debtSats > 0n);
});

audit('audit-sum', async () => {
  // Two wrong rows that hide from every other check: entry by entry the journal is balanced, so only the rows' sum can tell.
  const store = await aStore();
  const rows = [...store.ledger.balances({prefix: ''})];
  const verdict = auditLedger({...store, ledger: Object.assign(Object.create(store.ledger) as LedgerStore, {
    balances: () => [...rows, rows.find(({account}) => account === 'wallet/available')!], balanceOf: (account: string) => store.ledger.balanceOf(account),
    entry: (id: string) => store.ledger.entry(id), entriesFrom: (seq: number, limit: number) => store.ledger.entriesFrom(seq, limit), lastEntrySeq: () => store.ledger.lastEntrySeq(),
  })});
  assert.is(verdict.ok ? 'ok' : verdict.code, 'audit-sum');
});

audit('audit-row-corrupt', async () => {
  const torn = (): never => {
    throw new StorageError('database-corrupt', 'a row does not decode');
  };
  assert.is(await codeAfter(() => ({ledger: {entriesFrom: torn}})), 'audit-row-corrupt');
});

audit.run();
