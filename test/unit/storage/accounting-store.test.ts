// Proves that the accounting's store keeps its promises: one suite runs over LMDB and over the memory twin. What LMDB
// adds (it survives a close and refuses damaged rows) is proved apart.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {AccountingStore, FoundBlockRow, ShareRow} from '../../../src/actors/accounting/ports.js';
import type {ExtranonceCounterStore} from '../../../src/actors/mining-pool/ports.js';
import {createMemoryAccountingStore, createMemoryExtranonceCounterStore} from '../../../src/storage/accounting-memory-store.js';
import {decodeFoundBlock, decodeSegment, encodeFoundBlock, encodeSegment} from '../../../src/storage/accounting-rows.js';
import {createAccountingStore, createExtranonceCounterStore} from '../../../src/storage/accounting-store.js';
import {createCandidateStore, createMemoryCandidateStore} from '../../../src/storage/candidate-store.js';
import type {CandidateStore} from '../../../src/actors/job-factory/ports.js';
import {openDatabase} from '../../../src/storage/open-database.js';
import {aTemporaryDirectory} from '../../support/temporary-directory.js';

function aShare(seq: number, facts: Partial<ShareRow> = {}): ShareRow {
  const hash = new Uint8Array(32).fill(seq % 251);
  return {seq, account: `account-${seq % 3}`, minerName: 'rig', work: BigInt(seq) << 40n, height: 100 + seq, atMs: 1_767_225_600_000 + seq, hash, isBlock: seq % 7 === 0, ...facts};
}

function shares(first: number, last: number): ShareRow[] {
  return Array.from({length: last - first + 1}, (_, index) => aShare(first + index));
}

function aBlock(facts: Partial<FoundBlockRow> = {}): FoundBlockRow {
  return {
    hash: new Uint8Array(32).fill(9), height: 7, shareSeq: 7, account: 'account-1', minerName: 'rig', foundAtSec: 1_767_225_607, rewardSats: 5_000_000_000n,
    feeSats: 50_000_000n, status: 'pending', roundWork: 1n << 90n, expectedWork: 1n << 80n, paysFinderDirectly: false,
    credits: [{account: 'account-1', sats: 4_950_000_000n}],
    donationSats: 0n, donationAccount: '', riskSats: 0n, booked: 'none', bookings: 0, ...facts,
  };
}

interface Stores {
  readonly accounting: AccountingStore;
  readonly counter: ExtranonceCounterStore;
  readonly candidates: CandidateStore;
}

function keepsItsPromises(name: string, withStores: (use: (stores: Stores) => Promise<void>) => Promise<void>): void {
  const store = suite(`storage / accounting-store / ${name}`);

  store('an empty log ends at zero and gives nothing', () => withStores(async ({accounting}) => {
    assert.is(accounting.lastShareSeq(), 0);
    assert.equal([...accounting.sharesBackwards(0)], []);
    assert.equal(accounting.sharesFrom(1, 10), []);
    assert.equal(accounting.found.all(), []);
  }));

  store('gives shares back in both directions, across group commits', () => withStores(async ({accounting}) => {
    await accounting.append({shares: shares(1, 5)});
    await accounting.append({shares: shares(6, 6)});
    await accounting.append({shares: shares(7, 20)});
    assert.is(accounting.lastShareSeq(), 20);
    assert.equal([...accounting.sharesBackwards(20)], shares(1, 20).reverse());
    assert.equal([...accounting.sharesBackwards(8)], shares(1, 8).reverse());
    assert.equal([...accounting.sharesBackwards(6)].length, 6);
    assert.equal(accounting.sharesFrom(5, 4), shares(5, 8));
    assert.equal(accounting.sharesFrom(1, 100), shares(1, 20));
    assert.equal(accounting.sharesFrom(21, 100), []);
  }));

  store('one commit of many thousand shares keeps every one', () => withStores(async ({accounting}) => {
    await accounting.append({shares: shares(1, 9_000)});
    assert.is([...accounting.sharesBackwards(9_000)].length, 9_000);
    assert.equal(accounting.sharesFrom(4_095, 4), shares(4_095, 4_098));
  }));

  store('refuses a gap and a repetition, and keeps what it had', () => withStores(async ({accounting}) => {
    await accounting.append({shares: shares(1, 3)});
    for (const wrong of [5, 3]) {
      const failure = await accounting.append({shares: [aShare(wrong)]}).then(() => undefined, (error: unknown) => error);
      assert.instance(failure, Error);
    }
    assert.is(accounting.lastShareSeq(), 3);
  }));

  store('a found block is replaced by its newer row', () => withStores(async ({accounting}) => {
    const other = aBlock({hash: new Uint8Array(32).fill(8), shareSeq: 3, height: 3, credits: [], paysFinderDirectly: true, status: 'rejected'});
    await accounting.append({blocks: [aBlock(), other]});
    await accounting.append({blocks: [aBlock({status: 'confirmed'})]});
    assert.equal(accounting.found.all(), [other, aBlock({status: 'confirmed'})]);
  }));

  store('the extranonce counter starts at zero and remembers', () => withStores(async ({counter}) => {
    assert.is(counter.load(), 0);
    await counter.save(4_096);
    assert.is(counter.load(), 4_096);
  }));

  store('a candidate is kept until it is removed, once per hash, oldest first', () => withStores(async ({candidates}) => {
    const row = {
      hash: new Uint8Array(32).fill(1), height: 5, blockBytes: new Uint8Array(300).fill(2), account: 'account-1', minerName: '', rewardSats: 1n,
      paysFinderDirectly: true, foundAtMs: 2_000,
    };
    const older = {...row, hash: new Uint8Array(32).fill(3), foundAtMs: 1_000};
    await candidates.put(row);
    await candidates.put(row);
    await candidates.put(older);
    assert.equal(candidates.pending(), [older, row]);
    await candidates.remove(row.hash);
    assert.equal(candidates.pending(), [older]);
  }));

  store.run();
}

