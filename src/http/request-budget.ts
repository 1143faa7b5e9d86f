/**
 * @module How many questions one address may ask: a bucket that fills at a steady rate and holds a burst. Senders share an
 * IPv6 /64, because a customer has a whole one. The table is bounded; at the bound the longest silent are forgotten,
 * which gives them a full bucket and nobody else less.
 */
import {isIPv6} from 'node:net';
import type {Clock} from '../runtime/clock.js';

/** Some 100 bytes each. */
const ADDRESSES_MAX = 50_000;

export interface BudgetOptions {
  readonly perSec: number;
  readonly burst: number;
  readonly clock: Pick<Clock, 'nowMs'>;
}

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

export class RequestBudget {
  readonly #options: BudgetOptions;
  /** Silent longest first. */
  readonly #buckets = new Map<string, Bucket>();
  #refused = 0;

  constructor(options: BudgetOptions) {
    this.#options = options;
  }

  get refusedCount(): number {
    return this.#refused;
  }

  /** @returns 0 when the request may pass, else the seconds after which one may. */
  take(address: string): number {
    const {perSec, burst, clock} = this.#options;
    const key = senderOf(address);
    const nowMs = clock.nowMs();
    const known = this.#buckets.get(key);
    const tokens = known === undefined ? burst : Math.min(burst, known.tokens + ((nowMs - known.filledAtMs) / 1000) * perSec);
    const isAllowed = tokens >= 1;
    this.#buckets.delete(key);
    this.#buckets.set(key, {tokens: isAllowed ? tokens - 1 : tokens, filledAtMs: nowMs});
    if (this.#buckets.size > ADDRESSES_MAX) this.#forgetOne();
    if (isAllowed) return 0;
    this.#refused += 1;
    return Math.max(1, Math.ceil((1 - tokens) / perSec));
  }

  #forgetOne(): void {
    for (const silent of this.#buckets.keys()) {
      this.#buckets.delete(silent);
      return;
    }
  }
}

/** The address itself, or the /64 that an IPv6 address is of. */
export function senderOf(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped !== null) return mapped[1]!;
  const [head = '', tail] = address.split('%')[0]!.toLowerCase().split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = tail === undefined ? front : [...front, ...Array.from({length: 8 - front.length - back.length}, () => '0'), ...back];
  return `${groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

export function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./i.test(address);
}
