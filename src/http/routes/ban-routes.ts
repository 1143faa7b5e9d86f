/**
 * @module The operator's hand on miners' connections: who is banned, for what and how long; and sending one away.
 */
import type {FastifyInstance} from 'fastify';
import type {Ban, BanNetwork, EndOneSession, ListBans, UnbanNetwork} from '../../actors/mining-pool/messages.js';
import {HttpFault} from '../http-fault.js';
import type {HttpOperator} from '../http-parts.js';
import * as shape from '../json-schemas.js';
import * as operator from '../operator-schemas.js';
import {ASK_TIMEOUT_MS} from '../ask-timeout.js';
import {OPERATOR_FAULTS, OPERATOR_OPTIONS, OPERATOR_SECURITY, recorded} from './operator-change.js';
import {poolOf} from './pool-parts.js';
import type {RouteParts} from './route-parts.js';

const BANS_PRESET = 100;
const BANS_MAX = 1_000;
const FAREWELL_CHARS_MAX = 200;

export function addBanRoutes(scope: FastifyInstance, parts: RouteParts, given: HttpOperator): void {
  const security = OPERATOR_SECURITY;
  scope.get<{Querystring: {limit: number}}>('/api/v1/operator/bans', {
    schema: {
      summary: 'Bans in force, newest first.', security, querystring: shape.limitQuery(BANS_PRESET, BANS_MAX), response: {200: shape.list(operator.ban), ...OPERATOR_FAULTS},
    },
    config: OPERATOR_OPTIONS.config,
  }, async ({query: {limit}}) => {
    const bans = await poolOf(parts).miningPool.ask<ListBans>({type: 'miningPool.listBans', limit}, {timeoutMs: ASK_TIMEOUT_MS});
    return bans.map(banJson);
  });

  scope.post<{Body: {network: string; durationSec?: number; note: string}}>('/api/v1/operator/bans', {
    ...OPERATOR_OPTIONS,
    schema: {summary: 'Bans an address or a network, and ends its sessions.', security, body: operator.banRequest, response: {200: operator.banAnswer, ...OPERATOR_FAULTS}},
  }, (request) => recorded(given, {request, action: 'bans.ban', detail: {...request.body}}, async () => {
    const answer = await poolOf(parts).miningPool.ask<BanNetwork>({type: 'miningPool.ban', ...request.body}, {timeoutMs: ASK_TIMEOUT_MS});
    if (!answer.ok) throw new HttpFault('bad-request', 'This is no IP address and no network. Write 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32.');
    return {ban: banJson(answer.ban), endedSessions: answer.endedSessions};
  }));

  scope.post<{Body: {network: string}}>('/api/v1/operator/bans/lift', {
    ...OPERATOR_OPTIONS,
    schema: {
      summary: 'Lifts the ban of exactly this network.', security, body: shape.object({network: operator.network}),
      response: {200: shape.object({network: shape.text}), ...OPERATOR_FAULTS},
    },
  }, (request) => recorded(given, {request, action: 'bans.lift', detail: {...request.body}}, async () => {
    const {network} = request.body;
    const answer = await poolOf(parts).miningPool.ask<UnbanNetwork>({type: 'miningPool.unban', network}, {timeoutMs: ASK_TIMEOUT_MS});
    if (!answer.ok) throw new HttpFault('operator-refused', `${answer.code}: no ban of exactly this network is in force.`);
    return {network};
  }));

  scope.post<{Params: {id: number}; Body: {text: string}}>('/api/v1/operator/sessions/:id/end', {
    ...OPERATOR_OPTIONS,
    schema: {
      summary: 'Sends one miner away. It may come back.', security, params: shape.object({id: {type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER}}),
      body: shape.object({'text?': {type: 'string', maxLength: FAREWELL_CHARS_MAX, default: 'The operator ended this connection.'}}),
      response: {200: shape.object({id: shape.count}), ...OPERATOR_FAULTS},
    },
  }, (request) => recorded(given, {request, action: 'sessions.end', detail: {id: request.params.id}}, async () => {
    const {id} = request.params;
    const {ok} = await poolOf(parts).miningPool.ask<EndOneSession>({type: 'miningPool.endSession', sessionId: id, text: request.body.text}, {timeoutMs: ASK_TIMEOUT_MS});
    if (!ok) throw new HttpFault('operator-refused', 'There is no such session any more.');
    return {id};
  }));
}

function banJson({sinceMs, untilMs, ...ban}: Ban): unknown {
  return {...ban, sinceSec: Math.floor(sinceMs / 1000), ...(untilMs === null ? {} : {untilSec: Math.floor(untilMs / 1000)})};
}
