// Proves that statistics of miners stay within their bounds whatever names shares come with, and that who is forgotten
// is who was silent longest.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {MinerStatistics} from '../../../../src/actors/accounting/miner-statistics.js';

const BOUNDS = {accountsMax: 3, rigsPerAccountMax: 4, rigsMax: 6};

function aStatistics(): {statistics: MinerStatistics; share(account: string, minerName: string): void} {
  const statistics = new MinerStatistics(0, BOUNDS);
  let atMs = 0;
  return {
    statistics,
    share: (account, minerName) => {
      atMs += 1_000;
      statistics.countAccepted({account, minerName, userAgent: 'test', difficulty: 1, hashes: 2 ** 32, shareDifficulty: 1, atMs});
    },
  };
}

const rigsOf = (statistics: MinerStatistics, account: string): string[] => (statistics.account(account, 1_000_000)?.rigs ?? []).map(({minerName}) => minerName).sort();

const statistics = suite('actors / accounting / miner-statistics');

statistics('an account keeps the rigs that were heard last', () => {
  const {statistics: kept, share} = aStatistics();
  for (const name of ['a', 'b', 'c', 'd', 'a', 'e']) share('alice', name);
  assert.equal(rigsOf(kept, 'alice'), ['a', 'c', 'd', 'e']);
  assert.is(kept.account('alice', 1_000_000)!.sharesAccepted, 6);
});

statistics('all accounts together keep a bounded number of rigs', () => {
  const {statistics: kept, share} = aStatistics();
  for (const account of ['alice', 'bob', 'carol']) for (const name of ['a', 'b', 'c']) share(account, name);
  assert.equal(['alice', 'bob', 'carol'].map((account) => rigsOf(kept, account).length), [0, 3, 3]);
  assert.is(kept.account('alice', 1_000_000)!.sharesAccepted, 3);
});

statistics('the account that was silent longest is forgotten, with its rigs', () => {
  const {statistics: kept, share} = aStatistics();
  for (const account of ['alice', 'bob', 'carol', 'alice', 'dave']) share(account, 'a');
  assert.is(kept.accountCount, 3);
  assert.is(kept.account('bob', 1_000_000), undefined);
  assert.equal(rigsOf(kept, 'alice'), ['a']);
  // Bob's rig takes no room any more: five others fit beside it.
  for (const name of ['b', 'c', 'd']) share('dave', name);
  assert.equal(['alice', 'carol', 'dave'].map((account) => rigsOf(kept, account).length), [1, 1, 4]);
});

statistics('of many rigs those heard last are shown when only some are asked for', () => {
  const {statistics: kept, share} = aStatistics();
  for (const name of ['a', 'b', 'c', 'a']) share('alice', name);
  assert.equal(kept.account('alice', 1_000_000, 2)!.rigs.map(({minerName}) => minerName), ['c', 'a']);
});

statistics('accounts are listed by their last share, newest first, as many as asked for', () => {
  const {statistics: kept, share} = aStatistics();
  for (const account of ['alice', 'bob', 'carol', 'alice']) share(account, 'a');
  assert.equal(kept.accounts({limit: 2}, 1_000_000).map(({account}) => account), ['alice', 'carol']);
  assert.equal(kept.accounts({limit: 9}, 1_000_000).map(({account}) => account), ['alice', 'carol', 'bob']);
  assert.equal(kept.accounts({limit: 1, after: 'alice'}, 1_000_000).map(({account}) => account), ['carol']);
  assert.equal(kept.accounts({limit: 9, after: 'bob'}, 1_000_000), []);
  assert.equal(kept.accounts({limit: 9, after: 'nobody'}, 1_000_000), []);
});

statistics('sums of work cover the pool and the accounts heard since; rejects are counted for the known rig alone', () => {
  const {statistics: kept, share} = aStatistics();
  for (const account of ['alice', 'bob', 'alice']) share(account, 'a');
  kept.countRejected('alice', 'a', 'stale');
  kept.countRejected('alice', 'never heard', 'stale');
  kept.countRejected('mallory', 'x', 'duplicate');
  kept.countPresence('alice', 'a', 1);
  kept.countPresence('alice', 'b', 1);
  kept.countPresence('alice', 'b', -1);
  const {pool, accounts} = kept.workSums(0, 9);
  const perShare = pool.hashes / 3;
  assert.ok(perShare > 0);
  assert.equal({...pool, hashes: 0}, {hashes: 0, sharesAccepted: 3, sharesRejected: 3, connected: 1});
  assert.equal(accounts.map(({account, hashes, sharesAccepted, sharesRejected, connected}) => [account, hashes / perShare, sharesAccepted, sharesRejected, connected]),
    [['alice', 2, 2, 2, 1], ['bob', 1, 1, 0, 0]]);
  assert.is(kept.account('alice', 1_000_000)!.rigs[0]!.sharesRejected, 1);
  assert.equal(kept.workSums(0, 1).accounts.map(({account}) => account), ['alice']);
  assert.equal(kept.workSums(Infinity, 9).accounts, []);
});

statistics.run();
