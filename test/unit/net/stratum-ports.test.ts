// Proves the two gates before a session: a PROXY header is believed from trusted addresses only, in any pieces, within
// bounds and time; TLS is spoken with the certificate of the files, also after they were replaced, and who does not finish a
// handshake is gone. The certificates are made here with openssl.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {execFileSync} from 'node:child_process';
import {mkdtempSync, renameSync, rmSync} from 'node:fs';
import {connect} from 'node:net';
import type {Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {connect as connectTls} from 'node:tls';
import type {TLSSocket} from 'node:tls';
import type {ConnectionOpened, ConnectionTurnedAway} from '../../../src/actors/mining-pool/messages.js';
import type {Connection} from '../../../src/actors/mining-pool/ports.js';
import type {ConnectionMessage} from '../../../src/actors/stratum-session/messages.js';
import {startStratumServer} from '../../../src/net/stratum-server.js';
import type {StratumServer, StratumServerOptions} from '../../../src/net/stratum-server.js';
import {openTlsGate} from '../../../src/net/tls-gate.js';
import {parseIpNetwork} from '../../../src/protocol/endpoint/ip-network.js';
import type {ActorRef, Message, TellOutcome} from '../../../src/runtime/actor.js';

const LOOPBACK = [parseIpNetwork('127.0.0.0/8')!];
const HEADER = 'PROXY TCP4 192.0.2.7 10.0.0.1 56324 3333\r\n';
const HEADER_V2 = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x21, 0x21, 0, 36, 0x20, 1, 0x0d, 0xb8, ...Array.from({length: 11}, () => 0), 9, ...Array.from({length: 16}, () => 1), 0, 80, 0x0d, 5]);

function aRef<M extends Message>(tell: (message: M) => TellOutcome): ActorRef<M> {
  return {path: '/test', id: 1, tell, ask: () => Promise.reject(new Error('nobody asks'))};
}

/** An echo with a name: each connection is told who it is taken for, and hears its own words again. */
interface Port {
  readonly server: StratumServer;
  readonly seen: Connection[];
  readonly turnedAway: string[];
  end(): Promise<void>;
}

async function aPort(options: Partial<StratumServerOptions> = {}, isRefusing: () => boolean = () => false): Promise<Port> {
  const seen: Connection[] = [];
  const turnedAway: string[] = [];
  const server = await startStratumServer({
    host: '127.0.0.1', port: 0, connectionsMax: 50, flushTimeoutMs: 100, ...options,
    miningPool: aRef<ConnectionOpened | ConnectionTurnedAway>((news) => {
      if (news.type === 'miningPool.connectionTurnedAway') {
        turnedAway.push(news.reason);
        return 'accepted';
      }
      const {connection} = news;
      if (isRefusing()) return 'refused';
      seen.push(connection);
      connection.deliverTo(aRef<ConnectionMessage>((message) => {
        if (message.type === 'stratumSession.received') connection.send(`${connection.remoteEndpoint} ${message.text}`);
        return 'accepted';
      }));
      return 'accepted';
    }),
  });
  return {server, seen, turnedAway, end: () => server.close()};
}

