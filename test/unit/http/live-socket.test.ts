// Proves the server over real sockets on 127.0.0.1: the WebSocket and who may have one, bytes that are no HTTP, and that
// nothing is left when it closes.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {once} from 'node:events';
import {connect} from 'node:net';
import {WebSocket} from 'ws';
import {createActorSystem} from '../../../src/runtime/system.js';
import {startHttpServer, type HttpOptions, type HttpServer} from '../../../src/http/http-server.js';
import type {Overview} from '../../../src/web/overview.js';
import {FakeNode, HTTP_OPTIONS} from './fake-node.js';

interface Bench {
  readonly node: FakeNode;
  readonly http: HttpServer;
  readonly port: number;
  live(headers?: Readonly<Record<string, string>>): WebSocket;
  end(): Promise<void>;
}

async function aBench(options: Partial<HttpOptions> = {}): Promise<Bench> {
  const system = createActorSystem();
  const node = new FakeNode(system);
  node.addBlock({timeSec: 1_767_225_600, tag: '/Pithead/'});
  const http = await startHttpServer({...HTTP_OPTIONS, ...options}, node.modules());
  return {
    node, http, port: Number(new URL(http.endpoint).port),
    live: (headers = {}) => new WebSocket(`${http.endpoint.replace('http', 'ws')}/api/v1/live`, {headers}),
    end: async () => {
      await http.close();
      await system.terminate('now');
    },
  };
}

async function nextOverview(socket: WebSocket): Promise<Overview> {
  const [data] = (await once(socket, 'message')) as [Buffer];
  return JSON.parse(data.toString('utf8')) as Overview;
}

/** The status with which an upgrade was refused, and its body. */
async function refusal(socket: WebSocket): Promise<{readonly status: number; readonly code: string}> {
  const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, NodeJS.ReadableStream & {statusCode: number}];
  let body = '';
  for await (const chunk of answer) body += String(chunk);
  return {status: answer.statusCode, code: (JSON.parse(body) as {code: string}).code};
}

const sockets = suite('http / live-socket');

