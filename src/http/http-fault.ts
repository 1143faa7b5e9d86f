/**
 * @module How a refusal looks to a caller: an HTTP status and `{code, message}`. The codes are stable; the words are not.
 * Nothing of an unexpected error goes out but the fact of it: its text may name files.
 */
import type {ShareProofRefusalCode} from '../actors/accounting/messages.js';
import {AskError, type AskErrorCode} from '../runtime/actor.js';

export type HttpFaultCode =
  | ShareProofRefusalCode
  | 'bad-request' | 'request-too-large' | 'not-found' | 'method-not-allowed' | 'host-not-allowed' | 'origin-not-allowed'
  | 'no-pool' | 'no-payouts' | 'account-not-found' | 'found-block-unknown' | 'payout-not-found' | 'rate-limited' | 'operator-token-wrong' | 'operator-refused' | 'overview-not-ready' | 'too-many-live-clients' | 'upgrade-required'
  | 'answer-timeout' | 'busy' | 'part-stopped' | 'internal-error';

const STATUS: Readonly<Record<HttpFaultCode, number>> = {
  'bad-request': 400, 'request-too-large': 413, 'not-found': 404, 'method-not-allowed': 405, 'host-not-allowed': 421, 'origin-not-allowed': 403,
  'no-pool': 404, 'no-payouts': 404, 'account-not-found': 404, 'found-block-unknown': 404, 'payout-not-found': 404, 'rate-limited': 429, 'operator-token-wrong': 401,
  'operator-refused': 409,
  'share-proof-no-window': 404, 'share-proof-no-shares': 404, 'share-proof-expired': 404, 'share-proof-too-large': 413, 'share-proof-busy': 503,
  'overview-not-ready': 503, 'too-many-live-clients': 503, 'upgrade-required': 426,
  'answer-timeout': 504, busy: 503, 'part-stopped': 503, 'internal-error': 500,
};

export class HttpFault extends Error {
  override readonly name = 'HttpFault';
  readonly code: HttpFaultCode;

  constructor(code: HttpFaultCode, message: string) {
    super(message);
    this.code = code;
  }

  get statusCode(): number {
    return STATUS[this.code];
  }

  get body(): {readonly code: HttpFaultCode; readonly message: string} {
    return {code: this.code, message: this.message};
  }
}

const OF_ASK: Readonly<Record<AskErrorCode, HttpFault>> = {
  timeout: new HttpFault('answer-timeout', 'The part that knows did not answer in time.'),
  aborted: new HttpFault('part-stopped', 'The node is stopping.'),
  dead: new HttpFault('part-stopped', 'The part that knows has stopped.'),
  refused: new HttpFault('busy', 'The part that knows has too much to do. Try again shortly.'),
  failed: new HttpFault('internal-error', 'The part that knows failed on this question.'),
};

/** What to answer for anything that a route, fastify or an actor threw. */
export function faultOf(error: unknown): HttpFault {
  if (error instanceof HttpFault) return error;
  if (error instanceof AskError) return OF_ASK[error.code];
  const {statusCode, message} = error as {readonly statusCode?: unknown; readonly message?: unknown};
  if (statusCode === 413) return new HttpFault('request-too-large', 'The request is longer than this server takes.');
  if (statusCode === 405) return new HttpFault('method-not-allowed', 'This server answers GET and HEAD only.');
  if (statusCode === 404) return new HttpFault('not-found', 'There is nothing here.');
  // Below 500 it is fastify's own word on the request: the schema that it breaks, a malformed URL.
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) return new HttpFault('bad-request', String(message).slice(0, 200));
  return new HttpFault('internal-error', 'This answer could not be made. The log of the node says why.');
}
