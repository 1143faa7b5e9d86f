// Proves every route as a caller sees it: what it answers, how it refuses, which headers go with it, and that what is sent
// is what the API's own description says. Requests are injected; no socket is opened.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {mkdirSync, writeFileSync} from 'node:fs';
import fastify, {type FastifyInstance} from 'fastify';
import type {LightMyRequestResponse} from 'fastify';
import {createActorSystem} from '../../../src/runtime/system.js';
import type {ActorSystem} from '../../../src/runtime/system.js';
import {createHttpServer, type HttpModules} from '../../../src/http/http-server.js';
import type {Overview} from '../../../src/web/overview.js';
import {aTemporaryDirectory} from '../../support/temporary-directory.js';
import {anAccount, FakeNode, HTTP_OPTIONS, REWARD_SATS} from './fake-node.js';

const START_SEC = 1_767_225_600;
const HOST = {host: 'localhost:8420'};

interface Bench {
  readonly system: ActorSystem;
  readonly node: FakeNode;
  readonly server: FastifyInstance;
  get(url: string, headers?: Readonly<Record<string, string>>): Promise<LightMyRequestResponse>;
  end(): Promise<void>;
}

/** A page folder of the test's own: the routes are proved without the browser bundle. */
function writePage(folder: string): void {
  mkdirSync(`${folder}/sub`);
  writeFileSync(`${folder}/index.html`, '<!doctype html><title>the page</title>');
  writeFileSync(`${folder}/main.js`, 'void 0;');
}

async function aBench(more: {readonly hasPage?: boolean; readonly modules?: (node: FakeNode) => HttpModules} = {}): Promise<Bench> {
  const system = createActorSystem();
  const node = new FakeNode(system);
  for (let i = 0; i < 30; i += 1) node.addBlock({timeSec: START_SEC + 10 * i, tag: '/Pithead/', txCount: 1 + (i % 3)});
  node.accounts = [anAccount('bcrt1qfirst', {hashrate: 1_000}), anAccount('bcrt1qsecond', {hashrate: 2_000})];
  node.totals = {...node.totals, sharesAccepted: 84, sharesRejected: {stale: 2, duplicate: 1}, blocksFound: 1};
  node.sessions = [{
    id: 5, remoteEndpoint: '203.0.113.9:50000', userAgent: 'cpuminer/2.5.1', connectedAtSec: START_SEC, accounts: [{account: 'bcrt1qfirst', minerName: 'rig1'}],
    difficulty: 1, hashrate: 2, sharesAccepted: 3, sharesRejected: 0, lastRejectText: undefined,
  }];
  node.found = [{
    height: 30, hash: node.tip.header.hash, account: 'bcrt1qfirst', minerName: 'rig1', foundAtSec: START_SEC, status: 'orphaned', confirmations: -1,
    rewardSats: REWARD_SATS, effort: 1.5, credits: [], feeSats: 0n,
  }];
  const folder = aTemporaryDirectory();
  if (more.hasPage !== false) writePage(folder.path);
  const {server} = await createHttpServer({...HTTP_OPTIONS, webRoot: folder.path}, more.modules?.(node) ?? node.modules());
  return {
    system, node, server,
    get: (url, headers = {}) => server.inject({method: 'GET', url, headers: {...HOST, ...headers}}),
    end: async () => {
      await server.close();
      await system.terminate('now');
      folder.dispose();
    },
  };
}

function withoutPool(node: FakeNode): HttpModules {
  const {pool: _pool, ...rest} = node.modules();
  return rest;
}

const servers = suite('http / http-server');
let bench: Bench;
servers.before(async () => { bench = await aBench(); });
servers.after(async () => { await bench.end(); });

function refused(answer: LightMyRequestResponse, status: number, code: string): void {
  assert.is(answer.statusCode, status);
  assert.match(String(answer.headers['content-type']), /^application\/json/);
  const body = answer.json() as Readonly<Record<string, unknown>>;
  assert.equal(Object.keys(body), ['code', 'message']);
  assert.is(body['code'], code);
}

