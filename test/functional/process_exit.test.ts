// Proves the contract of the process with whoever starts it: exit codes and words for every way a start can go wrong, a
// ready file that is never half there, signals while it starts and under load, and help that needs nothing to run.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer, type Server} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {SeededRandom} from '../../src/runtime/seeded-random.js';
import {CAMPAIGNS} from '../support/crash-campaigns.js';
import {CrashChild} from '../support/crash-child.js';
import {eventually} from '../support/load-http.js';
import {RawPeer} from '../support/load-peer.js';
import {StratumLoad} from '../support/load-stratum.js';
import {runPithead} from '../support/pithead-process.js';

const folder = mkdtempSync(join(tmpdir(), 'pithead-exit-'));
const FREE_PORTS = ['stratum', 'http', 'rpc'].flatMap((part) => ['--set', `${part}.port=0`]);
const exit = suite('functional / process_exit');
exit.after(() => rmSync(folder, {recursive: true, force: true}));

let folders = 0;
const aFolder = (): string => join(folder, `data${folders++}`);

function occupiedPort(): Promise<{server: Server; port: number}> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => resolve({server, port: (server.address() as {port: number}).port}));
  });
}

const USAGE: readonly (readonly [readonly string[], RegExp])[] = [
  [['start', '--prot', '1'], /there is no flag --prot/],
  [['start', '--chain', 'mainnet'], /--chain is one of devnet, regtest, .*; not mainnet/],
  [['start', '--set', 'rpc.prot=1'], /there is no setting rpc\.prot; did you mean rpc\.port\?/],
  [['start', '--set', 'rpc.port=99999'], /rpc\.port/],
  [['start', '--role', 'mining-pool', '--role', 'solo-pool'], /choose one of mining-pool and solo-pool/],
  [['start', '--config', join(folder, 'none.toml')], /cannot be read \(ENOENT\)/],
  [['star'], /did you mean start\?/],
  [['verify', '--deep'], /there is no flag --deep/],
];

exit('bad usage and bad config end with 2 and say what is wrong', async () => {
  const outcomes = await Promise.all(USAGE.map(([args]) => runPithead(args)));
  for (const [index, [args, words]] of USAGE.entries()) {
    const {code, stderr} = outcomes[index]!;
    assert.is(code, 2, `${args.join(' ')}: ${stderr}`);
    assert.match(stderr, words, args.join(' '));
    assert.not.match(stderr, /\n {4}at /, `a stack is no help: ${args.join(' ')}`);
  }
});

exit('--help of every command ends with 0 and says how to use it', async () => {
  const overview = await runPithead(['help']);
  assert.is(overview.code, 0);
  const names = [...overview.stdout.matchAll(/^ {2}([a-z]+) +\S/gm)].map((found) => found[1]!);
  for (const name of ['start', 'init', 'rpc', 'keygen', 'verify', 'version']) assert.ok(names.includes(name), name);
  const helps = await Promise.all(names.map((name) => runPithead([name, '--help'])));
  for (const [index, name] of names.entries()) {
    assert.is(helps[index]!.code, 0, name);
    assert.match(helps[index]!.stdout, `pithead ${name}`);
  }
  assert.is((await runPithead(['help', 'start'])).stdout, helps[names.indexOf('start')]!.stdout);
});

exit('a port that another program has ends with 1, in words with the setting to change', async () => {
  const {server, port} = await occupiedPort();
  const dataDir = aFolder();
  for (const part of ['rpc', 'stratum', 'http']) {
    const {code, stderr} = await runPithead(['start', '--chain', 'regtest', '--data', dataDir, ...FREE_PORTS, '--set', 'demoMiner.enabled=false', '--set', `${part}.port=${port}`]);
    assert.is(code, 1, `${part}: ${stderr}`);
    assert.match(stderr, new RegExp(`127\\.0\\.0\\.1:${port}: another program has the port.*--set ${part}\\.port=PORT`));
    assert.not.ok(existsSync(join(dataDir, 'pithead.lock')), 'the folder is free again');
  }
  server.close();
});

exit('a host that is none of this machine, and a folder that cannot be, end with 1 in words', async () => {
  const host = await runPithead(['start', '--chain', 'regtest', '--role', 'full', '--data', aFolder(), ...FREE_PORTS, '--set', 'rpc.host=203.0.113.1']);
  assert.is(host.code, 1);
  assert.match(host.stderr, /203\.0\.113\.1 is no address of this machine.*--set rpc\.host=ADDRESS/);
  const file = join(folder, 'a-file');
  writeFileSync(file, '');
  const data = await runPithead(['start', '--chain', 'regtest', '--role', 'full', '--data', file, ...FREE_PORTS]);
  assert.is(data.code, 1);
  assert.match(data.stderr, /a-file cannot be made \(EEXIST\).*--data/);
});

