// Proves that shares which became totals are gone for every reader at once, that their rows leave the disk without the
// neighbours that share a row, and that numbers go on after everything was compacted and opened again.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {AccountingStore, ShareChunk, ShareRow} from '../../../src/actors/accounting/ports.js';
import {createMemoryAccountingStore} from '../../../src/storage/accounting-memory-store.js';
import {createAccountingStore} from '../../../src/storage/accounting-store.js';
import {openDatabase, type Database} from '../../../src/storage/open-database.js';
import {sharesByAccount} from '../../../src/storage/share-totals.js';
import {verifyAccounting} from '../../../src/storage/verify-accounting.js';
import {aTemporaryDirectory} from '../../support/temporary-directory.js';

const sums = suite('storage / share-sums-store');

function shares(first: number, last: number): ShareRow[] {
  return Array.from({length: last - first + 1}, (_, index): ShareRow => ({
    seq: first + index, account: `a${(first + index) % 3}`, minerName: '', work: BigInt(first + index), height: 1, atMs: 1, hash: new Uint8Array(32), isBlock: false,
  }));
}

function chunk(first: number, last: number): ShareChunk {
  const byAccount = new Map<string, {account: string; shares: number; work: bigint}>();
  for (const {account, work} of shares(first, last)) {
    const own = byAccount.get(account) ?? {account, shares: 0, work: 0n};
    byAccount.set(account, {account, shares: own.shares + 1, work: own.work + work});
  }
  return {firstSeq: first, lastSeq: last, sums: [...byAccount.values()]};
}

const seqs = (rows: Iterable<ShareRow>): number[] => [...rows].map(({seq}) => seq);

async function checkBoth(check: (store: AccountingStore, reopened: () => Promise<AccountingStore>) => Promise<void>): Promise<void> {
  const memory = createMemoryAccountingStore();
  await check(memory, async () => memory);
  const folder = aTemporaryDirectory();
  const open = (): Database => openDatabase({directory: folder.path, kind: 'accounting', chainName: 'regtest', formatVersion: 2});
  let database = open();
  await check(createAccountingStore(database), async () => {
    await database.close();
    database = open();
    return createAccountingStore(database);
  });
  await database.close();
  folder.dispose();
}

sums('what is in the totals is gone from the log, whoever reads', async () => {
  await checkBoth(async (first, reopened) => {
    // Rows of 1 to 4, 5 to 8 (over the chunk's end) and 9 to 10.
    for (const [from, to] of [[1, 4], [5, 8], [9, 10]] as const) await first.append({shares: shares(from, to)});
    const before = [...sharesByAccount(first)].sort();
    await first.append({sums: {add: chunk(1, 3)}});
    await first.append({sums: {add: chunk(4, 6)}});
    assert.ok(verifyAccounting(first).ok);
    await first.append({sums: {drop: chunk(1, 3)}});
    await first.append({sums: {drop: chunk(4, 6)}});
    while (first.sums.isTrimmable()) await first.append({sums: {trimSegments: 1}});
    for (const isReopened of [false, true]) {
      const store = isReopened ? await reopened() : first;
      assert.equal([store.firstShareSeq(), store.lastShareSeq(), store.sums.compactedSeq(), store.sums.lastChunkSeq()], [7, 10, 6, 6]);
      assert.equal(seqs(store.sharesFrom(1, 100)), [7, 8, 9, 10]);
      assert.equal(seqs(store.sharesFrom(8, 2)), [8, 9]);
      assert.equal(seqs(store.sharesBackwards(8)), [8, 7]);
      assert.equal(seqs(store.sharesBackwards(6)), []);
      assert.equal([...store.sums.chunks()], []);
      assert.equal([...sharesByAccount(store)].sort(), before);
      assert.ok(verifyAccounting(store).ok);
    }
  });
});

sums('numbers go on where nothing is left of the log', async () => {
  await checkBoth(async (first, reopened) => {
    await first.append({shares: shares(1, 6)});
    await first.append({sums: {drop: chunk(1, 6)}});
    const store = await reopened();
    assert.equal([store.firstShareSeq(), store.lastShareSeq()], [7, 6]);
    await store.append({shares: shares(7, 8)});
    assert.equal(seqs(store.sharesFrom(1, 100)), [7, 8]);
    assert.ok(verifyAccounting(store).ok);
  });
});

sums('rows leave the disk, but for one that holds a share of the log', async () => {
  const folder = aTemporaryDirectory();
  const database = openDatabase({directory: folder.path, kind: 'accounting', chainName: 'regtest', formatVersion: 2});
  const store = createAccountingStore(database);
  for (let seq = 1; seq <= 20; seq += 2) await store.append({shares: shares(seq, seq + 1)});
  await store.append({sums: {drop: chunk(1, 11)}});
  await store.append({sums: {trimSegments: 2}});
  assert.is(database.table('share-log').rowCount(), 8);
  await store.append({sums: {trimSegments: 100}});
  assert.is(database.table('share-log').rowCount(), 5, 'shares 11 and 12 are one row');
  assert.not(store.sums.isTrimmable());
  assert.equal(seqs(store.sharesFrom(1, 100)), [12, 13, 14, 15, 16, 17, 18, 19, 20]);
  await database.close();
  folder.dispose();
});

sums('verify-share-totals and verify-share-sums', async () => {
  const codeAfter = async (...changes: readonly object[]): Promise<string> => {
    const store = createMemoryAccountingStore();
    await store.append({shares: shares(1, 9)});
    for (const change of changes) await store.append({sums: change});
    const verdict = verifyAccounting(store);
    return verdict.ok ? 'ok' : verdict.code;
  };
  const wrong = (facts: object): ShareChunk => ({...chunk(1, 3), ...facts});
  assert.is(await codeAfter({add: chunk(1, 3)}), 'ok');
  assert.is(await codeAfter({add: chunk(4, 6)}), 'verify-share-sums', 'a gap');
  assert.is(await codeAfter({add: wrong({lastSeq: 30})}), 'verify-share-sums');
  assert.is(await codeAfter({add: wrong({sums: chunk(1, 3).sums.slice(1)})}), 'verify-share-sums');
  assert.is(await codeAfter({add: wrong({sums: chunk(1, 3).sums.map((sum) => ({...sum, work: sum.work + 1n}))})}), 'verify-share-sums');
  assert.is(await codeAfter({drop: chunk(1, 3)}), 'ok');
  assert.is(await codeAfter({drop: wrong({sums: chunk(1, 3).sums.slice(1)})}), 'verify-share-totals');
});

sums.run();
