/**
 * @module What the pool's front desk needs from the outside: connections (obeyed by `net/stratum-server`), a counter
 * and a list of bans that survive restarts (obeyed by `storage`). None judges what passes through it.
 */
import type {ActorRef} from '../../runtime/actor.js';
import type {ConnectionMessage} from '../stratum-session/messages.js';
import type {Ban} from './messages.js';

/** One accepted TCP connection. Reading starts with `deliverTo` and not before. Every method is safe after the end. */
export interface Connection {
  readonly id: number;
  /** `address:port` of the other side. */
  readonly remoteEndpoint: string;
  /** Address alone: what per-address limits count. */
  readonly remoteAddress: string;
  /**
   * From now on text and the end of the connection go to `ref` as messages. Once only.
   * Text is latin1, one character per byte; the chunk borders mean nothing.
   */
  deliverTo(ref: ActorRef<ConnectionMessage>): void;
  /** Writes latin1 text. One call is one write to the socket. */
  send(text: string): void;
  /** What was sent and not yet taken by the kernel. */
  bufferedBytes(): number;
  /** Stops and restarts reading from the socket; both idempotent. */
  pause(): void;
  resume(): void;
  /** `flush` lets what was sent leave first (bounded by the server's own time-out); `now` does not. */
  close(mode: 'flush' | 'now'): void;
}

/** First extranonce1 counter never handed out, on disk. */
export interface ExtranonceCounterStore {
  load(): number;
  /** Resolves when ON DISK. */
  save(nextUnused: number): Promise<void>;
}

/** Bans on disk, by network. */
export interface BanStore {
  load(): readonly Ban[];
  /** Both resolve when ON DISK. */
  put(ban: Ban): Promise<void>;
  remove(networks: readonly string[]): Promise<void>;
}
