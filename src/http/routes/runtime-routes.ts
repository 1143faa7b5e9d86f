/**
 * @module The actors of this process, for whoever wants to know where time and messages go.
 */
import * as shape from '../json-schemas.js';
import type {RouteFamily} from './route-parts.js';

const ACTORS_PRESET = 1_000;
const ACTORS_MAX = 20_000;

export const addRuntimeRoutes: RouteFamily = (server, {runtime}) => {
  server.get<{Querystring: {limit: number}}>('/api/v1/runtime', {
    schema: {
      summary: 'The actor tree with its counters; at most a second old.',
      querystring: shape.limitQuery(ACTORS_PRESET, ACTORS_MAX), response: {200: shape.runtime},
    },
  }, (request) => runtime.json(request.query.limit));
};
