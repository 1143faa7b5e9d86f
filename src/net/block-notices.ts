/**
 * @module New-block notices of a node over ZeroMQ: ZMTP 3.0 with the NULL mechanism, as a subscriber, over TCP
 * (rfc.zeromq.org/spec/23). Only what `zmqpubhashblock` and `zmqpubrawblock` need; a library for it is native code.
 *
 * Of each frame only its first bytes are kept: a topic, a hash or a header; the rest of a raw block is counted and
 * dropped, so a stranger on that port costs no memory. A notice can be lost on its way and nobody learns it: whoever
 * listens polls, too.
 */
import {connect, type Socket} from 'node:net';
import type {BlockNotices} from '../actors/upstream/ports.js';
import {sha256d} from '../protocol/bytes/sha256.js';

/** A header is 80 bytes; commands are longer, and of them only the name matters. */
const KEPT_BYTES_MAX = 80;
const HANDSHAKE_TIMEOUT_MS = 5_000;
const RECONNECT_MIN_MS = 250;
const RECONNECT_MAX_MS = 10_000;
const KEEP_ALIVE_DELAY_MS = 30_000;
const GREETING_LENGTH = 64;
const TOPICS = ['hashblock', 'rawblock'] as const;

const FLAG_MORE = 1;
const FLAG_LONG = 2;
const FLAG_COMMAND = 4;

type Listener = Parameters<BlockNotices['subscribe']>[0];

/** @param endpoint - `tcp://host:port`, as in the node's `zmqpubhashblock`. */
export function createBlockNotices(endpoint: string): BlockNotices {
  const url = new URL(endpoint);
  return {
    subscribe(listener) {
      const subscription = new Subscription({host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port)}, listener);
      return () => subscription.end();
    },
  };
}

class Subscription {
  readonly #peer: {readonly host: string; readonly port: number};
  readonly #listener: Listener;
  #socket: Socket | undefined;
  #retry: NodeJS.Timeout | undefined;
  #delayMs = RECONNECT_MIN_MS;
  #isEnded = false;

  constructor(peer: {readonly host: string; readonly port: number}, listener: Listener) {
    this.#peer = peer;
    this.#listener = listener;
    this.#connect();
  }

