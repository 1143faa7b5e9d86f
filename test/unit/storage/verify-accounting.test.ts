// Proves that the offline check of the accounts passes what the pool writes and names each kind of damage.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {AccountingStore, FoundBlockRow, ShareRow} from '../../../src/actors/accounting/ports.js';
import {createMemoryAccountingStore} from '../../../src/storage/accounting-memory-store.js';
import {foundAs} from '../../support/accounting-pool.js';
import {StorageError} from '../../../src/storage/storage-error.js';
import {verifyAccounting} from '../../../src/storage/verify-accounting.js';

function aShare(seq: number, facts: Partial<ShareRow> = {}): ShareRow {
  return {seq, account: 'a', minerName: '', work: 1n, height: 1, atMs: 1, hash: new Uint8Array(32).fill(seq), isBlock: false, ...facts};
}

const BLOCK: FoundBlockRow = {
  hash: new Uint8Array(32).fill(9), height: 7, shareSeq: 2, account: 'a', minerName: '', foundAtSec: 1, rewardSats: 100n, feeSats: 1n,
  status: 'pending', roundWork: 2n, expectedWork: 2n, paysFinderDirectly: false, credits: [{account: 'a', sats: 60n}, {account: 'b', sats: 39n}],
  donationSats: 0n, donationAccount: '', riskSats: 0n, booked: 'none', bookings: 0,
};

async function aStore(blocks: readonly FoundBlockRow[]): Promise<AccountingStore> {
  const store = createMemoryAccountingStore();
  await store.append({shares: [1, 2, 3].map((seq) => aShare(seq)), blocks});
  return store;
}

const verify = suite('storage / verify-accounting');

verify('an empty and a sound store pass', async () => {
  assert.equal(verifyAccounting(createMemoryAccountingStore()), {ok: true, shareCount: 0, foundCount: 0});
  assert.equal(verifyAccounting(await aStore([BLOCK])), {ok: true, shareCount: 3, foundCount: 1});
  const rejected: FoundBlockRow = {...BLOCK, status: 'rejected', credits: [], feeSats: 0n};
  assert.ok(verifyAccounting(await aStore([rejected])).ok);
});

async function codeWith(blocks: readonly FoundBlockRow[], damage: (store: AccountingStore) => AccountingStore = (store) => store): Promise<string> {
  const verdict = verifyAccounting(damage(await aStore(blocks)));
  return verdict.ok ? 'ok' : verdict.code;
}

verify('verify-found-credits', async () => {
  assert.is(await codeWith([{...BLOCK, rewardSats: 101n}]), 'verify-found-credits');
  assert.is(await codeWith([{...BLOCK, credits: [{account: 'a', sats: 100n}, {account: 'b', sats: -1n}]}]), 'verify-found-credits');
  assert.is(await codeWith([{...BLOCK, credits: []}]), 'verify-found-credits');
});

verify('a block that leaves nothing to credit is sound: no subsidy left and no fees, or all of it the operator\'s', async () => {
  assert.is(await codeWith([{...BLOCK, rewardSats: 0n, feeSats: 0n, credits: []}]), 'ok');
  assert.is(await codeWith([{...BLOCK, feeSats: 100n, credits: []}]), 'ok');
  assert.is(await codeWith([{...BLOCK, feeSats: 99n, credits: []}]), 'verify-found-credits');
  assert.is(await codeWith([{...BLOCK, status: 'rejected'}]), 'verify-found-credits', 'a refused block credits nobody');
});

verify('verify-found-share', async () => {
  assert.is(await codeWith([{...BLOCK, shareSeq: 4}]), 'verify-found-share');
  assert.is(await codeWith([{...BLOCK, shareSeq: 3}]), 'ok');
});

verify('verify-share-gap', async () => {
  const without = (seq: number) => (store: AccountingStore): AccountingStore => ({...store, lastShareSeq: () => 3,
    ...foundAs([]), sharesFrom: (from, limit) => store.sharesFrom(from, limit).filter((share) => share.seq !== seq)});
  for (const seq of [1, 2, 3]) assert.is(await codeWith([], without(seq)), 'verify-share-gap', `share ${seq}`);
});

verify('verify-share-work', async () => {
  const idle = (store: AccountingStore): AccountingStore => ({...store, lastShareSeq: () => 1, ...foundAs([]), sharesFrom: () => [aShare(1, {work: 0n})]});
  assert.is(await codeWith([], idle), 'verify-share-work');
});

verify('verify-accounting-corrupt', async () => {
  const torn = (store: AccountingStore): AccountingStore => ({...store, lastShareSeq: () => 1, sharesFrom: () => {
    throw new StorageError('database-corrupt', 'a row does not decode');
  }});
  assert.is(await codeWith([], torn), 'verify-accounting-corrupt');
});

verify.run();
