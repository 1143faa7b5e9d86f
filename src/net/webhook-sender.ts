/**
 * @module Sends alerts to webhooks over HTTP. Tries once; whether again is the actor's business. The address is a secret
 * and stands in no error.
 */
import type {WebhookSender} from '../actors/alerts/ports.js';
import {webhookBody} from './webhook-body.js';

export function createWebhookSender(source: string): WebhookSender {
  return {
    async send({url, format}, alert, timeoutMs) {
      const answer = await fetch(url, {
        method: 'POST', body: webhookBody(alert, format, source), redirect: 'manual', signal: AbortSignal.timeout(timeoutMs),
        headers: {'content-type': 'application/json', 'user-agent': 'Pithead'},
      });
      // Nothing in it matters; unread it would hold the connection.
      await answer.body?.cancel();
      const retryAfterSec = Number(answer.headers.get('retry-after') ?? Number.NaN);
      return {status: answer.status, ...(Number.isFinite(retryAfterSec) && retryAfterSec > 0 ? {retryAfterMs: Math.ceil(retryAfterSec * 1000)} : {})};
    },
  };
}
