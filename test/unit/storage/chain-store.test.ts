// Proves that the LMDB store and its memory twin answer alike: the same suite runs over both. What only a disk can do
// (survive a reopening, refuse a foreign folder) is proved in open-database.test.ts.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {openChainStore} from '../../../src/storage/chain-store.js';
import type {OwnedChainStore} from '../../../src/storage/chain-store.js';
import {MemoryChainStore} from '../../../src/storage/memory-chain-store.js';
import type {StoredHeader} from '../../../src/actors/chain/ports.js';
import type {Coin, OutPoint} from '../../../src/protocol/primitives/transaction.js';
import {plainCoin} from '../../support/plain-transaction.js';
import {aTemporaryDirectory} from '../../support/temporary-directory.js';

const filled = (size: number, byte: number): Uint8Array => new Uint8Array(size).fill(byte);
const hash = (byte: number): Uint8Array => filled(32, byte);
const coinKey = (byte: number): Uint8Array => filled(36, byte);
const outpointAt = (key: Uint8Array): OutPoint => ({txid: key.slice(0, 32), vout: new DataView(key.buffer).getUint32(32, true)});

function aHeader(overrides: Partial<StoredHeader> = {}): StoredHeader {
  return {headerBytes: filled(80, 7), height: 0, arrival: 1, status: 'stored', txCount: 3, ...overrides};
}

function aCoin(overrides: Partial<Coin> = {}): Coin {
  return {valueSats: 5_000_000_000n, scriptPubKey: Uint8Array.of(0x51), height: 4, isCoinbase: true, ...overrides};
}

function bytesEqual(actual: Uint8Array | undefined, expected: Uint8Array): void {
  assert.equal(actual === undefined ? undefined : [...actual], [...expected]);
}

const temporary = aTemporaryDirectory();
let stores = 0;
const MAKERS: readonly {readonly name: string; readonly make: () => OwnedChainStore}[] = [
  {name: 'memory', make: () => new MemoryChainStore()},
  {name: 'LMDB', make: () => openChainStore({dataDirectory: `${temporary.path}/${stores++}`, chainName: 'regtest'})},
];

