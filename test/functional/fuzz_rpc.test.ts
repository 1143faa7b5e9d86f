// Proves that the JSON-RPC port of a real process survives what anybody may send: random and damaged bodies, every method
// with any parameters, broken HTTP, cut connections, endless batches, silent clients. Each connection gets an HTTP answer
// or is closed; the process stays alive, keeps its memory and its sockets bounded, and logs nothing as an error.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {connect, type Socket} from 'node:net';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {bytesToHex} from '../../src/protocol/bytes/hex.js';
import {SeededRandom} from '../../src/runtime/seeded-random.js';
import {CrashChild, type ServingNode} from '../support/crash-child.js';
import {HostileInput} from '../support/load-hostile.js';
import {eventually, openSockets, postText, residentMegabytes, sendRaw, type RawAnswer, type RawRequest} from '../support/load-http.js';
import {MinedChain} from '../support/mined-chain.js';

const SEED = Math.floor(Date.now() / 3_600_000);
const LANES = 16;
/** A node at rest has about 110 MB; what is more than twice that would be kept, not passing. */
const GROWTH_MAX_MB = 250;
/** These end the process or mine for minutes by design. */
const LEFT_OUT = new Set(['stop', 'generatetoaddress']);

const hostile = new HostileInput(new SeededRandom(SEED));
const folder = mkdtempSync(join(tmpdir(), 'pithead-fuzz-'));
const child = new CrashChild({dataDir: folder, chain: 'regtest', flags: ['--role', 'full']});
let node: ServingNode;
let port = 0;
let good: Readonly<Record<string, string>> = {};
let methods: readonly string[] = [];
let known: readonly unknown[] = [];
let socketsAtRest = 0;
let megabytesAtRest = 0;
const chain = new MinedChain();

const fuzz = suite('functional / fuzz_rpc');

fuzz.before(async () => {
  const serving = await child.ready();
  assert.ok(serving !== undefined, child.output());
  node = serving;
  port = Number(new URL(node.endpoints.rpc!).port);
  good = {authorization: `Basic ${Buffer.from(node.rpc.cookie).toString('base64')}`, 'content-type': 'application/json'};
  for (const block of chain.mineMany(5)) assert.is((await node.rpc.call('submitblock', bytesToHex(block.bytes)))?.result, null);
  methods = (await node.rpc.result<string>('help')).split('\n').filter((line) => /^[a-z]/.test(line)).map((line) => line.split(' ')[0]!).filter((name) => !LEFT_OUT.has(name));
  assert.ok(methods.length > 20);
  const tipId = await node.rpc.result<string>('getbestblockhash');
  known = [tipId, bytesToHex(chain.mine().bytes), bytesToHex(chain.tip.transactions[0]!.bytes), 1, 5, 0, true, {rules: ['segwit']}, {rules: ['segwit'], mode: 'proposal', data: bytesToHex(chain.tip.bytes)}];
  await sendRaw(port, {chunks: [postText('{}', good), '{}'], afterwards: 'wait'});
  socketsAtRest = openSockets(node.pid);
  megabytesAtRest = residentMegabytes(node.pid);
});

fuzz.after(async () => {
  await child.end('SIGKILL');
  rmSync(folder, {recursive: true, force: true});
});

/** Sends all, a few at a time. @returns how often each status came, `closed` for none. */
async function send(requests: readonly RawRequest[], judge: (answer: RawAnswer, request: RawRequest) => void = () => undefined): Promise<Map<string, number>> {
  const outcomes = new Map<string, number>();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < requests.length) {
      const request = requests[next++]!;
      const answer = await sendRaw(port, request);
      const what = request.chunks.map(String).join('').slice(0, 600);
      assert.is.not(answer.kind, 'silent', `no answer and no close: ${what}`);
      assert.ok(answer.kind === 'closed' || (answer.status >= 100 && answer.status < 600), what);
      judge(answer, request);
      const key = answer.kind === 'closed' ? 'closed' : String(answer.status);
      outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({length: LANES}, lane));
  return outcomes;
}

/** A body by an authorised client: the answer is JSON, or nothing for notifications. */
async function post(bodies: readonly (string | Uint8Array)[]): Promise<Map<string, number>> {
  return await send(bodies.map((body) => ({chunks: [postText(body, good), body], afterwards: 'wait'})), (answer, request) => {
    const what = String(request.chunks[1]).slice(0, 600);
    assert.is(answer.kind, 'answered', what);
    if (answer.status !== 204) assert.type(JSON.parse(answer.body), 'object', what);
  });
}

function note(what: string, outcomes: ReadonlyMap<string, number>): void {
  process.stdout.write(`\nnote: seed ${SEED}: ${what}: ${[...outcomes].sort().map(([status, count]) => `${status} × ${count}`).join(', ')}\n`);
}

fuzz('random bodies', async () => {
  note('random bodies', await post(Array.from({length: 400}, () => (hostile.chance(50) ? hostile.bytes(300) : JSON.stringify(hostile.value(known, 4))))));
});

fuzz('every method with any parameters', async () => {
  const bodies = Array.from({length: 1500}, () => {
    const params = hostile.chance(80) ? hostile.values(known, 4) : hostile.value(known);
    return JSON.stringify({jsonrpc: hostile.pick(['1.0', '1.1', '2.0', undefined, 3]), id: hostile.value([1]), method: hostile.chance(95) ? hostile.pick(methods) : hostile.value(methods), params});
  });
  const outcomes = await post(bodies);
  note('methods', outcomes);
  assert.ok((outcomes.get('200') ?? 0) > 50 && (outcomes.get('500') ?? 0) > 50, 'right and wrong calls are both among them');
});

