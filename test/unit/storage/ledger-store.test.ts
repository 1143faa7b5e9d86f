// Proves that both ledgers answer alike and keep their word: balances are the sums of the journal, an id is booked once,
// pages meet without a gap, and everything is there after the database was opened again.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import type {AccountingStore} from '../../../src/actors/accounting/ports.js';
import {balancesAfter, ledgerTotals, normalised, type JournalEntry} from '../../../src/protocol/payout/ledger.js';
import {createMemoryAccountingStore} from '../../../src/storage/accounting-memory-store.js';
import {createAccountingStore} from '../../../src/storage/accounting-store.js';
import {openDatabase, type Database} from '../../../src/storage/open-database.js';
import {aTemporaryDirectory} from '../../support/temporary-directory.js';

interface Stores {
  readonly memory: AccountingStore;
  readonly durable: AccountingStore;
  reopen(): Promise<AccountingStore>;
  close(): Promise<void>;
}

function theStores(): Stores {
  const folder = aTemporaryDirectory();
  const open = (): Database => openDatabase({directory: folder.path, kind: 'accounting', chainName: 'regtest', formatVersion: 1});
  let database = open();
  return {
    memory: createMemoryAccountingStore(),
    durable: createAccountingStore(database),
    async reopen() {
      await database.close();
      database = open();
      return createAccountingStore(database);
    },
    async close() {
      await database.close();
      folder.dispose();
    },
  };
}

function anEntry(number: number, account: string, sats: bigint): JournalEntry {
  return {id: `payout/${number}`, kind: 'operator', atMs: 1_800_000_000_000 + number, postings: [{account: `payable/${account}`, sats: -sats}, {account: 'wallet/available', sats}]};
}

const ledger = suite('storage / ledger-store');

ledger('both answer alike: balances, totals, pages, journal, ids', async () => {
  const stores = theStores();
  const entries = [anEntry(1, 'b', 5n), anEntry(2, 'a', 7n), anEntry(3, 'b', -5n), anEntry(4, 'c', 9n), anEntry(2, 'a', 7n)];
  for (const store of [stores.memory, stores.durable]) {
    await store.append({entries: entries.slice(0, 2)});
    await store.append({entries: entries.slice(2)});
  }
  for (const which of ['memory', 'durable', 'reopened'] as const) {
    const {ledger: own} = which === 'reopened' ? await stores.reopen() : stores[which];
    assert.is(own.balanceOf('payable/a'), -7n);
    assert.is(own.balanceOf('payable/b'), 0n);
    assert.is(own.balanceOf('wallet/available'), 16n);
    assert.equal([...own.balances({prefix: 'payable/'})], [{account: 'payable/a', sats: -7n}, {account: 'payable/c', sats: -9n}], 'zero is no row');
    assert.equal([...own.balances({prefix: 'payable/', after: 'payable/a'})].map(({account}) => account), ['payable/c']);
    assert.equal([...own.balances({prefix: 'payable/', after: 'pay'})].length, 2, 'before the prefix is nothing of it');
    assert.is(own.totals().payableSats, 16n);
    assert.is(own.totals().sumSats, 0n);
    assert.is(own.lastEntrySeq(), 4, 'an id is booked once');
    assert.equal(own.entriesFrom(2, 2), [{seq: 2, entry: entries[1]!}, {seq: 3, entry: entries[2]!}]);
    assert.equal([...own.entriesBackwards(3)].map(({seq}) => seq), [3, 2, 1]);
    assert.equal(own.entry('payout/3'), entries[2]);
    assert.is(own.entry('payout/5'), undefined);
  }
  await stores.close();
});

ledger('an id in one write twice is booked once', async () => {
  const stores = theStores();
  for (const store of [stores.memory, stores.durable]) {
    await store.append({entries: [anEntry(1, 'a', 5n), anEntry(1, 'a', 5n)]});
    assert.is(store.ledger.balanceOf('payable/a'), -5n);
  }
  await stores.close();
});

ledger('balances are the sum of the journal after any history', async () => {
  const stores = theStores();
  let number = 0;
  await fc.assert(fc.asyncProperty(fc.array(fc.record({account: fc.constantFrom('a', 'b', 'c'), sats: fc.bigInt(-9n, 9n).filter((sats) => sats !== 0n)}), {maxLength: 6}), async (facts) => {
    const entries = facts.map(({account, sats}) => anEntry((number += 1), account, sats));
    for (const store of [stores.memory, stores.durable]) {
      await store.append({entries});
      const journal = store.ledger.entriesFrom(1, 1_000_000).map(({entry}) => entry);
      const sums = normalised([...balancesAfter(journal, () => 0n)].map(([account, sats]) => ({account, sats})));
      assert.equal([...store.ledger.balances({prefix: ''})], sums);
      assert.equal(store.ledger.totals(), ledgerTotals(sums), 'running totals are those of the balances');
      assert.is(store.ledger.totals().sumSats, 0n);
    }
  }), {numRuns: 25});
  await stores.close();
});

ledger.run();
