/**
 * @module One accepted socket as the pool's `Connection`: text in and out, reading that stops and goes on. Judges nothing.
 *
 * What a drain of the actors sends to one connection leaves in ONE write: a write per reply is five times slower
 * (limits.md, section 5: 134k instead of 709k replies a second). Reading stops while the session's mailbox is over
 * its soft limit, so a flood waits in the sender's kernel and not in our memory.
 */
import type {Socket} from 'node:net';
import type {ActorRef} from '../runtime/actor.js';
import type {Connection} from '../actors/mining-pool/ports.js';
import type {ConnectionMessage} from '../actors/stratum-session/messages.js';

/** Who is at the other end: as the socket says it, or a proxy that is believed. */
export interface RemoteEnd {
  readonly address: string;
  readonly port: number;
}

/** Written to in one turn of the event loop: at 7 to 9 us a write about 1 ms. A new block goes to thousands at once. */
const FLUSH_CONNECTIONS_MAX = 128;

/** Whose text waits. */
interface Writer {
  writeOut(): void;
}

/** Connections with unsent text; flushed together once the running drain has ended, many of them over several turns. */
export class Outbox {
  #dirty: Writer[] = [];
  #flushedTo = 0;
  readonly #flush = (): void => {
    const end = Math.min(this.#dirty.length, this.#flushedTo + FLUSH_CONNECTIONS_MAX);
    while (this.#flushedTo < end) this.#dirty[this.#flushedTo++]!.writeOut();
    if (end < this.#dirty.length) {
      setImmediate(this.#flush);
      return;
    }
    this.#dirty = [];
    this.#flushedTo = 0;
  };

  add(connection: Writer): void {
    if (this.#dirty.push(connection) === 1) process.nextTick(this.#flush);
  }
}

export class SocketConnection implements Connection {
  readonly id: number;
  readonly remoteEndpoint: string;
  readonly remoteAddress: string;
  readonly #socket: Socket;
  readonly #outbox: Outbox;
  readonly #flushTimeoutMs: number;
  #receiver: ActorRef<ConnectionMessage> | undefined;
  #unsent = '';
  /** Text that a full mailbox did not take: delivered first when reading goes on. */
  #undelivered = '';
  #isPaused = false;
  #isEnding = false;

  constructor(id: number, socket: Socket, facts: {readonly remote: RemoteEnd; readonly outbox: Outbox; readonly flushTimeoutMs: number}) {
    this.id = id;
    this.#socket = socket;
    this.#outbox = facts.outbox;
    this.#flushTimeoutMs = facts.flushTimeoutMs;
    this.remoteAddress = facts.remote.address;
    this.remoteEndpoint = `${facts.remote.address}:${facts.remote.port}`;
    socket.setEncoding('latin1');
    let isFailed = false;
    // The close that follows tells the session; an error that nobody hears would end the process.
    socket.on('error', () => {
      isFailed = true;
    });
    socket.once('close', () => {
      this.#isEnding = true;
      this.#unsent = '';
      this.#receiver?.tell({type: 'stratumSession.connectionClosed', reason: isFailed ? 'failed' : 'ended'});
    });
  }

  /** A session hears it. */
  get wasTaken(): boolean {
    return this.#receiver !== undefined;
  }

  deliverTo(ref: ActorRef<ConnectionMessage>): void {
    if (this.#receiver !== undefined) throw new Error('a connection delivers to one session');
    this.#receiver = ref;
    if (this.#socket.destroyed) {
      ref.tell({type: 'stratumSession.connectionClosed', reason: 'ended'});
      return;
    }
    this.#socket.on('data', (text: string) => this.#deliver(text));
    this.#socket.resume();
  }

  send(text: string): void {
    if (this.#isEnding) return;
    if (this.#unsent === '') this.#outbox.add(this);
    this.#unsent += text;
  }

  /** Called by the outbox, once per drain. */
  writeOut(): void {
    if (this.#unsent === '' || this.#socket.destroyed) return;
    const text = this.#unsent;
    this.#unsent = '';
    this.#socket.write(text, 'latin1');
  }

  bufferedBytes(): number {
    return this.#unsent.length + this.#socket.writableLength;
  }

  pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    if (this.#undelivered !== '') {
      const text = this.#undelivered;
      this.#undelivered = '';
      this.#isPaused = false;
      this.#deliver(text);
      if (this.#isPaused) return;
    }
    this.#isPaused = false;
    this.#socket.resume();
  }

  close(mode: 'flush' | 'now'): void {
    if (this.#socket.destroyed) return;
    if (mode === 'now') {
      this.#isEnding = true;
      this.#socket.destroy();
      return;
    }
    if (this.#isEnding) return;
    this.writeOut();
    this.#isEnding = true;
    // The peer may never read: after the time-out its buffer is given up. Not the socket's own time-out, which whatever
    // the peer still sends would put off.
    const deadline = setTimeout(() => this.#socket.destroy(), this.#flushTimeoutMs);
    this.#socket.once('close', () => clearTimeout(deadline));
    this.#socket.end();
  }

  onceClosed(listener: () => void): void {
    this.#socket.once('close', listener);
  }

  #deliver(text: string): void {
    const outcome = this.#receiver!.tell({type: 'stratumSession.received', text});
    if (outcome === 'accepted') return;
    if (outcome === 'dead') {
      this.close('now');
      return;
    }
    if (outcome === 'refused') this.#undelivered += text;
    this.pause();
  }
}
