/**
 * @module What is told and what is not: a condition is told when it begins and when it ends, once each, however often it
 * is seen; one that comes and goes is told to be doing so and then left alone for a while. Pure: no clock, no sending.
 */
import type {Alert, AlertKind, AlertSeverity} from './messages.js';

export interface Condition {
  /** Two sightings with one key are the same thing: `node-down/core`. */
  readonly key: string;
  readonly kind: AlertKind;
  readonly severity: AlertSeverity;
  readonly title: string;
  readonly text: string;
  readonly facts?: Readonly<Record<string, string>>;
}

/** What ended this recently and comes back is not told again at once: a node that restarts every minute. */
const FLAP_MS = 600_000;
/** Of conditions that ended; names of nodes and payouts are few. */
const ENDED_MAX = 256;
const RECENT_MAX = 100;

interface Standing {
  readonly condition: Condition;
  readonly alert: Alert;
  /** Its beginning was told: so its end is. */
  readonly isTold: boolean;
}

export class AlertBook {
  readonly #standing = new Map<string, Standing>();
  readonly #endedAtMs = new Map<string, number>();
  readonly #recent: Alert[] = [];
  #lastId = 0;
  #suppressed = 0;

  get active(): readonly Alert[] {
    return [...this.#standing.values()].map(({alert}) => alert);
  }

  /** Newest first. */
  get recent(): readonly Alert[] {
    return this.#recent.toReversed();
  }

  /** Beginnings that were not told because the condition had ended just before. */
  get suppressedCount(): number {
    return this.#suppressed;
  }

  /** @returns what to tell, if anything. */
  raise(condition: Condition, atMs: number): Alert | undefined {
    if (this.#standing.has(condition.key)) return undefined;
    const endedAtMs = this.#endedAtMs.get(condition.key);
    const isFlapping = endedAtMs !== undefined && atMs - endedAtMs < FLAP_MS;
    const alert = this.#alert(condition, 'raised', atMs);
    this.#standing.set(condition.key, {condition, alert, isTold: !isFlapping});
    if (isFlapping) {
      this.#suppressed += 1;
      return undefined;
    }
    return this.#told(alert);
  }

  /** @param text - what is so now. */
  resolve(key: string, text: string, atMs: number): Alert | undefined {
    const standing = this.#standing.get(key);
    if (standing === undefined) return undefined;
    this.#standing.delete(key);
    this.#endedAtMs.delete(key);
    this.#endedAtMs.set(key, atMs);
    if (this.#endedAtMs.size > ENDED_MAX) this.#endedAtMs.delete(this.#endedAtMs.keys().next().value!);
    if (!standing.isTold) return undefined;
    const {kind, title, facts, severity} = standing.condition;
    return this.#told(this.#alert({key, kind, severity, title: `${title}: over`, text, ...(facts === undefined ? {} : {facts})}, 'resolved', atMs));
  }

  /** Something that happened, and is not a state: each is told. */
  notice(condition: Omit<Condition, 'key'>, atMs: number): Alert {
    return this.#told(this.#alert({...condition, key: ''}, 'notice', atMs));
  }

  #alert({kind, severity, title, text, facts}: Condition, state: Alert['state'], atMs: number): Alert {
    this.#lastId += 1;
    return {id: this.#lastId, kind, state, severity, title, text, facts: facts ?? {}, atMs};
  }

  #told(alert: Alert): Alert {
    this.#recent.push(alert);
    if (this.#recent.length > RECENT_MAX) this.#recent.shift();
    return alert;
  }
}
