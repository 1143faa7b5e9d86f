// Proves that splits are computed again, whatever the config says by now, and that each kind of discrepancy is named.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {AccountingStore, BlockSplitRow} from '../../../src/actors/accounting/ports.js';
import {PAYOUT_SCHEMES, type PayoutScheme} from '../../../src/protocol/payout/schemes.js';
import {auditSplits} from '../../../src/storage/audit-splits.js';
import {StorageError} from '../../../src/storage/storage-error.js';
import {aPoolWithBlock, foundAs, hashOf, TERMS} from '../../support/accounting-pool.js';

async function aStore(scheme: PayoutScheme = 'PPLNS', windowFactorPpm = 2_000_000): Promise<AccountingStore> {
  const pool = await aPoolWithBlock({options: {terms: {...TERMS, scheme, donationPpm: 1_000, donationAccount: 'charity'}, windowFactorPpm}});
  return pool.store.inner;
}

const audit = suite('storage / audit-splits');

audit('the split of every scheme is computed again', async () => {
  for (const scheme of PAYOUT_SCHEMES) {
    const hasWindow = scheme === 'PPLNS' || scheme === 'PPS+' || scheme === 'PROP';
    assert.equal(auditSplits(await aStore(scheme)), {ok: true, splitCount: 1, windowCount: hasWindow ? 1 : 0}, scheme);
  }
});

audit('a window that begins inside a share', async () => {
  const store = await aStore('PPLNS', 300_000);
  const split = store.split(hashOf(7))!;
  assert.ok(split.firstWork > 0n && split.firstSeq === 2, `${split.firstSeq} ${split.firstWork}`);
  assert.ok(auditSplits(store).ok);
});

async function codeWith(change: (split: BlockSplitRow) => BlockSplitRow, facts: Partial<AccountingStore> = {}, store?: AccountingStore): Promise<string> {
  const own = store ?? await aStore();
  const verdict = auditSplits({...own, split: (hash) => change(own.split(hash)!), ...facts});
  return verdict.ok ? 'ok' : verdict.code;
}

audit('audit-split-amounts', async () => {
  assert.is(await codeWith((split) => split), 'ok');
  assert.is(await codeWith((split) => ({...split, terms: {...split.terms, feePpm: split.terms.feePpm + 1}})), 'audit-split-amounts');
  assert.is(await codeWith((split) => ({...split, terms: {...split.terms, scheme: 'PPS+'}})), 'audit-split-amounts');
  assert.is(await codeWith((split) => ({...split, terms: {...split.terms, donationAccount: 'mallory'}})), 'audit-split-amounts');
  assert.is(await codeWith((split) => ({...split, work: split.work.map(({work}, index) => ({account: `x${index}`, work}))})), 'audit-split-amounts');
  const store = await aStore();
  const [row] = store.found.all();
  const moved = {...row!, credits: row!.credits.map(({account, sats}, index) => ({account, sats: index === 0 ? sats - 1n : sats + 1n}))};
  assert.is(await codeWith((split) => split, foundAs([moved]), store), 'audit-split-amounts', 'a satoshi from one to another');
});

audit('audit-split-window', async () => {
  // Twice everybody's work leaves the amounts as they are.
  assert.is(await codeWith((split) => ({...split, work: split.work.map(({account, work}) => ({account, work: work * 2n}))})), 'audit-split-window');
  assert.is(await codeWith((split) => ({...split, firstSeq: 2})), 'audit-split-window');
  assert.is(await codeWith((split) => ({...split, lastSeq: 5})), 'audit-split-window', 'a share after the block\'s');
  const store = await aStore();
  const stolen = {sharesBackwards: function* (fromSeq: number) {
    for (const share of store.sharesBackwards(fromSeq)) yield {...share, account: 'alice'};
  }};
  assert.is(await codeWith((split) => split, stolen, store), 'audit-split-window');
});

audit('a window left unfilled although there was work is found', async () => {
  const store = await aStore('PPLNS', 300_000);
  const split = store.split(hashOf(7))!;
  const rest = split.work.map(({account}) => ({account, work: 4_295_032_833n}));
  assert.is(await codeWith(() => ({...split, firstSeq: 4, firstWork: 0n, work: rest}), {}, store), 'audit-split-window');
});

audit('audit-split-corrupt', async () => {
  assert.is(await codeWith(() => {
    throw new StorageError('database-corrupt', 'torn');
  }), 'audit-split-corrupt');
});

audit.run();
