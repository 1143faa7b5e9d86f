/**
 * @module One webhook: a bounded queue, at most so many messages a minute, and another try after a growing pause. Pure:
 * it says what may be sent now and learns what came of it.
 */
import {SEVERITIES, type Alert, type AlertSeverity, type DestinationView} from './messages.js';

export interface Destination {
  readonly url: string;
  readonly format: 'discord' | 'json';
  readonly minSeverity: AlertSeverity;
}

/** An hour of the fastest sending; beyond it the oldest news is worth the least. */
const WAITING_MAX = 64;
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 300_000;
/** With doubling pauses: some ten minutes. A receiver that is away for longer is told by what comes then. */
const TRIES_MAX = 10;

export class Delivery {
  readonly destination: Destination;
  readonly #perMinute: number;
  #waiting: Alert[] = [];
  #sending: Alert | undefined;
  #tries = 0;
  #notBeforeMs = 0;
  /** When the newest messages of the last minute were sent. */
  #sentAtMs: number[] = [];
  #sent = 0;
  #lost = 0;
  #lastProblem: string | undefined;

  constructor(destination: Destination, perMinute: number) {
    this.destination = destination;
    this.#perMinute = perMinute;
  }

  get view(): DestinationView {
    const {url, format, minSeverity} = this.destination;
    const host = /^https?:\/\/(?:[^/@]*@)?([^/?#]+)/i.exec(url)?.[1] ?? 'unknown';
    return {host, format, minSeverity, sent: this.#sent, lost: this.#lost, waiting: this.#waiting.length + (this.#sending === undefined ? 0 : 1), lastProblem: this.#lastProblem};
  }

  /** A test goes everywhere. */
  wants({severity, kind}: Alert): boolean {
    return kind === 'test' || SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(this.destination.minSeverity);
  }

  put(alert: Alert): void {
    this.#waiting.push(alert);
    if (this.#waiting.length <= WAITING_MAX) return;
    this.#waiting.shift();
    this.#lost += 1;
  }

  /** @returns what is to be sent now; it is under way until `succeeded` or `failed`. */
  next(nowMs: number): Alert | undefined {
    if (this.#sending !== undefined || this.waitMs(nowMs) !== 0) return undefined;
    this.#sending = this.#waiting.shift();
    if (this.#sending !== undefined) this.#sentAtMs.push(nowMs);
    return this.#sending;
  }

  /** Until something may be sent: 0 is now; undefined when nothing waits, or one is under way and its end decides. */
  waitMs(nowMs: number): number | undefined {
    if (this.#sending !== undefined || this.#waiting.length === 0) return undefined;
    this.#sentAtMs = this.#sentAtMs.filter((atMs) => nowMs - atMs < 60_000);
    const paceMs = this.#sentAtMs.length < this.#perMinute ? 0 : 60_000 - (nowMs - this.#sentAtMs[0]!);
    return Math.max(0, paceMs, this.#notBeforeMs - nowMs);
  }

  succeeded(): void {
    this.#sending = undefined;
    this.#tries = 0;
    this.#sent += 1;
    this.#lastProblem = undefined;
  }

  /** @param isFinal - the receiver will never take it: the address or the message is wrong. @returns whether it was given up. */
  failed(about: {readonly problem: string; readonly isFinal: boolean; readonly retryAfterMs?: number}, nowMs: number): boolean {
    const alert = this.#sending!;
    this.#sending = undefined;
    this.#lastProblem = about.problem;
    this.#tries += 1;
    const isGivenUp = about.isFinal || this.#tries >= TRIES_MAX;
    if (isGivenUp) {
      this.#lost += 1;
      this.#tries = 0;
    } else this.#waiting.unshift(alert);
    const pauseMs = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.max(0, this.#tries - 1));
    this.#notBeforeMs = nowMs + Math.max(isGivenUp ? 0 : pauseMs, Math.min(about.retryAfterMs ?? 0, RETRY_MS_MAX));
    return isGivenUp;
  }
}