keepsItsPromises('memory', (use) => use({accounting: createMemoryAccountingStore(), counter: createMemoryExtranonceCounterStore(), candidates: createMemoryCandidateStore()}));

keepsItsPromises('LMDB', async (use) => {
  const folder = aTemporaryDirectory();
  const database = openDatabase({directory: folder.path, kind: 'accounting', chainName: 'regtest', formatVersion: 1});
  try {
    await use({accounting: createAccountingStore(database), counter: createExtranonceCounterStore(database), candidates: createCandidateStore(database)});
  } finally {
    await database.close();
    folder.dispose();
  }
});

const durable = suite('storage / accounting-store / on disk');

durable('numbers go on after a close, and no share is missing', async () => {
  const folder = aTemporaryDirectory();
  const options = {directory: folder.path, kind: 'accounting', chainName: 'regtest', formatVersion: 1};
  const first = openDatabase(options);
  await createAccountingStore(first).append({shares: shares(1, 10), blocks: [aBlock()]});
  await createExtranonceCounterStore(first).save(77);
  await first.close();
  const second = openDatabase(options);
  const accounting = createAccountingStore(second);
  assert.is(accounting.lastShareSeq(), 10);
  await accounting.append({shares: shares(11, 12)});
  assert.equal([...accounting.sharesBackwards(12)], shares(1, 12).reverse());
  assert.equal(accounting.found.all(), [aBlock()]);
  assert.is(createExtranonceCounterStore(second).load(), 77);
  await second.close();
  folder.dispose();
});

durable('rows decode to what was encoded, names of any language and integers of any size included', () => {
  const odd = [
    aShare(1, {account: 'ä'.repeat(300), minerName: '', work: 0n, atMs: 0}),
    aShare(2, {work: (1n << 256n) - 1n, height: 0xffffffff, atMs: Number.MAX_SAFE_INTEGER}),
    aShare(3, {work: 0xffffffffn}), aShare(4, {work: 0x100000000n}),
  ];
  assert.equal(decodeSegment(1, encodeSegment(odd)), odd);
  assert.equal(decodeFoundBlock(encodeFoundBlock(aBlock())), aBlock());
});

durable('database-corrupt: a row cut short, too long, or of another version', () => {
  const bytes = encodeSegment(shares(1, 3));
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  const otherVersion = bytes.slice();
  otherVersion[0] = 2;
  for (const damaged of [bytes.slice(0, -1), longer, otherVersion, new Uint8Array(0)]) {
    assert.throws(() => decodeSegment(1, damaged), (error: unknown) => error instanceof Error && 'code' in error && error.code === 'database-corrupt');
  }
});

durable('shares that were not flushed were refused: their numbers and their place go to the next ones', async () => {
  const folder = aTemporaryDirectory();
  const database = openDatabase({directory: folder.path, kind: 'accounting', chainName: 'regtest', formatVersion: 1});
  let isFailing = true;
  const failing = new Proxy(database, {
    get: (target, name) => {
      if (name === 'flushed' && isFailing) return async () => Promise.reject(new Error('input/output error'));
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) as unknown : value;
    },
  });
  const accounting = createAccountingStore(failing);
  // More than one row holds: the rows behind the first are not written over by what comes next.
  assert.instance(await accounting.append({shares: shares(1, 5_000)}).then(() => undefined, (error: unknown) => error), Error);
  assert.is(accounting.lastShareSeq(), 0);
  isFailing = false;
  await accounting.append({shares: [aShare(1, {account: 'other'})]});
  await accounting.append({shares: shares(2, 3)});
  assert.equal(accounting.sharesFrom(1, 100).map(({account}) => account), ['other', ...shares(2, 3).map(({account}) => account)]);
  assert.is(createAccountingStore(database).lastShareSeq(), 3);
  await database.close();
  folder.dispose();
});

durable.run();