exit('a ready file that cannot be written stops the process: nobody could find it', async () => {
  const {code, stderr} = await runPithead(['start', '--chain', 'regtest', '--role', 'full', '--data', aFolder(), ...FREE_PORTS, '--ready-file', join(folder, 'no', 'such', 'ready.json')]);
  assert.is(code, 1);
  assert.match(stderr, /the ready file cannot be written: ENOENT/);
});

exit('a second process on the folder is refused, and the first does not notice', async () => {
  const dataDir = aFolder();
  const first = new CrashChild({dataDir, chain: 'regtest', flags: ['--role', 'full']});
  const node = await first.ready();
  for (const args of [['start', '--chain', 'regtest', '--role', 'full', '--data', dataDir, ...FREE_PORTS], ['verify', '--data', dataDir]]) {
    const {code, stderr} = await runPithead(args);
    assert.is(code, 1);
    assert.match(stderr, `in use by process ${first.child.pid}`);
  }
  assert.is(await node!.rpc.result('getblockcount'), 0);
  assert.equal(await first.end('SIGINT'), {code: 0, signal: null}, 'SIGINT is as good as SIGTERM');
  assert.equal(['pithead.lock', '.cookie', 'endpoints.json'].filter((name) => existsSync(join(dataDir, name))), []);
});

exit('the ready file appears whole, when the ports answer, and an old one does not mislead', async () => {
  const dataDir = aFolder();
  const readyFile = join(folder, 'ready.json');
  writeFileSync(readyFile, '{"pid":1,"endpoints":{"rpc":"http://127.0.0.1:1"}}');
  const child = new CrashChild({dataDir, chain: 'regtest', flags: ['--ready-file', readyFile]});
  // The old one goes first; until then its process id tells it apart.
  let text = '';
  assert.ok(await eventually(() => {
    text = existsSync(readyFile) ? readFileSync(readyFile, 'utf8') : '';
    if (text === '') return false;
    return (JSON.parse(text) as {pid: number}).pid === child.child.pid;
  }, 30_000), child.output());
  const {endpoints} = JSON.parse(text) as {endpoints: {rpc: string; http: string; stratum: string}};
  const peer = await RawPeer.connect(Number(endpoints.stratum.split(':')[1]));
  peer.vanish(true);
  assert.is((await fetch(`${endpoints.http}/health/ready`)).status, 200);
  assert.is((await fetch(endpoints.rpc, {method: 'POST', body: '{}'})).status, 401);
  assert.is((await child.end('SIGTERM')).code, 0);
});

exit('SIGTERM while it starts is heard, and nothing is left behind', async () => {
  const dataDir = aFolder();
  const child = new CrashChild({dataDir, chain: 'regtest'});
  assert.ok(await eventually(() => existsSync(join(dataDir, 'pithead.lock')), 20_000));
  assert.equal(await child.end('SIGTERM'), {code: 0, signal: null}, child.output());
  assert.not.ok(existsSync(join(dataDir, 'pithead.lock')));
  assert.is((await runPithead(['verify', '--data', dataDir])).code, 0);
});

exit('SIGTERM under load keeps what was promised and ends within the deadline', async () => {
  const dataDir = aFolder();
  const deadlineMs = 8_000;
  const child = new CrashChild({dataDir, chain: 'devnet', flags: [...CAMPAIGNS.pool.flags ?? [], '--set', `shutdown.deadlineMs=${deadlineMs}`]});
  const node = await child.ready();
  const load = new StratumLoad(new SeededRandom(1), 'devnet');
  load.start(node!);
  assert.ok(await eventually(() => load.acknowledgedCount >= 50, 20_000), `${load.acknowledgedCount} shares`);
  const startedMs = performance.now();
  child.child.kill('SIGTERM');
  const ended = await child.exited;
  const tookMs = performance.now() - startedMs;
  await load.settle();
  assert.equal(ended, {code: 0, signal: null}, child.output().slice(-2_000));
  assert.ok(tookMs < deadlineMs + 2_000, `${tookMs} ms`);
  assert.equal(await load.missingOnDisk(dataDir), []);
  assert.equal(child.errorLines(), []);
  const stopped = child.logEntries().find(({code}) => code === 'process-stopped');
  assert.equal([stopped?.['abandoned'], stopped?.['failed']], [[], []]);
  process.stdout.write(`\nnote: stopped in ${tookMs.toFixed(0)} ms under load, ${load.acknowledgedCount} shares kept\n`);
});

exit.run();
