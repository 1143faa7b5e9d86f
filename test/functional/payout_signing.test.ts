// Proves that a wallet without keys waits for another machine to sign, and pays with what comes back; and that `pithead wallet
// init` makes a wallet once.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {assertBooks, eventually, minerAccount, PayoutPool, withPool} from '../support/payout-pool.js';
import {runPithead} from '../support/pithead-process.js';
import {aTemporaryDirectory} from '../support/temporary-directory.js';

const ANN = minerAccount(0);

const payout = suite('functional / payout_signing');

payout('a wallet without keys waits for another machine to sign', () => withPool([], async (pool) => {
  const watching = aTemporaryDirectory();
  const file = join(watching.path, 'watch.json');
  const xpub = (await runPithead(['wallet', 'xpub', '--file', pool.walletFile])).stdout.trim();
  assert.is((await runPithead(['wallet', 'init', '--file', file, '--chain', 'regtest', '--watch', xpub])).code, 0);
  await pool.start(['--set', `wallet.file=${file}`]);
  await pool.findBlock(ANN);
  await pool.generate(101);
  await eventually(async () => (await pool.liveStates())[0]?.state === 'recorded', 'the plan');
  const unsigned = join(watching.path, 'out.psbt');
  const common = ['--data', pool.dataDir, '--config', pool.configFile()];
  assert.is((await runPithead(['wallet', 'export-psbt', '1', '--file', file, '--out', unsigned, ...common])).code, 0);
  const signed = await runPithead(['wallet', 'sign-psbt', unsigned, '--file', pool.walletFile, '--passphrase-file', pool.passphraseFile]);
  assert.match(signed.stdout, /signed 1 inputs/);
  const stranger = await runPithead(['wallet', 'import-psbt', join(watching.path, 'nothing.psbt'), ...common]);
  assert.is(stranger.code, 2);
  assert.is((await runPithead(['wallet', 'import-psbt', join(watching.path, 'out.signed.psbt'), ...common])).code, 0);
  await eventually(async () => (await pool.process!.rpc<string[]>('getrawmempool')).length > 0, 'the payout');
  await pool.generateUntil(async () => (await pool.liveStates())[0]?.state === 'confirmed', 'the confirmation');
  await pool.stop();
  await assertBooks(pool);
  watching.dispose();
}));

payout('wallet init writes a wallet once, for its owner only, and its words make the same one', async () => {
  const directory = aTemporaryDirectory();
  const path = (name: string): string => join(directory.path, name);
  const pool = new PayoutPool();
  const run = (name: string, ...more: string[]): ReturnType<typeof runPithead> => runPithead(['wallet', 'init', '--chain', 'regtest', '--file', path(name), '--passphrase-file', pool.passphraseFile, '--json', ...more]);
  const first = await run('a.json');
  const made = JSON.parse(first.stdout) as {words: string; address: string; xpub: string};
  assert.is(made.words.split(' ').length, 24);
  assert.is(statSync(path('a.json')).mode & 0o777, 0o600);
  assert.not.match(readFileSync(path('a.json'), 'utf8'), made.words.split(' ')[0]!.concat(' '));
  assert.is((await run('a.json')).code, 2);
  writeFileSync(path('words'), made.words);
  const restored = JSON.parse((await run('b.json', '--words-file', path('words'))).stdout) as {xpub: string};
  assert.is(restored.xpub, made.xpub);
  assert.is((await runPithead(['wallet', 'address', '--file', path('b.json')])).stdout.trim(), made.address);
  await pool.dispose();
  directory.dispose();
});

payout.run();
