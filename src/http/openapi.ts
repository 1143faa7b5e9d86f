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
  }
}

interface DescribedSchema {
  readonly summary?: string;
  readonly querystring?: JsonSchema;
  readonly params?: JsonSchema;
  readonly response?: Readonly<Record<string, JsonSchema>>;
}

/** Call before the routes are added. @returns what makes the document. */
export function watchRoutes(server: FastifyInstance, version: string): () => JsonSchema {
  const routes: RouteOptions[] = [];
  server.addHook('onRoute', (route) => {
    const isGet = route.method === 'GET' || (Array.isArray(route.method) && route.method.includes('GET'));
    if (isGet && (route.schema as DescribedSchema | undefined)?.summary !== undefined) routes.push(route);
  });
  return () => ({
    openapi: '3.1.0',
    info: {title: 'Pithead', version, description: 'The node, its chain and its mining pool. Reading only; every refusal is {code, message}.'},
    paths: Object.fromEntries(routes.map((route) => [pathOf(route.url), {get: operation(route)}])),
  });
}

function pathOf(url: string): string {
  return url.replace(/:(\w+)/g, '{$1}');
}

function operation(route: RouteOptions): JsonSchema {
  const {summary, querystring, params, response} = route.schema as DescribedSchema;
  const mediaType = route.config?.mediaType ?? 'application/json';
  return {
    summary,
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
