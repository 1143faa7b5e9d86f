/**
 * @module What the route families share: the parts of the server that they answer from.
 */
import type {FastifyInstance} from 'fastify';
import type {HttpModules, HttpOptions} from '../http-parts.js';
import type {JsonSchema} from '../json-schemas.js';
import type {LiveHub} from '../live-hub.js';
import type {NodeMetrics} from '../metrics/node-metrics.js';
import type {OverviewSource} from '../overview-source.js';
import type {CallerPolicy} from '../caller-policy.js';
import type {RuntimeView} from '../runtime-view.js';

export interface RouteParts {
  readonly options: HttpOptions;
  readonly modules: HttpModules;
  readonly source: OverviewSource;
  readonly hub: LiveHub;
  readonly policy: CallerPolicy;
  readonly metrics: NodeMetrics;
  readonly runtime: RuntimeView;
  readonly openapi: () => JsonSchema;
}

/** Adds one family of routes. */
export type RouteFamily = (server: FastifyInstance, parts: RouteParts) => void;
