// Proves that a coinbase that pays miners adds up to the reward, keeps its bounds, and that what it paid is read back from it
// and taken off the block's credits: the ledger sums to zero, and nobody has more or less than its credit in the end.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import * as fc from 'fast-check';
import {decodeAddress, encodeAddress} from '../../../../src/protocol/address/address.js';
import {REGTEST} from '../../../../src/protocol/chain/presets.js';
import {bookBlock} from '../../../../src/protocol/payout/block-bookings.js';
import {coinbaseOutputs, largestOf, paidDirectly} from '../../../../src/protocol/payout/coinbase-payout.js';
import type {RewardTerms} from '../../../../src/protocol/payout/schemes.js';
import {splitBlock} from '../../../../src/protocol/payout/schemes.js';
import {p2wpkh} from '../../../../src/protocol/script/build-script.js';

const TERMS: RewardTerms = {scheme: 'PPLNS', feePpm: 10_000, donationPpm: 0, donationAccount: ''};
const POOL_SCRIPT = p2wpkh(new Uint8Array(20).fill(255));
const accountOf = (script: Uint8Array): string | undefined => encodeAddress(script, REGTEST.address);
const miner = (n: number): string => accountOf(p2wpkh(new Uint8Array(20).fill(n)))!;
const scriptOf = (account: string): Uint8Array | undefined => {
  const decoded = decodeAddress(account, REGTEST.address);
  return decoded.ok ? decoded.value.scriptPubKey : undefined;
};
const REWARD = 5_000_000_000n;
const parts = {rules: {outputsMax: 3, minimumSats: 100_000n}, scriptOf};
const works = fc.array(fc.bigInt({min: 1n, max: 10n ** 9n}), {minLength: 0, maxLength: 30}).map((list) => list.map((work, n) => ({account: miner(n), work})));

const coinbase = suite('protocol / payout / coinbase-payout');

coinbase('without a window all goes to the pool', () => {
  assert.equal(coinbaseOutputs({rewardSats: REWARD, poolScript: POOL_SCRIPT}, undefined, parts), [{valueSats: REWARD, scriptPubKey: POOL_SCRIPT}]);
  assert.equal(coinbaseOutputs({rewardSats: REWARD, poolScript: POOL_SCRIPT}, {terms: TERMS, work: []}, parts), [{valueSats: REWARD, scriptPubKey: POOL_SCRIPT}]);
});

coinbase('the largest come first, small ones and the pool itself stay with the pool', () => {
  const window = {terms: TERMS, work: [{account: miner(1), work: 10n}, {account: miner(2), work: 1_000n}, {account: miner(255), work: 5_000n}, {account: 'no address', work: 9n}]};
  const outputs = coinbaseOutputs({rewardSats: REWARD, poolScript: POOL_SCRIPT}, window, {...parts, rules: {outputsMax: 3, minimumSats: 10_000_000n}});
  assert.equal(paidDirectly(outputs, POOL_SCRIPT, accountOf).map(({account}) => account), [miner(2)]);
});

coinbase('accounts beyond the bound are one without a name', () => {
  assert.equal(largestOf([{account: 'b', work: 1n}, {account: 'a', work: 1n}, {account: 'c', work: 5n}], 1), [{account: 'c', work: 5n}, {account: '', work: 2n}]);
  assert.equal(largestOf([{account: 'a', work: 1n}], 1), [{account: 'a', work: 1n}]);
});

coinbase('property: outputs add up to the reward within their bounds, and the books with them to zero', () => {
  fc.assert(fc.property(works, works, (then, now) => {
    const window = {terms: TERMS, work: largestOf(then, 4)};
    const outputs = coinbaseOutputs({rewardSats: REWARD, poolScript: POOL_SCRIPT}, window, parts);
    assert.is(outputs.reduce((sum, {valueSats}) => sum + valueSats, 0n), REWARD);
    const direct = paidDirectly(outputs, POOL_SCRIPT, accountOf);
    assert.ok(direct.length <= 3 && direct.every(({sats}) => sats >= 100_000n));
    // The block is credited by the window at its own share, which is another one.
    const split = splitBlock({rewardSats: REWARD, subsidySats: REWARD, finder: miner(40)}, TERMS, now);
    const postings = bookBlock({...split, donationAccount: '', paysFinderDirectly: false, direct}, 'none', 'mature');
    assert.is(postings.reduce((sum, {sats}) => sum + sats, 0n), 0n);
    const balance = (name: string): bigint => postings.find(({account}) => account === name)?.sats ?? 0n;
    for (const {account, sats} of split.credits) {
      const paid = direct.find((entry) => entry.account === account)?.sats ?? 0n;
      assert.is(paid - balance(`payable/${account}`), sats, 'paid and owed are the credit');
    }
    const toPool = outputs.find(({scriptPubKey}) => scriptPubKey === POOL_SCRIPT)?.valueSats ?? 0n;
    assert.is(balance('wallet/available'), toPool, 'the wallet has what the coinbase gave the pool');
    assert.equal(bookBlock({...split, donationAccount: '', paysFinderDirectly: false, direct}, 'mature', 'none'), postings.map(({account, sats}) => ({account, sats: -sats})));
  }));
});

coinbase.run();
