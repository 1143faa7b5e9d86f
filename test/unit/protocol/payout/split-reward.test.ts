// Proves that every split adds up to the satoshi, follows the stated rule for what is left over, and depends on nothing
// but the work: not on the order of the accounts, not on how work was cut into shares.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import {feeOf, splitReward, splitSolo} from '../../../../src/protocol/payout/split-reward.js';

const split = suite('protocol / payout / split-reward');

const accounts = fc.uniqueArray(fc.record({account: fc.string({minLength: 1, maxLength: 6}), work: fc.bigInt(1n, 1n << 90n)}),
  {selector: (entry) => entry.account, minLength: 1, maxLength: 40});
const rewards = fc.record({rewardSats: fc.bigInt(0n, 21_000_000n * 100_000_000n), feePpm: fc.integer({min: 0, max: 1_000_000})});

split('the fee is rounded down', () => {
  assert.is(feeOf(999_999n, 1), 0n);
  assert.is(feeOf(1_000_000n, 1), 1n);
  assert.is(feeOf(5_000_000_000n, 15_000), 75_000_000n);
  assert.throws(() => feeOf(1n, 1_000_001));
  assert.throws(() => feeOf(1n, 0.5));
});

split('satoshis left over go to the largest fractions', () => {
  // 10 satoshis over 3 : 3 : 1 are 4.28, 4.28 and 1.43: one is left, and the third has the largest fraction.
  const parts = splitReward({rewardSats: 10n, feePpm: 0}, [{account: 'a', work: 3n}, {account: 'b', work: 3n}, {account: 'c', work: 1n}]);
  assert.equal(parts.credits, [{account: 'a', sats: 4n}, {account: 'b', sats: 4n}, {account: 'c', sats: 2n}]);
});

split('between equal fractions the first account in code unit order wins', () => {
  const parts = splitReward({rewardSats: 1n, feePpm: 0}, [{account: 'b', work: 1n}, {account: 'B', work: 1n}, {account: 'a', work: 1n}]);
  assert.equal(parts.credits, [{account: 'B', sats: 1n}]);
});

split('without work the whole reward is the operator\'s', () => {
  assert.equal(splitReward({rewardSats: 7n, feePpm: 10_000}, []), {feeSats: 7n, credits: []});
});

split('solo pays the finder all but the fee', () => {
  assert.equal(splitSolo({rewardSats: 5_000_000_001n, feePpm: 20_000}, 'x'), {feeSats: 100_000_000n, credits: [{account: 'x', sats: 4_900_000_001n}]});
});

split('fee and credits add up to the reward for any work', () => {
  fc.assert(fc.property(rewards, accounts, (reward, work) => {
    const parts = splitReward(reward, work);
    const sum = parts.credits.reduce((total, credit) => total + credit.sats, parts.feeSats);
    assert.is(sum, reward.rewardSats);
    assert.is(parts.feeSats, feeOf(reward.rewardSats, reward.feePpm));
  }));
});

split('nobody is more than one satoshi away from the exact part', () => {
  fc.assert(fc.property(rewards, accounts, (reward, work) => {
    const parts = splitReward(reward, work);
    const totalWork = work.reduce((sum, entry) => sum + entry.work, 0n);
    for (const entry of work) {
      const exact = ((reward.rewardSats - parts.feeSats) * entry.work) / totalWork;
      const credited = parts.credits.find((credit) => credit.account === entry.account)?.sats ?? 0n;
      assert.ok(credited === exact || credited === exact + 1n);
    }
  }));
});

split('the order of the accounts does not matter', () => {
  fc.assert(fc.property(rewards, accounts, (reward, work) => {
    assert.equal(splitReward(reward, [...work].reverse()), splitReward(reward, work));
  }));
});

split.run();