/** Everything until `enough` characters came, or the end. */
function hear(socket: Socket, enough: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      text += String(chunk);
      if (text.length >= enough) resolve(text);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

function dial(port: number): Socket {
  const socket = connect({port, host: '127.0.0.1', noDelay: true});
  socket.on('error', () => undefined);
  return socket;
}

const ports = suite('net / stratum-ports');
const folder = mkdtempSync(join(tmpdir(), 'pithead-tls-'));
const file = (name: string): string => join(folder, name);

function makeCertificate(name: string): void {
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
    '-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)], {stdio: 'ignore'});
}

ports.after(() => rmSync(folder, {recursive: true, force: true}));

ports('a trusted proxy says who connected, in one piece, in bytes, in either version', async () => {
  const port = await aPort({trustedProxies: LOOPBACK});
  const whole = dial(port.server.port);
  whole.write(`${HEADER}hello`);
  assert.is(await hear(whole, 21), '192.0.2.7:56324 hello');
  const pieces = dial(port.server.port);
  for (const byte of Buffer.concat([HEADER_V2, Buffer.from('hi')])) pieces.write(Buffer.of(byte));
  assert.match(await hear(pieces, 26), /^2001:db8:0:0:0:0:0:9:80 h/);
  const check = dial(port.server.port);
  check.write('PROXY UNKNOWN\r\nx');
  assert.match(await hear(check, 12), /^127\.0\.0\.1:\d+ x$/);
  assert.equal(port.seen.map(({remoteAddress}) => remoteAddress), ['192.0.2.7', '2001:db8:0:0:0:0:0:9', '127.0.0.1']);
  for (const socket of [whole, pieces, check]) socket.destroy();
  await port.end();
});

ports('without a header, with half a one, or with too much of one, a proxy\'s connection is closed unseen', async () => {
  const port = await aPort({trustedProxies: LOOPBACK, proxyTimeoutMs: 100});
  for (const text of ['{"id":1,"method":"mining.subscribe"}\n', 'PROXY TCP4 1.2.3', '', 'x'.repeat(100_000)]) {
    const socket = dial(port.server.port);
    socket.write(text);
    assert.is(await hear(socket, 1), '', text.slice(0, 20));
  }
  const gone = dial(port.server.port);
  gone.write('PROXY');
  gone.end();
  await hear(gone, 1);
  assert.is(port.seen.length, 0);
  assert.equal(port.turnedAway, Array.from({length: 5}, () => 'proxy-header'));
  await port.end();
});

ports('from anybody else a header is only text', async () => {
  const port = await aPort({trustedProxies: [parseIpNetwork('192.0.2.0/24')!]});
  const socket = dial(port.server.port);
  socket.write(HEADER);
  assert.match(await hear(socket, 40), /^127\.0\.0\.1:\d+ PROXY TCP4/);
  socket.destroy();
  await port.end();
});

function subjectOf(socket: TLSSocket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once('secureConnect', () => resolve(String(socket.getPeerCertificate().subject.CN)));
    socket.once('error', reject);
  });
}

ports('TLS: text both ways, a new certificate for new connections, and the old one while the files do not match', async () => {
  makeCertificate('first');
  makeCertificate('second');
  renameSync(file('first.crt'), file('pool.crt'));
  renameSync(file('first.key'), file('pool.key'));
  const reloads: unknown[] = [];
  const tls = openTlsGate({certFile: file('pool.crt'), keyFile: file('pool.key'), watchIntervalMs: 3_600_000, onReload: (error) => reloads.push(error)});
  const port = await aPort({tls});
  const first = connectTls({port: port.server.port, host: '127.0.0.1', rejectUnauthorized: false});
  assert.is(await subjectOf(first), 'first');
  first.write('hello');
  assert.match(await hear(first, 20), /^127\.0\.0\.1:\d+ hello$/);
  renameSync(file('second.crt'), file('pool.crt'));
  tls.reload();
  const between = connectTls({port: port.server.port, host: '127.0.0.1', rejectUnauthorized: false});
  assert.is(await subjectOf(between), 'first');
  renameSync(file('second.key'), file('pool.key'));
  tls.reload();
  const second = connectTls({port: port.server.port, host: '127.0.0.1', rejectUnauthorized: false});
  assert.is(await subjectOf(second), 'second');
  assert.is(reloads.length, 2);
  assert.ok(reloads[0] instanceof Error && reloads[1] === undefined);
  first.write('still');
  for (const socket of [first, between, second]) socket.destroy();
  tls.close();
  await port.end();
});

ports('TLS: files that change are read by themselves', async () => {
  makeCertificate('third');
  makeCertificate('fourth');
  const reloaded = new Promise<unknown>((resolve) => {
    const tls = openTlsGate({certFile: file('third.crt'), keyFile: file('third.key'), watchIntervalMs: 20, onReload: (error) => {
      if (error !== undefined) return;
      tls.close();
      resolve(undefined);
    }});
    renameSync(file('fourth.key'), file('third.key'));
    renameSync(file('fourth.crt'), file('third.crt'));
  });
  const alive = setInterval(() => undefined, 1_000);
  await reloaded;
  clearInterval(alive);
});

