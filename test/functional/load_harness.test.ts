// Proves the load harness on the real command against a real pool: 200 miners of every dialect and every fault, each submit
// with exactly one answer of the planned kind, and its books those of `pithead audit`, account by account.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {LoadReport} from '../../src/load/load-report.js';
import {auditedShares, disagreements} from '../support/load-books.js';
import {runPithead, startPithead} from '../support/pithead-process.js';

const MINERS = 200;
const SECONDS = 5;
/** 2^-24 at the start: a share costs 256 hashes. Blocks of devnet take 2^20, so some are found, too. */
const POOL_FLAGS = [
  '--role', 'full', '--role', 'mining-pool', '--set', `pool.startDifficulty=${2 ** -24}`, '--set', `pool.minDifficulty=${2 ** -28}`, '--set', 'pool.staleGraceMs=0', '--set', 'workers.threads=0',
];

const harness = suite('functional / load_harness');

harness('200 mixed miners: one answer each, as planned, and the same books as the pool', async () => {
  const pool = await startPithead({chain: 'devnet', flags: POOL_FLAGS});
  try {
    const file = join(pool.dataDir, 'load.json');
    const run = await runPithead(['load', '--pool', pool.endpoints.stratum!, '--miners', String(MINERS), '--duration', String(SECONDS), '--threads', '2', '--seed', '4', '--json', file, '--quiet']);
    assert.is(run.code, 0, run.stdout + run.stderr);
    assert.is(await pool.stop(), 0);
    const report = JSON.parse(readFileSync(file, 'utf8')) as LoadReport;
    assert.ok(report.isEachAnsweredOnce);
    assert.equal(report.surprises, []);
    // How many there are is the machine's affair; how each fault is answered stands in unit/load/miner-session.
    assert.ok(report.totals.accepted > 0);
    process.stdout.write(`note: ${report.totals.accepted} shares accepted, ${report.totals.rejected} refused in ${SECONDS} s\n`);
    assert.ok(report.connections.attempted >= MINERS);
    assert.equal([report.connections['closed by the pool'], report.connections['failed to open'], report.connections['refused by the pool']], [0, 0, 0]);
    assert.ok(Object.keys(report.planned.dialects).length >= 6);
    const audited = await auditedShares(pool.dataDir);
    assert.is(Object.values(audited).reduce((sum, shares) => sum + shares, 0), report.totals.accepted);
    assert.equal(disagreements(report, audited), []);
  } finally {
    await pool.dispose();
  }
});

harness('a share too many or too few in the pool\'s log is found', () => {
  const books = {totals: {open: 0} as LoadReport['totals'], accounts: {alice: {sent: 9, accepted: 7, rejected: 1, unanswered: 1}}};
  assert.equal([disagreements(books, {alice: 7}), disagreements(books, {alice: 8})], [[], []]);
  assert.is(disagreements(books, {alice: 6}).length, 1);
  assert.is(disagreements(books, {alice: 9}).length, 1);
  assert.is(disagreements(books, {alice: 7, bob: 1}).length, 1);
  assert.is(disagreements(books, {}).length, 1);
});

harness('a pool that is not there is said, and ends with an answer for nothing', async () => {
  const run = await runPithead(['load', '--pool', '127.0.0.1:9', '--miners', '3', '--duration', '1', '--quiet']);
  assert.match(run.stdout, /failed to open [1-9]/);
  assert.match(run.stdout, /ECONNREFUSED/);
});

harness.run();
