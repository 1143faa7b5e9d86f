/**
 * @module TCP for Stratum: sockets become `Connection`s, text becomes messages. Judges nothing and parses nothing.
 *
 * What a drain of the actors sends to one connection leaves in ONE write: a write per reply is five times slower
 * (limits.md, section 5: 134k instead of 709k replies a second). Reading stops while the session's mailbox is over
 * its soft limit, so a flood waits in the sender's kernel and not in our memory.
 */
import {createServer} from 'node:net';
import type {AddressInfo, Server, Socket} from 'node:net';
import type {ActorRef} from '../runtime/actor.js';
import type {Connection} from '../actors/mining-pool/ports.js';
import type {ConnectionOpened} from '../actors/mining-pool/messages.js';
import type {ConnectionMessage} from '../actors/stratum-session/messages.js';

export interface StratumServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Hears of every connection; one that it does not take is closed. */
  readonly miningPool: ActorRef<ConnectionOpened>;
  /** A guard against descriptors running out; the pool's own limit is lower and answers politely. */
  readonly connectionsMax: number;
  /** After `close('flush')` the other side has this long to take what is left. */
  readonly flushTimeoutMs?: number;
}

export interface StratumServer {
  readonly port: number;
  readonly host: string;
  connectionCount(): number;
  /** No new connections from now on; those that are open stay. */
  stopAccepting(): void;
  /** Ends what is still open and resolves when the listener is closed. */
  close(): Promise<void>;
}

const FLUSH_TIMEOUT_MS = 5_000;
/** The kernel starts to probe a silent peer after this: half-open connections end within some minutes. */
const KEEP_ALIVE_DELAY_MS = 60_000;
const BACKLOG = 2_048;

export async function startStratumServer(options: StratumServerOptions): Promise<StratumServer> {
  const open = new Set<SocketConnection>();
  const outbox = new Outbox();
  let nextId = 1;
  const server = createServer({pauseOnConnect: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS}, (socket) => {
    const connection = new SocketConnection(nextId, socket, {outbox, flushTimeoutMs: options.flushTimeoutMs ?? FLUSH_TIMEOUT_MS});
    nextId += 1;
    open.add(connection);
    socket.once('close', () => open.delete(connection));
    const outcome = options.miningPool.tell({type: 'miningPool.connectionOpened', connection});
    if (outcome === 'refused' || outcome === 'dead' || outcome === 'dropped-newest') connection.close('now');
  });
  server.maxConnections = options.connectionsMax;
  await listen(server, options);
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    host: address.address,
    connectionCount: () => open.size,
    stopAccepting() {
      server.close();
    },
    close() {
      return new Promise((resolve) => {
        if (server.listening) server.close();
        if (open.size === 0) {
          resolve();
          return;
        }
        for (const connection of open) {
          connection.onceClosed(() => {
            if (open.size === 0) resolve();
          });
          connection.close('flush');
        }
      });
    },
  };
}

/** Rejects with the system's error when the port is taken; afterwards a server error only means one failed accept. */
function listen(server: Server, options: StratumServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({host: options.host, port: options.port, backlog: BACKLOG}, () => {
      server.off('error', reject);
      // EMFILE and the like: that connection was not accepted, the others go on.
      server.on('error', () => undefined);
      resolve();
    });
  });
}

/** Connections with unsent text; flushed together once the running drain has ended. */
class Outbox {
  #dirty: SocketConnection[] = [];

  add(connection: SocketConnection): void {
    if (this.#dirty.push(connection) > 1) return;
    process.nextTick(() => {
      const flushed = this.#dirty;
      this.#dirty = [];
      for (const each of flushed) each.writeOut();
    });
  }
}

class SocketConnection implements Connection {
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

  constructor(id: number, socket: Socket, limits: {readonly outbox: Outbox; readonly flushTimeoutMs: number}) {
    this.id = id;
    this.#socket = socket;
    this.#outbox = limits.outbox;
    this.#flushTimeoutMs = limits.flushTimeoutMs;
    this.remoteAddress = socket.remoteAddress ?? 'unknown';
    this.remoteEndpoint = `${this.remoteAddress}:${socket.remotePort ?? 0}`;
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
