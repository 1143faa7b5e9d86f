/**
 * @module Where messages end that reached nobody: the last ones in a bounded ring, all of them in counters with the reason.
 *
 * A listener is called at once and must be quick; it is for tests, logs and the inspector, not for recovery.
 */
import type {DeadLetter, DeadLetterReason} from './actor.js';

/** Chosen by guess; the counters tell everything that the ring has forgotten. */
const LETTERS_KEPT_MAX = 256;
/** Bounds the counter table against made-up message types and against sessions that come and go. */
const LOSS_KINDS_MAX = 1024;

/** How often one sender lost one type of message to one recipient for one reason. */
export interface LossCount {
  readonly path: string;
  readonly senderPath: string | undefined;
  readonly messageType: string;
  readonly reason: DeadLetterReason;
  count: number;
}

export class DeadLetters {
  total = 0;
  /** Losses whose row in the table had to make room for a newer one. */
  forgotten = 0;
  private readonly ring: DeadLetter[] = [];
  private next = 0;
  private readonly reasons = new Map<DeadLetterReason, number>();
  private readonly kinds = new Map<string, LossCount>();
  private readonly listeners = new Set<(letter: DeadLetter) => void>();

  add(letter: DeadLetter): void {
    this.total += 1;
    this.reasons.set(letter.reason, (this.reasons.get(letter.reason) ?? 0) + 1);
    this.countKind(letter);
    if (this.ring.length < LETTERS_KEPT_MAX) this.ring.push(letter);
    else this.ring[this.next] = letter;
    this.next = (this.next + 1) % LETTERS_KEPT_MAX;
    for (const listener of this.listeners) listener(letter);
  }

  private countKind(letter: DeadLetter): void {
    const {path, senderPath, messageType, reason} = letter;
    const key = `${messageType} ${reason} ${path} ${senderPath ?? ''}`;
    const known = this.kinds.get(key);
    if (known !== undefined) {
      known.count += 1;
      return;
    }
    if (this.kinds.size >= LOSS_KINDS_MAX) {
      // The row that was opened first: most likely of an actor that is gone.
      const [oldestKey, oldest] = this.kinds.entries().next().value!;
      this.kinds.delete(oldestKey);
      this.forgotten += oldest.count;
    }
    this.kinds.set(key, {path, senderPath, messageType, reason, count: 1});
  }

  /** The last ones, oldest first. */
  recent(): readonly DeadLetter[] {
    if (this.ring.length < LETTERS_KEPT_MAX) return [...this.ring];
    return [...this.ring.slice(this.next), ...this.ring.slice(0, this.next)];
  }

  count(reason: DeadLetterReason): number {
    return this.reasons.get(reason) ?? 0;
  }

  /** Who lost what to whom and why, the longest known first. With {@link forgotten} the counts add up to {@link total}. */
  losses(): readonly Readonly<LossCount>[] {
    return [...this.kinds.values()];
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
