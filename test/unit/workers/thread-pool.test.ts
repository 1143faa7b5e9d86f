// Proves that the thread pool keeps the same contract as its twin, and that a thread that ends fails only its own batch.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {performance} from 'node:perf_hooks';
import {createThreadPool, defaultThreads} from '../../../src/workers/thread-pool.js';
import {addCompliance, headerByHand, jobOf, mixedChecks, shareOf} from './compliance.js';

/** As in crashing-kernel-thread.ts, which only a thread can load. */
const POISON_NONCE = 0xdeadbeef;

const threads = suite('workers / thread-pool');

addCompliance(threads, async (options = {}) => ({...createThreadPool({threads: 1, ...options}), nowMs: () => performance.now()}));

threads('one core is left to the event loop, and there is always a thread', () => {
  assert.equal([1, 2, 8].map(defaultThreads), [1, 1, 7]);
});

threads('pool-failed', async () => {
  const pool = createThreadPool({threads: 2, entryUrl: new URL('./crashing-kernel-thread.js', import.meta.url)});
  const job = jobOf(1);
  try {
    for (let round = 1; round <= 2; round += 1) {
      // Each its own batch, as each turn sends what it has; the poison takes its thread down while others are under way.
      const {checks, expected} = mixedChecks(200);
      const verdicts = pool.signatures.verify(checks.map((check, index) => ({...check, message: expected[index] ? check.message : Uint8Array.of(...check.message.subarray(1), round)})));
      const poisoned = pool.shares.hash({...shareOf(job, 1), nonce: POISON_NONCE});
      assert.equal(await poisoned, {ok: false, code: 'pool-failed'});
      assert.equal(await verdicts, {ok: true, valid: expected}, 'batches that the thread only held were run again');
      const after = shareOf(job, 100 + round);
      assert.equal(await pool.shares.hash(after), {ok: true, ...headerByHand(after)}, 'the new thread learns the job');
      assert.is(pool.lostThreads(), round);
    }
  } finally {
    await pool.close();
  }
});

threads.run();
