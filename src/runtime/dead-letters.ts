/**
 * @module Where messages end that reached nobody: the last ones in a bounded ring, all of them in counters with the reason.
 *
 * A listener is called at once and must be quick; it is for tests, logs and the inspector, not for recovery.
 */
import type {DeadLetter, DeadLetterReason} from './actor.js';

/** Chosen by guess; the counters tell everything that the ring has forgotten. */
const LETTERS_KEPT_MAX = 256;
/** Bounds the counter table against made-up message types; the rest is counted under `other`. */
const COUNTED_KINDS_MAX = 1024;

export class DeadLetters {
  total = 0;
  private readonly ring: DeadLetter[] = [];
  private next = 0;
  private readonly reasons = new Map<DeadLetterReason, number>();
  private readonly types = new Map<string, number>();
  private readonly listeners = new Set<(letter: DeadLetter) => void>();

  add(letter: DeadLetter): void {
    this.total += 1;
    this.reasons.set(letter.reason, (this.reasons.get(letter.reason) ?? 0) + 1);
    let type = `${letter.messageType} ${letter.reason}`;
    if (!this.types.has(type) && this.types.size >= COUNTED_KINDS_MAX) type = 'other';
    this.types.set(type, (this.types.get(type) ?? 0) + 1);
    if (this.ring.length < LETTERS_KEPT_MAX) this.ring.push(letter);
    else this.ring[this.next] = letter;
    this.next = (this.next + 1) % LETTERS_KEPT_MAX;
    for (const listener of this.listeners) listener(letter);
  }

  /** The last ones, oldest first. */
  recent(): readonly DeadLetter[] {
    if (this.ring.length < LETTERS_KEPT_MAX) return [...this.ring];
    return [...this.ring.slice(this.next), ...this.ring.slice(0, this.next)];
  }

  count(reason: DeadLetterReason): number {
    return this.reasons.get(reason) ?? 0;
  }

  /** Keys are `<message type> <reason>`. */
  countsByType(): ReadonlyMap<string, number> {
    return this.types;
  }

  countsByReason(): ReadonlyMap<DeadLetterReason, number> {
    return this.reasons;
  }

  /** @returns a function that stops listening. */
  listen(listener: (letter: DeadLetter) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
