/**
 * @module The JSON-RPC port: HTTP POST with basic authentication, bounded in size, number and time. What a call means
 * is in the method files; this file only decides who may call and how much at once.
 */
import {Buffer} from 'node:buffer';
import {createHash, timingSafeEqual} from 'node:crypto';
import fastify, {type FastifyInstance, type FastifyReply, type FastifyRequest} from 'fastify';
import type {Log} from '../../runtime/log.js';
import {answerRpc, failureText} from './rpc-envelope.js';
import {RPC_CODE} from './rpc-fault.js';
import {RPC_METHODS} from './method-table.js';
import type {RpcServices} from './rpc-method.js';

export interface RpcServerOptions {
  /** Each `user:password` that is let in: the cookie, and the configured pair where there is one. */
  readonly credentials: readonly string[];
  readonly maxBodyBytes: number;
  readonly maxBatch: number;
  readonly maxInFlight: number;
}

export interface RpcServer {
  readonly app: FastifyInstance;
  /** Requests worked on now, longpolls among them. */
  inFlight(): number;
  counters(): {readonly requests: number; readonly refused: number; readonly unauthorised: number};
  listen(host: string, port: number): Promise<{readonly host: string; readonly port: number}>;
  /** Ends longpolls, lets short calls finish, closes the port. */
  close(): Promise<void>;
}

/** A wrong password costs its sender this long, whoever it is: guessing over the network is hopeless then. */
const WRONG_PASSWORD_DELAY_MS = 250;
const REQUEST_TIMEOUT_MS = 30_000;

export function createRpcServer(options: RpcServerOptions, services: RpcServices, log: Log): RpcServer {
  const app = fastify({
    logger: false, bodyLimit: options.maxBodyBytes, requestTimeout: REQUEST_TIMEOUT_MS, forceCloseConnections: 'idle', exposeHeadRoutes: false,
    // ckpool ends its header lines with a bare line feed, and Bitcoin Core takes that. Leniency is a danger where a proxy
    // reads the same bytes otherwise; this port has a password and one kind of request.
    http: {insecureHTTPParser: true},
  });
  const closing = new AbortController();
  const allowed = options.credentials.map(digest);
  const counts = {requests: 0, refused: 0, unauthorised: 0};
  let inFlight = 0;

  // Every body is text here, whatever its type says: the answer to a bad one is JSON-RPC's, not the framework's.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', {parseAs: 'string'}, (_request, body, done) => done(null, body));

  app.addHook('onRequest', async (request, reply) => {
    if (isAuthorised(request, allowed)) return;
    counts.unauthorised += 1;
    await new Promise((resolve) => {
      setTimeout(resolve, WRONG_PASSWORD_DELAY_MS);
    });
    await reply.code(401).header('www-authenticate', 'Basic realm="jsonrpc"').send();
  });

  addRefusals(app, options.maxBodyBytes);

  app.post('/', async (request, reply) => {
    counts.requests += 1;
    if (inFlight >= options.maxInFlight) {
      counts.refused += 1;
      return await sendJson(reply, 503, failureText(RPC_CODE.misc, 'work queue full'));
    }
    const gone = new AbortController();
    const onClose = (): void => {
      if (!reply.raw.writableFinished) gone.abort();
    };
    reply.raw.once('close', onClose);
    inFlight += 1;
    // `stop` is answered first: a caller that only saw its connection break would not know what became of the call.
    let stopReason: string | undefined;
    reply.raw.once('close', () => {
      if (stopReason !== undefined) services.requestStop(stopReason);
    });
    try {
      const answer = await answerRpc(typeof request.body === 'string' ? request.body : '', {
        methods: RPC_METHODS,
        services: {...services, requestStop: (reason) => {
          stopReason = reason;
        }},
        maxBatch: options.maxBatch,
        signal: gone.signal,
        closing: closing.signal,
        onBug: (method, error) => log.error({code: 'rpc-method-failed', method, error: error instanceof Error ? error.stack : String(error)}, 'a JSON-RPC method threw'),
      });
      if (closing.signal.aborted || stopReason !== undefined) reply.header('connection', 'close');
      return await sendJson(reply, answer.status, answer.body);
    } finally {
      inFlight -= 1;
    }
  });

  return {
    app,
    inFlight: () => inFlight,
    counters: () => ({...counts}),
    async listen(host, port) {
      await app.listen({host, port});
      const address = app.server.address();
      return {host, port: typeof address === 'object' && address !== null ? address.port : port};
    },
    async close() {
      closing.abort();
      await app.close();
    },
  };
}

/** What is no JSON-RPC is still answered as JSON-RPC answers. */
function addRefusals(app: FastifyInstance, maxBodyBytes: number): void {
  app.setErrorHandler((error: {statusCode?: number}, _request, reply) => {
    const status = error.statusCode ?? 500;
    return sendJson(reply, status, failureText(status === 413 ? RPC_CODE.invalidRequest : RPC_CODE.internalError,
      status === 413 ? `a request is at most ${maxBodyBytes} bytes` : 'the request could not be read'));
  });
  app.setNotFoundHandler((_request, reply) => sendJson(reply, 405, failureText(RPC_CODE.invalidRequest, 'JSON-RPC server handles only POST requests to /')));
}

async function sendJson(reply: FastifyReply, status: number, body: string): Promise<FastifyReply> {
  return await reply.code(status).header('content-type', 'application/json').header('cache-control', 'no-store').send(body);
}

/** Compares digests, so that neither the length nor the first wrong letter of a password shows in the time it takes. */
function isAuthorised(request: FastifyRequest, allowed: readonly Uint8Array[]): boolean {
  const header = request.headers.authorization ?? '';
  if (!/^basic /i.test(header)) return false;
  const given = digest(Buffer.from(header.slice('basic '.length).trim(), 'base64').toString('utf8'));
  let isKnown = false;
  for (const known of allowed) isKnown = timingSafeEqual(given, known) || isKnown;
  return isKnown;
}

function digest(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}
