// Proves what an entry must be to be booked, that balances add up to zero whatever is booked, and that a block that goes
// through any states of its life leaves exactly what its last state stands for.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import {bookBlock, bookingKind, type BlockBooking, type BookedReward} from '../../../../src/protocol/payout/block-bookings.js';
import {
  balancesAfter, checkClaims, checkEntry, claimOf, isAccount, isSameEntry, ledgerTotals, minerAccount, normalised, type JournalEntry, type Posting,
} from '../../../../src/protocol/payout/ledger.js';

const ledger = suite('protocol / payout / ledger');

function anEntry(postings: readonly Posting[], facts: Partial<JournalEntry> = {}): JournalEntry {
  return {id: 'payout/1/planned', kind: 'payout-planned', atMs: 1, postings, ...facts};
}

const RESERVED = anEntry([{account: 'payable/a', sats: 5n}, {account: 'paying/a', sats: -5n}]);
const code = (entry: JournalEntry): string => checkEntry(entry)?.code ?? 'ok';

ledger('a balanced entry between known accounts passes', () => {
  assert.is(code(RESERVED), 'ok');
  assert.is(code(anEntry([])), 'ok');
});

ledger('ledger-entry-id', () => {
  for (const id of ['', 'a b', 'ä', 'x'.repeat(201), 'line\n']) assert.is(code({...RESERVED, id}), 'ledger-entry-id', id);
  assert.is(code({...RESERVED, id: 'x'.repeat(200)}), 'ok');
});

ledger('ledger-entry-account', () => {
  for (const account of ['payable/', 'payable', 'owed/a', 'payable/a b', 'pool/other', '', `payable/${'x'.repeat(201)}`]) {
    assert.is(code(anEntry([{account, sats: 1n}, {account: 'paying/a', sats: -1n}])), 'ledger-entry-account', account);
  }
});

ledger('ledger-entry-repeats', () => {
  assert.is(code(anEntry([{account: 'payable/a', sats: 2n}, {account: 'payable/a', sats: -2n}])), 'ledger-entry-repeats');
});

ledger('ledger-entry-zero', () => {
  assert.is(code(anEntry([{account: 'payable/a', sats: 0n}])), 'ledger-entry-zero');
});

ledger('ledger-entry-range', () => {
  const most = 2n ** 62n;
  assert.is(code(anEntry([{account: 'payable/a', sats: most}, {account: 'paying/a', sats: -most}])), 'ok');
  assert.is(code(anEntry([{account: 'payable/a', sats: most + 1n}, {account: 'paying/a', sats: -most - 1n}])), 'ledger-entry-range');
});

ledger('ledger-entry-unbalanced', () => {
  assert.is(code(anEntry([{account: 'payable/a', sats: 5n}, {account: 'paying/a', sats: -4n}])), 'ledger-entry-unbalanced');
});

ledger('ledger-overdrawn', () => {
  const holding = (sats: bigint) => (account: string): bigint => (account === 'payable/a' ? -sats : 0n);
  assert.is(checkClaims(RESERVED, holding(5n)), undefined);
  assert.is(checkClaims(RESERVED, holding(4n))?.code, 'ledger-overdrawn');
  // Giving to somebody in debt takes nothing, even when the debt stays.
  const given = anEntry([{account: 'payable/a', sats: -5n}, {account: 'expense/written-off', sats: 5n}]);
  assert.is(checkClaims(given, holding(-9n)), undefined);
  assert.is(checkClaims(anEntry([{account: 'wallet/available', sats: 5n}, {account: 'wallet/in-flight', sats: -5n}]), holding(0n)), undefined);
});

ledger('an entry is the same whatever its time and the order of its postings', () => {
  assert.ok(isSameEntry(RESERVED, {...RESERVED, atMs: 9, postings: [...RESERVED.postings].reverse()}));
  assert.not(isSameEntry(RESERVED, {...RESERVED, kind: 'payout-sent'}));
  assert.not(isSameEntry(RESERVED, anEntry([{account: 'payable/a', sats: 6n}, {account: 'paying/a', sats: -6n}])));
  assert.not(isSameEntry(RESERVED, anEntry([{account: 'payable/b', sats: 5n}, {account: 'paying/a', sats: -5n}])));
  assert.not(isSameEntry(RESERVED, anEntry([])));
});

ledger('names of accounts', () => {
  assert.is(claimOf(minerAccount('paying', 'bcrt1q')), 'paying');
  assert.is(claimOf('pool/fees'), undefined);
  assert.ok(isAccount('pool/fees'));
  assert.not(isAccount('pool/fee'));
});

