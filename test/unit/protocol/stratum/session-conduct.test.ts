// Proves where a bad miner ends and an attacker begins: the borders of both rules, what never counts, and that a session
// is ended by them after its answers were written.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {ShareConduct} from '../../../../src/protocol/stratum/session-conduct.js';
import type {SessionRejectReason} from '../../../../src/protocol/stratum/session-types.js';
import {aJob, aTemplate} from '../../../support/mining-fixtures.js';
import {Machine} from '../../../support/stratum-machine.js';

const conduct = suite('protocol / stratum / session-conduct');
const LIMITS = {badSharesMin: 20, forgedJobsMin: 10};

function rejects(of: ShareConduct, reason: SessionRejectReason, count: number, accepted = 0): (string | undefined)[] {
  return Array.from({length: count}, () => of.rejected(reason, accepted));
}

conduct('bad-shares: the last of the window ends it, when there was not one good share for four', () => {
  const few = new ShareConduct(LIMITS);
  assert.equal(rejects(few, 'low-difficulty', 20, 4), [...new Array(19).fill(undefined), 'bad-shares']);
  const enough = new ShareConduct(LIMITS);
  assert.equal(rejects(enough, 'low-difficulty', 20, 5), new Array(20).fill(undefined));
  // The next window counts for itself: what was good before has been used up.
  assert.is(rejects(enough, 'duplicate', 20, 5).at(-1), 'bad-shares');
});

conduct('forged-jobs: only without any good share', () => {
  assert.equal(rejects(new ShareConduct(LIMITS), 'unknown-job', 10), [...new Array(9).fill(undefined), 'forged-jobs']);
  const honest = new ShareConduct(LIMITS);
  assert.equal(rejects(honest, 'unknown-job', 100, 1), new Array(100).fill(undefined));
});

conduct('stale shares and a busy pool are nobody\'s fault', () => {
  const of = new ShareConduct(LIMITS);
  assert.equal(new Set([...rejects(of, 'stale', 500), ...rejects(of, 'busy', 500)]), new Set([undefined]));
});

conduct('a session ends behind the answer of its last share', () => {
  for (const [params, reason] of [[['alice.rig', 'feed', '0000000000000000', '6553f100', '00000000'], 'forged-jobs'], [['alice.rig', '1', 'zz', '6553f100', '00000000'], 'bad-shares']] as const) {
    const machine = new Machine({limits: LIMITS}).start(aJob({number: 1, template: aTemplate({bits: 0x1d00ffff, target: 0xffffn << 208n})}));
    const last = reason === 'forged-jobs' ? 10 : 20;
    for (let id = 1; id <= last; id++) assert.ok(machine.request('mining.submit', params, id)?.error, `${reason} ${id}`);
    assert.equal(machine.of('close'), [{type: 'close', reason}]);
    assert.is(machine.ask({id: 99, method: 'mining.ping', params: []}).length, 0);
  }
});

conduct.run();