ports('TLS: no handshake, half a one, plain text: closed unseen, in time', async () => {
  makeCertificate('fifth');
  const tls = openTlsGate({certFile: file('fifth.crt'), keyFile: file('fifth.key'), handshakeTimeoutMs: 100, onReload: () => undefined});
  const port = await aPort({tls});
  for (const text of ['', '\u0016\u0003\u0001', '{"id":1,"method":"mining.subscribe"}\n']) {
    const socket = dial(port.server.port);
    socket.write(text, 'latin1');
    await hear(socket, 1e9);
    assert.ok(socket.destroyed || socket.readableEnded, text);
  }
  assert.is(port.seen.length, 0);
  assert.equal(port.turnedAway, Array.from({length: 3}, () => 'tls-handshake'));
  tls.close();
  await port.end();
});

ports('TLS: who was refused is not given another handshake at once', async () => {
  makeCertificate('seventh');
  const tls = openTlsGate({certFile: file('seventh.crt'), keyFile: file('seventh.key'), onReload: () => undefined});
  let isRefusing = true;
  const port = await aPort({tls, refusedLatelyMs: 600_000}, () => isRefusing);
  const dialTls = (): Promise<string> => hear(connectTls({port: port.server.port, host: '127.0.0.1', rejectUnauthorized: false}), 1);
  assert.is(await dialTls(), '');
  isRefusing = false;
  // The first was refused behind its handshake; this one has none.
  assert.is(await dialTls(), '');
  assert.equal([port.turnedAway, port.seen.length], [['refused-lately'], 0]);
  tls.close();
  await port.end();
});

ports('TLS: who only sits at a full gate makes room for who shakes hands', async () => {
  makeCertificate('eighth');
  const tls = openTlsGate({certFile: file('eighth.crt'), keyFile: file('eighth.key'), handshakeTimeoutMs: 600_000, onReload: () => undefined});
  const port = await aPort({tls, connectionsMax: 16});
  const silent = Array.from({length: 32}, () => dial(port.server.port));
  const firstGone = new Promise((resolve) => void silent[0]!.once('close', resolve));
  while (port.server.connectionCount() < 14) await new Promise((resolve) => setImmediate(resolve));
  const secured = connectTls({port: port.server.port, host: '127.0.0.1', rejectUnauthorized: false});
  assert.is(await subjectOf(secured), 'eighth');
  await firstGone;
  assert.ok(port.turnedAway.length > 0 && port.turnedAway.every((reason) => reason === 'tls-handshake'));
  assert.ok(port.server.connectionCount() <= 16);
  for (const socket of [secured, ...silent]) socket.destroy();
  tls.close();
  await port.end();
});

ports('TLS behind a trusted proxy: the header is in the clear, before the handshake', async () => {
  makeCertificate('sixth');
  const tls = openTlsGate({certFile: file('sixth.crt'), keyFile: file('sixth.key'), onReload: () => undefined});
  const port = await aPort({tls, trustedProxies: LOOPBACK});
  const raw = dial(port.server.port);
  raw.write(HEADER);
  const secured = connectTls({socket: raw, rejectUnauthorized: false});
  assert.is(await subjectOf(secured), 'sixth');
  secured.write('hello');
  assert.is(await hear(secured, 21), '192.0.2.7:56324 hello');
  secured.destroy();
  tls.close();
  await port.end();
});

ports('closing the server ends who is still at a gate', async () => {
  const port = await aPort({trustedProxies: LOOPBACK});
  const socket = dial(port.server.port);
  socket.write('PROXY ');
  const heard = hear(socket, 1);
  while (port.server.connectionCount() === 0) await new Promise((resolve) => setImmediate(resolve));
  await port.end();
  assert.is(await heard, '');
});

ports('files that are not there or no certificate are said at the start', () => {
  assert.throws(() => openTlsGate({certFile: file('none.crt'), keyFile: file('none.key'), onReload: () => undefined}), /ENOENT/);
});

ports.run();
