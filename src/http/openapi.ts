/**
 * @module The OpenAPI description, made from the very schemas that the routes are checked and written by.
 */
import type {FastifyInstance, RouteOptions} from 'fastify';
import type {JsonSchema} from './json-schemas.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Media type of the 200 answer where it is not JSON. */
    readonly mediaType?: string;
  }
  interface FastifySchema {
    readonly summary?: string;
    readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  }
}

interface DescribedSchema {
  readonly summary?: string;
  readonly body?: JsonSchema;
  readonly security?: readonly JsonSchema[];
  readonly querystring?: JsonSchema;
  readonly params?: JsonSchema;
  readonly response?: Readonly<Record<string, JsonSchema>>;
}

/** Call before the routes are added. @returns what makes the document. */
export function watchRoutes(server: FastifyInstance, version: string): () => JsonSchema {
  const routes: {readonly method: string; readonly route: RouteOptions}[] = [];
  server.addHook('onRoute', (route) => {
    if ((route.schema as DescribedSchema | undefined)?.summary === undefined) return;
    for (const method of [route.method].flat()) if (method !== 'HEAD') routes.push({method: method.toLowerCase(), route});
  });
  return () => {
    const paths: Record<string, Record<string, JsonSchema>> = {};
    for (const {method, route} of routes) (paths[pathOf(route.url)] ??= {})[method] = operation(method, route);
    return {
      openapi: '3.1.0',
      info: {
        title: 'Pithead', version, description: 'The node, its chain and its mining pool. Every refusal is {code, message}. Lists go on with `nextCursor`; '
          + 'answers carry an ETag and say by Cache-Control how long they hold.',
      },
      components: {securitySchemes: {operator: {type: 'http', scheme: 'bearer', description: 'The token in operator-token in the data folder.'}}},
      paths,
    };
  };
}

function pathOf(url: string): string {
  return url.replace(/:(\w+)/g, '{$1}');
}

function operation(method: string, route: RouteOptions): JsonSchema {
  const {summary, querystring, params, response, body, security} = route.schema as DescribedSchema;
  const mediaType = route.config?.mediaType ?? 'application/json';
  return {
    summary,
    operationId: `${method} ${pathOf(route.url)}`.replace(/[^A-Za-z0-9]+/g, '-').replace(/-$/, ''),
    ...(security === undefined ? {} : {security}),
    ...(body === undefined ? {} : {requestBody: {required: true, content: {'application/json': {schema: body}}}}),
    parameters: [...parameters('query', querystring), ...parameters('path', params)],
    responses: Object.fromEntries(Object.entries(response ?? {}).map(([status, schema]) => [status, {
      description: (schema['description'] as string | undefined) ?? (Number(status) < 400 ? 'The answer.' : 'A refusal.'),
      ...(Number(status) < 200 || status === '304' ? {} : {content: {[Number(status) < 400 ? mediaType : 'application/json']: {schema}}}),
    }])),
  };
}

function parameters(place: 'query' | 'path', schema: JsonSchema | undefined): JsonSchema[] {
  const properties = (schema?.['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>;
  return Object.entries(properties).map(([name, value]) => ({name, in: place, required: place === 'path', schema: value}));
}
