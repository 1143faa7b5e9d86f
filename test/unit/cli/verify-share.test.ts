// Proves the command on real files: it needs nothing but the proof, and its exit code says whether it holds.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {GetShareProof} from '../../../src/actors/accounting/messages.js';
import {bytesToHex} from '../../../src/protocol/bytes/hex.js';
import {formatShareProof} from '../../../src/protocol/payout/share-proof.js';
import {aPoolWithBlock, hashOf} from '../../support/accounting-pool.js';
import {runPithead} from '../../support/pithead-process.js';
import {aTemporaryDirectory} from '../../support/temporary-directory.js';

const verifyShare = suite('cli / verify-share');

verifyShare('holds, does not hold, and bad usage', async () => {
  const pool = await aPoolWithBlock();
  const asked = pool.accounting.ask<GetShareProof>({type: 'accounting.getShareProof', blockHash: hashOf(7), account: 'bob'}, {timeoutMs: 60_000});
  await pool.sim.advance(1_000);
  const reply = await asked;
  assert.ok(reply.ok);
  const root = bytesToHex(reply.proof.root);
  const folder = aTemporaryDirectory();
  const [good, bad, none] = ['good.json', 'bad.json', 'none.json'].map((name) => join(folder.path, name)) as [string, string, string];
  writeFileSync(good, formatShareProof(reply.proof));
  writeFileSync(bad, formatShareProof({...reply.proof, creditSats: 0n}));
  const [holds, elsewhere, wrong, missing] = await Promise.all([
    runPithead(['verify-share', '--json', '--root', root.toUpperCase(), good]), runPithead(['verify-share', '--root', '00'.repeat(32), good]),
    runPithead(['verify-share', bad]), runPithead(['verify-share', none]),
  ]);
  assert.equal([holds, elsewhere, wrong, missing].map(({code}) => code), [0, 1, 1, 2], holds.stdout + holds.stderr);
  const {shares, root: stated} = JSON.parse(holds.stdout) as {shares: number; root: string};
  assert.equal([shares, stated], [1, root]);
  assert.match(elsewhere.stdout, /DOES NOT HOLD: share-proof-root/);
  assert.match(wrong.stdout, /DOES NOT HOLD: share-proof-credit/);
  assert.match(missing.stderr, /none.json cannot be read/);
  folder.dispose();
});

verifyShare.run();
