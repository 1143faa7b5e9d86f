// Proves that the audit of payouts passes every state of a payout, with its entry booked or still to be booked, and names an
// entry that is missing, booked twice, changed, or of no payout.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {LedgerStore} from '../../../src/actors/accounting/ports.js';
import type {JournalEntry} from '../../../src/protocol/payout/ledger.js';
import {cancelledEntry, plannedEntry, sentEntry, settledEntry, unsettledEntry, type PayoutRecord} from '../../../src/protocol/payout/payout-record.js';
import {auditPayouts} from '../../../src/storage/audit-payouts.js';
import {createMemoryAccountingStore} from '../../../src/storage/accounting-memory-store.js';
import {StorageError} from '../../../src/storage/storage-error.js';

const SCRIPT = new Uint8Array(22);
const RECORD: PayoutRecord = {
  id: 7, kind: 'payout', state: 'planned', version: 1, plannedAtMs: 1, changedAtMs: 1, coins: [], changeScript: SCRIPT, outbox: undefined, settlements: 0, confirmed: undefined, problem: undefined,
  payees: [{account: 'alice', scriptPubKey: SCRIPT, sats: 60n, feeSats: 2n}, {account: 'bob', scriptPubKey: SCRIPT, sats: 40n, feeSats: 0n}],
  attempts: [{txid: new Uint8Array(32), feeSats: 5n, changeSats: 0n, vsize: 100, madeAtMs: 1, signed: undefined}],
};
const ATTEMPT = RECORD.attempts[0]!;
const PLANNED = plannedEntry(RECORD, 1)!;
const SENT = sentEntry(RECORD, 2)!;
const SETTLED = settledEntry(RECORD, ATTEMPT, 3)!;
const confirmed: PayoutRecord = {...RECORD, state: 'confirmed', settlements: 1, confirmed: {attempt: 0, height: 9}};
const broadcast: PayoutRecord = {...RECORD, state: 'broadcast'};
const back: PayoutRecord = {...broadcast, settlements: 1};
const UNSETTLED = unsettledEntry(confirmed, ATTEMPT, 4)!;
const CANCELLED = cancelledEntry({...RECORD, state: 'recorded'}, 5)!;
const again: PayoutRecord = {...confirmed, settlements: 2};
const SETTLED_AGAIN = settledEntry(back, ATTEMPT, 6)!;

async function codeOf(record: PayoutRecord | undefined, entries: readonly JournalEntry[]): Promise<string> {
  const store = createMemoryAccountingStore();
  await store.append({entries});
  const verdict = auditPayouts(store.ledger, {records: () => (record === undefined ? [] : [record])});
  return verdict.ok ? 'ok' : verdict.code;
}

const audit = suite('storage / audit-payouts');

audit('every state agrees, booked or to be booked', async () => {
  const states: readonly (readonly [PayoutRecord, readonly JournalEntry[]])[] = [
    [{...RECORD, outbox: PLANNED}, []],
    [{...RECORD, state: 'recorded'}, [PLANNED]],
    [{...RECORD, state: 'signed'}, [PLANNED]],
    [{...broadcast, outbox: SENT}, [PLANNED]],
    [broadcast, [PLANNED, SENT]],
    [{...confirmed, outbox: SETTLED}, [PLANNED, SENT]],
    [confirmed, [PLANNED, SENT, SETTLED]],
    [{...back, outbox: UNSETTLED}, [PLANNED, SENT, SETTLED]],
    [back, [PLANNED, SENT, SETTLED, UNSETTLED]],
    [again, [PLANNED, SENT, SETTLED, UNSETTLED, SETTLED_AGAIN]],
    [{...RECORD, state: 'failed', outbox: CANCELLED}, [PLANNED]],
    [{...RECORD, state: 'failed'}, [PLANNED, CANCELLED]],
    [{...RECORD, state: 'failed', problem: 'ledger-overdrawn'}, []],
  ];
  for (const [record, entries] of states) {
    const name = `${record.state} after ${entries.length} entries`;
    assert.is(await codeOf(record, entries), 'ok', name);
    // A crash between the booking and the record's next write.
    if (record.outbox !== undefined) assert.is(await codeOf(record, [...entries, record.outbox]), 'ok', `${name}, booked`);
  }
});

audit('audit-payout-entry: nobody was debited, or the coins are gone from the books', async () => {
  assert.is(await codeOf({...RECORD, state: 'recorded'}, []), 'audit-payout-entry');
  assert.is(await codeOf(broadcast, [PLANNED]), 'audit-payout-entry');
  assert.is(await codeOf(confirmed, [PLANNED, SETTLED]), 'audit-payout-entry');
  assert.is(await codeOf({...RECORD, state: 'failed'}, [PLANNED]), 'audit-payout-entry', 'the miners never had their claims back');
});

audit('audit-payout-entry: other amounts than the payees\'', async () => {
  const less = {...PLANNED, postings: PLANNED.postings.map(({account, sats}) => ({account, sats: account.endsWith('bob') ? sats / 2n : sats}))};
  assert.is(await codeOf({...RECORD, state: 'recorded'}, [less]), 'audit-payout-entry');
  assert.is(await codeOf({...RECORD, outbox: PLANNED}, [less]), 'audit-payout-entry');
  assert.is(await codeOf({...confirmed, attempts: [{...ATTEMPT, feeSats: 6n}]}, [PLANNED, SENT, SETTLED]), 'audit-payout-entry', 'the fee of another transaction');
});

audit('audit-payout-unknown', async () => {
  assert.is(await codeOf(undefined, []), 'ok');
  assert.is(await codeOf(undefined, [PLANNED]), 'audit-payout-unknown');
  assert.is(await codeOf({...RECORD, state: 'recorded'}, [PLANNED, {...PLANNED, id: 'payout/8/planned'}]), 'audit-payout-unknown');
  assert.is(await codeOf({...RECORD, state: 'recorded'}, [PLANNED, {...PLANNED, id: 'payout/7/other'}]), 'audit-payout-unknown');
});

audit('audit-payout-corrupt', () => {
  const verdict = auditPayouts({} as LedgerStore, {records: () => {
    throw new StorageError('database-corrupt', 'torn');
  }});
  assert.is(verdict.ok ? 'ok' : verdict.code, 'audit-payout-corrupt');
});

audit.run();
