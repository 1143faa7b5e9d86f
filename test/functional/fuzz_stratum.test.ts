// Proves that the Stratum port of a real process survives what anybody may send: random bytes, damaged dialogues, shares
// that look nearly right, lines without end, other protocols, peers that vanish in the middle. Each connection is answered
// or closed, no actor throws, no session outlives its connection, and an honest miner is served all the while.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {encodeAddress} from '../../src/protocol/address/address.js';
import {DEVNET} from '../../src/protocol/chain/presets.js';
import {SeededRandom} from '../../src/runtime/seeded-random.js';
import {CrashChild, type ServingNode} from '../support/crash-child.js';
import {CAMPAIGNS} from '../support/crash-campaigns.js';
import {HostileInput} from '../support/load-hostile.js';
import {eventually, openSockets, residentMegabytes} from '../support/load-http.js';
import {aKey} from '../support/mined-chain.js';
import {RawPeer} from '../support/load-peer.js';
import {StratumClient} from '../support/stratum-client.js';

const SEED = Math.floor(Date.now() / 3_600_000);
const CONNECTIONS = 200;
const LINES = 40;
const LANES = 12;
const GROWTH_MAX_MB = 250;
const PROBE_MS_MAX = 10_000;
const USER = `${encodeAddress(aKey('honest').scriptPubKey, DEVNET.address)}.rig`;

const hostile = new HostileInput(new SeededRandom(SEED));
const folder = mkdtempSync(join(tmpdir(), 'pithead-fuzz-'));
const child = new CrashChild({dataDir: folder, chain: 'devnet', flags: [...CAMPAIGNS.pool.flags ?? [], '--role', 'explorer']});
let node: ServingNode;
let port = 0;
let socketsAtRest = 0;
let megabytesAtRest = 0;
let honest: StratumClient;
let honestShares = 0;
const outcomes = new Map<string, number>();

const fuzz = suite('functional / fuzz_stratum');

fuzz.before(async () => {
  const serving = await child.ready();
  assert.ok(serving !== undefined, child.output());
  node = serving;
  port = Number(/:(\d+)$/.exec(node.endpoints.stratum!)![1]);
  await sessions();
  socketsAtRest = openSockets(node.pid);
  megabytesAtRest = residentMegabytes(node.pid);
  honest = await (await StratumClient.connect(port)).start(USER);
});

fuzz.after(async () => {
  honest?.end();
  await child.end('SIGKILL');
  rmSync(folder, {recursive: true, force: true});
});

async function sessions(): Promise<number> {
  const text = await (await fetch(`${node.endpoints.http}/metrics`)).text();
  const sample = /^pithead_pool_sessions\{state="connected"\} (\d+)$/m.exec(text);
  assert.ok(sample !== null, text.slice(0, 300));
  return Number(sample[1]);
}

async function honestShare(): Promise<void> {
  const reply = await honest.submit(USER, honest.mine());
  assert.is(reply.result, true, JSON.stringify(reply));
  honestShares += 1;
}

const METHODS = ['mining.subscribe', 'mining.authorize', 'mining.submit', 'mining.configure', 'mining.suggest_difficulty', 'mining.suggest_target', 'mining.extranonce.subscribe',
  'mining.get_transactions', 'mining.multi_version', 'mining.ping', 'client.get_version', '__proto__', 'toString'];

/** A dialogue's next line: good for the most part, so that the next ones are met in every state. */
function line(wildPercent: number): string {
  const job = honest.job!;
  const word = (): string => hostile.hex(4).padStart(8, '0').slice(0, 8);
  const good = (): string => JSON.stringify({id: hostile.value([1, 2, 'x'], 0), method: 'mining.submit', params: [USER, job.jobId, word(), job.time, word(), ...(hostile.chance(30) ? [word()] : [])]});
  switch (hostile.chance(wildPercent) ? hostile.pick([1, 3, 4, 5]) : hostile.pick([0, 0, 2])) {
    case 0: return good();
    case 1: return hostile.damaged(good());
    case 2: return JSON.stringify({id: hostile.value([1]), method: hostile.chance(90) ? hostile.pick(METHODS) : hostile.value(METHODS), params: hostile.chance(85) ? hostile.values([USER, job.jobId, job.time, 1], 6) : hostile.value([])});
    case 3: return JSON.stringify(hostile.value(METHODS, 4));
    case 4: return hostile.bytes(200).toString('latin1').replaceAll('\n', ' ');
    default: return hostile.damaged(`{"id":1,"method":"mining.configure","params":[["version-rolling","minimum-difficulty"],{"version-rolling.mask":"ffffffff","minimum-difficulty.value":2048}]}`);
  }
}

