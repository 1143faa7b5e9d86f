/**
 * @module Counters of actors, added up by kind, that never fall: an actor takes its counters with it when it ends, so what
 * each living one gained since the last look is added to the totals of its kind. What an actor did between the last look
 * and its end is not seen; looking every few seconds, that is the tail of short sessions.
 */
import type {ActorSnapshot} from '../../runtime/snapshot.js';

export interface KindTotals {
  living: number;
  waiting: number;
  capacity: number;
  openAsks: number;
  longestTurnMs: number;
  received: number;
  processed: number;
  failures: number;
  restarts: number;
  samples: number;
  sampledWaitMs: number;
  sampledRunMs: number;
  readonly dropped: Map<string, number>;
}

const RISING = ['received', 'processed', 'failures', 'restarts', 'samples', 'sampledWaitMs', 'sampledRunMs'] as const;

export class ActorTotals {
  readonly #byKind = new Map<string, KindTotals>();
  #seen = new Map<number, ActorSnapshot>();

  /** The same snapshot twice adds nothing the second time. */
  look(actors: readonly ActorSnapshot[]): ReadonlyMap<string, KindTotals> {
    for (const totals of this.#byKind.values()) Object.assign(totals, {living: 0, waiting: 0, capacity: 0, openAsks: 0, longestTurnMs: 0});
    const seen = new Map<number, ActorSnapshot>();
    for (const actor of actors) {
      seen.set(actor.id, actor);
      this.#add(actor, this.#seen.get(actor.id));
    }
    this.#seen = seen;
    return this.#byKind;
  }

  #add(actor: ActorSnapshot, before: ActorSnapshot | undefined): void {
    let totals = this.#byKind.get(actor.kind);
    if (totals === undefined) this.#byKind.set(actor.kind, totals = noTotals());
    totals.living += 1;
    totals.waiting += actor.mailbox.waiting;
    totals.capacity += actor.mailbox.capacity;
    totals.openAsks += actor.openAsks;
    totals.longestTurnMs = Math.max(totals.longestTurnMs, actor.longestTurnMs);
    for (const name of RISING) totals[name] += actor[name] - (before?.[name] ?? 0);
    for (const [reason, count] of Object.entries(actor.dropped)) {
      const gained = count - ((before?.dropped as Readonly<Record<string, number>> | undefined)?.[reason] ?? 0);
      totals.dropped.set(reason, (totals.dropped.get(reason) ?? 0) + gained);
    }
  }
}

function noTotals(): KindTotals {
  return {
    living: 0, waiting: 0, capacity: 0, openAsks: 0, longestTurnMs: 0,
    received: 0, processed: 0, failures: 0, restarts: 0, samples: 0, sampledWaitMs: 0, sampledRunMs: 0, dropped: new Map(),
  };
}
