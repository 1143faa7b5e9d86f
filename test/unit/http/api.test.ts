// Proves the API by its own description: the OpenAPI document is one by the specification's own schema, and every route
// that it lists answers as it says, keeps its cache promises, and pages without a gap. Then the operator's part: nobody
// gets in without the token, and every change leaves a record. Requests are injected; no socket is opened.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {readFileSync} from 'node:fs';
import {Validator} from '@seriousme/openapi-schema-validator';
import fastify, {type FastifyInstance} from 'fastify';
import type {LightMyRequestResponse} from 'fastify';
import {createHttpServer, type HttpOptions} from '../../../src/http/http-server.js';
import {luckWindows} from '../../../src/http/block-view.js';
import {RequestBudget, senderOf} from '../../../src/http/request-budget.js';
import type {FoundBlockView} from '../../../src/actors/accounting/messages.js';
import type {PayoutView} from '../../../src/actors/payouts/messages.js';
import {hashToDisplayHex} from '../../../src/protocol/bytes/hex.js';
import {parseShareProof} from '../../../src/protocol/payout/share-proof.js';
import type {StratumJob} from '../../../src/protocol/stratum/stratum-job.js';
import {createActorSystem, type ActorSystem} from '../../../src/runtime/system.js';
import {PROJECT_ROOT} from '../../support/source-tree.js';
import {anAccount, FakeNode, HTTP_OPTIONS, OPERATOR_TOKEN, REWARD_SATS} from './fake-node.js';

const START_SEC = 1_767_225_600;
const HOST = {host: 'localhost:8420'};
const OPERATOR = {authorization: `Bearer ${OPERATOR_TOKEN}`};

type Schema = Readonly<Record<string, unknown>>;
interface Operation {
  readonly security?: unknown;
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, {readonly content?: Readonly<Record<string, {readonly schema: Schema}>>}>>;
}
interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Bench {
  readonly system: ActorSystem;
  readonly node: FakeNode;
  readonly server: FastifyInstance;
  get(url: string, headers?: Readonly<Record<string, string>>, remoteAddress?: string): Promise<LightMyRequestResponse>;
  post(url: string, payload: object | undefined, headers?: Readonly<Record<string, string>>): Promise<LightMyRequestResponse>;
  end(): Promise<void>;
}

function aFind(node: FakeNode, index: number): FoundBlockView {
  const {hash} = node.blocks[index + 1]!.header;
  return {
    height: index + 1, hash, account: 'bcrt1qfirst', minerName: 'rig1', foundAtSec: START_SEC + index, status: index === 0 ? 'rejected' : 'pending', confirmations: 3,
    rewardSats: REWARD_SATS, effort: 0.5, feeSats: 50_000_000n, credits: [{account: 'bcrt1qsecond', sats: 1n}, {account: 'bcrt1qfirst', sats: REWARD_SATS - 50_000_001n}],
  };
}

function aPayout(id: number, facts: Partial<PayoutView> = {}): PayoutView {
  return {
    id, kind: 'payout', state: 'confirmed', plannedAtMs: START_SEC * 1000, changedAtMs: START_SEC * 1000 + 500, paidSats: 3_000n, feeSats: 10n, feeRateSatsPerVb: 2.5, vsize: 140,
    txid: new Uint8Array(32).fill(id), replacedTxids: [], confirmations: 9, height: 7, inputCount: 1, payeeCount: 1,
    payees: [{account: 'bcrt1qfirst', sats: 3_000n, feeSats: 10n}], problem: undefined, ...facts,
  };
}

