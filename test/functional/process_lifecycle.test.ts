// Proves the life of a real `pithead start` process: it serves when its ready file says so, goes on where it was, keeps
// its folder to itself, and ends with the exit code that the contract names.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {runPithead, startPithead} from '../support/pithead-process.js';

const ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
const lifecycle = suite('functional / process_lifecycle');
const folder = mkdtempSync(join(tmpdir(), 'pithead-life-'));
lifecycle.after(() => rmSync(folder, {recursive: true, force: true}));

lifecycle('mines, stops on SIGTERM with 0, verifies, and goes on where it was', async () => {
  const dataDir = join(folder, 'node');
  const first = await startPithead({dataDir});
  assert.is(statSync(join(dataDir, '.cookie')).mode & 0o777, 0o600, 'the cookie is for its owner');
  const hashes = await first.rpc<string[]>('generatetoaddress', 5, ADDRESS);
  assert.is(hashes.length, 5);
  const locked = await runPithead(['verify', '--data', dataDir]);
  assert.is(locked.code, 1);
  assert.match(locked.stderr, /in use by process/);
  const second = await runPithead(['start', '--data', dataDir, '--chain', 'regtest', '--set', 'rpc.port=0']);
  assert.is(second.code, 1);
  assert.is(await first.stop(), 0);
  assert.not.ok(existsSync(join(dataDir, '.cookie')));
  assert.match(first.output(), /"code":"process-stopped"/);

  const verified = await runPithead(['verify', '--data', dataDir, '--json']);
  assert.is(verified.code, 0, verified.stdout);
  assert.is((JSON.parse(verified.stdout) as {height: number}).height, 5);

  const again = await startPithead({dataDir});
  assert.is(await again.rpc('getbestblockhash'), hashes[4]);
  const viaCommand = await runPithead(['rpc', '--data', dataDir, 'gettxoutsetinfo']);
  assert.match(viaCommand.stdout, /"total_amount": 250\.00000000/);
  const stopped = await runPithead(['rpc', '--data', dataDir, 'stop']);
  assert.equal([stopped.code, stopped.stdout.trim()], [0, 'Pithead stopping']);
  assert.is(await again.exited, 0);
});

lifecycle('another chain\'s folder is refused in words', async () => {
  const outcome = await runPithead(['start', '--data', join(folder, 'node'), '--chain', 'devnet', '--set', 'rpc.port=0', '--set', 'http.port=0', '--set', 'stratum.port=0']);
  assert.is(outcome.code, 1);
  assert.match(outcome.stderr, /regtest/);
});

lifecycle('a config mistake ends with 2 before anything is made', async () => {
  const dataDir = join(folder, 'never');
  const configFile = join(folder, 'pithead.toml');
  writeFileSync(configFile, `dataDir = "${dataDir}"\n[rpc]\nprot = 1\n`);
  const outcome = await runPithead(['start', '--config', configFile]);
  assert.is(outcome.code, 2);
  assert.match(outcome.stderr, /rpc\.prot; did you mean rpc\.port\?/);
  assert.not.ok(existsSync(dataDir));
});

lifecycle('an address that is none of this chain is a config mistake', async () => {
  const outcome = await runPithead(['start', '--data', join(folder, 'address'), '--chain', 'regtest', '--set', 'rpc.port=0', '--set', 'http.port=0', '--set', 'stratum.port=0',
    '--set', 'pool.payoutAddress=bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4']);
  assert.is(outcome.code, 2, outcome.stderr + outcome.stdout);
});

lifecycle('SIGUSR2 leaves a recording of the last messages, which `flight` shows; five of them are kept', async () => {
  const node = await startPithead();
  await node.rpc('generatetoaddress', 1, ADDRESS);
  for (let written = 1; written <= 6; written += 1) {
    process.kill(node.pid, 'SIGUSR2');
    const deadlineMs = Date.now() + 20_000;
    while ((node.output().match(/"code":"flight-recorded"/g)?.length ?? 0) < written && Date.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.is(readdirSync(node.dataDir).filter((name) => name.startsWith('flight-')).length, 5);
  const shown = await runPithead(['flight', '--data', node.dataDir, '--actor', '/chain', '--last', '5000']);
  assert.is(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /SIGUSR2/);
  assert.match(shown.stdout, /\/chain → \/mempool {2}chain\.blockConnected/);
  assert.not.match(shown.stdout, /\/template → \/mempool/, 'others are left out');
  const mistaken = await runPithead(['flight', '--data', node.dataDir, '--last', 'many']);
  assert.is(mistaken.code, 2);
  assert.is(await node.stop(), 0);
  assert.is((await runPithead(['flight', join(node.dataDir, 'ready.json')])).code, 1, 'another file is refused in words');
  await node.dispose();
});

lifecycle('the ready file holds pid and endpoints', async () => {
  const node = await startPithead();
  const ready = JSON.parse(readFileSync(join(node.dataDir, 'ready.json'), 'utf8')) as {pid: number; endpoints: {rpc: string}};
  assert.is(ready.pid, node.pid);
  assert.match(ready.endpoints.rpc, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.is(await node.stop(), 0);
  await node.dispose();
});

lifecycle.run();
