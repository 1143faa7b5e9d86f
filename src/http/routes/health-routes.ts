/**
 * @module Whether the process lives, whether it serves, and its figures for Prometheus.
 */
import {PROMETHEUS_MEDIA_TYPE} from '../metrics/exposition.js';
import * as shape from '../json-schemas.js';
import type {RouteFamily} from './route-parts.js';

export const addHealthRoutes: RouteFamily = (server, {modules, metrics}) => {
  server.get('/health/live', {schema: {summary: 'The process answers.', response: {200: shape.object({status: shape.oneOf('ok')})}}},
    () => ({status: 'ok'}));

  server.get('/health/ready', {
    schema: {summary: 'Every role serves; 503 while one does not.', response: {200: shape.health, 503: shape.health}},
  }, (_request, reply) => {
    const checks = modules.checks();
    const isReady = checks.every((check) => check.isOk);
    return reply.code(isReady ? 200 : 503).send({status: isReady ? 'ok' : 'not-ready', checks});
  });

  server.get('/metrics', {
    schema: {summary: 'Figures in the Prometheus text format 0.0.4.', response: {200: shape.text}},
    config: {mediaType: 'text/plain'},
  }, async (_request, reply) => reply.type(PROMETHEUS_MEDIA_TYPE).send(await metrics.text()));
};
