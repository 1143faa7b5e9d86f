// Proves that the payouts' store keeps its promises: one suite runs over LMDB and over the memory twin. What LMDB adds
// (it survives a close and refuses damaged rows) is proved apart.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {PayoutStore, WalletStore} from '../../../src/actors/payouts/ports.js';
import type {PayoutRecord} from '../../../src/protocol/payout/payout-record.js';
import type {TrackedCoin} from '../../../src/protocol/wallet/tracked-coins.js';
import {openDatabase} from '../../../src/storage/open-database.js';
import {createMemoryPayoutStore, createMemoryWalletStore} from '../../../src/storage/payout-memory-store.js';
import {decodePayout, decodePosition, decodeSettings, decodeTrackedCoin, encodePayout, encodePosition, encodeSettings, encodeTrackedCoin} from '../../../src/storage/payout-rows.js';
import {createPayoutStore, createWalletStore} from '../../../src/storage/payout-store.js';
import {aTemporaryDirectory} from '../../support/temporary-directory.js';

const hash = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const aCoin = (n: number, spentAt?: number): TrackedCoin => ({
  outpoint: {txid: hash(n), vout: n}, valueSats: 5_000_000_000n + BigInt(n), scriptPubKey: new Uint8Array(22).fill(n), height: n, isCoinbase: n % 2 === 0,
  spentBy: spentAt === undefined ? undefined : {txid: hash(200), height: spentAt},
});

function aRecord(id: number, facts: Partial<PayoutRecord> = {}): PayoutRecord {
  const {spentBy: _, ...coin} = aCoin(id);
  return {
    id, kind: 'payout', state: 'planned', version: 1, plannedAtMs: 1_767_225_600_000, changedAtMs: 1_767_225_600_001,
    payees: [{account: `account-${id % 2}`, scriptPubKey: new Uint8Array(22).fill(7), sats: 1_000n, feeSats: 3n}],
    coins: [coin], changeScript: new Uint8Array(22).fill(8),
    attempts: [{txid: hash(9), feeSats: 3n, changeSats: 70_000_000_000n, vsize: 141, madeAtMs: 1, signed: undefined}],
    outbox: {id: `payout/${id}/planned`, kind: 'payout-planned', atMs: 5, postings: [{account: 'payable/a', sats: 1_000n}, {account: 'paying/a', sats: -1_000n}]},
    settlements: 0, confirmed: undefined, problem: undefined, ...facts,
  };
}

const FULL = aRecord(3, {
  kind: 'consolidation', state: 'confirmed', version: 1, outbox: undefined, settlements: 2, confirmed: {attempt: 1, height: 812}, problem: 'bump-no-change', payees: [],
  attempts: [{...aRecord(1).attempts[0]!, signed: Uint8Array.of(1, 2, 3)}, {txid: hash(10), feeSats: 900n, changeSats: 0n, vsize: 110, madeAtMs: 2, signed: Uint8Array.of(4)}],
});

