/**
 * @module A node that does as it is told: JSON-RPC over a real socket on 127.0.0.1, each method answered by a function
 * of the test. Also ends connections, refuses passwords, stays silent and answers slowly, as real nodes do.
 */
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo, Socket} from 'node:net';

/** Thrown by a method: the node's error answer. */
export class FakeRpcError extends Error {
  readonly rpcCode: number;
  constructor(rpcCode: number, message: string) {
    super(message);
    this.rpcCode = rpcCode;
  }
}

export type FakeMethod = (params: readonly unknown[], call: {readonly closed: Promise<void>}) => unknown;

export interface FakeNode {
  readonly url: string;
  readonly methods: Map<string, FakeMethod>;
  /** `user:password` that it takes; anything else is 401. */
  credential: string;
  /** Answers in place of the methods: for HTTP faults. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** Methods called, in order. */
  readonly called: string[];
  /** Connections accepted so far. */
  connections(): number;
  /** Stops listening and breaks all connections; `start` takes the same port again. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function startFakeNode(methods: Readonly<Record<string, FakeMethod>> = {}): Promise<FakeNode> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let port = 0;
  const server = createServer((request, response) => void serve(request, response));
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    if (node.intercept?.(request, response) === true) return;
    if (request.headers.authorization !== `Basic ${Buffer.from(node.credential).toString('base64')}`) {
      response.writeHead(401).end();
      return;
    }
    const {id, method, params} = JSON.parse(Buffer.concat(chunks).toString()) as {id: unknown; method: string; params: unknown[]};
    node.called.push(method);
    const closed = new Promise<void>((resolve) => {
      response.once('close', resolve);
    });
    let body: {result: unknown; error: unknown; id: unknown};
    try {
      const run = node.methods.get(method);
      if (run === undefined) throw new FakeRpcError(-32601, 'Method not found');
      body = {result: await run(params, {closed}), error: null, id};
    } catch (error) {
      body = {result: null, error: {code: error instanceof FakeRpcError ? error.rpcCode : -1, message: (error as Error).message}, id};
    }
    if (response.destroyed) return;
    response.writeHead(body.error === null ? 200 : 500, {'content-type': 'application/json'}).end(JSON.stringify(body));
  };
  const start = (): Promise<void> => new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      ({port} = server.address() as AddressInfo);
      resolve();
    });
  });
  const stop = (): Promise<void> => new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
  await start();
  const node: FakeNode = {
    url: `http://127.0.0.1:${port}/`, methods: new Map(Object.entries(methods)), credential: 'user:secret', intercept: undefined, called: [],
    connections: () => connections, stop, start,
  };
  return node;
}
