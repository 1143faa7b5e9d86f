/**
 * @module The Stratum port: accepts sockets, learns who is behind a proxy, does the TLS handshake, and hands what is left
 * to the pool as `Connection`s. It judges nobody: even a connection that will be refused is the front desk's to refuse.
 *
 * Whoever does not finish a PROXY header or a handshake in time is closed here and never seen by the pool.
 */
import {createServer} from 'node:net';
import type {AddressInfo, Server, Socket} from 'node:net';
import type {ActorRef} from '../runtime/actor.js';
import type {ConnectionOpened, ConnectionTurnedAway, TurnedAwayReason} from '../actors/mining-pool/messages.js';
import {IpNetworkList, parseIpAddress} from '../protocol/endpoint/ip-network.js';
import type {IpNetwork} from '../protocol/endpoint/ip-network.js';
import {readProxyHeader} from './proxy-gate.js';
import {Outbox, SocketConnection} from './socket-connection.js';
import type {RemoteEnd} from './socket-connection.js';
import type {TlsGate} from './tls-gate.js';

export interface StratumServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Hears of every connection; one that it does not take is closed. */
  readonly miningPool: ActorRef<ConnectionOpened | ConnectionTurnedAway>;
  /** A guard against descriptors running out; the pool's own limit is lower and answers politely. */
  readonly connectionsMax: number;
  /** After `close('flush')` the other side has this long to take what is left. */
  readonly flushTimeoutMs?: number;
  /** Proxies that must say, and are believed, who connected: their connections begin with a PROXY header, others' never do. */
  readonly trustedProxies?: readonly IpNetwork[];
  /** How long a proxy may take for its header. */
  readonly proxyTimeoutMs?: number;
  /** After a refusal the same address gets no handshake for so long. */
  readonly refusedLatelyMs?: number;
  /** Given: miners speak TLS on this port. */
  readonly tls?: TlsGate;
  /** Shared by all ports of one pool: it names connections. */
  readonly nextConnectionId?: () => number;
}

export interface StratumServer {
  readonly port: number;
  readonly host: string;
  /** Those that the pool has not seen yet among them. */
  connectionCount(): number;
  /** No new connections from now on; those that are open stay. */
  stopAccepting(): void;
  /** Ends what is still open and resolves when the listener is closed. */
  close(): Promise<void>;
}

const FLUSH_TIMEOUT_MS = 5_000;
/** A proxy sends its header with its first packet. */
export const PROXY_TIMEOUT_MS = 5_000;
/** A handshake costs half a millisecond: who was refused this long ago is not given another one. */
export const REFUSED_LATELY_MS = 2_000;
export const REFUSED_ADDRESSES_MAX = 1_024;
/** Of a port's connections this part is kept for newcomers: as long as somebody only sits at the gate, he leaves for them. */
const NEWCOMERS_PART = 8;
const NEWCOMERS_MAX = 128;
/** The kernel starts to probe a silent peer after this: half-open connections end within some minutes. */
const KEEP_ALIVE_DELAY_MS = 60_000;
const BACKLOG = 2_048;

export async function startStratumServer(options: StratumServerOptions): Promise<StratumServer> {
  const doorman = new Doorman(options);
  // Where somebody has to read before the session does, the socket may not be paused.
  const pauseOnConnect = options.tls === undefined && (options.trustedProxies ?? []).length === 0;
  const server = createServer({pauseOnConnect, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS}, (socket) => doorman.accept(socket));
  server.maxConnections = options.connectionsMax;
  await listen(server, options);
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    host: address.address,
    connectionCount: () => doorman.count,
    stopAccepting() {
      server.close();
    },
    close() {
      if (server.listening) server.close();
      return doorman.close();
    },
  };
}

/** Takes a socket from its first byte to the pool. */
class Doorman {
  readonly open = new Set<SocketConnection>();
  readonly #options: StratumServerOptions;
  readonly #outbox = new Outbox();
  readonly #proxies: IpNetworkList;
  /** Not yet with the pool: a header or a handshake is awaited. */
  readonly #entering = new Set<Socket>();
  readonly #nextId: () => number;
  /** Above this the gate makes room. */
  readonly #crowdedAt: number;
  /** Addresses that the pool refused, the longest ago first. */
  readonly #refusedAtMs = new Map<string, number>();

