// Proves what new work of an old template is: other bytes and another id for each number, and one object for all sessions
// that come to the same number, with one key for the threads that hash it.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {freshWork, JOB_BYTES_MIN, WORK_VARIANT_MAX} from '../../../../src/protocol/stratum/stratum-job.js';
import {aJob} from '../../../support/mining-fixtures.js';

const job = suite('protocol / stratum / stratum-job');

job('each number is other work: one byte of the coinbase, the id and the key', () => {
  const original = aJob({number: 5});
  let lastKey = 100;
  const variants = Array.from({length: WORK_VARIANT_MAX}, (_, index) => freshWork(original, {number: index + 1, nextJobKey: () => (lastKey += 1)}));
  const all = [original, ...variants];
  assert.is(new Set(all.map(({jobId}) => jobId)).size, all.length);
  assert.is(new Set(all.map(({jobKey}) => jobKey)).size, all.length);
  assert.is(new Set(all.map(({coinbase1}) => Buffer.from(coinbase1).toString('hex'))).size, all.length);
  for (const {coinbase1, template, coinbase2, branch} of variants) {
    const differing = coinbase1.reduce<number[]>((at, byte, index) => (byte === original.coinbase1[index] ? at : [...at, index]), []);
    assert.equal(differing, [coinbase1.length - JOB_BYTES_MIN]);
    assert.ok(template === original.template && coinbase2 === original.coinbase2 && branch === original.branch);
  }
});

job('sessions at the same number share it, and another job has its own', () => {
  const [one, two] = [aJob({number: 5}), aJob({number: 6})];
  let keys = 0;
  const fresh = (of: typeof one, number: number) => freshWork(of, {number, nextJobKey: () => (keys += 1)});
  assert.ok(fresh(one, 3) === fresh(one, 3));
  assert.is(keys, 1, 'no key is used up for what is there');
  assert.ok(fresh(one, 3) !== fresh(one, 4));
  assert.ok(fresh(two, 3).jobId !== fresh(one, 3).jobId);
});

job.run();