servers('every answer, refusals too, forbids inline code, sniffing, framing and referrers', async () => {
  for (const url of ['/', '/main.js', '/api/v1/overview', '/metrics', '/api/v1/nothing', '/api/v1/blocks?limit=x', '/health/live']) {
    const {headers} = await bench.get(url);
    assert.match(String(headers['content-security-policy']), /default-src 'none'; script-src 'self'; style-src 'self';.*frame-ancestors 'none'/, url);
    assert.not.match(String(headers['content-security-policy']), /unsafe/);
    assert.is(headers['x-content-type-options'], 'nosniff', url);
    assert.is(headers['referrer-policy'], 'no-referrer', url);
    assert.is(headers['x-frame-options'], 'DENY', url);
    assert.is(headers['access-control-allow-origin'], undefined, url);
  }
});

servers('/api/v1/overview has what its schema says, no more and no less', async () => {
  const answer = await bench.get('/api/v1/overview');
  assert.is(answer.statusCode, 200);
  const overview = answer.json() as Overview;
  assert.is(overview.chain.height, 30);
  assert.is(overview.pool?.rigs.length, 2);
  const description = (await bench.get('/api/v1/openapi.json')).json() as {paths: Record<string, {get: {responses: Record<string, {content: Record<string, {schema: object}>}>}}>};
  const schema = description.paths['/api/v1/overview']!.get.responses['200']!.content['application/json']!.schema;
  assert.is(await judge(schema, overview), 200);
  assert.is(await judge(schema, {...overview, more: 1}), 400);
  assert.is(await judge(schema, {...overview, chain: {...overview.chain, height: -1}}), 400);
  const {mempool: _mempool, ...less} = overview;
  assert.is(await judge(schema, less), 400);
});

/** Has fastify's own validator compare a value with a schema. */
async function judge(schema: object, value: unknown): Promise<number> {
  const app = fastify({ajv: {customOptions: {removeAdditional: false, coerceTypes: false, useDefaults: false}}});
  app.post('/', {schema: {body: schema}}, () => ({}));
  const {statusCode} = await app.inject({method: 'POST', url: '/', payload: value as object});
  await app.close();
  return statusCode;
}

servers('each JSON answer is as described, field for field', async () => {
  const description = (await bench.get('/api/v1/openapi.json')).json() as {paths: Record<string, {get: {responses: Record<string, {content: Record<string, {schema: object}>}>}}>};
  const calls: Readonly<Record<string, string>> = {
    '/api/v1/blocks': '/api/v1/blocks?limit=5', '/api/v1/pool': '/api/v1/pool', '/api/v1/miners/{address}': '/api/v1/miners/bcrt1qfirst',
    '/api/v1/runtime': '/api/v1/runtime', '/health/ready': '/health/ready', '/health/live': '/health/live',
  };
  for (const [path, url] of Object.entries(calls)) {
    const answer = await bench.get(url);
    assert.is(answer.statusCode, 200, url);
    assert.is(await judge(description.paths[path]!.get.responses['200']!.content['application/json']!.schema, answer.json()), 200, url);
  }
  const undescribed = ['/api/v1/overview', '/api/v1/live', '/api/v1/openapi.json', '/metrics', ...Object.keys(calls)].filter((path) => description.paths[path] === undefined);
  assert.equal(undescribed, []);
});

servers('the overview is not sent again to whoever has it', async () => {
  const first = await bench.get('/api/v1/overview');
  const tag = String(first.headers.etag);
  assert.match(tag, /^W\/"[\w-]{22}"$/);
  const second = await bench.get('/api/v1/overview', {'if-none-match': `"other", ${tag}`});
  assert.is(second.statusCode, 304);
  assert.is(second.body, '');
  assert.is((await bench.get('/api/v1/overview', {'if-none-match': 'W/"other"'})).statusCode, 200);
});