  constructor(options: StratumServerOptions) {
    this.#options = options;
    this.#proxies = new IpNetworkList(options.trustedProxies ?? []);
    this.#crowdedAt = options.connectionsMax - Math.min(NEWCOMERS_MAX, Math.floor(options.connectionsMax / NEWCOMERS_PART));
    let lastId = 0;
    this.#nextId = options.nextConnectionId ?? (() => (lastId += 1));
  }

  get count(): number {
    return this.open.size + this.#entering.size;
  }

  accept(socket: Socket): void {
    if (this.count >= this.#crowdedAt) this.#makeRoom();
    const remote: RemoteEnd = {address: socket.remoteAddress ?? 'unknown', port: socket.remotePort ?? 0};
    const address = parseIpAddress(remote.address);
    if (address === undefined || !this.#proxies.has(address)) return this.#secure(socket, remote);
    this.#entering.add(socket);
    readProxyHeader(socket, this.#options.proxyTimeoutMs ?? PROXY_TIMEOUT_MS, (source) => {
      this.#entering.delete(socket);
      if (source === undefined) this.#turnAway(remote, 'proxy-header');
      else this.#secure(socket, source === 'proxy' ? remote : source);
    });
  }

  close(): Promise<void> {
    for (const socket of this.#entering) socket.destroy();
    return new Promise((resolve) => {
      if (this.open.size === 0) return resolve();
      for (const connection of this.open) {
        connection.onceClosed(() => {
          if (this.open.size === 0) resolve();
        });
        connection.close('flush');
      }
    });
  }

  #secure(socket: Socket, remote: RemoteEnd): void {
    const {tls} = this.#options;
    if (tls === undefined) return this.#admit(socket, remote);
    if (performance.now() - (this.#refusedAtMs.get(remote.address) ?? -Infinity) < (this.#options.refusedLatelyMs ?? REFUSED_LATELY_MS)) {
      socket.on('error', () => undefined);
      socket.destroy();
      return this.#turnAway(remote, 'refused-lately');
    }
    this.#entering.add(socket);
    tls.secure(socket, (secured) => {
      this.#entering.delete(socket);
      if (secured === undefined) this.#turnAway(remote, 'tls-handshake');
      else this.#admit(secured, remote);
    });
  }

  /** Who came first has had the longest time for its header or handshake. Those that are with the pool are the pool's to judge. */
  #makeRoom(): void {
    for (const socket of this.#entering) {
      // Several newcomers in one turn: those told to go are not gone yet.
      if (socket.destroyed) continue;
      socket.destroy();
      return;
    }
  }

  #turnAway(remote: RemoteEnd, reason: TurnedAwayReason): void {
    this.#options.miningPool.tell({type: 'miningPool.connectionTurnedAway', remoteAddress: remote.address, reason});
  }

  /** The pool did not take it: for a moment the same address is spared the handshake. */
  #noteRefusal(address: string): void {
    this.#refusedAtMs.delete(address);
    this.#refusedAtMs.set(address, performance.now());
    if (this.#refusedAtMs.size > REFUSED_ADDRESSES_MAX) this.#refusedAtMs.delete(this.#refusedAtMs.keys().next().value!);
  }

  #admit(socket: Socket, remote: RemoteEnd): void {
    const {miningPool, flushTimeoutMs} = this.#options;
    const connection = new SocketConnection(this.#nextId(), socket, {remote, outbox: this.#outbox, flushTimeoutMs: flushTimeoutMs ?? FLUSH_TIMEOUT_MS});
    this.open.add(connection);
    connection.onceClosed(() => {
      this.open.delete(connection);
      if (!connection.wasTaken) this.#noteRefusal(remote.address);
    });
    const outcome = miningPool.tell({type: 'miningPool.connectionOpened', connection});
    if (outcome === 'refused' || outcome === 'dead' || outcome === 'dropped-newest') connection.close('now');
  }
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