async function aBench(options: Partial<HttpOptions> = {}): Promise<Bench> {
  const system = createActorSystem();
  const node = new FakeNode(system);
  for (let i = 0; i < 30; i += 1) node.addBlock({timeSec: START_SEC + 10 * i, tag: '/Pithead/'});
  node.accounts = ['bcrt1qfirst', 'bcrt1qsecond', 'bcrt1qthird'].map((name) => anAccount(name, {hashrate: 1_000}));
  node.found = Array.from({length: 7}, (_, index) => aFind(node, 6 - index));
  node.payouts = [aPayout(4), aPayout(3, {state: 'failed', txid: undefined, height: undefined, problem: 'payout-stuck'}), aPayout(2, {kind: 'consolidation'}), aPayout(1)];
  node.history = [0, 60, 120].map((at) => ({startSec: START_SEC + at, coveredSec: 60, hashes: 60_000, sharesAccepted: 15, sharesRejected: 1, connectedMax: 2}));
  node.upstreamHealth = {
    isStalled: false, servingNode: 'core', workHeight: 31, confirmedAgoMs: 12.3,
    nodes: [
      {name: 'core', state: 'healthy', detail: '', isServing: true, hasBlockNotices: true, height: 30, tipHash: node.tip.header.hash, lagBlocks: 0, peers: 8, version: '/Core/', latencyMs: 1.234, lastAnswerAgoMs: 5.5, failures: 0},
      {name: 'spare', state: 'unreachable', detail: 'refused', isServing: false, hasBlockNotices: false, height: undefined, tipHash: undefined, lagBlocks: 0, peers: undefined, version: '', latencyMs: undefined, lastAnswerAgoMs: undefined, failures: 4},
    ],
  };
  node.sessions = [{
    id: 5, remoteEndpoint: '203.0.113.9:50000', userAgent: 'cpuminer/2.5.1', connectedAtSec: START_SEC, accounts: [{account: 'bcrt1qfirst', minerName: 'rig1'}],
    difficulty: 1, hashrate: 2, sharesAccepted: 3, sharesRejected: 0, lastRejectText: undefined,
  }];
  const {server} = await createHttpServer({...HTTP_OPTIONS, webRoot: '/nowhere', ...options}, node.fullModules());
  return {
    system, node, server,
    get: (url, headers = {}, remoteAddress = '127.0.0.1') => server.inject({method: 'GET', url, headers: {...HOST, ...headers}, remoteAddress}),
    post: (url, payload, headers = {}) => server.inject({method: 'POST', url, headers: {...HOST, ...headers}, ...(payload === undefined ? {} : {payload})}),
    end: async () => {
      await server.close();
      await system.terminate('now');
    },
  };
}

const describe = async (bench: Bench): Promise<Description> => (await bench.get('/api/v1/openapi.json')).json() as Description;

/** One app with a route per schema: fastify's own validator compares, strictly. */
async function aJudge(schemas: Readonly<Record<string, Schema>>): Promise<{check(name: string, value: unknown): Promise<string>; end(): Promise<void>}> {
  const app = fastify({ajv: {customOptions: {removeAdditional: false, coerceTypes: false, useDefaults: false}}});
  const names = Object.keys(schemas);
  names.forEach((name, index) => app.post(`/${index}`, {schema: {body: {type: 'object', additionalProperties: false, required: ['it'], properties: {it: schemas[name]!}}}}, () => 'fits'));
  return {
    check: async (name, value) => (await app.inject({method: 'POST', url: `/${names.indexOf(name)}`, payload: {it: value}})).body,
    end: () => app.close(),
  };
}

function refused(answer: LightMyRequestResponse, status: number, code: string): void {
  assert.is(answer.statusCode, status, answer.body);
  assert.is((answer.json() as {code: string}).code, code);
}

const api = suite('http / api');
let bench: Bench;
api.before(async () => { bench = await aBench(); });
api.after(async () => { await bench.end(); });

api('the description is an OpenAPI document', async () => {
  const document = await describe(bench);
  const result = await new Validator().validate(document as unknown as Record<string, unknown>);
  assert.is(result.valid, true, JSON.stringify(result.errors));
  const broken = await new Validator().validate({...document, paths: {'/x': {get: {responses: 'none'}}}});
  assert.is(broken.valid, false);
});