servers('/api/v1/blocks is newest first, bounded, and refuses what is no limit', async () => {
  const blocks = (await bench.get('/api/v1/blocks?limit=3')).json() as {height: number; txCount: number}[];
  assert.equal(blocks.map(({height}) => height), [30, 29, 28]);
  assert.is(((await bench.get('/api/v1/blocks')).json() as unknown[]).length, 24);
  assert.is(((await bench.get('/api/v1/blocks?limit=100')).json() as unknown[]).length, 31);
  for (const limit of ['0', '101', '-1', '1.5', 'x', '1e9', '', '1&limit=2']) refused(await bench.get(`/api/v1/blocks?limit=${limit}`), 400, 'bad-request');
  refused(await bench.get('/api/v1/blocks?limits=3'), 400, 'bad-request');
});

servers('/api/v1/miners tells money as exact text', async () => {
  const account = (await bench.get('/api/v1/miners/bcrt1qfirst')).json() as Readonly<Record<string, unknown>>;
  assert.is(account['balanceSats'], '9007199254740993');
  assert.is(account['pendingSats'], '2500000000');
  assert.is((account['rigs'] as {minerName: string}[])[0]?.minerName, 'rig1');
});

servers('account-not-found', async () => refused(await bench.get('/api/v1/miners/bcrt1qnobody'), 404, 'account-not-found'));

servers('bad-request: an address that is none', async () => {
  for (const text of ['%00', '..%2f..', 'a'.repeat(101), 'a%20b', '%f0%9f%98%80', '%']) {
    const answer = await bench.get(`/api/v1/miners/${text}`);
    assert.ok([400, 404].includes(answer.statusCode), `${text}: ${answer.statusCode}`);
    assert.ok(['bad-request', 'not-found'].includes((answer.json() as {code: string}).code));
  }
});

servers('/api/v1/runtime shows the actors, as many as asked for', async () => {
  const view = (await bench.get('/api/v1/runtime?limit=2')).json() as {total: number; actors: {path: string; kind: string}[]; loopDelay: unknown};
  assert.is(view.total, 9);
  assert.equal(view.actors.map(({kind}) => kind), ['chain', 'mempool']);
  assert.equal(view.loopDelay, {p50Ms: 0.25, p99Ms: 2, maxMs: 9, meanMs: 0.5});
});

servers('/health/ready is 503 while one part does not serve', async () => {
  bench.node.checks = [{name: 'chain', isOk: true}, {name: 'stratum', isOk: false, detail: 'not listening yet'}];
  const answer = await bench.get('/health/ready');
  bench.node.checks = [{name: 'chain', isOk: true}];
  assert.is(answer.statusCode, 503);
  assert.equal(answer.json(), {status: 'not-ready', checks: [{name: 'chain', isOk: true}, {name: 'stratum', isOk: false, detail: 'not listening yet'}]});
  assert.is((await bench.get('/health/ready')).statusCode, 200);
  assert.equal((await bench.get('/health/live')).json(), {status: 'ok'});
});

servers('/metrics is well-formed: every sample belongs to a family with HELP and TYPE, named once, with its unit', async () => {
  const answer = await bench.get('/metrics');
  assert.is(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  const types = new Map<string, string>();
  for (const line of answer.body.trimEnd().split('\n')) {
    const type = /^# TYPE ([a-z_]+) (counter|gauge)$/.exec(line);
    if (type !== null) {
      assert.not.ok(types.has(type[1]!), `${type[1]} twice`);
      types.set(type[1]!, type[2]!);
    } else if (!line.startsWith('# HELP ')) {
      const sample = /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)+\})? (-?[0-9.e+-]+|\+Inf|NaN)$/.exec(line);
      assert.ok(sample !== null && types.has(sample[1]!), line);
    }
  }
  for (const [name, type] of types) assert.is(name.endsWith('_total'), type === 'counter', name);
  for (const line of [
    'pithead_chain_height 30', 'pithead_pool_shares_rejected_total{reason="duplicate"} 1', 'pithead_pool_sessions{state="connected"} 1',
    'pithead_worker_item_cost_seconds{kernel="hashShares"} 0.0000045', 'pithead_event_loop_delay_seconds{quantile="0.99"} 0.002',
    'pithead_actor_living{kind="chain"} 1', 'pithead_http_live_clients 0',
  ]) assert.ok(answer.body.replace('4.5e-6', '0.0000045').includes(`${line}\n`), line);
});