  end(): void {
    this.#isEnded = true;
    clearTimeout(this.#retry);
    this.#socket?.destroy();
  }

  #connect(): void {
    const socket = connect({...this.#peer, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS});
    this.#socket = socket;
    let isSubscribed = false;
    const handshake = setTimeout(() => socket.destroy(), HANDSHAKE_TIMEOUT_MS);
    const parts: Uint8Array[] = [];
    const reader = new FrameReader({
      greeted: (isUsable) => void (isUsable ? socket.write(readyCommand()) : socket.destroy()),
      command: (name) => {
        if (name !== 'READY' || isSubscribed) return;
        isSubscribed = true;
        clearTimeout(handshake);
        this.#delayMs = RECONNECT_MIN_MS;
        for (const topic of TOPICS) socket.write(subscribeFrame(topic));
        this.#listener.connected(true);
      },
      frame: (body, hasMore) => {
        // Topic, body, counter; more parts than that are none of ours.
        if (parts.length < 3) parts.push(body);
        if (hasMore) return;
        const hash = hashOf(parts);
        parts.length = 0;
        if (hash !== undefined && !this.#isEnded) this.#listener.heard(hash);
      },
    });
    socket.on('connect', () => socket.write(greeting()));
    socket.on('data', (chunk: Buffer) => reader.take(chunk));
    // The close that follows an error is what counts.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(handshake);
      if (this.#isEnded) return;
      if (isSubscribed) this.#listener.connected(false);
      this.#retry = setTimeout(() => this.#connect(), this.#delayMs);
      this.#delayMs = Math.min(RECONNECT_MAX_MS, this.#delayMs * 2);
    });
  }
}

/** Core sends `hashblock` in display order. */
function hashOf([topic, body]: readonly Uint8Array[]): Uint8Array | undefined {
  const name = topic === undefined ? '' : Buffer.from(topic).toString('latin1');
  if (name === 'hashblock' && body?.length === 32) return Uint8Array.from(body).reverse();
  if (name === 'rawblock' && body?.length === 80) return sha256d(body);
  return undefined;
}

interface FrameEvents {
  /** False when the other side speaks no ZMTP 3 or wants a password. */
  greeted(isUsable: boolean): void;
  command(name: string): void;
  frame(body: Uint8Array, hasMore: boolean): void;
}

/** Bytes in chunks of any size to frames, of each the first bytes. */
class FrameReader {
  readonly #events: FrameEvents;
  readonly #kept = Buffer.alloc(KEPT_BYTES_MAX);
  #head = Buffer.alloc(0);
  #isGreeted = false;
  /** Of the frame in hand; undefined between frames. */
  #frame: {readonly flags: number; keptLength: number; missing: bigint} | undefined;

  constructor(events: FrameEvents) {
    this.#events = events;
  }

  take(chunk: Buffer): void {
    let rest = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
    this.#head = Buffer.alloc(0);
    while (rest.length > 0) {
      const used = this.#step(rest);
      if (used === 0) {
        // At most a greeting or a frame's head waits here.
        this.#head = Buffer.from(rest);
        return;
      }
      rest = rest.subarray(used);
    }
  }

  /** @returns bytes used; 0 asks for more. */
  #step(bytes: Buffer): number {
    if (!this.#isGreeted) {
      if (bytes.length < GREETING_LENGTH) return 0;
      this.#isGreeted = true;
      const isUsable = bytes[0] === 0xff && (bytes[9]! & 1) === 1 && bytes[10]! >= 3 && bytes.toString('latin1', 12, 32).replace(/\0+$/, '') === 'NULL';
      this.#events.greeted(isUsable);
      return isUsable ? GREETING_LENGTH : bytes.length;
    }
    return this.#frame === undefined ? this.#openFrame(bytes) : this.#fillFrame(bytes);
  }

  #openFrame(bytes: Buffer): number {
    const flags = bytes[0]!;
    const headLength = (flags & FLAG_LONG) === 0 ? 2 : 9;
    if (bytes.length < headLength) return 0;
    this.#frame = {flags, keptLength: 0, missing: headLength === 2 ? BigInt(bytes[1]!) : bytes.readBigUInt64BE(1)};
    if (this.#frame.missing === 0n) this.#closeFrame();
    return headLength;
  }

  #fillFrame(bytes: Buffer): number {
    const frame = this.#frame!;
    const used = frame.missing < BigInt(bytes.length) ? Number(frame.missing) : bytes.length;
    const keptNow = Math.min(used, KEPT_BYTES_MAX - frame.keptLength);
    bytes.copy(this.#kept, frame.keptLength, 0, keptNow);
    frame.keptLength += keptNow;
    frame.missing -= BigInt(used);
    if (frame.missing === 0n) this.#closeFrame();
    return used;
  }

  #closeFrame(): void {
    const {flags, keptLength} = this.#frame!;
    this.#frame = undefined;
    const body = Uint8Array.prototype.slice.call(this.#kept, 0, keptLength);
    if ((flags & FLAG_COMMAND) === 0) this.#events.frame(body, (flags & FLAG_MORE) !== 0);
    else this.#events.command(Buffer.from(body.subarray(1, 1 + (body[0] ?? 0))).toString('latin1'));
  }
}

/** Version 3.0: a newer peer then takes subscriptions as messages. */
function greeting(): Buffer {
  const bytes = Buffer.alloc(GREETING_LENGTH);
  bytes[0] = 0xff;
  bytes[8] = 1;
  bytes[9] = 0x7f;
  bytes[10] = 3;
  bytes.write('NULL', 12, 'latin1');
  return bytes;
}

function readyCommand(): Buffer {
  const name = Buffer.from('\x05READY\x0bSocket-Type', 'latin1');
  const body = Buffer.concat([name, Buffer.from([0, 0, 0, 3]), Buffer.from('SUB')]);
  return Buffer.concat([Buffer.from([FLAG_COMMAND, body.length]), body]);
}

function subscribeFrame(topic: string): Buffer {
  return Buffer.concat([Buffer.from([0, 1 + topic.length, 1]), Buffer.from(topic, 'latin1')]);
}