/** One connection to its end. */
async function hostileConnection(): Promise<string> {
  const peer = await RawPeer.connect(port);
  if (hostile.chance(70)) peer.write('{"id":1,"method":"mining.subscribe","params":["fuzz/1"]}\n');
  if (hostile.chance(70)) peer.write(`${JSON.stringify({id: 2, method: 'mining.authorize', params: [USER, 'x']})}\n`);
  // Ten lines that are no JSON end a connection: the tame ones reach further.
  const wildPercent = hostile.pick([0, 8, 8, 100]);
  for (let i = 0; i < LINES && !peer.isClosed; i++) {
    peer.write(`${line(wildPercent)}${hostile.chance(90) ? '\n' : '\r\n\n'}`);
    if (hostile.chance(10)) await peer.turn();
  }
  if (hostile.chance(25)) {
    peer.write(hostile.damaged('{"id":1,"method":"mining.submit","params":['));
    peer.vanish(hostile.chance(50));
    return 'vanished';
  }
  peer.write('{"id":"the-probe","method":"mining.extranonce.subscribe","params":[]}\n');
  const how = await peer.until('the-probe', PROBE_MS_MAX);
  peer.vanish(false);
  return how;
}

fuzz('hostile dialogues: each connection is answered to its end, or closed', async () => {
  let left = CONNECTIONS;
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      const how = await hostileConnection();
      assert.is.not(how, 'silent', 'neither an answer to the probe nor a close');
      outcomes.set(how, (outcomes.get(how) ?? 0) + 1);
      await honestShare();
    }
  };
  await Promise.all(Array.from({length: LANES}, lane));
  process.stdout.write(`\nnote: seed ${SEED}: ${CONNECTIONS * LINES} hostile lines over ${CONNECTIONS} connections: ${[...outcomes].map(([how, count]) => `${how} × ${count}`).join(', ')}\n`);
  assert.ok((outcomes.get('closed') ?? 0) > 0 && (outcomes.get('answered') ?? 0) > 0, 'patience and its end are both among them');
});

fuzz('other protocols and lines without end are closed', async () => {
  const greetings = ['GET / HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(20), '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'.repeat(40), `${'['.repeat(60_000)}\n`.repeat(20), 'x'.repeat(2_000_000), '\n'.repeat(1_000), '\u0000'.repeat(100_000)];
  for (const greeting of greetings) {
    const peer = await RawPeer.connect(port);
    peer.write(greeting);
    peer.write('\n{"id":"the-probe","method":"mining.extranonce.subscribe","params":[]}\n');
    assert.is.not(await peer.until('the-probe', PROBE_MS_MAX), 'silent', greeting.slice(0, 40));
    peer.vanish(true);
    await honestShare();
  }
});

fuzz('a crowd that connects and says nothing, or leaves at once', async () => {
  const crowd = await Promise.all(Array.from({length: 300}, () => RawPeer.connect(port)));
  for (const [index, peer] of crowd.entries()) if (index % 3 === 0) peer.vanish(index % 2 === 0);
  await honestShare();
  for (const peer of crowd) peer.vanish(true);
});

fuzz('afterwards: no session is left, nothing threw, memory and sockets are bounded, and the log is complete', async () => {
  assert.ok(await eventually(async () => await sessions() === 1, 15_000), `${await sessions()} sessions, one miner`);
  await honestShare();
  honest.end();
  assert.ok(await eventually(async () => await sessions() === 0, 10_000), `${await sessions()} sessions left`);
  const failures = [...(await (await fetch(`${node.endpoints.http}/metrics`)).text()).matchAll(/^pithead_actor_failures_total\{[^}]*\} (\d+)$/gm)];
  assert.ok(failures.length > 0 && failures.every((sample) => sample[1] === '0'), failures.map(String).join('\n'));
  assert.equal(child.errorLines(), []);
  const megabytes = residentMegabytes(node.pid);
  process.stdout.write(`\nnote: ${honestShares} honest shares meanwhile; ${megabytesAtRest.toFixed(0)} MB at rest, ${megabytes.toFixed(0)} MB after\n`);
  assert.ok(megabytes < megabytesAtRest + GROWTH_MAX_MB, `${megabytes} MB`);
  // The page's keep-alive connections end by themselves.
  assert.ok(await eventually(() => openSockets(node.pid) <= socketsAtRest + 2, 10_000), `${openSockets(node.pid)} open files, ${socketsAtRest} at rest`);
  assert.is((await child.end('SIGTERM')).code, 0, child.output().slice(-2_000));
});

fuzz.run();
