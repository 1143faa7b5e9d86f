/**
 * @module What the routes of the pool have in common: that there is a pool, and how they refuse.
 */
import {HttpFault} from '../http-fault.js';
import type {HttpPool} from '../http-parts.js';
import * as shape from '../json-schemas.js';
import type {RouteParts} from './route-parts.js';

export const FAULTS = {400: shape.fault, 404: shape.fault, 429: shape.fault, 503: shape.fault, 504: shape.fault};

/** @throws HttpFault where this process runs no pool. */
export function poolOf({modules}: Pick<RouteParts, 'modules'>): HttpPool {
  if (modules.pool === undefined) throw new HttpFault('no-pool', 'This node runs no pool.');
  return modules.pool;
}
