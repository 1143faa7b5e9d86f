/**
 * @module Miners: the list, one by address, its history and its payouts. Public: an address is no secret, and whoever
 * knows it may see what it did.
 */
import type {ListAccounts} from '../../actors/accounting/messages.js';
import type {Resolution} from '../../actors/statistics/messages.js';
import * as api from '../api-schemas.js';
import {HttpFault} from '../http-fault.js';
import {historyOf, minerOf, minerSummary, windowsOf} from '../miner-view.js';
import {ASK_TIMEOUT_MS} from '../ask-timeout.js';
import {pageOf, placeOf} from '../page-cursor.js';
import {paidTo} from '../payout-view.js';
import {FAULTS, poolOf} from './pool-parts.js';
import type {RouteFamily} from './route-parts.js';

const MINERS_PRESET = 50;
const MINERS_MAX = 200;

interface PageQuery {
  readonly limit: number;
  readonly cursor?: string;
}
interface HistoryQuery {
  readonly resolution: Resolution;
  readonly fromSec?: number;
}

export const addMinerRoutes: RouteFamily = (server, parts) => {
  server.get<{Querystring: PageQuery}>('/api/v1/miners', {
    schema: {
      summary: 'Miners with an accepted share, most recently active first. One that works meanwhile moves to the front.',
      querystring: api.pageQuery(MINERS_PRESET, MINERS_MAX), response: {200: api.page(api.minerSummary, 'Most recently active first.'), ...FAULTS},
    },
    config: {freshness: 'live'},
  }, async ({query: {limit, cursor}}) => {
    const {accounting} = poolOf(parts);
    const after = placeOf(cursor, (place) => (/^[A-Za-z0-9]{1,100}$/.test(place) ? place : undefined));
    const views = await accounting.ask<ListAccounts>({type: 'accounting.listAccounts', limit: limit + 1, ...(after === undefined ? {} : {after})}, {timeoutMs: ASK_TIMEOUT_MS});
    return pageOf(views, limit, {show: minerSummary, place: ({account}) => account});
  });

  server.get<{Params: {address: string}}>('/api/v1/miners/:address', {
    schema: {
      summary: 'One miner: hashrate over stated windows with its error, shares, rigs, and what it is owed.',
      params: api.addressParam, response: {200: api.miner, ...FAULTS},
    },
    config: {freshness: 'live'},
  }, async ({params: {address}}) => {
    const pool = poolOf(parts);
    const miner = await minerOf(pool, address);
    return pool.payouts === undefined ? miner : {...miner, ...await paidTo(pool.payouts, address)};
  });

  server.get<{Params: {address: string}; Querystring: HistoryQuery}>('/api/v1/miners/:address/hashrate', {
    schema: {
      summary: 'Hashrate of one miner over time.', params: api.addressParam, querystring: api.resolutionQuery, response: {200: api.history, ...FAULTS},
    },
    config: {freshness: 'steady'},
  }, ({params: {address}, query}) => historyOf(poolOf(parts), {account: address, ...query}));

  server.get<{Querystring: HistoryQuery}>('/api/v1/pool/hashrate', {
    schema: {summary: 'Hashrate of the pool over time.', querystring: api.resolutionQuery, response: {200: api.history, ...FAULTS}},
    config: {freshness: 'steady'},
  }, ({query}) => historyOf(poolOf(parts), query));

  server.get('/api/v1/pool/windows', {
    schema: {summary: 'Hashrate of the pool over stated windows, with its error.', response: {200: api.windows, ...FAULTS}},
    config: {freshness: 'live'},
  }, async () => {
    const windows = await windowsOf(poolOf(parts), undefined);
    if (windows === undefined) throw new HttpFault('overview-not-ready', 'There is no history yet.');
    return windows;
  });
};
