// Proves that the history's store gives back what was written, in the order of places, and forgets a series in pieces:
// one suite over LMDB and over the memory twin; LMDB also across a close.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {HistoryBucket} from '../../../src/actors/statistics/messages.js';
import type {StatisticsStore} from '../../../src/actors/statistics/ports.js';
import {createMemoryStatisticsStore, openStatisticsStore, statisticsDatabase} from '../../../src/storage/statistics-store.js';
import {aTemporaryDirectory} from '../../support/temporary-directory.js';

const aBucket = (startSec: number): HistoryBucket => ({startSec, coveredSec: 59.5, hashes: 2 ** 70 + startSec, sharesAccepted: 12, sharesRejected: 3, connectedMax: 4});
const alice = {id: 7, name: 'bcrt1qalice', createdSec: 1_767_225_600, lastActiveSec: 1_767_229_200};

function keepsItsPromises(name: string, withStore: (use: (store: StatisticsStore) => Promise<void>) => Promise<void>): void {
  const store = suite(`storage / statistics-store / ${name}`);

  store('gives back series and buckets, a place written twice as it was last', () => withStore(async (kept) => {
    assert.equal(kept.series(), []);
    await kept.write({series: [alice], buckets: [0, 1, 2, 9].map((slot) => ({seriesId: 7, ring: 1, slot, bucket: aBucket(slot * 600)}))});
    await kept.write({series: [], buckets: [{seriesId: 7, ring: 1, slot: 1, bucket: aBucket(999_600)}, {seriesId: 8, ring: 1, slot: 2, bucket: aBucket(1)}]});
    assert.equal(kept.series(), [alice]);
    assert.equal([...kept.buckets(7, 1, {from: 0, to: 9})], [aBucket(0), aBucket(999_600), aBucket(1_200)]);
    assert.equal([...kept.buckets(7, 0, {from: 0, to: 100})], []);
    assert.equal(kept.bucket(7, 1, 9), aBucket(5_400));
    assert.is(kept.bucket(7, 1, 8), undefined);
  }));

  store('forgets a series piece by piece, its own row last', () => withStore(async (kept) => {
    await kept.write({series: [alice], buckets: Array.from({length: 10}, (_, slot) => ({seriesId: 7, ring: 2, slot, bucket: aBucket(slot)}))});
    await kept.write({series: [{...alice, id: 8}], buckets: [{seriesId: 8, ring: 0, slot: 0, bucket: aBucket(0)}]});
    assert.not.ok(await kept.forget(7, 6));
    assert.is(kept.series().length, 2);
    assert.ok(await kept.forget(7, 6));
    assert.equal(kept.series().map(({id}) => id), [8]);
    assert.is([...kept.buckets(7, 2, {from: 0, to: 100})].length, 0);
    assert.is([...kept.buckets(8, 0, {from: 0, to: 100})].length, 1);
  }));

  store.run();
}

const open = (directory: string): ReturnType<typeof openStatisticsStore> => openStatisticsStore(statisticsDatabase(directory, 'regtest'));

keepsItsPromises('memory', (use) => use(createMemoryStatisticsStore()));
keepsItsPromises('lmdb', async (use) => {
  const directory = aTemporaryDirectory();
  const kept = open(directory.path);
  await use(kept);
  await kept.close();
  directory.dispose();
});

const lmdb = suite('storage / statistics-store');
lmdb('is there after a close', async () => {
  const directory = aTemporaryDirectory();
  const first = open(directory.path);
  await first.write({series: [alice], buckets: [{seriesId: 7, ring: 0, slot: 3, bucket: aBucket(180)}]});
  await first.close();
  const second = open(directory.path);
  assert.equal(second.series(), [alice]);
  assert.equal(second.bucket(7, 0, 3), aBucket(180));
  await second.close();
  directory.dispose();
});
lmdb.run();