function keepsItsPromises(name: string, withStores: (use: (stores: {payouts: PayoutStore; wallet: WalletStore}) => Promise<void>) => Promise<void>): void {
  const store = suite(`storage / payout-store / ${name}`);

  store('gives records back as they were, newest first, by account and by kind', () => withStores(async ({payouts}) => {
    for (const record of [aRecord(1), aRecord(2), FULL]) await payouts.put(record);
    assert.equal([...payouts.records()], [aRecord(1), aRecord(2), FULL]);
    assert.equal(payouts.record(2), aRecord(2));
    assert.is(payouts.record(4), undefined);
    assert.equal(payouts.list({limit: 2}).map(({id}) => id), [3, 2]);
    assert.equal(payouts.list({limit: 9, before: 3}).map(({id}) => id), [2, 1]);
    assert.equal(payouts.list({limit: 9, account: 'account-1'}).map(({id}) => id), [1]);
    assert.equal(payouts.list({limit: 9, account: 'account-1', before: 1}), []);
    assert.equal(payouts.list({limit: 9, account: 'account-'}), []);
    assert.equal(payouts.list({limit: 9, kind: 'consolidation'}).map(({id}) => id), [3]);
  }));

  store('payout-fenced: only the next version is written', () => withStores(async ({payouts}) => {
    await payouts.put(aRecord(1));
    for (const version of [1, 3]) {
      try {
        await payouts.put(aRecord(1, {version}));
        assert.unreachable();
      } catch (error) {
        assert.is((error as {code?: string}).code, 'payout-fenced');
      }
    }
    await payouts.put(aRecord(1, {version: 2, state: 'recorded'}));
    assert.is(payouts.record(1)!.state, 'recorded');
  }));

  store('keeps the switch and the last run', () => withStores(async ({payouts}) => {
    assert.equal(payouts.settings(), {isPaused: false, lastRunAtMs: undefined});
    await payouts.putSettings({isPaused: true, lastRunAtMs: 77});
    assert.equal(payouts.settings(), {isPaused: true, lastRunAtMs: 77});
  }));

  store('keeps coins, their spenders and the way back', () => withStores(async ({wallet}) => {
    assert.is(wallet.position(), undefined);
    await wallet.commit({put: [aCoin(1), aCoin(2, 5)], removed: [], position: {height: 2, hash: hash(2)}, blocks: [{height: 1, hash: hash(1)}, {height: 2, hash: hash(2)}]});
    await wallet.commit({put: [aCoin(1, 3)], removed: [aCoin(2).outpoint], position: {height: 3, hash: hash(3)}, blocks: [{height: 3, hash: hash(3)}]});
    assert.equal([...wallet.coins()], [aCoin(1, 3)]);
    assert.equal(wallet.hashAt(1), hash(1));
    await wallet.commit({put: [aCoin(1)], removed: [], position: {height: 2, hash: hash(2)}, blocks: []});
    assert.equal(wallet.position(), {height: 2, hash: hash(2)});
    assert.is(wallet.hashAt(3), undefined);
    assert.equal([...wallet.coins()], [aCoin(1)]);
  }));

  store.run();
}

keepsItsPromises('memory', (use) => use({payouts: createMemoryPayoutStore(), wallet: createMemoryWalletStore()}));
keepsItsPromises('lmdb', async (use) => {
  const directory = aTemporaryDirectory();
  const database = openDatabase({directory: directory.path, kind: 'accounting', chainName: 'regtest', formatVersion: 2});
  try {
    await use({payouts: createPayoutStore(database), wallet: createWalletStore(database)});
  } finally {
    await database.close();
    directory.dispose();
  }
});

const rows = suite('storage / payout-rows');

rows('what is written reads the same, and a cut row is refused', () => {
  const cases: [Uint8Array, (bytes: Uint8Array) => unknown, unknown][] = [
    [encodePayout(FULL), decodePayout, FULL],
    [encodePayout(aRecord(1)), decodePayout, aRecord(1)],
    [encodeTrackedCoin(aCoin(4, 9)), decodeTrackedCoin, aCoin(4, 9)],
    [encodeSettings({isPaused: true, lastRunAtMs: 1}), decodeSettings, {isPaused: true, lastRunAtMs: 1}],
    [encodePosition({height: 7, hash: hash(7)}), decodePosition, {height: 7, hash: hash(7)}],
  ];
  for (const [bytes, decode, value] of cases) {
    assert.equal(decode(bytes), value);
    for (let size = 0; size < bytes.length; size += 1) assert.throws(() => decode(bytes.subarray(0, size)), (error: {code?: string}) => error.code === 'database-corrupt');
    assert.throws(() => decode(Uint8Array.from([...bytes, 0])), (error: {code?: string}) => error.code === 'database-corrupt');
  }
});

rows('they survive a close', async () => {
  const directory = aTemporaryDirectory();
  const options = {directory: directory.path, kind: 'accounting', chainName: 'regtest', formatVersion: 2};
  const first = openDatabase(options);
  await createPayoutStore(first).put(FULL);
  await createWalletStore(first).commit({put: [aCoin(1)], removed: [], position: {height: 1, hash: hash(1)}, blocks: []});
  await first.close();
  const second = openDatabase(options);
  assert.equal(createPayoutStore(second).record(3), FULL);
  assert.equal([...createWalletStore(second).coins()], [aCoin(1)]);
  await second.close();
  directory.dispose();
});

rows.run();
