// Proves that the audit of pay per share names a share that is in no booking or in two, and a wrong amount.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {AccountingStore, LedgerStore, PpsStore} from '../../../src/actors/accounting/ports.js';
import type {JournalEntry} from '../../../src/protocol/payout/ledger.js';
import {auditPps} from '../../../src/storage/audit-pps.js';
import {aPool, TERMS} from '../../support/accounting-pool.js';

/** Three bookings: shares 1 to 2, 3 and 4. */
async function aStore(): Promise<AccountingStore> {
  const pool = await aPool({options: {terms: {...TERMS, scheme: 'PPS'}}});
  pool.sim.system.events.publish({type: 'jobs.published', job: {template: {target: 0xffffn << 207n, height: 1}}} as {type: string});
  for (const accounts of [['alice', 'bob'], ['alice'], ['carol']]) {
    for (const account of accounts) {
      const share = pool.record({account});
      await pool.sim.runUntilIdle();
      await share;
    }
    await pool.sim.advance(60_000);
  }
  return pool.store.inner;
}

async function codeWith(change: (entry: JournalEntry) => JournalEntry | undefined, pps: Partial<PpsStore> = {}): Promise<string> {
  const store = await aStore();
  const rows = store.ledger.entriesFrom(1, 100).flatMap(({seq, entry}) => {
    const changed = change(entry);
    return changed === undefined ? [] : [{seq, entry: changed}];
  });
  const ledger = Object.assign(Object.create(store.ledger) as LedgerStore, {entriesFrom: (from: number) => rows.filter(({seq}) => seq >= from)});
  const own: PpsStore = {bookedSeq: () => store.pps.bookedSeq(), carryOf: (account) => store.pps.carryOf(account), rateAt: (seq) => store.pps.rateAt(seq), ...pps};
  const verdict = auditPps({...store, ledger, pps: own});
  return verdict.ok ? 'ok' : verdict.code;
}

const audit = suite('storage / audit-pps');

audit('what is booked agrees', async () => {
  assert.equal(auditPps(await aStore()), {ok: true, bookingCount: 3, checkedCount: 3});
  assert.is(await codeWith((entry) => entry), 'ok');
});

audit('audit-pps-shares', async () => {
  for (const id of ['pps/1-2', 'pps/3-3', 'pps/4-4']) assert.is(await codeWith((entry) => (entry.id === id ? undefined : entry)), 'audit-pps-shares', `without ${id}`);
  assert.is(await codeWith((entry) => (entry.id === 'pps/3-3' ? {...entry, id: 'pps/2-3'} : entry)), 'audit-pps-shares', 'share 2 twice');
  assert.is(await codeWith((entry) => (entry.id === 'pps/4-4' ? {...entry, id: 'pps/4-5'} : entry)), 'audit-pps-shares', 'a share that nobody sent');
  assert.is(await codeWith((entry) => entry, {bookedSeq: () => 3}), 'audit-pps-shares', 'share 4 would be booked again');
});

audit('audit-pps-credit', async () => {
  const changed = (account: string, bySats: bigint) => (entry: JournalEntry): JournalEntry => ({...entry, postings: entry.postings.map((posting) => (
    entry.id === 'pps/3-3' && posting.account === account ? {account, sats: posting.sats + bySats} : posting))});
  assert.is(await codeWith(changed('payable/alice', 1n)), 'audit-pps-credit');
  assert.is(await codeWith(changed('payable/alice', -2n)), 'audit-pps-credit');
  assert.is(await codeWith(changed('pool/fees', 1n)), 'audit-pps-credit');
  assert.is(await codeWith((entry) => (entry.id === 'pps/1-2' ? {...entry, postings: entry.postings.map((posting) => (posting.account === 'payable/bob' ? {...posting, account: 'payable/mallory'} : posting))} : entry)), 'audit-pps-credit');
  assert.is(await codeWith((entry) => entry, {rateAt: () => undefined}), 'audit-pps-credit');
});

audit.run();