// First, so that no connection of another test hides one that was left.
sockets('closing says goodbye to viewers, frees the port, and leaves no handle and no timer', async () => {
  const bench = await aBench();
  const viewers = [bench.live(), bench.live(), bench.live()];
  await Promise.all(viewers.map(nextOverview));
  const idle = connect(bench.port, '127.0.0.1');
  await once(idle, 'connect');
  const closed = viewers.map(async (socket) => ((await once(socket, 'close')) as [number])[0]);
  const idleClosed = once(idle, 'close');
  idle.resume();
  await bench.http.close();
  assert.equal(await Promise.all(closed), [1001, 1001, 1001]);
  await idleClosed;
  assert.is(bench.node.system.stats().timersArmed, 0);
  const probe = connect(bench.port, '127.0.0.1');
  const [error] = (await once(probe, 'error')) as [NodeJS.ErrnoException];
  assert.is(error.code, 'ECONNREFUSED');
  await bench.end();
  // Handles that are closed leave the list some turns of the loop later; one that leaked never does.
  const openHandles = (): string[] => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP'));
  for (let turn = 0; turn < 1_000 && openHandles().length > 0; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(openHandles(), []);
});

sockets('sends the overview at once and again when the chain moves', async () => {
  const bench = await aBench();
  const socket = bench.live();
  assert.is((await nextOverview(socket)).chain.height, 1);
  bench.node.addBlock({timeSec: 1_767_225_610});
  assert.is((await nextOverview(socket)).chain.height, 2);
  socket.terminate();
  await bench.end();
});

sockets('origin-not-allowed', async () => {
  const bench = await aBench();
  assert.equal(await refusal(bench.live({origin: 'https://evil.example'})), {status: 403, code: 'origin-not-allowed'});
  assert.equal(await refusal(bench.live({origin: `http://localhost:${bench.port}`})), {status: 403, code: 'origin-not-allowed'});
  const own = bench.live({origin: bench.http.endpoint});
  assert.is((await nextOverview(own)).chain.height, 1);
  own.terminate();
  await bench.end();
});

sockets('host-not-allowed, before anything is upgraded', async () => {
  const bench = await aBench();
  assert.equal(await refusal(bench.live({host: 'evil.example', origin: 'http://evil.example'})), {status: 421, code: 'host-not-allowed'});
  await bench.end();
});

sockets('too-many-live-clients, and room again when one has left', async () => {
  const bench = await aBench({maxLiveClients: 2});
  const [first, second] = [bench.live(), bench.live()];
  await Promise.all([nextOverview(first), nextOverview(second)]);
  assert.equal(await refusal(bench.live()), {status: 503, code: 'too-many-live-clients'});
  assert.is((await fetch(`${bench.http.endpoint}/api/v1/overview`)).status, 200);
  first.close();
  await once(first, 'close');
  const third = bench.live();
  assert.is((await nextOverview(third)).chain.height, 1);
  await bench.end();
});

sockets('a viewer that speaks is closed with 1003, one that speaks too much with 1009', async () => {
  const bench = await aBench();
  for (const [text, expected] of [['hello', 1003], ['x'.repeat(2_000), 1009]] as const) {
    const socket = bench.live();
    await nextOverview(socket);
    socket.send(text);
    const [code] = (await once(socket, 'close')) as [number];
    assert.is(code, expected);
  }
  const socket = bench.live();
  assert.is((await nextOverview(socket)).chain.height, 1);
  await bench.end();
});

sockets('bytes that are no request get a refusal in JSON, and the server lives on', async () => {
  const bench = await aBench();
  for (const bytes of ['\u0000\u0001\u0002\r\n\r\n', 'GET\r\n\r\n', 'GET / HTTP/1.1\r\nhost: localhost\r\nhost\r\n\r\n', `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 'GET /% HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n', 'POST /api/v1/overview HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 999999999\r\n\r\n']) {
    const socket = connect(bench.port, '127.0.0.1');
    socket.write(bytes, 'latin1');
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    assert.match(answer, /^HTTP\/1\.1 4\d\d /, JSON.stringify(bytes.slice(0, 40)));
    const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as {code: string};
    assert.ok(['bad-request', 'request-too-large', 'method-not-allowed'].includes(body.code), answer);
  }
  assert.is((await fetch(`${bench.http.endpoint}/health/live`)).status, 200);
  await bench.end();
});

sockets('a viewer that does not answer the goodbye does not hold the close', async () => {
  const bench = await aBench();
  const rude = connect(bench.port, '127.0.0.1');
  rude.on('error', () => undefined);
  rude.write(`GET /api/v1/live HTTP/1.1\r\nhost: 127.0.0.1:${bench.port}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`);
  await once(rude, 'data');
  rude.pause();
  const startMs = performance.now();
  await bench.http.close();
  assert.ok(performance.now() - startMs < 5_000);
  rude.destroy();
  await bench.end();
});

sockets('an upgrade where there is none to have is closed, not kept', async () => {
  const bench = await aBench();
  for (const path of ['/metrics', '/api/v1/nothing', '/api/v1/live']) {
    const socket = connect(bench.port, '127.0.0.1');
    // Not a WebSocket handshake: version and key are missing.
    socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`);
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    assert.match(answer, /^HTTP\/1\.1 4\d\d /, path);
  }
  await bench.end();
});

sockets('two servers cannot have one port, and the failed one leaves nothing', async () => {
  const bench = await aBench();
  const failed = await startHttpServer({...HTTP_OPTIONS, port: bench.port}, bench.node.modules()).then(() => undefined, (error: NodeJS.ErrnoException) => error.code);
  assert.is(failed, 'EADDRINUSE');
  await bench.end();
});

sockets.run();