api('every route that is described answers 200 as its schema says', async () => {
  const {paths} = await describe(bench);
  const blockHash = hashToDisplayHex(bench.node.found[0]!.hash);
  const filled: Readonly<Record<string, string>> = {'{address}': 'bcrt1qfirst', '{hash}': blockHash, '{id}': '4'};
  const reading = Object.entries(paths).filter(([path, operations]) => operations['get'] !== undefined && path !== '/api/v1/live');
  const schemas = Object.fromEntries(reading.map(([path, {get}]) => [path, get!.responses['200']!.content!['application/json']?.schema ?? {}]));
  const judge = await aJudge(schemas);
  for (const [path, {get}] of reading) {
    const url = path.replace(/\{\w+\}/g, (name) => filled[name] ?? 'unknown');
    const answer = await bench.get(url, get!.security === undefined ? {} : OPERATOR);
    assert.is(answer.statusCode, 200, `${url}: ${answer.body}`);
    if (String(answer.headers['content-type']).startsWith('application/json')) assert.is(await judge.check(path, answer.json()), 'fits', `${path}: ${answer.body}`);
    assert.ok(get!.responses['200'], path);
  }
  assert.ok(reading.length > 20, `${reading.length} routes`);
  // The judge can say no.
  assert.is.not(await judge.check('/api/v1/pool/luck', {roundEffort: 1}), 'fits');
  assert.is.not(await judge.check('/api/v1/pool/luck', {roundEffort: 1, windows: [], more: 1}), 'fits');
  await judge.end();
});

api('an answer that has not changed is not sent again, and says how long it holds', async () => {
  const expected: Readonly<Record<string, string>> = {
    '/api/v1/miners': 'no-cache', '/api/v1/miners/bcrt1qfirst': 'no-cache', '/api/v1/pool/hashrate': 'public, max-age=10', '/api/v1/pool/blocks': 'no-cache',
    [`/api/v1/pool/blocks/${hashToDisplayHex(bench.node.found.at(-1)!.hash)}`]: 'public, max-age=31536000, immutable', '/api/v1/payouts': 'no-cache', '/api/v1/node': 'no-cache',
  };
  for (const [url, cacheControl] of Object.entries(expected)) {
    const first = await bench.get(url);
    assert.is(first.headers['cache-control'], cacheControl, url);
    const again = await bench.get(url, {'if-none-match': String(first.headers.etag)});
    assert.equal([again.statusCode, again.body, again.headers.etag], [304, '', first.headers.etag], url);
    assert.is((await bench.get(url, {'if-none-match': 'W/"other"'})).statusCode, 200);
  }
});

interface Page {
  readonly items: readonly Readonly<Record<string, unknown>>[];
  readonly nextCursor?: string;
}

api('pages follow each other without a gap or a repetition', async () => {
  const lists: Readonly<Record<string, readonly [key: string, all: number]>> = {'/api/v1/miners': ['account', 3], '/api/v1/pool/blocks': ['hash', 7], '/api/v1/payouts': ['id', 3]};
  for (const [url, [key, all]] of Object.entries(lists)) {
    const seen: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = (await bench.get(`${url}?limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`)).json() as Page;
      assert.ok(page.items.length <= 2);
      seen.push(...page.items.map((item) => item[key]));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    assert.equal([seen.length, new Set(seen).size], [all, all], url);
    refused(await bench.get(`${url}?cursor=bm9uZQ!`), 400, 'bad-request');
  }
  refused(await bench.get('/api/v1/pool/blocks?cursor=bm9uZQ'), 400, 'bad-request');
  refused(await bench.get('/api/v1/payouts?cursor=LTE'), 400, 'bad-request');
});

