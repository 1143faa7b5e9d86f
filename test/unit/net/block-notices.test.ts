// Proves that the subscriber speaks ZMTP 3.0 as the published protocol has it (checked against a server written here from
// the same page, byte by byte, in chunks of any size), understands both topics, comes back after a break, and keeps
// nothing of what it does not need. That libzmq agrees was seen with a real node; libzmq is not here in CI.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {createHash} from 'node:crypto';
import {createServer, type AddressInfo, type Server, type Socket} from 'node:net';
import {createBlockNotices} from '../../../src/net/block-notices.js';

const GREETING = Buffer.from(`ff${'00'.repeat(8)}7f0300${Buffer.from('NULL').toString('hex')}${'00'.repeat(48)}`, 'hex');
const READY = Buffer.from(`\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03PUB`, 'latin1');
/** READY of the subscriber, then both subscriptions, as ZMTP 3.0 messages. */
const EXPECTED = Buffer.from('\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03SUB\0\x0a\x01hashblock\0\x09\x01rawblock', 'latin1');

interface Publisher {
  readonly endpoint: string;
  readonly server: Server;
  /** What the subscriber sent after its greeting, complete. */
  readonly subscribed: Promise<Socket>[];
  send(socket: Socket, frames: readonly Buffer[], chunkLength?: number): Promise<void>;
  stop(): Promise<void>;
}

function frame(body: Buffer, hasMore: boolean): Buffer {
  const flags = hasMore ? 1 : 0;
  if (body.length < 256) return Buffer.concat([Buffer.from([flags, body.length]), body]);
  const head = Buffer.alloc(9);
  head[0] = flags | 2;
  head.writeBigUInt64BE(BigInt(body.length), 1);
  return Buffer.concat([head, body]);
}

function notice(topic: string, body: Buffer): Buffer[] {
  return [frame(Buffer.from(topic), true), frame(body, true), frame(Buffer.from([1, 0, 0, 0]), false)];
}

async function startPublisher(greet: Buffer = GREETING): Promise<Publisher> {
  const subscribed: Promise<Socket>[] = [];
  let next!: (socket: Socket) => void;
  const expect = (): void => void subscribed.push(new Promise((resolve) => {
    next = resolve;
  }));
  expect();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let received = Buffer.alloc(0);
    let isReadySent = false;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 64 && !isReadySent) {
        isReadySent = true;
        assert.is(received.subarray(0, 64).toString('hex').slice(18, 22), '7f03');
        socket.write(READY);
      }
      if (received.subarray(64).equals(EXPECTED)) {
        const settle = next;
        expect();
        settle(socket);
      }
    });
    socket.write(greet);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    endpoint: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, server, subscribed,
    send: async (socket, frames, chunkLength = 65_536) => {
      const bytes = Buffer.concat(frames);
      for (let at = 0; at < bytes.length; at += chunkLength) {
        await new Promise((resolve) => {
          socket.write(bytes.subarray(at, at + chunkLength), resolve);
        });
      }
    },
    stop: () => new Promise((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
    }),
  };
}

interface Heard {
  readonly hashes: string[];
  readonly connected: boolean[];
  next(count: number): Promise<void>;
  end(): void;
}

function listen(endpoint: string): Heard {
  const hashes: string[] = [];
  const connected: boolean[] = [];
  let wake = (): void => undefined;
  const end = createBlockNotices(endpoint).subscribe({
    heard: (hash) => {
      hashes.push(Buffer.from(hash).toString('hex'));
      wake();
    },
    connected: (isConnected) => void connected.push(isConnected),
  });
  return {
    hashes, connected, end,
    next: async (count) => {
      while (hashes.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

const test = suite('net / block-notices');

test('hashblock is in display order, rawblock is hashed by its header; in chunks of one byte and of many', async () => {
  const publisher = await startPublisher();
  const heard = listen(publisher.endpoint);
  const socket = await publisher.subscribed[0]!;
  const display = Buffer.from(Array.from({length: 32}, (_, index) => index));
  const block = Buffer.alloc(100_000, 7);
  const inner = createHash('sha256').update(block.subarray(0, 80)).digest();
  const blockHash = createHash('sha256').update(inner).digest('hex');
  await publisher.send(socket, notice('hashblock', display), 1);
  await publisher.send(socket, notice('rawblock', block), 777);
  await publisher.send(socket, [...notice('hashblock', display), ...notice('rawblock', block)]);
  await heard.next(4);
  const internal = Buffer.from(display).reverse().toString('hex');
  assert.equal(heard.hashes, [internal, blockHash, internal, blockHash]);
  assert.equal(heard.connected, [true]);
  heard.end();
  await publisher.stop();
});

test('what is no notice of a block is passed over: other topics, short bodies, commands, messages of many parts', async () => {
  const publisher = await startPublisher();
  const heard = listen(publisher.endpoint);
  const socket = await publisher.subscribed[0]!;
  const ping = Buffer.from('\x04\x07\x04PING\0\0', 'latin1');
  await publisher.send(socket, [
    ...notice('hashtx', Buffer.alloc(32)), ...notice('hashblock', Buffer.alloc(31)), ...notice('rawblock', Buffer.alloc(79)), ping,
    frame(Buffer.from('hashblock'), false), frame(Buffer.alloc(0), false),
    ...Array.from({length: 50}, () => frame(Buffer.from('part'), true)), frame(Buffer.alloc(0), false),
    ...notice('hashblock', Buffer.alloc(32, 1)),
  ]);
  await heard.next(1);
  assert.equal(heard.hashes, ['01'.repeat(32)]);
  heard.end();
  await publisher.stop();
});

test('after a break it comes back and says so', async () => {
  const publisher = await startPublisher();
  const heard = listen(publisher.endpoint);
  (await publisher.subscribed[0]!).destroy();
  const socket = await publisher.subscribed[1]!;
  await publisher.send(socket, notice('hashblock', Buffer.alloc(32, 2)));
  await heard.next(1);
  assert.equal(heard.connected, [true, false, true]);
  heard.end();
  await publisher.stop();
});

test('a peer that wants a password, or speaks something else, is left', async () => {
  const curve = Buffer.from(GREETING);
  curve.write('CURVE', 12, 'latin1');
  for (const greet of [curve, Buffer.alloc(64, 65)]) {
    const publisher = await startPublisher(greet);
    const left = new Promise<void>((resolve) => {
      publisher.server.once('connection', (socket: Socket) => socket.once('close', () => resolve()));
    });
    const heard = listen(publisher.endpoint);
    await left;
    assert.equal(heard.connected, []);
    heard.end();
    await publisher.stop();
  }
});

test.run();
