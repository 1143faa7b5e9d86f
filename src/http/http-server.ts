/**
 * @module The HTTP server: puts policy, routes and page together, and takes all of it down again.
 */
import {isIPv6, type AddressInfo, type Socket} from 'node:net';
import {fileURLToPath} from 'node:url';
import fastifyWebsocket from '@fastify/websocket';
import fastify, {type FastifyInstance, type FastifyReply} from 'fastify';
import {addFreshness} from './answer-freshness.js';
import {CallerPolicy} from './caller-policy.js';
import {faultOf, HttpFault} from './http-fault.js';
import type {HttpModules, HttpOptions} from './http-parts.js';
import {LiveHub} from './live-hub.js';
import {NodeMetrics} from './metrics/node-metrics.js';
import {RequestCounts} from './metrics/request-counts.js';
import {watchRoutes} from './openapi.js';
import {OverviewSource} from './overview-source.js';
import {isLoopback, RequestBudget} from './request-budget.js';
import {RESPONSE_HEADERS} from './response-headers.js';
import {addBlockRoutes} from './routes/block-routes.js';
import {addHealthRoutes} from './routes/health-routes.js';
import {addLiveRoute} from './routes/live-route.js';
import {addMinerRoutes} from './routes/miner-routes.js';
import {addNodeRoutes} from './routes/node-routes.js';
import {addOperatorRoutes} from './routes/operator-routes.js';
import {addOverviewRoutes} from './routes/overview-routes.js';
import {addPage} from './routes/page-routes.js';
import {addPayoutRoutes} from './routes/payout-routes.js';
import {addPoolRoutes} from './routes/pool-routes.js';
import {addProofRoutes} from './routes/proof-routes.js';
import type {RouteFamily, RouteParts} from './routes/route-parts.js';
import {addRuntimeRoutes} from './routes/runtime-routes.js';
import {RuntimeView} from './runtime-view.js';

export type {AuditEntry, AuditLog, HealthCheck, HttpModules, HttpOperator, HttpOptions, HttpPool} from './http-parts.js';

export interface HttpServer {
  /** `http://host:port`. */
  readonly endpoint: string;
  /** Ends the live connections, then the rest; resolves when the port is free. */
  close(): Promise<void>;
}

/** From dist/src/http to dist/web, where the build puts the page. */
const WEB_ROOT = fileURLToPath(new URL('../../web', import.meta.url));
/** Nothing is posted here; the least that fastify takes. */
const BODY_BYTES_MAX = 1;
/** A WebSocket frame from a viewer: pages send none. */
const FRAME_BYTES_MAX = 1_024;
const HEADER_BYTES_MAX = 16 * 1024;
const URL_PARAM_CHARS_MAX = 100;
/** Whole request, headers included: there is no body to wait for. */
const REQUEST_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 20_000;
/** For viewers to answer the close of their connection. */
const GOODBYE_MS_MAX = 500;
/** What a page loads at once, and a person who clicks quickly: so many seconds' worth of questions. */
const BURST_SEC = 10;
const ROUTE_FAMILIES: readonly RouteFamily[] = [
  addHealthRoutes, addOverviewRoutes, addPoolRoutes, addMinerRoutes, addBlockRoutes, addProofRoutes, addPayoutRoutes, addNodeRoutes, addRuntimeRoutes, addLiveRoute, addOperatorRoutes,
];
/** Beyond the live clients; a browser opens six. */
const PLAIN_CONNECTIONS_MAX = 256;

/** @throws Error when the address cannot be listened on. */
export async function startHttpServer(options: HttpOptions, modules: HttpModules): Promise<HttpServer> {
  const {server, hub} = await createHttpServer(options, modules);
  await server.listen({host: options.host, port: options.port});
  const {address, port} = server.server.address() as AddressInfo;
  return {
    endpoint: `http://${isIPv6(address) ? `[${address}]` : address}:${port}`,
    close: () => closeAll(server, hub),
  };
}

/** A viewer that does not answer the goodbye would hold the port for the half minute that `ws` waits. */
async function closeAll(server: FastifyInstance, hub: LiveHub): Promise<void> {
  hub.close();
  const impatience = setTimeout(() => {
    for (const socket of server.websocketServer.clients) socket.terminate();
  }, GOODBYE_MS_MAX);
  await server.close();
  clearTimeout(impatience);
}

