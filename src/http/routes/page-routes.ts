/**
 * @module The page itself: files of the build, and index.html for any other place that a person navigates to.
 */
import {existsSync} from 'node:fs';
import fastifyStatic from '@fastify/static';
import type {FastifyInstance, FastifyReply, FastifyRequest} from 'fastify';
import {HttpFault} from '../http-fault.js';

/** Asked for by programs: they get JSON, never a page. */
const MACHINE_PATH = /^\/(api|health|metrics)(\/|$)/;

export function addPage(server: FastifyInstance, webRoot: string): void {
  const hasPage = existsSync(`${webRoot}/index.html`);
  if (hasPage) server.register(fastifyStatic, {root: webRoot, cacheControl: false, preCompressed: true, setHeaders: (reply) => reply.setHeader('cache-control', 'no-cache')});
  server.setNotFoundHandler((request, reply) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      reply.header('allow', 'GET, HEAD');
      throw new HttpFault('method-not-allowed', 'This server answers GET and HEAD only.');
    }
    if (hasPage && isNavigation(request)) return index(reply);
    throw new HttpFault('not-found', 'There is nothing here.');
  });
}

function isNavigation(request: FastifyRequest): boolean {
  const path = request.url.split('?', 1)[0]!;
  return !MACHINE_PATH.test(path) && !/\.\w+$/.test(path) && (request.headers.accept ?? '').includes('text/html');
}

function index(reply: FastifyReply): FastifyReply {
  return reply.sendFile('index.html');
}
