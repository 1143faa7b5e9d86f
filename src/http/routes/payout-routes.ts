/**
 * @module Payouts that were made or are under way, and the rules that they follow.
 */
import type {GetPayout, GetPayoutStatus, ListPayouts, PayoutsMessage} from '../../actors/payouts/messages.js';
import type {ActorRef} from '../../runtime/actor.js';
import * as api from '../api-schemas.js';
import {HttpFault} from '../http-fault.js';
import * as shape from '../json-schemas.js';
import {ASK_TIMEOUT_MS} from '../ask-timeout.js';
import {pageOf, placeOf, wholeNumber} from '../page-cursor.js';
import {payoutJson, payoutRules} from '../payout-view.js';
import {FAULTS, poolOf} from './pool-parts.js';
import type {RouteFamily, RouteParts} from './route-parts.js';

const PAYOUTS_PRESET = 25;
const PAYOUTS_MAX = 100;

/** @throws HttpFault where this pool pays nobody. */
export function payoutsOf(parts: Pick<RouteParts, 'modules'>): ActorRef<PayoutsMessage> {
  const {payouts} = poolOf(parts);
  if (payouts === undefined) throw new HttpFault('no-payouts', 'This pool sends no payouts: miners are paid in the coinbase, or the wallet is kept elsewhere.');
  return payouts;
}

export const addPayoutRoutes: RouteFamily = (server, parts) => {
  server.get<{Querystring: {limit: number; cursor?: string; account?: string}}>('/api/v1/payouts', {
    schema: {
      summary: 'Payouts, newest first; of one account when one is named.',
      querystring: api.pageQuery(PAYOUTS_PRESET, PAYOUTS_MAX, {'account?': api.address}),
      response: {200: api.page(api.payout, 'Newest first.'), ...FAULTS},
    },
    config: {freshness: 'live'},
  }, async ({query: {limit, cursor, account}}) => {
    const before = placeOf(cursor, wholeNumber);
    const found = await payoutsOf(parts).ask<ListPayouts>({
      type: 'payouts.list', limit: limit + 1, kind: 'payout', ...(before === undefined ? {} : {before}), ...(account === undefined ? {} : {account}),
    }, {timeoutMs: ASK_TIMEOUT_MS});
    return pageOf(found, limit, {show: payoutJson, place: ({id}) => String(id)});
  });

  server.get<{Params: {id: number}}>('/api/v1/payouts/:id', {
    schema: {
      summary: 'One payout.', params: shape.object({id: {type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER}}), response: {200: api.payout, ...FAULTS},
    },
    config: {freshness: 'live'},
  }, async ({params: {id}}) => {
    const found = await payoutsOf(parts).ask<GetPayout>({type: 'payouts.get', id}, {timeoutMs: ASK_TIMEOUT_MS});
    if (found === null) throw new HttpFault('payout-not-found', 'There is no such payout.');
    return payoutJson(found);
  });

  server.get('/api/v1/payouts/rules', {
    schema: {summary: 'Threshold, schedule and who bears the network\'s fee.', response: {200: api.payoutRules, ...FAULTS}},
    config: {freshness: 'live'},
  }, async () => payoutRules(await payoutsOf(parts).ask<GetPayoutStatus>({type: 'payouts.getStatus'}, {timeoutMs: ASK_TIMEOUT_MS})));
};
