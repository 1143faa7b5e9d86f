/**
 * @module The pool: its totals, one account, and the Stratum sessions.
 *
 * Where a session connects from is not told: a pool's page is often public, and its miners' addresses are nobody's business.
 */
import type {AccountView, GetAccount} from '../../actors/accounting/messages.js';
import type {ListSessions, SessionView} from '../../actors/mining-pool/messages.js';
import {HttpFault} from '../http-fault.js';
import type {HttpPool} from '../http-parts.js';
import * as shape from '../json-schemas.js';
import {ASK_TIMEOUT_MS} from '../overview-source.js';
import {readOverview} from './overview-routes.js';
import type {RouteFamily, RouteParts} from './route-parts.js';

const SESSIONS_PRESET = 100;
const SESSIONS_MAX = 1_000;
/** The longest address of any preset (bech32m, BIP 173) and some room. */
const ADDRESS_CHARS_MAX = 100;
const FAULTS = {404: shape.fault, 503: shape.fault, 504: shape.fault};

function poolOf({modules}: RouteParts): HttpPool {
  if (modules.pool === undefined) throw new HttpFault('no-pool', 'This node runs no pool.');
  return modules.pool;
}

export const addPoolRoutes: RouteFamily = (server, parts) => {
  server.get('/api/v1/pool', {
    schema: {summary: 'The pool, its fastest rigs and the blocks that it found.', response: {200: shape.pool, ...FAULTS}},
  }, async () => {
    poolOf(parts);
    const {overview: {pool}} = await readOverview(parts.source);
    if (pool === undefined) throw new HttpFault('overview-not-ready', 'The pool has not answered yet. Try again in a moment.');
    return pool;
  });

  server.get<{Params: {address: string}}>('/api/v1/accounts/:address', {
    schema: {
      summary: 'One payout address: work, rigs and what it is owed.',
      params: shape.object({address: {type: 'string', pattern: '^[A-Za-z0-9]+$', maxLength: ADDRESS_CHARS_MAX}}),
      response: {200: shape.account, ...FAULTS},
    },
  }, (request) => accountOf(poolOf(parts), request.params.address));

  server.get<{Querystring: {limit: number}}>('/api/v1/sessions', {
    schema: {
      summary: 'Stratum sessions that are connected now.', querystring: shape.limitQuery(SESSIONS_PRESET, SESSIONS_MAX),
      response: {200: shape.list(shape.session), ...FAULTS},
    },
  }, (request) => sessionsOf(poolOf(parts), request.query.limit));
};

async function accountOf({accounting}: HttpPool, address: string): Promise<unknown> {
  const view = await accounting.ask<GetAccount>({type: 'accounting.getAccount', account: address}, {timeoutMs: ASK_TIMEOUT_MS});
  if (view === null) throw new HttpFault('account-not-found', 'No share of this address has been accepted.');
  return accountJson(view);
}

async function sessionsOf({miningPool}: HttpPool, limit: number): Promise<unknown> {
  const views = await miningPool.ask<ListSessions>({type: 'miningPool.listSessions', limit}, {timeoutMs: ASK_TIMEOUT_MS});
  return views.map(sessionJson);
}

function accountJson(view: AccountView): unknown {
  return {...view, pendingSats: view.pendingSats.toString(), balanceSats: view.balanceSats.toString()};
}

function sessionJson(view: SessionView): unknown {
  const {remoteEndpoint: _remoteEndpoint, ...shown} = view;
  return shown;
}
