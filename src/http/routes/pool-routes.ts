/**
 * @module The pool as its page shows it. Miners, blocks and payouts are apart.
 */
import {HttpFault} from '../http-fault.js';
import * as shape from '../json-schemas.js';
import {readOverview} from './overview-routes.js';
import {FAULTS, poolOf} from './pool-parts.js';
import type {RouteFamily} from './route-parts.js';

export const addPoolRoutes: RouteFamily = (server, parts) => {
  server.get('/api/v1/pool', {
    schema: {summary: 'The pool, its fastest rigs and the blocks that it found.', response: {200: shape.pool, ...FAULTS}},
    config: {freshness: 'live'},
  }, async () => {
    poolOf(parts);
    const {overview: {pool}} = await readOverview(parts.source);
    if (pool === undefined) throw new HttpFault('overview-not-ready', 'The pool has not answered yet. Try again in a moment.');
    return pool;
  });
};
