/**
 * @module One part of the overview: asked at most once at a time and at most so often, holding the last value that it gave.
 * A failure leaves the value as it was and makes the part late; it is logged when it begins, not at each attempt.
 */
import type {Clock} from '../runtime/clock.js';
import type {Log} from '../runtime/log.js';

export interface AskedPartOptions<T> {
  readonly name: string;
  /** Younger values are not asked for again. */
  readonly minAgeMs: number;
  /** @throws AskError */
  readonly ask: () => Promise<T>;
  readonly clock: Clock;
  readonly log: Log;
}

export class AskedPart<T> {
  value: T | undefined = undefined;
  readonly #options: AskedPartOptions<T>;
  #isFailing = false;
  #askedAtMs = -Infinity;
  #pending: Promise<void> | undefined = undefined;

  constructor(options: AskedPartOptions<T>) {
    this.#options = options;
  }

  /** The value is not that of the last question. */
  get isLate(): boolean {
    return this.#isFailing || this.#pending !== undefined;
  }

  /** Resolves when the question under way is over, however it ended. Never rejects. */
  refresh(): Promise<void> {
    const {clock, minAgeMs} = this.#options;
    if (this.#pending !== undefined) return this.#pending;
    const nowMs = clock.nowMs();
    if (!this.#isFailing && nowMs - this.#askedAtMs < minAgeMs) return Promise.resolve();
    this.#askedAtMs = nowMs;
    this.#pending = this.#ask();
    return this.#pending;
  }

  async #ask(): Promise<void> {
    const {ask, log, name} = this.#options;
    try {
      this.value = await ask();
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) log.warn({code: 'overview-part-late', part: name, err: error}, 'a part of the page did not answer; its last values are shown');
      this.#isFailing = true;
    } finally {
      this.#pending = undefined;
    }
  }
}
