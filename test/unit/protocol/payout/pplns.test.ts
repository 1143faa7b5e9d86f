// Proves where the window begins and ends, that the share at its edge counts in part, that a window not yet full counts
// what is there, and that sums of shares give the same as the shares one by one.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import {pplnsWindow, windowWorkOf} from '../../../../src/protocol/payout/pplns.js';
import {splitReward} from '../../../../src/protocol/payout/split-reward.js';

const pplns = suite('protocol / payout / pplns');

const share = (account: string, work: bigint) => ({account, work});
const history = fc.array(fc.record({account: fc.constantFrom('a', 'b', 'c', 'd'), work: fc.bigInt(1n, 1n << 40n)}), {minLength: 1, maxLength: 60});

pplns('counts back from the newest share and no further than the window', () => {
  const window = pplnsWindow([share('a', 4n), share('b', 4n), share('c', 4n)], 8n);
  assert.equal(window, {work: [share('a', 4n), share('b', 4n)], totalWork: 8n});
});

pplns('the share at the edge counts with the part inside', () => {
  const window = pplnsWindow([share('a', 4n), share('b', 4n), share('c', 4n)], 9n);
  assert.equal(window.work, [share('a', 4n), share('b', 4n), share('c', 1n)]);
});

pplns('a share larger than the window fills it alone', () => {
  assert.equal(pplnsWindow([share('a', 100n), share('b', 1n)], 10n), {work: [share('a', 10n)], totalWork: 10n});
});

pplns('a window not yet full counts all there is and pays all of the reward', () => {
  const window = pplnsWindow([share('a', 1n), share('b', 3n)], 1_000_000n);
  assert.is(window.totalWork, 4n);
  assert.equal(splitReward({rewardSats: 400n, feePpm: 0}, window.work).credits, [{account: 'a', sats: 100n}, {account: 'b', sats: 300n}]);
});

pplns('reads no further into the log than it must', () => {
  let read = 0;
  function* log() {
    for (;;) {
      read += 1;
      yield share('a', 5n);
    }
  }
  pplnsWindow(log(), 12n);
  assert.is(read, 3);
});

pplns('any history: the window holds the smaller of its size and the work there is', () => {
  fc.assert(fc.property(history, fc.bigInt(1n, 1n << 44n), (shares, windowWork) => {
    const there = shares.reduce((sum, entry) => sum + entry.work, 0n);
    const window = pplnsWindow(shares, windowWork);
    assert.is(window.totalWork, there < windowWork ? there : windowWork);
    assert.is(window.work.reduce((sum, entry) => sum + entry.work, 0n), window.totalWork);
  }));
});

pplns('any history: cutting a share in two changes nothing', () => {
  fc.assert(fc.property(history, fc.bigInt(1n, 1n << 44n), (shares, windowWork) => {
    const cut = shares.flatMap(({account, work}) => (work > 1n ? [share(account, work / 2n), share(account, work - work / 2n)] : [share(account, work)]));
    assert.equal(pplnsWindow(cut, windowWork), pplnsWindow(shares, windowWork));
  }));
});

pplns('any history: an older share never raises what a newer one earns', () => {
  fc.assert(fc.property(history, fc.bigInt(1n, 1n << 44n), (shares, windowWork) => {
    const before = pplnsWindow(shares, windowWork);
    const after = pplnsWindow([...shares, share('late', 7n)], windowWork);
    for (const entry of before.work) assert.is(after.work.find(({account}) => account === entry.account)?.work, entry.work);
  }));
});

pplns('the window follows the difficulty of the block', () => {
  const easy = (1n << 255n) - 1n;
  assert.is(windowWorkOf(easy, 2_000_000), 4n);
  assert.is(windowWorkOf(easy, 1), 1n);
  assert.is(windowWorkOf(easy >> 10n, 2_000_000), 4_096n);
});

pplns.run();
