/**
 * @module Who is connected: the sessions of the pool, how many each sender has, and which of them have shown what they are
 * worth. Decides who has to go when the pool is full; it ends nobody itself.
 *
 * A connection is pending until its first miner is authorised, and unproved until its first share is accepted. When every
 * place is taken, a connection that has been pending for longer than an honest client needs, or that has mined nothing in
 * ten minutes, makes room for the newcomer: sockets that only sit there cannot lock miners out.
 */
import type {ActorRef} from '../../runtime/actor.js';
import type {IpAddress} from '../../protocol/endpoint/ip-network.js';
import type {StratumSessionMessage, SessionEndReason} from '../stratum-session/messages.js';
import type {Connection} from './ports.js';

export interface OpenSession {
  readonly id: number;
  readonly ref: ActorRef<StratumSessionMessage>;
  readonly connection: Connection;
  /** What per-address limits count by: an IPv4 address, or an IPv6 network of 64 bits. */
  readonly sender: string;
  readonly address: IpAddress | undefined;
  /** On the allow list: never limited by address, never banned. */
  readonly isExempt: boolean;
  readonly openedAtMs: number;
  isAuthorised: boolean;
  isProved: boolean;
  /** It was told to go, to make room; its place counts as free. */
  isLeaving: boolean;
  endReason: SessionEndReason | undefined;
}

/** Honest clients authorise within a few round trips. */
export const PENDING_PATIENCE_MS = 2_000;
/** At its start difficulty any miner has a share long before. */
export const UNPROVED_PATIENCE_MS = 600_000;

interface SenderCounts {
  open: number;
  proved: number;
}

export class SessionRegister {
  readonly #byId = new Map<number, OpenSession>();
  readonly #byRef = new Map<ActorRef<never>, OpenSession>();
  readonly #bySender = new Map<string, SenderCounts>();
  /** In the order of connecting; both hold ids of sessions that are not leaving. */
  readonly #pending = new Set<number>();
  readonly #unproved = new Set<number>();
  #authorised = 0;
  #proved = 0;
  #leaving = 0;

  get size(): number {
    return this.#byId.size;
  }

  /** Places in use. */
  get staying(): number {
    return this.#byId.size - this.#leaving;
  }

  get authorisedCount(): number {
    return this.#authorised;
  }

  get pendingCount(): number {
    return this.#byId.size - this.#authorised;
  }

  get provedCount(): number {
    return this.#proved;
  }

  all(): IterableIterator<OpenSession> {
    return this.#byId.values();
  }

  get(id: number): OpenSession | undefined {
    return this.#byId.get(id);
  }

  openOf(sender: string): number {
    return this.#bySender.get(sender)?.open ?? 0;
  }

  provedOf(sender: string): number {
    return this.#bySender.get(sender)?.proved ?? 0;
  }

  add(session: OpenSession): void {
    this.#byId.set(session.id, session);
    this.#byRef.set(session.ref, session);
    const counts = this.#bySender.get(session.sender);
    if (counts === undefined) this.#bySender.set(session.sender, {open: 1, proved: 0});
    else counts.open += 1;
    this.#pending.add(session.id);
    this.#unproved.add(session.id);
  }

  /** @returns false when it is not known or was authorised before. */
  authorised(id: number): boolean {
    const session = this.#byId.get(id);
    if (session === undefined || session.isAuthorised) return false;
    session.isAuthorised = true;
    this.#authorised += 1;
    this.#pending.delete(id);
    return true;
  }

  proved(id: number): void {
    const session = this.#byId.get(id);
    if (session === undefined || session.isProved) return;
    session.isProved = true;
    this.#proved += 1;
    this.#unproved.delete(id);
    this.#bySender.get(session.sender)!.proved += 1;
  }

  /** Takes a session out whose actor has ended. */
  remove(ref: ActorRef<never>): OpenSession | undefined {
    const session = this.#byRef.get(ref);
    if (session === undefined) return undefined;
    this.#byRef.delete(ref);
    this.#byId.delete(session.id);
    this.#pending.delete(session.id);
    this.#unproved.delete(session.id);
    if (session.isAuthorised) this.#authorised -= 1;
    if (session.isProved) this.#proved -= 1;
    if (session.isLeaving) this.#leaving -= 1;
    const counts = this.#bySender.get(session.sender)!;
    counts.open -= 1;
    if (session.isProved) counts.proved -= 1;
    if (counts.open === 0) this.#bySender.delete(session.sender);
    return session;
  }

  /** Who would have to go for one more. @returns undefined when all have a right to their places. */
  leastWorthy(nowMs: number): OpenSession | undefined {
    return this.#oldest(this.#pending, nowMs - PENDING_PATIENCE_MS) ?? this.#oldest(this.#unproved, nowMs - UNPROVED_PATIENCE_MS);
  }

  /** Its place is free from now on. */
  leaves(session: OpenSession): void {
    if (session.isLeaving) return;
    session.isLeaving = true;
    this.#leaving += 1;
    this.#pending.delete(session.id);
    this.#unproved.delete(session.id);
  }

  #oldest(ids: ReadonlySet<number>, openedBeforeMs: number): OpenSession | undefined {
    for (const id of ids) {
      const session = this.#byId.get(id)!;
      return session.openedAtMs <= openedBeforeMs ? session : undefined;
    }
    return undefined;
  }
}