servers('the page is served at its root and wherever a person navigates; programs are told that there is nothing', async () => {
  const page = await bench.get('/');
  assert.is(page.statusCode, 200);
  assert.match(page.body, /the page/);
  assert.match((await bench.get('/blocks/12', {accept: 'text/html,*/*'})).body, /the page/);
  assert.match(String((await bench.get('/main.js')).headers['content-type']), /javascript/);
  refused(await bench.get('/blocks/12', {accept: 'application/json'}), 404, 'not-found');
  refused(await bench.get('/missing.js', {accept: 'text/html'}), 404, 'not-found');
  refused(await bench.get('/api/v2/x', {accept: 'text/html'}), 404, 'not-found');
});

servers('files outside the page folder stay outside', async () => {
  for (const url of ['/../package.json', '/..%2fpackage.json', '/%2e%2e/package.json', '/sub/..%5c..%5cpackage.json', '//etc/passwd', '/sub']) {
    const answer = await bench.get(url);
    assert.ok(answer.statusCode >= 400 && answer.statusCode < 500, `${url}: ${answer.statusCode}`);
    refused(answer, answer.statusCode, (answer.json() as {code: string}).code);
  }
});

servers('method-not-allowed', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const) {
    const answer = await bench.server.inject({method, url: '/api/v1/overview', headers: HOST});
    refused(answer, 405, 'method-not-allowed');
    assert.is(answer.headers.allow, 'GET, HEAD');
  }
  assert.is((await bench.server.inject({method: 'HEAD', url: '/api/v1/overview', headers: HOST})).statusCode, 200);
});

servers('a request with a body is refused, whatever its size', async () => {
  const answer = await bench.server.inject({method: 'POST', url: '/api/v1/overview', headers: HOST, payload: {a: 'x'.repeat(1_000)}});
  assert.ok([405, 413].includes(answer.statusCode), String(answer.statusCode));
});

servers('host-not-allowed', async () => {
  for (const host of ['evil.example', 'evil.example:8420', 'localhost.evil.example']) {
    refused(await bench.get('/api/v1/overview', {host}), 421, 'host-not-allowed');
    refused(await bench.get('/', {host}), 421, 'host-not-allowed');
    refused(await bench.get('/nothing', {host}), 421, 'host-not-allowed');
  }
});

servers('upgrade-required', async () => refused(await bench.get('/api/v1/live'), 426, 'upgrade-required'));

servers('no-pool', async () => {
  const poolless = await aBench({modules: withoutPool});
  for (const url of ['/api/v1/pool', '/api/v1/pool/blocks', '/api/v1/miners/bcrt1qfirst']) refused(await poolless.get(url), 404, 'no-pool');
  assert.is((await poolless.get('/api/v1/overview')).json<Overview>().pool, undefined);
  await poolless.end();
});

servers('part-stopped: an actor that is gone', async () => {
  const stopped = await aBench();
  await stopped.system.stop(stopped.node.accounting as never, 'now');
  refused(await stopped.get('/api/v1/miners/bcrt1qfirst'), 503, 'part-stopped');
  await stopped.end();
});

servers('internal-error: what fails inside is logged and not told', async () => {
  const broken = await aBench({modules: (node) => node.modules({checks: () => { throw new Error('secret /etc/passwd'); }})});
  const answer = await broken.get('/health/ready');
  refused(answer, 500, 'internal-error');
  assert.not.match(answer.body, /secret/);
  assert.equal(broken.node.logged.map(({code, route}) => [code, route]), [['http-route-failed', '/health/ready']]);
  await broken.end();
});

servers('internal-error: an actor that failed on the question', async () => {
  const failing = await aBench();
  failing.node.accounts = undefined as never;
  refused(await failing.get('/api/v1/miners/bcrt1qfirst'), 500, 'internal-error');
  await failing.end();
});

servers('without a built page the API still serves', async () => {
  const pageless = await aBench({hasPage: false});
  refused(await pageless.get('/', {accept: 'text/html'}), 404, 'not-found');
  assert.is((await pageless.get('/api/v1/overview')).statusCode, 200);
  await pageless.end();
});

servers.run();
