// Proves that a real pool pays its miners: blocks found through Stratum mature, the payout is on the chain, received to the
// satoshi, and the ledger, the wallet and the audit agree; with keys in the pool, and with keys on another machine.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {aTemporaryDirectory} from '../support/temporary-directory.js';
import {eventually, minerAccount, PayoutPool} from '../support/payout-pool.js';
import {runPithead} from '../support/pithead-process.js';

const [ANN, BEN] = [minerAccount(0), minerAccount(1)];
const SUBSIDY = 5_000_000_000n;

const payout = suite('functional / payout_wallet');

async function withPool(flags: readonly string[], use: (pool: PayoutPool) => Promise<void>): Promise<void> {
  const pool = new PayoutPool(flags);
  try {
    await use(pool);
  } finally {
    await pool.dispose();
  }
}

/** The books after a stop, which must be in order. */
async function assertBooks(pool: PayoutPool): Promise<void> {
  const books = await pool.audit();
  assert.ok(books.ok, JSON.stringify(books));
  const wallet = await pool.walletTotals();
  assert.is(books.ledger['sumSats'], '0');
  assert.is(books.ledger['payingSats'], '0');
  assert.is(books.ledger['walletInFlightSats'], '0');
  assert.is(BigInt(books.ledger['walletAvailableSats']!), BigInt(wallet['spendableSats']!) + BigInt(wallet['lockedSats']!));
}

payout('two miners are paid on the chain, and every book agrees', () => withPool([], async (pool) => {
  await pool.start();
  await pool.findBlock(ANN);
  await pool.findBlock(BEN);
  await pool.generate(101);
  await eventually(async () => (await pool.process!.rpc<string[]>('getrawmempool')).length > 0, 'the payout');
  await eventually(async () => (await pool.liveStates())[0]!.state === 'broadcast', 'its state');
  await pool.generateUntil(async () => (await pool.liveStates())[0]!.confirmations === 1, 'the first confirmation');
  assert.is((await pool.liveStates())[0]!.state, 'broadcast');
  await pool.generateUntil(async () => (await pool.liveStates()).every(({state}) => state === 'confirmed'), 'the confirmation');
  const received = await pool.received([ANN, BEN]);
  await pool.stop();
  const rows = (await pool.payouts()).filter(({kind}) => kind === 'payout');
  const fees = rows.reduce((sum, {feeSats}) => sum + BigInt(feeSats), 0n);
  assert.is(received.get(ANN)! + received.get(BEN)! + fees, 2n * SUBSIDY, 'both rewards, less the network fee');
  assert.ok(received.get(ANN)! > SUBSIDY / 2n && received.get(BEN)! > 0n);
  await assertBooks(pool);
}));

payout('a reorganisation takes the payout back, and it confirms on the other branch', () => withPool([], async (pool) => {
  await pool.start();
  await pool.findBlock(ANN);
  await pool.generate(100);
  await eventually(async () => (await pool.process!.rpc<string[]>('getrawmempool')).length > 0, 'the payout');
  await pool.generateUntil(async () => (await pool.liveStates())[0]?.state === 'confirmed', 'the confirmation');
  const hash = await pool.process!.rpc<string>('getblockhash', await pool.process!.rpc<number>('getblockcount') - 1);
  await pool.process!.rpc('invalidateblock', hash);
  await eventually(async () => (await pool.liveStates())[0]?.state === 'broadcast', 'the way back');
  await eventually(async () => (await pool.process!.rpc<string[]>('getrawmempool')).length > 0, 'the payout again');
  await pool.generateUntil(async () => (await pool.liveStates())[0]?.state === 'confirmed', 'the second confirmation', 1);
  assert.is((await pool.received([ANN])).get(ANN)! + BigInt((await pool.payouts())[0]!.feeSats), SUBSIDY);
  await pool.stop();
  await assertBooks(pool);
}));

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
