// Proves with a real process that no step of a payout is one too many or one too few: the pool is killed with SIGKILL right
// when a payout has reached each of its states, started again on the same folder, and left to finish. The books hold at the
// moment of death; in the end each miner has on the chain what it earned, once.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {brokenPromises, readBooks, unpaidOrPaidTwice, unresolvedCount} from '../support/payout-books.js';
import {minerAccount, PayoutPool} from '../support/payout-pool.js';

const ACCOUNTS = [0, 1, 2].map(minerAccount);
/** In which a payout can be found by whoever restarts: each has been on disk for a moment when the process dies. */
const MOMENTS = ['planned', 'recorded', 'signed', 'broadcast', 'confirmed'] as const;

const crash = suite('functional / payout_crash');

/** A kill that came late has carried its payout on; when then no other comes this far, the pool dies wherever it is. */
const WAIT_MS_MAX = 8_000;

/** Lets the pool work and kills it as soon as it says that a payout is in this state. */
async function killedWhen(pool: PayoutPool, state: string): Promise<void> {
  const {process: running} = pool;
  const seen = new RegExp(`"code":"payout-changed","payout":(\\d+),"kind":"payout","state":"${state}"`);
  const from = running!.output().length;
  const died = new Promise<void>((resolve, reject) => {
    const look = (): void => {
      if (!seen.test(running!.output().slice(from))) return;
      running!.child.stdout!.off('data', look);
      void running!.kill().then(resolve, reject);
    };
    running!.child.stdout!.on('data', look);
    look();
  });
  const startedMs = performance.now();
  while (running!.child.signalCode === null) {
    if (performance.now() - startedMs > WAIT_MS_MAX) return running!.kill();
    // Each block makes another reward mature, and confirms what was sent.
    await pool.generate(1).catch(() => undefined);
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  }
  await died;
}

crash('killed in each state of a payout, it is paid exactly once', async () => {
  const pool = new PayoutPool(['--set', 'log.level=debug', '--set', 'pool.pplnsWindow=0.5']);
  try {
    await pool.start();
    // Rewards enough for every payout of this test; they mature one by one.
    for (let i = 0; i < 16; i += 1) await pool.findBlock(ACCOUNTS[i % 3]!);
    await pool.generate(84);
    for (const state of MOMENTS) {
      await killedWhen(pool, state);
      const broken = brokenPromises(await readBooks(pool.dataDir));
      assert.equal(broken, [], `killed when ${state}`);
      await pool.start();
    }
    // On a slow machine one payout may have taken every reward so far: another matures, so that there is a second payout.
    await pool.findBlock(ACCOUNTS[0]!);
    await pool.generate(101);
    await pool.generateUntil(async () => {
      const books = await readBooks(pool.dataDir);
      return books.records.length > 1 && unresolvedCount(books) === 0;
    }, 'the end of all payouts');
    const books = await readBooks(pool.dataDir);
    const told = books.records.map(({kind, state, problem}) => `${kind} ${state} ${problem ?? ''}`).join(', ');
    assert.ok(books.records.length > 1 && books.records[0]!.state === 'confirmed', told);
    assert.ok(books.records.every(({state}) => state === 'confirmed' || state === 'failed'), told);
    assert.equal(brokenPromises(books), []);
    assert.equal(await unpaidOrPaidTwice({rpc: pool.process!.rpc, dataDir: pool.dataDir}, ACCOUNTS), []);
    await pool.stop();
    const audit = await pool.audit();
    assert.ok(audit.ok, JSON.stringify(audit));
    assert.is(audit.ledger['sumSats'], '0');
  } finally {
    await pool.dispose();
  }
});

crash.run();
