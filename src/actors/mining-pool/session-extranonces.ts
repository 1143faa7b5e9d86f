/**
 * @module Which session has which extranonce1, and what ended sessions left for clients that come back.
 *
 * An extranonce1 whose session has ended stays taken for as long as jobs of it could still be mined; only a client that
 * names it gets it again, together with the shares that counted. So one share can never count under two sessions.
 */
import {bytesToHex} from '../../protocol/bytes/hex.js';
import type {EarlierSessions, SessionMemory} from '../../protocol/stratum/session-memory.js';
import type {ExtranonceReserve} from './extranonce-reserve.js';

/** As long as a session knows a replaced job (`jobLifetimeMs`). */
export const RESUME_WINDOW_MS = 180_000;
/** The one that left first goes. */
export const MEMORIES_MAX = 4_096;
/** Difficulties of miners that left, by name and software; the oldest goes. */
export const RECALLED_MAX = 16_384;
const RECALL_WINDOW_MS = 600_000;

interface Kept {
  readonly memory: SessionMemory;
  /** Values that its jobs were made with, its present one among them. */
  readonly held: readonly Uint8Array[];
}

export class SessionExtranonces {
  resumedCount = 0;
  readonly #reserve: ExtranonceReserve;
  readonly #nowMs: () => number;
  readonly #held = new Map<number, Uint8Array[]>();
  /** By extranonce1 in hexadecimal, in the order of leaving. */
  readonly #kept = new Map<string, Kept>();
  readonly #recalled = new Map<string, {readonly exponent: number; readonly leftAtMs: number}>();

  constructor(reserve: ExtranonceReserve, nowMs: () => number) {
    this.#reserve = reserve;
    this.#nowMs = nowMs;
  }

  get keptCount(): number {
    return this.#kept.size;
  }

  /** @returns undefined when nothing is reserved, or every value is taken. For a session that has one: a further one. */
  allocate(sessionId: number): Uint8Array | undefined {
    const extranonce1 = this.#reserve.allocate();
    if (extranonce1 === undefined) return undefined;
    const held = this.#held.get(sessionId);
    if (held === undefined) this.#held.set(sessionId, [extranonce1]);
    else held.push(extranonce1);
    return extranonce1;
  }

  /** What the session may do by itself, within the turn that reads its client's line. */
  earlierOf(sessionId: number): EarlierSessions {
    return new EarlierOf(this, sessionId);
  }

  /** The session is gone; what it left is not. */
  ended(sessionId: number): void {
    for (const extranonce1 of this.#held.get(sessionId) ?? []) this.#reserve.release(extranonce1);
    this.#held.delete(sessionId);
  }

  /** To be called now and then. */
  expire(nowMs: number): void {
    for (const [name, {memory}] of this.#kept) {
      if (this.#kept.size <= MEMORIES_MAX && nowMs - memory.leftAtMs <= RESUME_WINDOW_MS) break;
      this.#forget(name);
    }
    for (const [name, {leftAtMs}] of this.#recalled) {
      if (this.#recalled.size <= RECALLED_MAX && nowMs - leftAtMs <= RECALL_WINDOW_MS) break;
      this.#recalled.delete(name);
    }
  }

  claim(sessionId: number, text: string): SessionMemory | undefined {
    const name = text.toLowerCase();
    const kept = this.#kept.get(name);
    if (kept === undefined || this.#nowMs() - kept.memory.leftAtMs > RESUME_WINDOW_MS) return undefined;
    this.#kept.delete(name);
    // Its own was in no job yet: the client had no answer to its subscription.
    this.ended(sessionId);
    this.#held.set(sessionId, [...kept.held]);
    this.resumedCount += 1;
    return kept.memory;
  }

  recall(userName: string, userAgent: string): number | undefined {
    const known = this.#recalled.get(keyOf(userName, userAgent));
    return known === undefined || this.#nowMs() - known.leftAtMs > RECALL_WINDOW_MS ? undefined : known.exponent;
  }

  keep(sessionId: number, memory: SessionMemory): void {
    const held = this.#held.get(sessionId);
    if (held === undefined) return;
    this.#held.delete(sessionId);
    this.#kept.set(bytesToHex(memory.extranonce1), {memory, held});
    const key = keyOf(memory.userName, memory.userAgent);
    this.#recalled.delete(key);
    this.#recalled.set(key, {exponent: memory.exponent, leftAtMs: memory.leftAtMs});
    this.expire(this.#nowMs());
  }

  #forget(name: string): void {
    for (const extranonce1 of this.#kept.get(name)?.held ?? []) this.#reserve.release(extranonce1);
    this.#kept.delete(name);
  }
}

/** An object and not three closures: there is one for each session. */
class EarlierOf implements EarlierSessions {
  readonly #all: SessionExtranonces;
  readonly #sessionId: number;

  constructor(all: SessionExtranonces, sessionId: number) {
    this.#all = all;
    this.#sessionId = sessionId;
  }

  claim(sessionIdText: string): SessionMemory | undefined {
    return this.#all.claim(this.#sessionId, sessionIdText);
  }

  recallExponent(userName: string, userAgent: string): number | undefined {
    return this.#all.recall(userName, userAgent);
  }

  keep(memory: SessionMemory): void {
    this.#all.keep(this.#sessionId, memory);
  }
}

/** A line feed is in neither: both come from one line. */
function keyOf(userName: string, userAgent: string): string {
  return `${userName}\n${userAgent}`;
}
