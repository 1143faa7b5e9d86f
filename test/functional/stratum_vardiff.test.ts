// Proves over a real socket that a change of difficulty never costs an honest miner a share: a miner that is far too
// fast for its start difficulty is moved up while it mines, and whatever it sends at the difficulty that it was told
// for its job is accepted, before, during and after the move.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {ALICE, START_EXPONENT, startFakePool} from '../support/fake-miner-pool.js';
import {targetOfDifficulty} from '../support/stratum-client.js';
import type {NotifiedJob} from '../support/stratum-client.js';

const RIG = `${ALICE}.rig`;
/** 16 times the start: reached within a few dozen shares, and still cheap to mine here. */
const MAX_EXPONENT = START_EXPONENT + 4;

const vardiff = suite('functional / stratum_vardiff');

vardiff('no share is refused because the difficulty moved', async () => {
  const pool = await startFakePool({vardiff: {targetIntervalMs: 2_000, exponentMax: MAX_EXPONENT}});
  try {
    const miner = await pool.miner();
    /** Jobs with the difficulty that stood when each arrived, as clients of the cautious kind keep it. */
    let known: {readonly job: NotifiedJob; readonly difficulty: number} = {job: miner.job!, difficulty: miner.difficulty};
    const seen: (typeof known)[] = [known];
    for (let sent = 0; sent < 200 && miner.difficulty < 2 ** MAX_EXPONENT; sent += 1) {
      const share = miner.mine({job: known.job, atMost: targetOfDifficulty(known.difficulty)});
      const reply = await miner.submit(RIG, share);
      assert.is(reply.result, true, `share ${sent} at ${known.difficulty}: ${JSON.stringify(reply.error)}`);
      if (miner.job !== known.job) {
        known = {job: miner.job!, difficulty: miner.difficulty};
        seen.push(known);
      }
    }
    assert.is(miner.difficulty, 2 ** MAX_EXPONENT, 'the pool moved');
    // Work of before the move still counts at the difficulty that it was given out with.
    for (const {job, difficulty} of seen) {
      assert.is((await miner.submit(RIG, miner.mine({job, atMost: targetOfDifficulty(difficulty)}))).result, true);
    }
    assert.equal((await pool.totals()).sharesRejected, {});
  } finally {
    await pool.stop();
  }
});

vardiff('what is announced is a power of two and what is enforced', async () => {
  const pool = await startFakePool();
  try {
    const miner = await pool.miner();
    await miner.request('mining.suggest_difficulty', [3e-7]);
    const {job} = miner;
    pool.refresh();
    await miner.until(() => miner.job !== job);
    assert.is(Math.log2(miner.difficulty) % 1, 0);
    assert.ok(miner.difficulty <= 3e-7);
    const target = targetOfDifficulty(miner.difficulty);
    assert.is((await miner.submit(RIG, miner.mine({atMost: target, above: target - target / 8n}))).result, true);
    assert.is((await miner.submit(RIG, miner.mine({atMost: target + target / 8n, above: target}))).error?.[0], 23);
  } finally {
    await pool.stop();
  }
});

vardiff.run();
