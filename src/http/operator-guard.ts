/**
 * @module Who is the operator: whoever sends the token. A token travels in the Authorization header alone, never in a
 * cookie, so that no page of a stranger can act with it; wrong ones cost time.
 */
import {createHash, timingSafeEqual} from 'node:crypto';
import type {Clock} from '../runtime/clock.js';
import {HttpFault} from './http-fault.js';
import {RequestBudget} from './request-budget.js';

/** Guesses per address: a token has 256 bits, so this only keeps the log readable. */
const WRONG_PER_SEC = 0.1;
const WRONG_BURST = 10;

export class OperatorGuard {
  readonly #digest: Buffer;
  readonly #wrong: RequestBudget;
  #refusedCount = 0;

  constructor(token: string, clock: Pick<Clock, 'nowMs'>) {
    this.#digest = digestOf(token);
    this.#wrong = new RequestBudget({perSec: WRONG_PER_SEC, burst: WRONG_BURST, clock});
  }

  get refusedCount(): number {
    return this.#refusedCount;
  }

  /** @throws HttpFault for anybody else. The comparison takes as long for every token: digests of equal length are compared. */
  admit(authorization: string | undefined, address: string): void {
    const match = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(authorization ?? '');
    if (match !== null && timingSafeEqual(digestOf(match[1]!), this.#digest)) return;
    this.#refusedCount += 1;
    if (authorization !== undefined && this.#wrong.take(address) > 0) throw new HttpFault('rate-limited', 'Too many wrong tokens. Wait a minute.');
    throw new HttpFault('operator-token-wrong', 'This part needs the operator\'s token: Authorization: Bearer <token>. It is in operator-token in the data folder.');
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token, 'utf8').digest();
}