api('a miner is told the window, the shares and the error of each estimate, and what it was paid', async () => {
  const miner = (await bench.get('/api/v1/miners/bcrt1qfirst')).json() as {windows: {last5m: Schema}; paidSats: string; thresholdSats: string; balanceSats: string};
  assert.equal(miner.windows.last5m, {windowSec: 300, coveredSec: 300, hashesPerSec: 1_000, sharesAccepted: 75, sharesRejected: 1, relativeError: 0.226});
  assert.equal([miner.paidSats, miner.thresholdSats, miner.balanceSats], ['5980', '1000000', '9007199254740993'], 'confirmed payouts only, without the network\'s fee');
  bench.node.payouts.unshift(aPayout(9, {payeeCount: 101, payees: []}));
  bench.node.payouts[0] = {...bench.node.payouts[0]!, payees: [{account: 'bcrt1qfirst', sats: 1n, feeSats: 0n}]};
  assert.is(((await bench.get('/api/v1/miners/bcrt1qfirst')).json() as {paidSats: string}).paidSats, '5981');
  bench.node.payouts.shift();
  refused(await bench.get('/api/v1/miners/bcrt1qnobody'), 404, 'account-not-found');
  refused(await bench.get('/api/v1/miners/bcrt1qnobody/hashrate'), 404, 'account-not-found');
  refused(await bench.get('/api/v1/miners/bcrt1qfirst/hashrate?resolution=2m'), 400, 'bad-request');
});

api('the split of a block adds up, and shows one account when asked', async () => {
  const hash = hashToDisplayHex(bench.node.found[0]!.hash);
  const block = (await bench.get(`/api/v1/pool/blocks/${hash}`)).json() as {credits: {account: string; sats: string}[]; feeSats: string; rewardSats: string};
  assert.equal(block.credits.map(({account}) => account), ['bcrt1qfirst', 'bcrt1qsecond'], 'largest first');
  assert.is(block.credits.reduce((sum, {sats}) => sum + BigInt(sats), BigInt(block.feeSats)), BigInt(block.rewardSats));
  const mine = (await bench.get(`/api/v1/pool/blocks/${hash}?account=bcrt1qsecond`)).json() as typeof block;
  assert.equal(mine.credits, [{account: 'bcrt1qsecond', sats: '1'}]);
  refused(await bench.get(`/api/v1/pool/blocks/${'ab'.repeat(32)}`), 404, 'found-block-unknown');
  refused(await bench.get('/api/v1/pool/blocks/zz'), 400, 'bad-request');
});

api('a share proof is the file that verify-share reads; who has none is told why', async () => {
  const hash = hashToDisplayHex(bench.node.found[0]!.hash);
  const split = await bench.get(`/api/v1/pool/blocks/${hash}/split`);
  assert.match(String(split.headers['cache-control']), /immutable/);
  assert.equal((split.json() as {work: unknown; shareRoot: string}).work, [{account: 'bcrt1qfirst', work: '4096'}]);
  const file = await bench.get(`/api/v1/pool/blocks/${hash}/proofs/bcrt1qfirst`);
  assert.is(file.headers['content-disposition'], 'attachment; filename="share-proof-7-bcrt1qfirst.json"');
  const parsed = parseShareProof(file.body);
  assert.ok(parsed.ok && parsed.value.account === 'bcrt1qfirst' && hashToDisplayHex(parsed.value.blockHash) === hash, file.body);
  refused(await bench.get(`/api/v1/pool/blocks/${hash}/proofs/bcrt1qsecond`), 404, 'share-proof-no-shares');
  refused(await bench.get(`/api/v1/pool/blocks/${'ab'.repeat(32)}/split`), 404, 'found-block-unknown');
  refused(await bench.get(`/api/v1/pool/blocks/${hash}/proofs/bcrt1qfirst?seq=0`), 400, 'bad-request');
});

api('luck is expected work over work done, over as many blocks as there are', () => {
  assert.equal(luckWindows([]), []);
  assert.equal(luckWindows([2]), [{blocks: 1, luck: 0.5}]);
  assert.equal(luckWindows(Array.from({length: 60}, (_, index) => (index < 10 ? 0.5 : 1))), [{blocks: 10, luck: 2}, {blocks: 50, luck: 1.111}, {blocks: 60, luck: 1.091}]);
  assert.equal(luckWindows(Array.from({length: 100}, () => 1)).map(({blocks}) => blocks), [10, 50, 100]);
});

