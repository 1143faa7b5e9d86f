// Proves what the TCP edge promises the pool: nothing is read before a session listens, one drain is one write, a full
// mailbox stops the reading and loses no byte, a close flushes or does not as told, and the end is told exactly once.
// Real sockets on the loopback; the sessions are hand-made refs.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {connect} from 'node:net';
import type {Socket} from 'node:net';
import type {Connection} from '../../../src/actors/mining-pool/ports.js';
import type {ConnectionOpened} from '../../../src/actors/mining-pool/messages.js';
import type {ConnectionMessage} from '../../../src/actors/stratum-session/messages.js';
import {startStratumServer} from '../../../src/net/stratum-server.js';
import type {StratumServer} from '../../../src/net/stratum-server.js';
import type {ActorRef, Message, TellOutcome} from '../../../src/runtime/actor.js';

function aRef<M extends Message>(tell: (message: M) => TellOutcome): ActorRef<M> {
  return {path: '/test', id: 1, tell, ask: () => Promise.reject(new Error('nobody asks'))};
}

interface Edge {
  readonly server: StratumServer;
  readonly connection: Connection;
  readonly client: Socket;
  readonly heard: ConnectionMessage[];
  /** What the session's mailbox answers to the next messages; then `accepted`. */
  readonly outcomes: TellOutcome[];
  text(): string;
  until(condition: () => boolean): Promise<void>;
  end(): Promise<void>;
}

async function anEdge(flushTimeoutMs = 200): Promise<Edge> {
  const heard: ConnectionMessage[] = [];
  const outcomes: TellOutcome[] = [];
  const watchers = new Set<() => void>();
  const changed = (): void => {
    for (const look of watchers) look();
  };
  let take: (connection: Connection) => void = () => undefined;
  const opened = new Promise<Connection>((resolve) => {
    take = resolve;
  });
  const server = await startStratumServer({
    host: '127.0.0.1', port: 0, connectionsMax: 10, flushTimeoutMs,
    miningPool: aRef<ConnectionOpened>((message) => {
      take(message.connection);
      return 'accepted';
    }),
  });
  const client = connect({port: server.port, host: '127.0.0.1'});
  client.on('error', () => undefined);
  client.on('close', changed);
  const connection = await opened;
  connection.deliverTo(aRef<ConnectionMessage>((message) => {
    const outcome = outcomes.shift() ?? 'accepted';
    if (outcome !== 'refused') heard.push(message);
    queueMicrotask(changed);
    return outcome;
  }));
  return {
    server, connection, client, heard, outcomes,
    text: () => heard.map((message) => (message.type === 'stratumSession.received' ? message.text : '')).join(''),
    until: (condition) => new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        watchers.delete(look);
        resolve();
      };
      watchers.add(look);
      look();
    }),
    async end() {
      client.destroy();
      await server.close();
    },
  };
}

const server = suite('net / stratum-server');

server('delivers text and says where it comes from', async () => {
  const edge = await anEdge();
  edge.client.write('one\ntwo\n');
  await edge.until(() => edge.text() === 'one\ntwo\n');
  assert.is(edge.connection.remoteEndpoint, `127.0.0.1:${edge.client.localPort}`);
  assert.is(edge.server.connectionCount(), 1);
  await edge.end();
});

server('one character per byte, whatever the bytes', async () => {
  const edge = await anEdge();
  const bytes = Buffer.from(Array.from({length: 256}, (_, value) => value));
  edge.client.write(bytes);
  await edge.until(() => edge.text().length === 256);
  assert.equal(Buffer.from(edge.text(), 'latin1'), bytes);
  await edge.end();
});

server('what is sent in one turn arrives as one piece', async () => {
  const edge = await anEdge();
  const chunks: string[] = [];
  edge.client.on('data', (chunk: Buffer) => chunks.push(chunk.toString('latin1')));
  for (let i = 0; i < 50; i += 1) edge.connection.send(`${i}\n`);
  assert.ok(edge.connection.bufferedBytes() > 0);
  edge.connection.close('flush');
  await edge.until(() => edge.client.destroyed);
  assert.equal(chunks, [Array.from({length: 50}, (_, i) => `${i}\n`).join('')]);
  await edge.end();
});

server('a mailbox over its soft limit stops the reading until the session resumes it', async () => {
  const edge = await anEdge();
  edge.outcomes.push('over-soft-limit');
  edge.client.write('first\n');
  await edge.until(() => edge.text() === 'first\n');
  edge.client.write('second\n');
  // A round trip the other way: what the kernel holds for this one would have arrived by now.
  await new Promise<void>((resolve) => {
    edge.client.once('data', () => resolve());
    edge.connection.send('x');
  });
  assert.is(edge.text(), 'first\n');
  edge.connection.resume();
  await edge.until(() => edge.text() === 'first\nsecond\n');
  await edge.end();
});

server('text that a full mailbox refused is delivered later, in its order', async () => {
  const edge = await anEdge();
  edge.outcomes.push('refused');
  edge.client.write('first\n');
  await edge.until(() => edge.outcomes.length === 0);
  edge.client.write('second\n');
  edge.connection.resume();
  await edge.until(() => edge.text() === 'first\nsecond\n');
  await edge.end();
});

server('a peer that goes away is told once', async () => {
  const edge = await anEdge();
  edge.client.destroy();
  await edge.until(() => edge.heard.length > 0);
  edge.connection.close('now');
  edge.connection.send('nobody');
  assert.equal(edge.heard, [{type: 'stratumSession.connectionClosed', reason: 'ended'}]);
  await edge.end();
});

server('a close at once tells the session too', async () => {
  const edge = await anEdge();
  edge.connection.close('now');
  await edge.until(() => edge.heard.length > 0 && edge.client.destroyed);
  assert.equal(edge.heard.map(({type}) => type), ['stratumSession.connectionClosed']);
  assert.is(edge.server.connectionCount(), 0);
  await edge.end();
});

server('a peer that never reads is given up after the flush time-out', async () => {
  const edge = await anEdge(50);
  edge.client.pause();
  edge.connection.send('x'.repeat(32 * 1024 * 1024));
  edge.connection.close('flush');
  await edge.until(() => edge.heard.length > 0);
  assert.is(edge.server.connectionCount(), 0);
  await edge.end();
});

server('a pool that refuses the connection has it closed', async () => {
  const refusing = await startStratumServer({host: '127.0.0.1', port: 0, connectionsMax: 10, miningPool: aRef<ConnectionOpened>(() => 'refused')});
  const client = connect({port: refusing.port, host: '127.0.0.1'});
  client.on('error', () => undefined);
  await new Promise((resolve) => client.once('close', resolve));
  await refusing.close();
});

server('a taken port is an error to the caller', async () => {
  const edge = await anEdge();
  const failure = await startStratumServer({host: '127.0.0.1', port: edge.server.port, connectionsMax: 1, miningPool: aRef<ConnectionOpened>(() => 'accepted')})
    .then(() => undefined, (error: unknown) => error);
  assert.ok(failure instanceof Error && 'code' in failure && failure.code === 'EADDRINUSE');
  await edge.end();
});

server.run();