for (const {name, make} of MAKERS) {
  const compliance = suite(`storage / chain-store / ${name}`);

  compliance('a new store has no tip, no headers, no log and no coins', async () => {
    const store = make();
    assert.is(store.tip(), undefined);
    assert.equal([...store.headers()], []);
    assert.is(store.lastLogSeq(), 0);
    assert.equal(store.totals(), {coinCount: 0, totalSats: 0n});
    assert.equal([...store.allCoins()], []);
    assert.is(store.blockBytes(hash(1)), undefined);
    assert.is(store.undo(hash(1)), undefined);
    assert.is(store.coin(coinKey(1)), undefined);
    await store.close();
  });

  compliance('gives back every part of a change after the commit', async () => {
    const store = make();
    const undo = {spentByTx: [[aCoin({height: 9, isCoinbase: false})], [], [aCoin(), aCoin({valueSats: 1n})]]};
    await store.commit({
      header: {hash: hash(1), entry: aHeader({height: 300, arrival: 2 ** 40 + 5, status: 'connected'})},
      body: {hash: hash(1), blockBytes: filled(5_000, 3)},
      undo: {hash: hash(1), undo},
      addedCoins: [{outpoint: outpointAt(coinKey(1)), coin: aCoin()}, {outpoint: outpointAt(coinKey(2)), coin: aCoin({valueSats: 0n, height: 0, isCoinbase: false})}],
      totals: {coinCount: 2, totalSats: 2_100_000_000_000_000n},
      tip: {hash: hash(1), height: 300},
      log: {seq: 1, kind: 'connect', hash: hash(1), height: 300},
    });
    const [row] = [...store.headers()];
    bytesEqual(row?.hash, hash(1));
    assert.is(row?.entry.height, 300);
    assert.is(row?.entry.arrival, 2 ** 40 + 5);
    assert.is(row?.entry.status, 'connected');
    assert.is(row?.entry.txCount, 3);
    bytesEqual(row?.entry.headerBytes, filled(80, 7));
    bytesEqual(store.blockBytes(hash(1)), filled(5_000, 3));
    assert.equal(store.undo(hash(1)), undo);
    assert.equal(plainCoin(store.coin(coinKey(1))), aCoin());
    assert.equal(plainCoin(store.coin(coinKey(2))), aCoin({valueSats: 0n, height: 0, isCoinbase: false}));
    assert.equal(store.totals(), {coinCount: 2, totalSats: 2_100_000_000_000_000n});
    assert.is(store.tip()?.height, 300);
    assert.is(store.lastLogSeq(), 1);
    await store.close();
  });

  compliance('leaves alone what a change does not name', async () => {
    const store = make();
    await store.commit({tip: {hash: hash(1), height: 1}, addedCoins: [{outpoint: outpointAt(coinKey(1)), coin: aCoin()}]});
    await store.commit({log: {seq: 1, kind: 'connect', hash: hash(1), height: 1}});
    assert.is(store.tip()?.height, 1);
    assert.ok(store.coin(coinKey(1)));
    await store.close();
  });

  compliance('removes coins and lists the rest in key order', async () => {
    const store = make();
    await store.commit({addedCoins: [3, 1, 2].map((byte) => ({outpoint: outpointAt(coinKey(byte)), coin: aCoin({height: byte})}))});
    await store.commit({removedCoins: [outpointAt(coinKey(2)), outpointAt(coinKey(9))]});
    assert.is(store.coin(coinKey(2)), undefined);
    assert.equal(Array.from(store.allCoins(), ({coin}) => coin.height), [1, 3]);
    await store.close();
  });

  compliance('lists headers with parents before children, whatever the order of arrival', async () => {
    const store = make();
    for (const height of [70_000, 2, 300, 1]) await store.commit({header: {hash: hash(height % 251), entry: aHeader({height})}});
    assert.equal(Array.from(store.headers(), ({entry}) => entry.height), [1, 2, 300, 70_000]);
    await store.close();
  });

  compliance('a later commit of the same header replaces it', async () => {
    const store = make();
    await store.commit({header: {hash: hash(1), entry: aHeader({height: 5, status: 'stored'})}});
    await store.commit({header: {hash: hash(1), entry: aHeader({height: 5, status: 'invalid'})}});
    assert.equal(Array.from(store.headers(), ({entry}) => entry.status), ['invalid']);
    await store.close();
  });

  compliance('reads the log from a place, bounded', async () => {
    const store = make();
    for (let seq = 1; seq <= 300; seq++) {
      await store.commit({log: {seq, kind: seq % 2 === 0 ? 'disconnect' : 'connect', hash: hash(seq % 256), height: seq * 3}});
    }
    assert.equal(store.logFrom(255, 3).map(({seq, kind, height}) => [seq, kind, height]),
      [[255, 'connect', 765], [256, 'disconnect', 768], [257, 'connect', 771]]);
    assert.is(store.logFrom(299, 10).length, 2);
    assert.is(store.lastLogSeq(), 300);
    await store.close();
  });

  compliance('what is read stays as it was when more is read and written', async () => {
    const store = make();
    await store.commit({body: {hash: hash(1), blockBytes: filled(40, 1)}, addedCoins: [{outpoint: outpointAt(coinKey(1)), coin: aCoin({scriptPubKey: filled(30, 1)})}]});
    const body = store.blockBytes(hash(1));
    const coin = store.coin(coinKey(1));
    await store.commit({body: {hash: hash(2), blockBytes: filled(40, 2)}, addedCoins: [{outpoint: outpointAt(coinKey(2)), coin: aCoin({scriptPubKey: filled(30, 2)})}]});
    store.blockBytes(hash(2));
    store.coin(coinKey(2));
    bytesEqual(body, filled(40, 1));
    bytesEqual(coin?.scriptPubKey, filled(30, 1));
    await store.close();
  });

  compliance('a closed store rejects a commit with its code', async () => {
    const store = make();
    await store.close();
    try {
      await store.commit({tip: {hash: hash(1), height: 1}});
      assert.unreachable('the commit must reject');
    } catch (error) {
      assert.is((error as {code?: string}).code, 'database-closed');
    }
  });

  compliance('flushed resolves, and the store tells its size', async () => {
    const store = make();
    await store.commit({body: {hash: hash(1), blockBytes: filled(9_000, 1)}});
    await store.flushed();
    assert.ok(store.diskBytes() >= 9_000);
    await store.close();
  });

  if (name === 'LMDB') compliance.after(() => temporary.dispose());
  compliance.run();
}