api('an address that asks too often waits; this machine and another address do not', async () => {
  const small = await aBench({requestsPerSec: 0.5});
  const statuses: number[] = [];
  for (let i = 0; i < 7; i += 1) statuses.push((await small.get('/api/v1/node', {}, '203.0.113.7')).statusCode);
  assert.equal(statuses, [200, 200, 200, 200, 200, 429, 429]);
  const refusal = await small.get('/api/v1/node', {}, '203.0.113.7');
  refused(refusal, 429, 'rate-limited');
  assert.ok(Number(refusal.headers['retry-after']) >= 1);
  assert.is((await small.get('/api/v1/node', {}, '203.0.113.8')).statusCode, 200);
  assert.is((await small.get('/health/live', {}, '203.0.113.7')).statusCode, 200);
  for (let i = 0; i < 7; i += 1) assert.is((await small.get('/api/v1/node')).statusCode, 200);
  await small.end();
});

api('a budget fills again with time, up to its burst; an IPv6 customer is one sender', () => {
  let nowMs = 0;
  const budget = new RequestBudget({perSec: 2, burst: 3, clock: {nowMs: () => nowMs}});
  assert.equal([1, 2, 3, 4].map(() => budget.take('a')), [0, 0, 0, 1]);
  nowMs += 500;
  assert.equal([budget.take('a'), budget.take('a')], [0, 1]);
  nowMs += 1e9;
  assert.equal([1, 2, 3, 4].map(() => budget.take('a')), [0, 0, 0, 1]);
  assert.is(senderOf('2001:db8:1:2:3::9'), senderOf('2001:0db8:1:2:ffff:0:0:1'));
  assert.is.not(senderOf('2001:db8:1:2::9'), senderOf('2001:db8:1:3::9'));
  assert.is(senderOf('::ffff:203.0.113.9'), '203.0.113.9');
});

api('nobody gets into the operator\'s part without the token, and a guesser waits', async () => {
  const guarded = await aBench();
  const {paths} = await describe(guarded);
  const operator = Object.entries(paths).filter(([path]) => path.startsWith('/api/v1/operator/'));
  assert.ok(operator.length >= 5);
  for (const [path, operations] of operator) {
    for (const method of Object.keys(operations)) {
      assert.ok(operations[method]!.security, `${method} ${path} says that it needs a token`);
      const answer = await guarded.server.inject({method: method as 'GET', url: path, headers: HOST});
      refused(answer, 401, 'operator-token-wrong');
      assert.is(answer.headers['www-authenticate'], 'Bearer');
    }
  }
  assert.equal(guarded.node.audited, []);
  const guesses: number[] = [];
  for (let i = 0; i < 12; i += 1) guesses.push((await guarded.get('/api/v1/operator/config', {authorization: `Bearer ${OPERATOR_TOKEN}${i}`})).statusCode);
  assert.equal([guesses[0], guesses.at(-1)], [401, 429]);
  assert.is((await guarded.get('/api/v1/operator/config', OPERATOR)).statusCode, 200, 'the right token always passes');
  for (const authorization of ['Basic eDp5', 'Bearer', 'Bearer ', `Bearer ${OPERATOR_TOKEN} x`]) refused(await guarded.get('/api/v1/operator/config', {authorization}, '203.0.113.5'), 401, 'operator-token-wrong');
  await guarded.end();
});

api('a change leaves what was asked and what came of it', async () => {
  const paused = await bench.post('/api/v1/operator/payouts/pause', {isPaused: true}, OPERATOR);
  assert.equal([paused.statusCode, paused.json()], [200, {isPaused: true}]);
  assert.is(paused.headers['cache-control'], 'no-store');
  refused(await bench.post('/api/v1/operator/payouts/run', undefined, OPERATOR), 409, 'operator-refused');
  await bench.post('/api/v1/operator/payouts/pause', {isPaused: false}, OPERATOR);
  assert.equal((await bench.post('/api/v1/operator/payouts/run', undefined, OPERATOR)).json(), {id: 7});
  const record = (await bench.get('/api/v1/operator/audit', OPERATOR)).json() as {action: string; outcome: string; from: string}[];
  assert.equal(record.map(({action, outcome}) => `${action} ${outcome}`).reverse(), [
    'payouts.pause asked', 'payouts.pause done', 'payouts.run asked', 'payouts.run refused: payouts-paused', 'payouts.pause asked', 'payouts.pause done', 'payouts.run asked', 'payouts.run done',
  ]);
  assert.is(record[0]!.from, '127.0.0.1');
});