/** Everything but the listening: what tests inject requests into. */
export async function createHttpServer(options: HttpOptions, modules: HttpModules): Promise<{readonly server: FastifyInstance; readonly hub: LiveHub; readonly source: OverviewSource}> {
  const server = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    routerOptions: {maxParamLength: URL_PARAM_CHARS_MAX},
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: true,
    http: {maxHeaderSize: HEADER_BYTES_MAX},
    // Before routing (a malformed URL) hooks do not run: the same refusal, with the same headers.
    frameworkErrors: (error, _request, reply) => sendFault(reply.headers(RESPONSE_HEADERS), faultOf(error)),
    clientErrorHandler: answerNoRequest,
    // Unknown query fields are refused, not dropped in silence.
    ajv: {customOptions: {removeAdditional: false, coerceTypes: true, useDefaults: true, allErrors: false}},
  });
  server.server.maxConnections = options.maxLiveClients + PLAIN_CONNECTIONS_MAX;
  const source = new OverviewSource(options, modules);
  const hub = new LiveHub(source, modules.system);
  const requests = new RequestCounts();
  const runtime = new RuntimeView(modules);
  const policy = new CallerPolicy(options);
  const budget = options.requestsPerSec === 0 ? undefined
    : new RequestBudget({perSec: options.requestsPerSec, burst: options.requestsPerSec * BURST_SEC, clock: modules.system.clock});
  addGuards(server, {policy, requests, modules, budget});
  addFreshness(server);
  await server.register(fastifyWebsocket, {options: {maxPayload: FRAME_BYTES_MAX, perMessageDeflate: false}, errorHandler: (_error, socket) => socket.terminate()});
  const parts: RouteParts = {
    options, modules, source, hub, policy, runtime,
    metrics: new NodeMetrics({modules, source, runtime, requests, hub, version: options.version}),
    openapi: watchRoutes(server, options.version),
  };
  for (const add of ROUTE_FAMILIES) add(server, parts);
  addPage(server, options.webRoot ?? WEB_ROOT);
  await server.ready();
  return {server, hub, source};
}

interface Guards {
  readonly policy: CallerPolicy;
  readonly requests: RequestCounts;
  readonly modules: HttpModules;
  readonly budget: RequestBudget | undefined;
}

function addGuards(server: FastifyInstance, {policy, requests, modules, budget}: Guards): void {
  server.addHook('onRequest', (request, reply, done) => {
    reply.headers(RESPONSE_HEADERS);
    if (!policy.allowsHost(request.headers.host)) {
      return done(new HttpFault('host-not-allowed', 'This node does not serve that name. http.allowedHosts in its configuration adds names.'));
    }
    // A proxy on this machine speaks for many: there the proxy limits.
    const isCounted = budget !== undefined && request.url.startsWith('/api/') && !isLoopback(request.ip);
    const waitSec = isCounted ? budget.take(request.ip) : 0;
    if (waitSec === 0) return done();
    reply.header('retry-after', String(waitSec));
    return done(new HttpFault('rate-limited', 'Too many questions from this address. The header Retry-After says when to ask again.'));
  });
  server.addHook('onResponse', (request, reply, done) => {
    requests.count(request.routeOptions.url, reply.statusCode, reply.elapsedTime);
    // A request to upgrade that got a plain answer: its socket has left Node's HTTP server, and nobody else would ever end it.
    if (request.headers.upgrade !== undefined) request.raw.socket.destroySoon();
    done();
  });
  server.setErrorHandler((error, request, reply) => {
    const fault = faultOf(error);
    if (fault.code === 'internal-error') {
      modules.log.error({code: 'http-route-failed', route: request.routeOptions.url ?? 'page', err: error}, 'an HTTP answer could not be made');
    }
    return sendFault(reply, fault);
  });
}

function sendFault(reply: FastifyReply, fault: HttpFault): FastifyReply {
  return reply.code(fault.statusCode).header('cache-control', 'no-store').type('application/json; charset=utf-8').send(fault.body);
}

/** What arrived is not HTTP, too long or too slow: there is no request to answer, but a socket. */
function answerNoRequest(error: Error & {readonly code?: string}, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(new HttpFault('bad-request', 'This is not a request that the server understands.').body);
  socket.end(`HTTP/1.1 400 Bad Request\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`);
}
