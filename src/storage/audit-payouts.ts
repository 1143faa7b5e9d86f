/**
 * @module The offline check of payouts against the ledger: what the entries of each payout add up to is what its state
 * stands for, and no payout is in the journal that is not on record. Reads only; names the first discrepancy.
 *
 * An entry that a record is still to book counts as booked: the next start books it, once.
 */
import type {LedgerStore} from '../actors/accounting/ports.js';
import type {PayoutStore} from '../actors/payouts/ports.js';
import {isSameEntry, normalised, type JournalEntry, type Posting} from '../protocol/payout/ledger.js';
import {plannedEntry, sentEntry, settledEntry, type PayoutRecord} from '../protocol/payout/payout-record.js';
import {reject, type Rejection} from '../protocol/verdict.js';
import {StorageError} from './storage-error.js';

export type PayoutDiscrepancyCode = 'audit-payout-corrupt' | 'audit-payout-entry' | 'audit-payout-unknown';
export type PayoutVerdict =
  | {readonly ok: true; readonly payoutCount: number; readonly unresolvedCount: number}
  | Rejection<PayoutDiscrepancyCode>;

const ENTRIES_PER_PAGE = 1_000;
const PAYOUT_ID = /^(?:payout|consolidation)\/\d+\//;

export function auditPayouts(ledger: LedgerStore, payouts: Pick<PayoutStore, 'records'>): PayoutVerdict {
  try {
    return check(ledger, payouts);
  } catch (error) {
    if (error instanceof StorageError) return reject('audit-payout-corrupt', error.message);
    throw error;
  }
}

function check(ledger: LedgerStore, payouts: Pick<PayoutStore, 'records'>): PayoutVerdict {
  let payoutCount = 0;
  let unresolvedCount = 0;
  let entryCount = 0;
  for (const record of payouts.records()) {
    payoutCount += 1;
    if (record.state !== 'confirmed' && record.state !== 'failed') unresolvedCount += 1;
    const booked = entriesOf(ledger, record);
    entryCount += booked.length;
    const {outbox} = record;
    const known = outbox === undefined ? undefined : ledger.entry(outbox.id);
    if (outbox !== undefined && known !== undefined && !isSameEntry(known, outbox)) {
      return reject('audit-payout-entry', `${nameOf(record)} would book ${outbox.id} again with other amounts`);
    }
    const pending = outbox !== undefined && known === undefined ? [outbox] : [];
    const sum = normalised([...booked, ...pending].flatMap(({postings}) => postings));
    if (!isSame(sum, standingOf(record))) return reject('audit-payout-entry', `the entries of ${nameOf(record)}, which is ${record.state}, do not add up to what it stands for`);
  }
  const inJournal = countEntries(ledger);
  return inJournal === entryCount ? {ok: true, payoutCount, unresolvedCount}
    : reject('audit-payout-unknown', `the journal has ${inJournal} entries of payouts; the payouts on record know ${entryCount}`);
}

/** All that it may ever have booked, by name. */
function entriesOf(ledger: LedgerStore, {id, kind, settlements}: PayoutRecord): readonly JournalEntry[] {
  const numbers = Array.from({length: settlements}, (_, index) => index + 1);
  const steps = ['planned', 'sent', ...numbers.flatMap((number) => [`settled/${number}`, `unsettled/${number}`]), 'cancelled'];
  return steps.flatMap((step) => ledger.entry(`${kind}/${id}/${step}`) ?? []);
}

function standingOf(record: PayoutRecord): readonly Posting[] {
  if (record.state === 'failed') return [];
  const steps = [plannedEntry(record, 0)];
  if (record.state === 'broadcast' || record.state === 'confirmed') steps.push(sentEntry(record, 0));
  const attempt = record.confirmed === undefined ? undefined : record.attempts[record.confirmed.attempt];
  if (record.state === 'confirmed' && attempt !== undefined) steps.push(settledEntry(record, attempt, 0));
  return normalised(steps.flatMap((entry) => entry?.postings ?? []));
}

function countEntries(ledger: LedgerStore): number {
  let count = 0;
  for (let next = 1; ;) {
    const page = ledger.entriesFrom(next, ENTRIES_PER_PAGE);
    if (page.length === 0) return count;
    count += page.filter(({entry}) => PAYOUT_ID.test(entry.id)).length;
    next = page.at(-1)!.seq + 1;
  }
}

function isSame(a: readonly Posting[], b: readonly Posting[]): boolean {
  return a.length === b.length && a.every(({account, sats}, index) => b[index]!.account === account && b[index]!.sats === sats);
}

function nameOf({id, kind}: PayoutRecord): string {
  return `${kind} ${id}`;
}
