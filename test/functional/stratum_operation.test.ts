// Proves what an operator relies on, with a real process: TLS with a certificate that is replaced while it runs, a stop that
// tells miners where to come back and answers what is in hand, and a restart that repeats no extranonce1 and forgets no ban.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {execFileSync} from 'node:child_process';
import {mkdtempSync, renameSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {connect as connectTls} from 'node:tls';
import {encodeAddress} from '../../src/protocol/address/address.js';
import {DEVNET} from '../../src/protocol/chain/presets.js';
import {CrashChild} from '../support/crash-child.js';
import {CAMPAIGNS} from '../support/crash-campaigns.js';
import {aKey} from '../support/mined-chain.js';
import {RawPeer} from '../support/load-peer.js';
import {StratumClient} from '../support/stratum-client.js';

const USER = `${encodeAddress(aKey('honest').scriptPubKey, DEVNET.address)}.rig`;
const operation = suite('functional / stratum_operation');
const folder = mkdtempSync(join(tmpdir(), 'pithead-operation-'));
const file = (name: string): string => join(folder, name);
const children: CrashChild[] = [];

operation.after(async () => {
  for (const child of children) await child.end('SIGKILL');
  rmSync(folder, {recursive: true, force: true});
});

async function start(flags: readonly string[]): Promise<{child: CrashChild; port: number; tlsPort: number; pid: number}> {
  const child = new CrashChild({dataDir: join(folder, 'data'), chain: 'devnet', flags: [...CAMPAIGNS.pool.flags ?? [], ...flags]});
  children.push(child);
  const node = await child.ready();
  assert.ok(node !== undefined, child.output());
  const endpoints = node.endpoints as {stratum?: string; stratumTls?: string};
  const portOf = (endpoint: string | undefined): number => Number(/:(\d+)$/.exec(endpoint ?? ':0')![1]);
  return {child, pid: node.pid, port: portOf(endpoints.stratum), tlsPort: portOf(endpoints.stratumTls)};
}

function makeCertificate(name: string): void {
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
    '-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)], {stdio: 'ignore'});
}

/** The name in the certificate, and what the pool answers to a subscription. */
function greetWithTls(port: number): Promise<{name: string; answer: string}> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({port, host: '127.0.0.1', rejectUnauthorized: false}, () => {
      const name = String(socket.getPeerCertificate().subject.CN);
      socket.once('data', (chunk) => {
        socket.destroy();
        resolve({name, answer: String(chunk)});
      });
      socket.write('{"id":1,"method":"mining.subscribe","params":[]}\n');
    });
    socket.once('error', reject);
  });
}

/** Twenty miners, each with a share in hand when the process is told to stop. */
async function mineThroughStop({child, port}: {readonly child: CrashChild; readonly port: number}, signal: 'SIGTERM'): Promise<string[]> {
  const miners = await Promise.all(Array.from({length: 20}, async () => (await StratumClient.connect(port)).start(USER)));
  const answers = miners.map((miner) => miner.submit(USER, miner.mine()));
  const ended = child.end(signal);
  for (const answer of await Promise.all(answers)) assert.is(answer.result, true, JSON.stringify(answer));
  await Promise.all(miners.map((miner) => miner.closed()));
  for (const miner of miners) assert.equal(miner.notifications.find(({method}) => method === 'client.reconnect')?.params, [null, null, 5]);
  assert.is((await ended).code, 0, child.output().slice(-2_000));
  return miners.map(({extranonce1}) => extranonce1);
}

const given = new Set<string>();

operation('TLS beside the plain port, a new certificate on SIGHUP; a stop tells where to come back and answers what is in hand', async () => {
  makeCertificate('old.example');
  makeCertificate('new.example');
  renameSync(file('old.example.crt'), file('pool.crt'));
  renameSync(file('old.example.key'), file('pool.key'));
  const node = await start(['--set', `stratum.tls.certFile=${file('pool.crt')}`, '--set', `stratum.tls.keyFile=${file('pool.key')}`, '--set', 'stratum.tls.port=0']);
  const before = await greetWithTls(node.tlsPort);
  assert.is(before.name, 'old.example');
  assert.match(before.answer, /mining\.notify/);
  renameSync(file('new.example.crt'), file('pool.crt'));
  renameSync(file('new.example.key'), file('pool.key'));
  process.kill(node.pid, 'SIGHUP');
  let after = before;
  while (after.name === 'old.example') after = await greetWithTls(node.tlsPort);
  assert.is(after.name, 'new.example');
  for (const extranonce1 of await mineThroughStop(node, 'SIGTERM')) given.add(extranonce1);
  assert.is(given.size, 20);
});

operation('a restart repeats no extranonce1; a ban is on disk and outlives kill -9', async () => {
  const flags = ['--set', 'stratum.allow=[]', '--set', 'stratum.banAfterOffences=2'];
  const first = await start(flags);
  const miner = await (await StratumClient.connect(first.port)).start(USER);
  assert.not.ok(given.has(miner.extranonce1), 'given before the restart');
  for (let times = 0; times < 3; times += 1) {
    const hostile = await RawPeer.connect(first.port);
    hostile.write('GET / HTTP/1.1\r\n'.repeat(20));
    assert.is(await hostile.until('never said', 20_000), 'closed');
  }
  while (!first.child.output().includes('address-banned')) await new Promise((resolve) => setTimeout(resolve, 20));
  await first.child.end('SIGKILL');
  const second = await start(flags);
  const again = await RawPeer.connect(second.port);
  again.write('{"id":1,"method":"mining.subscribe","params":[]}\n');
  assert.is(await again.until('"result"', 20_000), 'closed');
  assert.is((await second.child.end('SIGTERM')).code, 0);
});

operation('a certificate that cannot be used is said at the start', async () => {
  const child = new CrashChild({dataDir: join(folder, 'other'), chain: 'devnet', flags: [...CAMPAIGNS.pool.flags ?? [], '--set', 'stratum.tls.certFile=/nonexistent.crt', '--set', 'stratum.tls.keyFile=/nonexistent.key']});
  children.push(child);
  assert.is(await child.ready(), undefined);
  assert.match(child.output(), /stratum\.tls\.certFile \/nonexistent\.crt/);
});

operation.run();