fuzz('good requests, damaged', async () => {
  const bodies = Array.from({length: 800}, () => {
    const call = {jsonrpc: hostile.pick(['1.0', '2.0']), id: 7, method: hostile.pick(methods), params: hostile.values(known, 2)};
    return Buffer.from(hostile.damaged(JSON.stringify(hostile.chance(30) ? [call, call] : call)), 'latin1');
  });
  note('damaged', await post(bodies));
});

fuzz('broken HTTP', async () => {
  const body = '{"id":1,"method":"getblockcount"}';
  const whole = postText(body, good) + body;
  const requests: RawRequest[] = Array.from({length: 500}, () => {
    const dice = hostile.chance(70) ? hostile.damaged(whole) : hostile.bytes(200);
    return {chunks: [dice], afterwards: 'finish'};
  });
  for (const head of [
    'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999999999999\r\n\r\n',
    `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
    `GET /${'a'.repeat(100_000)} HTTP/1.1\r\n\r\n`, `POST / HTTP/1.1\r\n${'x: y\r\n'.repeat(3_000)}\r\n`, `POST / HTTP/1.1\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`,
    'GET / HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n', 'POST / HTTP/9.9\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n', `DELETE /../../etc/passwd HTTP/1.1\r\nhost: a\r\n${Object.entries(good).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    'POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n{}', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
  ]) requests.push({chunks: [head], afterwards: 'finish'});
  note('broken HTTP', await send(requests));
});

fuzz('connections that are cut in the middle', async () => {
  const body = JSON.stringify({id: 1, method: 'getblock', params: [known[0], 2]});
  const whole = postText(body, good) + body;
  const requests = Array.from({length: 400}, (): RawRequest => ({chunks: [whole.slice(0, Math.floor(whole.length * Math.min(1, hostile.bytes(1).length / 2 + hostile.pick([0.1, 0.3, 0.5]))))], afterwards: 'vanish'}));
  note('cut', await send(requests));
});

fuzz('wrong passwords are 401, all of them', async () => {
  const body = '{"id":1,"method":"stop"}';
  const requests = Array.from({length: 60}, (): RawRequest => {
    const secret = hostile.pick([hostile.damaged(node.rpc.cookie).slice(0, 200), '', 'a:b', '__cookie__:', hostile.bytes(50).toString('latin1')]);
    const line = hostile.pick([`Basic ${Buffer.from(secret === node.rpc.cookie ? 'x' : secret).toString('base64')}`, 'Basic', 'Bearer x', `basic ${'A'.repeat(4_000)}`]);
    return {chunks: [postText(body, {...good, authorization: line}), body], afterwards: 'wait'};
  });
  const outcomes = await send(requests);
  assert.equal([...outcomes.keys()], ['401']);
});

fuzz('batches: the largest is answered, a larger one is refused, and so is a body beyond the limit', async () => {
  const call = {jsonrpc: '2.0', id: 1, method: 'getblock', params: [known[0], 2]};
  const batch = (count: number): string => JSON.stringify(Array.from({length: count}, () => call));
  const [largest, tooLarge, hugeCount] = await Promise.all([200, 201, 50_000].map(async (count) => {
    const body = batch(count);
    return await sendRaw(port, {chunks: [postText(body, good), body], afterwards: 'wait', timeoutMs: 20_000});
  }));
  assert.is((JSON.parse(largest!.body) as unknown[]).length, 200);
  assert.match(tooLarge!.body, 'at most 200 calls');
  assert.match(hugeCount!.body, 'at most 200 calls');
  const outcomes = await send(Array.from({length: 8}, (): RawRequest => ({chunks: [postText(Buffer.alloc(9_000_001, 0x20), good), Buffer.alloc(9_000_001, 0x20)], afterwards: 'wait', timeoutMs: 20_000})));
  assert.ok([...outcomes.keys()].every((status) => status === '413' || status === 'closed'), [...outcomes.keys()].join());
  await post(['['.repeat(500_000), `{"id":${'['.repeat(100_000)}${']'.repeat(100_000)},"method":"help"}`, `{"id":1,"method":"submitblock","params":["${'00'.repeat(4_000_000)}"]}`]);
});

fuzz('silent clients do not keep others from being answered', async () => {
  const silent: Socket[] = [];
  for (const text of ['', 'POST / HTT', 'POST / HTTP/1.1\r\nhost: a\r\n', postText('x'.repeat(100), good)]) {
    for (let i = 0; i < 50; i++) {
      const socket = connect({port, host: '127.0.0.1'});
      socket.on('error', () => undefined);
      socket.write(text);
      silent.push(socket);
    }
  }
  for (let i = 0; i < 20; i++) assert.type(await node.rpc.result('getblockcount'), 'number');
  for (const socket of silent) socket.destroy();
});

fuzz('afterwards: alive, right, bounded, and without an error in the log', async () => {
  assert.not.ok(child.hasExited, child.output());
  await node.rpc.call('reconsiderblock', known[0]);
  assert.is(await node.rpc.result('getblockhash', 5), known[0]);
  assert.equal(child.errorLines(), []);
  assert.ok(await eventually(() => openSockets(node.pid) <= socketsAtRest + 2, 10_000), `${openSockets(node.pid)} open files, ${socketsAtRest} at rest`);
  const megabytes = residentMegabytes(node.pid);
  process.stdout.write(`\nnote: ${megabytesAtRest.toFixed(0)} MB at rest, ${megabytes.toFixed(0)} MB after\n`);
  assert.ok(megabytes < megabytesAtRest + GROWTH_MAX_MB, `${megabytes} MB`);
  assert.is((await child.end('SIGTERM')).code, 0, child.output().slice(-2_000));
});

fuzz.run();
