/**
 * @module The overview, the newest blocks, and the description of the API itself.
 */
import {matchesTag} from '../answer-freshness.js';
import {HttpFault} from '../http-fault.js';
import * as shape from '../json-schemas.js';
import type {OverviewReading, OverviewSource} from '../overview-source.js';
import type {RouteFamily} from './route-parts.js';

const BLOCKS_PRESET = 24;
/** A page of a list; more is the explorer's work. */
const BLOCKS_MAX = 100;

/** @throws HttpFault while the node has not answered once. */
export async function readOverview(source: OverviewSource): Promise<OverviewReading> {
  const reading = await source.read();
  if (reading === undefined) throw new HttpFault('overview-not-ready', 'The node has not answered yet. Try again in a moment.');
  return reading;
}

export const addOverviewRoutes: RouteFamily = (server, {source, openapi}) => {
  server.get('/api/v1/overview', {
    schema: {
      summary: 'What the page shows. The ETag leaves out the clock and the uptime.',
      response: {200: shape.overview, 304: {type: 'null', description: 'Nothing worth showing has changed.'}, 503: shape.fault},
    },
  }, async (request, reply) => {
    const {json, contentTag} = await readOverview(source);
    const tag = `W/"${contentTag}"`;
    reply.header('etag', tag).header('cache-control', 'no-cache');
    if (matchesTag(request.headers['if-none-match'], tag)) return reply.code(304).send();
    return reply.type('application/json; charset=utf-8').send(json);
  });

  server.get<{Querystring: {limit: number}}>('/api/v1/blocks', {
    schema: {
      summary: 'The newest blocks of the active chain, newest first.',
      querystring: shape.limitQuery(BLOCKS_PRESET, BLOCKS_MAX), response: {200: shape.list(shape.block), 503: shape.fault, 504: shape.fault},
    },
    config: {freshness: 'live'},
  }, (request) => source.newestBlocks(request.query.limit).then(({blocks}) => blocks));

  server.get('/api/v1/openapi.json', {
    schema: {summary: 'This description.', response: {200: {type: 'object', additionalProperties: true}}},
    config: {freshness: 'steady'},
  }, (_request, reply) => reply.type('application/json; charset=utf-8').send(JSON.stringify(openapi())));
};
