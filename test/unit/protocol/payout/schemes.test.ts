// Proves for every scheme that a block is shared out to the last satoshi, to whom the scheme says, over random work and terms.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import {PAYOUT_SCHEMES, splitBlock, type PayoutScheme, type RewardTerms} from '../../../../src/protocol/payout/schemes.js';

const schemes = suite('protocol / payout / schemes');

const WORK = [{account: 'a', work: 3n}, {account: 'b', work: 1n}];
const terms = (scheme: PayoutScheme, facts: Partial<RewardTerms> = {}): RewardTerms => ({scheme, feePpm: 10_000, donationPpm: 0, donationAccount: '', ...facts});
const BLOCK = {rewardSats: 1_000n, subsidySats: 600n, finder: 'f'};

schemes('every split adds up to the satoshi', () => {
  const randomTerms = fc.record({scheme: fc.constantFrom(...PAYOUT_SCHEMES), feePpm: fc.integer({min: 0, max: 600_000}), donationPpm: fc.integer({min: 0, max: 400_000}), donationAccount: fc.constantFrom('', 'd')});
  const works = fc.uniqueArray(fc.record({account: fc.string({minLength: 1, maxLength: 4}), work: fc.bigInt(1n, 1n << 90n)}), {selector: ({account}) => account, maxLength: 30});
  fc.assert(fc.property(fc.bigInt(0n, 1n << 52n), fc.bigInt(0n, 1n << 52n), randomTerms, works, (subsidySats, feesSats, own, work) => {
    const rewardSats = subsidySats + feesSats;
    const split = splitBlock({rewardSats, subsidySats, finder: 'f'}, own, work);
    assert.is(split.credits.reduce((sum, {sats}) => sum + sats, split.feeSats + split.donationSats + split.riskSats), rewardSats);
    assert.ok(split.credits.every(({sats}) => sats > 0n) && split.feeSats >= 0n && split.donationSats >= 0n && split.riskSats >= 0n);
    const again = splitBlock({rewardSats, subsidySats, finder: 'f'}, own, [...work].reverse());
    assert.equal(again, split, 'the order of the accounts does not matter');
  }));
});

schemes('PPLNS and PROP share out all but fee and donation, in proportion to work', () => {
  for (const scheme of ['PPLNS', 'PROP'] as const) {
    assert.equal(splitBlock(BLOCK, terms(scheme, {donationPpm: 30_000}), WORK), {credits: [{account: 'a', sats: 720n}, {account: 'b', sats: 240n}], feeSats: 10n, donationSats: 30n, riskSats: 0n});
  }
});

schemes('SOLO gives it to the finder', () => {
  assert.equal(splitBlock(BLOCK, terms('SOLO'), []), {credits: [{account: 'f', sats: 990n}], feeSats: 10n, donationSats: 0n, riskSats: 0n});
});

schemes('PPS refunds the pool for the shares that it has paid', () => {
  assert.equal(splitBlock(BLOCK, terms('PPS', {donationPpm: 5}), []), {credits: [], feeSats: 0n, donationSats: 0n, riskSats: 1_000n});
});

schemes('PPS+ refunds the subsidy and shares out the transaction fees by work', () => {
  assert.equal(splitBlock(BLOCK, terms('PPS+'), WORK), {credits: [{account: 'a', sats: 297n}, {account: 'b', sats: 99n}], feeSats: 4n, donationSats: 0n, riskSats: 600n});
});

schemes('where no work is known the finder has what would be shared out', () => {
  assert.equal(splitBlock(BLOCK, terms('PPLNS'), []).credits, [{account: 'f', sats: 990n}]);
  assert.equal(splitBlock({...BLOCK, rewardSats: 0n, subsidySats: 0n}, terms('PPLNS'), []).credits, []);
});

schemes('a fee of everything leaves nothing, and more than everything is a mistake of ours', () => {
  assert.equal(splitBlock(BLOCK, terms('PROP', {feePpm: 900_000, donationPpm: 100_000}), WORK), {credits: [], feeSats: 900n, donationSats: 100n, riskSats: 0n});
  assert.throws(() => splitBlock(BLOCK, terms('PROP', {feePpm: 900_001, donationPpm: 100_000}), WORK));
  assert.throws(() => splitBlock({...BLOCK, subsidySats: 1_001n}, terms('PROP'), WORK));
});

schemes.run();