ledger('totals show debts apart from what is owed', () => {
  const totals = ledgerTotals([
    {account: 'payable/a', sats: -70n}, {account: 'payable/b', sats: 20n}, {account: 'pending/a', sats: -30n}, {account: 'paying/c', sats: -5n},
    {account: 'wallet/available', sats: 80n}, {account: 'coinbase/immature', sats: 31n}, {account: 'pool/fees', sats: -27n}, {account: 'pool/immature', sats: -1n},
    {account: 'expense/network-fee', sats: 2n},
  ]);
  assert.is(totals.payableSats, 70n);
  assert.is(totals.debtSats, 20n);
  assert.is(totals.pendingSats, 30n);
  assert.is(totals.payingSats, 5n);
  assert.is(totals.poolFeesSats, 27n);
  assert.is(totals.networkFeeSats, 2n);
  assert.is(totals.sumSats, 0n);
});

const sats = fc.bigInt(0n, 21_000_000n * 100_000_000n);
const rewards: fc.Arbitrary<BookedReward> = fc.record({
  credits: fc.uniqueArray(fc.record({account: fc.constantFrom('a', 'b', 'c', 'd'), sats: fc.bigInt(1n, 1n << 50n)}), {selector: (credit) => credit.account}),
  feeSats: sats, donationSats: sats, riskSats: sats, donationAccount: fc.constantFrom('', 'a', 'charity'), paysFinderDirectly: fc.boolean(),
}, {noNullPrototype: true});
const states = fc.constantFrom<BlockBooking>('none', 'immature', 'mature');

function balancesOf(entries: Iterable<readonly Posting[]>): readonly Posting[] {
  const after = balancesAfter([...entries].map((postings) => anEntry(postings)), () => 0n);
  return normalised([...after].map(([account, amount]) => ({account, sats: amount})));
}

ledger('every step of a block is an entry that can be booked', () => {
  fc.assert(fc.property(rewards, states, states, (reward, from, to) => {
    assert.is(code(anEntry(bookBlock(reward, from, to))), 'ok');
    if (from === to) assert.equal(bookBlock(reward, from, to), []);
  }));
});

ledger('any history of a block leaves what its last state stands for, and an orphan nothing', () => {
  fc.assert(fc.property(rewards, fc.array(states, {maxLength: 20}), (reward, history) => {
    const steps: (readonly Posting[])[] = [];
    let state: BlockBooking = 'none';
    for (const next of history) {
      steps.push(bookBlock(reward, state, next));
      state = next;
    }
    assert.equal(balancesOf(steps), bookBlock(reward, 'none', state));
    assert.equal(balancesOf([...steps, bookBlock(reward, state, 'none')]), []);
  }));
});

ledger('a mature block owes each miner its credit and holds the whole reward', () => {
  const reward: BookedReward = {credits: [{account: 'a', sats: 60n}, {account: 'b', sats: 30n}], feeSats: 4n, donationSats: 5n, donationAccount: 'a', riskSats: 1n, paysFinderDirectly: false};
  assert.equal(bookBlock(reward, 'none', 'immature'), [
    {account: 'coinbase/immature', sats: 100n}, {account: 'pending/a', sats: -65n}, {account: 'pending/b', sats: -30n}, {account: 'pool/immature', sats: -5n},
  ]);
  assert.equal(bookBlock(reward, 'none', 'mature'), [
    {account: 'payable/a', sats: -65n}, {account: 'payable/b', sats: -30n}, {account: 'pool/fees', sats: -4n}, {account: 'pool/risk', sats: -1n}, {account: 'wallet/available', sats: 100n},
  ]);
  assert.equal(bookBlock({...reward, donationAccount: '', paysFinderDirectly: true}, 'none', 'mature'), [
    {account: 'pool/donations', sats: -5n}, {account: 'pool/fees', sats: -4n}, {account: 'pool/risk', sats: -1n}, {account: 'wallet/available', sats: 10n},
  ], 'what the coinbase pays is nobody\'s debt');
  assert.equal([bookingKind('none', 'immature'), bookingKind('none', 'mature'), bookingKind('immature', 'mature'), bookingKind('mature', 'none'), bookingKind('mature', 'immature')],
    ['block-credited', 'block-matured', 'block-matured', 'block-orphaned', 'block-returned']);
});

ledger.run();
