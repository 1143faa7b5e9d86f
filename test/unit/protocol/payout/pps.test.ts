// Proves that pay per share loses no fraction: what was credited and what is carried is what the work was worth.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import {bookInterval, valueOfWork, wholeSats, type PpsRate} from '../../../../src/protocol/payout/pps.js';

const pps = suite('protocol / payout / pps');

const RATE: PpsRate = {expectedWork: 1_000n, subsidySats: 100n, feePpm: 100_000, donationPpm: 50_000, donationAccount: ''};
const none = (): bigint => 0n;

pps('a share is worth its part of a block, less fee and donation', () => {
  const {postings, carries} = bookInterval([{account: 'a', work: 200n}], RATE, none);
  assert.equal(postings, [{account: 'payable/a', sats: -17n}, {account: 'pool/fees', sats: -2n}, {account: 'pool/donations', sats: -1n}, {account: 'pool/risk', sats: 20n}]);
  assert.ok([...carries.values()].every((carry) => carry < 10n || carry > 2n ** 64n - 10n));
});

pps('a donation with an address is owed to it, and added to what it mined itself', () => {
  const {postings} = bookInterval([{account: 'd', work: 1_000n}], {...RATE, donationAccount: 'd'}, none);
  assert.is(postings.find(({account}) => account === 'payable/d')!.sats, -90n);
});

pps('nothing is worth nothing', () => {
  assert.equal(bookInterval([], RATE, none).postings, []);
  assert.equal(bookInterval([{account: 'a', work: 5n}], {...RATE, subsidySats: 0n}, none).postings, []);
});

pps('over any intervals, credits and carries are the worth of the work, and every entry adds up', () => {
  const works = fc.array(fc.array(fc.record({account: fc.constantFrom('a', 'b', 'd'), work: fc.bigInt(1n, 1n << 80n)}), {maxLength: 6}), {maxLength: 12});
  const rates = fc.record({
    expectedWork: fc.bigInt(1n, 1n << 90n), subsidySats: fc.bigInt(0n, 5_000_000_000n), feePpm: fc.integer({min: 0, max: 500_000}),
    donationPpm: fc.integer({min: 0, max: 500_000}), donationAccount: fc.constantFrom('', 'd'),
  });
  fc.assert(fc.property(works, rates, (intervals, rate) => {
    const carries = new Map<string, bigint>();
    const credited = new Map<string, bigint>();
    const worth = new Map<string, bigint>();
    const count = (account: string, value: bigint): unknown => worth.set(account, (worth.get(account) ?? 0n) + value);
    for (const shares of intervals) {
      const sums = new Map<string, bigint>();
      for (const {account, work} of shares) sums.set(account, (sums.get(account) ?? 0n) + work);
      const entries = [...sums].map(([account, work]) => ({account, work}));
      const {postings, carries: next} = bookInterval(entries, rate, (account) => carries.get(account) ?? 0n);
      assert.is(postings.reduce((sum, {sats}) => sum + sats, 0n), 0n);
      for (const {account, sats} of postings) credited.set(account, (credited.get(account) ?? 0n) - sats);
      for (const [account, carry] of next) carries.set(account, carry);
      const total = entries.reduce((sum, {work}) => sum + work, 0n);
      for (const {account, work} of entries) count(`payable/${account}`, valueOfWork(work, rate, 1_000_000 - rate.feePpm - rate.donationPpm));
      count('pool/fees', valueOfWork(total, rate, rate.feePpm));
      count(rate.donationAccount === '' ? 'pool/donations' : 'payable/d', valueOfWork(total, rate, rate.donationPpm));
    }
    for (const [account, value] of worth) {
      assert.is(((credited.get(account) ?? 0n) << 64n) + (carries.get(account) ?? 0n), value, account);
      assert.is(wholeSats(value), credited.get(account) ?? 0n);
    }
  }));
});

pps.run();