api('a ban is made, listed and lifted; what is no network is refused', async () => {
  const made = await bench.post('/api/v1/operator/bans', {network: '192.0.2.0/24', note: 'floods'}, OPERATOR);
  assert.is(made.statusCode, 200, made.body);
  const listed = (await bench.get('/api/v1/operator/bans', OPERATOR)).json() as {network: string; note: string; untilSec?: number}[];
  assert.equal(listed, [{network: '192.0.2.0/24', reason: 'operator', note: 'floods', sinceSec: START_SEC, strikes: 1}]);
  assert.is((await bench.post('/api/v1/operator/bans/lift', {network: '192.0.2.0/24'}, OPERATOR)).statusCode, 200);
  refused(await bench.post('/api/v1/operator/bans/lift', {network: '192.0.2.0/24'}, OPERATOR), 409, 'operator-refused');
  for (const network of ['::zz', 'ab:cd', 'everybody', '', '1'.repeat(65)]) refused(await bench.post('/api/v1/operator/bans', {network}, OPERATOR), 400, 'bad-request');
  assert.is((await bench.post('/api/v1/operator/sessions/5/end', {}, OPERATOR)).statusCode, 200);
  refused(await bench.post('/api/v1/operator/sessions/6/end', {text: 'bye'}, OPERATOR), 409, 'operator-refused');
});

api('what a form of a strange page could send changes nothing', async () => {
  const before = bench.node.audited.length;
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    const answer = await bench.server.inject({method: 'POST', url: '/api/v1/operator/payouts/pause', headers: {...HOST, ...OPERATOR, 'content-type': type}, payload: '{"isPaused":true}'});
    assert.ok(answer.statusCode >= 400 && answer.statusCode < 500, `${type}: ${answer.statusCode}`);
  }
  refused(await bench.post('/api/v1/operator/payouts/pause', {isPaused: true, more: 1}, OPERATOR), 400, 'bad-request');
  refused(await bench.post('/api/v1/operator/payouts/pause', {isPaused: true, x: 'y'.repeat(5_000)}, OPERATOR), 413, 'request-too-large');
  assert.is(bench.node.audited.length, before);
});

api('miners are not told where others connect from; the operator is', async () => {
  assert.not.match((await bench.get('/api/v1/overview')).body, /203\.0\.113/);
  assert.not.match((await bench.get('/api/v1/miners/bcrt1qfirst')).body, /203\.0\.113/);
  assert.match((await bench.get('/api/v1/operator/sessions', OPERATOR)).body, /203\.0\.113\.9/);
});

api('every figure that the Grafana page draws is one of /metrics', async () => {
  bench.node.job = {template: {height: 31, curTimeSec: START_SEC, transactions: []}} as unknown as StratumJob;
  bench.node.latency.observe(3, 5);
  const {body} = await bench.get('/metrics');
  for (const line of [
    'pithead_pool_last_job_height 31', 'pithead_pool_submit_seconds_bucket{le="0.0032"} 5', 'pithead_pool_submit_seconds_count 5', 'pithead_upstream_node_healthy{node="spare"} 0',
    'pithead_pool_shares_total{status="accepted"} 0', 'pithead_payouts_paused 0', 'pithead_alerts_active{severity="critical"} 0',
  ]) assert.ok(body.includes(`${line}\n`), line);
  const drawn = new Set(readFileSync(`${PROJECT_ROOT}docs/grafana-dashboard.json`, 'utf8').match(/\b(?:pithead|process)_[a-z_]+/g));
  assert.ok(drawn.size > 20);
  assert.equal([...drawn].filter((name) => !body.includes(`# TYPE ${name.replace(/_bucket$/, '')} `)), []);
});

api.run();
