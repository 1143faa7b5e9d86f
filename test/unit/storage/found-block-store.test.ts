// Proves that both stores of found blocks answer alike, page by page; that counts and the list of open blocks follow every
// change; and that a database from before the indexes is read as it is and indexed with the next block.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import type {AccountingStore, FoundBlockRow} from '../../../src/actors/accounting/ports.js';
import {bookingOfStatus} from '../../../src/protocol/payout/block-bookings.js';
import {encodeFoundBlock} from '../../../src/storage/accounting-rows.js';
import {createMemoryAccountingStore} from '../../../src/storage/accounting-memory-store.js';
import {createAccountingStore} from '../../../src/storage/accounting-store.js';
import {openDatabase, type Database} from '../../../src/storage/open-database.js';
import {aTemporaryDirectory} from '../../support/temporary-directory.js';

const found = suite('storage / found-block-store');

function aBlock(number: number, facts: Partial<FoundBlockRow> = {}): FoundBlockRow {
  const status = facts.status ?? 'pending';
  return {
    hash: new Uint8Array(32).fill(number), height: 100 + number, shareSeq: number * 10, account: 'a', minerName: '', foundAtSec: 1, rewardSats: 5n, feeSats: 0n, roundWork: 1n,
    expectedWork: 1n, credits: [{account: 'a', sats: 5n}], paysFinderDirectly: false, donationSats: 0n, donationAccount: '', riskSats: 0n, booked: bookingOfStatus(status), bookings: 1,
    status, ...facts,
  };
}

const numbers = (rows: Iterable<FoundBlockRow>): number[] => [...rows].map(({hash}) => hash[0]!);

function aDatabase(): {readonly open: () => Database; dispose(): void} {
  const folder = aTemporaryDirectory();
  return {open: () => openDatabase({directory: folder.path, kind: 'accounting', chainName: 'regtest', formatVersion: 2}), dispose: () => folder.dispose()};
}

function facts(store: AccountingStore): unknown {
  const all = numbers(store.found.all());
  const middle = store.found.all()[Math.floor(all.length / 2)];
  return {
    all, backwards: numbers(store.found.backwards()), page: middle === undefined ? [] : numbers(store.found.backwards(middle)), open: numbers(store.found.open()),
    counts: store.found.counts(),
  };
}

found('both answer alike after any history of blocks and changes', async () => {
  const place = aDatabase();
  const changes = fc.array(fc.array(fc.record({number: fc.integer({min: 1, max: 12}), status: fc.constantFrom('pending' as const, 'confirmed' as const, 'orphaned' as const, 'rejected' as const)}), {minLength: 1, maxLength: 4}), {maxLength: 10});
  const database = place.open();
  const [durable, memory] = [createAccountingStore(database), createMemoryAccountingStore()];
  await fc.assert(fc.asyncProperty(changes, async (history) => {
    for (const change of history) {
      const blocks = change.map(({number, status}) => aBlock(number, {status}));
      for (const store of [durable, memory]) await store.append({blocks});
      assert.equal(facts(durable), facts(memory));
      const rows = memory.found.all();
      assert.equal(durable.found.counts(), {found: rows.length, standing: rows.filter(({status}) => status === 'pending' || status === 'confirmed').length});
      assert.equal(numbers(durable.found.open()), numbers(rows.filter(({status}) => status === 'pending')));
    }
  }), {numRuns: 10});
  await database.close();
  const reopened = place.open();
  assert.equal(facts(createAccountingStore(reopened)), facts(memory));
  await reopened.close();
  place.dispose();
});

found('a row that is not booked as its status says is open', async () => {
  const store = createMemoryAccountingStore();
  await store.append({blocks: [aBlock(1, {status: 'confirmed', booked: 'none'}), aBlock(2, {status: 'confirmed'})]});
  assert.equal(numbers(store.found.open()), [1]);
});

found('a database from before the indexes', async () => {
  const place = aDatabase();
  let database = place.open();
  const rows = [aBlock(3), aBlock(1, {status: 'confirmed'}), aBlock(2, {status: 'orphaned'})];
  await database.batch((writer) => {
    for (const row of rows) writer.put(database.table('found-blocks'), row.hash, encodeFoundBlock(row));
  });
  const expected = {all: [1, 2, 3], backwards: [3, 2, 1], page: [1], open: [3], counts: {found: 3, standing: 2}};
  assert.equal(facts(createAccountingStore(database)), expected);
  await createAccountingStore(database).append({blocks: [aBlock(4)]});
  await database.close();
  database = place.open();
  assert.equal(facts(createAccountingStore(database)), {all: [1, 2, 3, 4], backwards: [4, 3, 2, 1], page: [2, 1], open: [3, 4], counts: {found: 4, standing: 3}});
  assert.is(database.table('found-order').rowCount(), 4);
  await database.close();
  place.dispose();
});

found.run();
