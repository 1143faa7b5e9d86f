/**
 * @module The operator's part of the API: sessions with their addresses, the payouts' switches, the configuration without
 * its secrets, and the record of who changed what. Every change is recorded before it is made and with what came of it.
 */
import type {FastifyInstance} from 'fastify';
import type {Alert, AlertsView, GetAlerts, TestAlerts} from '../../actors/alerts/messages.js';
import type {ListSessions, SessionView} from '../../actors/mining-pool/messages.js';
import type {PausePayouts, RunPayoutsNow} from '../../actors/payouts/messages.js';
import {HttpFault} from '../http-fault.js';
import type {HttpOperator} from '../http-parts.js';
import * as shape from '../json-schemas.js';
import * as operator from '../operator-schemas.js';
import {OperatorGuard} from '../operator-guard.js';
import {ASK_TIMEOUT_MS} from '../ask-timeout.js';
import {pageOf, placeOf, wholeNumber} from '../page-cursor.js';
import {addBanRoutes} from './ban-routes.js';
import {OPERATOR_FAULTS, OPERATOR_OPTIONS, OPERATOR_SECURITY, recorded} from './operator-change.js';
import {payoutsOf} from './payout-routes.js';
import {poolOf} from './pool-parts.js';
import type {RouteFamily, RouteParts} from './route-parts.js';

const SESSIONS_PRESET = 100;
const SESSIONS_MAX = 1_000;
const AUDIT_PRESET = 50;
const AUDIT_MAX = 500;
/** Absent where no token was given to the server: then there is no operator's part at all. */
export const addOperatorRoutes: RouteFamily = (server, parts) => {
  const {operator: given, system} = parts.modules;
  if (given === undefined) return;
  const guard = new OperatorGuard(given.token, system.clock);
  void server.register(async (scope) => {
    // Before anything of the request is looked at: what is wrong with it is not for strangers.
    scope.addHook('onRequest', async (request, reply) => {
      reply.header('cache-control', 'no-store').header('www-authenticate', 'Bearer');
      guard.admit(request.headers.authorization, request.ip);
      reply.removeHeader('www-authenticate');
    });
    // JSON alone: a form of a strange page cannot send it without asking first.
    scope.removeContentTypeParser('text/plain');
    addReading(scope, parts, given);
    addChanges(scope, parts, given);
    addBanRoutes(scope, parts, given);
  });
};

function addReading(scope: FastifyInstance, parts: RouteParts, {audit, configView}: HttpOperator): void {
  const {config} = OPERATOR_OPTIONS;
  scope.get<{Querystring: {limit: number; cursor?: string}}>('/api/v1/operator/sessions', {
    schema: {
      summary: 'Stratum sessions, in the order of connecting.', security: OPERATOR_SECURITY, querystring: operator.pageQuery(SESSIONS_PRESET, SESSIONS_MAX),
      response: {200: operator.page(operator.session, 'Connected now.'), ...OPERATOR_FAULTS},
    },
    config,
  }, async ({query: {limit, cursor}}) => {
    const afterId = placeOf(cursor, wholeNumber);
    const views = await poolOf(parts).miningPool.ask<ListSessions>(
      {type: 'miningPool.listSessions', limit: limit + 1, ...(afterId === undefined ? {} : {afterId})}, {timeoutMs: ASK_TIMEOUT_MS});
    return pageOf(views, limit, {show: sessionJson, place: ({id}) => String(id)});
  });

  scope.get('/api/v1/operator/alerts', {
    schema: {summary: 'What is wrong now, what was told, and whether the webhooks take it.', security: OPERATOR_SECURITY, response: {200: operator.alerts, ...OPERATOR_FAULTS}}, config,
  }, async () => alertsJson(await poolOf(parts).alerts.ask<GetAlerts>({type: 'alerts.get'}, {timeoutMs: ASK_TIMEOUT_MS})));

  scope.get('/api/v1/operator/config', {
    schema: {summary: 'Every setting as it is in force; secrets are only said to be set.', security: OPERATOR_SECURITY, response: {200: operator.settings, ...OPERATOR_FAULTS}}, config,
  }, () => configView());

  scope.get<{Querystring: {limit: number}}>('/api/v1/operator/audit', {
    schema: {
      summary: 'What was changed through this part, newest first.', security: OPERATOR_SECURITY, querystring: shape.limitQuery(AUDIT_PRESET, AUDIT_MAX),
      response: {200: shape.list(operator.auditEntry), ...OPERATOR_FAULTS},
    },
    config,
  }, ({query: {limit}}) => audit.recent(limit));
}

function addChanges(scope: FastifyInstance, parts: RouteParts, given: HttpOperator): void {
  scope.post('/api/v1/operator/alerts/test', {
    ...OPERATOR_OPTIONS,
    schema: {
      summary: 'Sends a test message to every webhook.', security: OPERATOR_SECURITY, response: {200: shape.object({destinations: shape.count}), ...OPERATOR_FAULTS},
    },
  }, (request) => recorded(given, {request, action: 'alerts.test', detail: {}},
    () => poolOf(parts).alerts.ask<TestAlerts>({type: 'alerts.test'}, {timeoutMs: ASK_TIMEOUT_MS})));

  scope.post('/api/v1/operator/payouts/run', {
    ...OPERATOR_OPTIONS, schema: {summary: 'Plans a payout now, whatever the schedule says.', security: OPERATOR_SECURITY, response: {200: operator.payoutRun, ...OPERATOR_FAULTS}},
  }, (request) => recorded(given, {request, action: 'payouts.run', detail: {}}, async () => {
    const outcome = await payoutsOf(parts).ask<RunPayoutsNow>({type: 'payouts.runNow'}, {timeoutMs: ASK_TIMEOUT_MS});
    if (!outcome.ok) throw new HttpFault('operator-refused', `${outcome.code}${outcome.detail === undefined ? '' : `: ${outcome.detail}`}`);
    return outcome.id === undefined ? {} : {id: outcome.id};
  }));

  scope.post<{Body: {isPaused: boolean}}>('/api/v1/operator/payouts/pause', {
    ...OPERATOR_OPTIONS,
    schema: {
      summary: 'Pauses the payouts, or lets them go on. What is signed already is carried to its end.', security: OPERATOR_SECURITY,
      body: shape.object({isPaused: shape.flag}), response: {200: shape.object({isPaused: shape.flag}), ...OPERATOR_FAULTS},
    },
  }, (request) => recorded(given, {request, action: 'payouts.pause', detail: {isPaused: request.body.isPaused}}, async () => {
    const {isPaused} = request.body;
    const {ok} = await payoutsOf(parts).ask<PausePayouts>({type: 'payouts.pause', isPaused}, {timeoutMs: ASK_TIMEOUT_MS});
    if (!ok) throw new HttpFault('operator-refused', 'The payouts could not write it down: nothing has changed.');
    return {isPaused};
  }));
}

function alertsJson({active, recent, destinations}: AlertsView): unknown {
  const alertJson = ({atMs, ...alert}: Alert): unknown => ({...alert, atSec: Math.floor(atMs / 1000)});
  return {
    active: active.map(alertJson), recent: recent.map(alertJson),
    destinations: destinations.map(({lastProblem, ...shown}) => ({...shown, ...(lastProblem === undefined ? {} : {lastProblem})})),
  };
}

function sessionJson(view: SessionView): unknown {
  const {lastRejectText, ...shown} = view;
  return {...shown, ...(lastRejectText === undefined ? {} : {lastRejectText})};
}
