/**
 * @module JSON-RPC over HTTP to a Bitcoin-derived node: Bitcoin Core and its forks, bcoin, another Pithead. It knows
 * the transport's faults and names them; what a result means is its caller's matter.
 *
 * A cookie changes with each start of the node, so it is read again when the node refuses it. Kept connections are
 * dropped before the node does it (Core closes idle ones after 30 s): a call must not meet a closing door.
 */
import {Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage} from 'node:http';
import {Agent as HttpsAgent, request as httpsRequest} from 'node:https';
import {readFileSync} from 'node:fs';
import {NodeError, type NodeCallOptions, type NodeRpc} from '../actors/upstream/ports.js';

export interface NodeRpcOptions {
  /** `http://host:port/` or https; a path is kept (wallets: `/wallet/name`). */
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
  /** Takes precedence: `user:secret` as the node writes it at its start. */
  readonly cookieFile?: string;
  /** A template of a full block is some 10 MB of text. Default 64 MiB. */
  readonly answerBytesMax?: number;
  /** Connections at one time in each lane; further calls wait. Longpolls hold one each. Default 16. */
  readonly connectionsMax?: number;
}

const ANSWER_BYTES_MAX = 67_108_864;
const CONNECTIONS_MAX = 16;
/** Idle connections: half of what Core allows, less for others. */
const IDLE_MS = 10_000;
const OUT_OF_TIME = 'out of time';
const GIVEN_UP = 'given up';

interface Answer {
  readonly status: number;
  readonly text: string;
}

export function createNodeRpc(options: NodeRpcOptions): NodeRpc {
  return new HttpNodeRpc(options);
}

class HttpNodeRpc implements NodeRpc {
  readonly name: string;
  readonly #url: URL;
  readonly #options: NodeRpcOptions;
  readonly #agents: Readonly<Record<'urgent' | 'ordinary', HttpAgent>>;
  /** Of the calls under way. Not `AbortSignal.any` over one long-lived signal: on Node 20 that keeps each of them for ever. */
  readonly #open = new Set<AbortController>();
  #isClosed = false;
  #authorization: string | undefined;
  #nextId = 1;

  constructor(options: NodeRpcOptions) {
    this.#options = options;
    this.#url = new URL(options.url);
    this.name = this.#url.host;
    const agentOptions = {keepAlive: true, maxSockets: options.connectionsMax ?? CONNECTIONS_MAX, timeout: IDLE_MS, noDelay: true};
    const agent = (): HttpAgent => (this.#url.protocol === 'https:' ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions));
    this.#agents = {urgent: agent(), ordinary: agent()};
  }

  async call(method: string, params: readonly unknown[], options: NodeCallOptions): Promise<unknown> {
    if (this.#isClosed || options.signal?.aborted === true) throw new NodeError('node-call-aborted', `${this.name}: ${method} was given up`);
    const body = JSON.stringify({jsonrpc: '1.0', id: this.#nextId++, method, params});
    const ending = new AbortController();
    const facts: CallFacts = {method, body, signal: ending.signal, isRepeatable: options.isRepeatable ?? true, agent: this.#agents[options.lane ?? 'ordinary']};
    const give = (): void => ending.abort(GIVEN_UP);
    // One deadline for everything that the call may need, a second attempt with a new cookie included.
    const deadline = setTimeout(() => ending.abort(OUT_OF_TIME), options.timeoutMs);
    this.#open.add(ending);
    options.signal?.addEventListener('abort', give);
    try {
      let answer = await this.#attempt(facts);
      if (answer.status === 401 && this.#options.cookieFile !== undefined) {
        this.#authorization = undefined;
        answer = await this.#attempt(facts);
      }
      return this.#resultOf(method, answer);
    } finally {
      clearTimeout(deadline);
      this.#open.delete(ending);
      options.signal?.removeEventListener('abort', give);
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const ending of this.#open) ending.abort(GIVEN_UP);
    this.#agents.urgent.destroy();
    this.#agents.ordinary.destroy();
  }

  async #attempt(facts: CallFacts): Promise<Answer> {
    try {
      return await this.#post(facts);
    } catch (error) {
      if (!(error instanceof BrokenKeptConnection)) throw error;
      if (!facts.isRepeatable) throw this.#unreachable(facts.method, error.cause);
      try {
        return await this.#post(facts);
      } catch (again) {
        throw again instanceof BrokenKeptConnection ? this.#unreachable(facts.method, again.cause) : again;
      }
    }
  }

  #post(facts: CallFacts): Promise<Answer> {
    const {method, body, signal, agent} = facts;
    return new Promise((resolve, reject) => {
      const authorization = this.#credentials();
      if (authorization === undefined) {
        reject(new NodeError('node-unauthorised', `${this.name}: the cookie file ${this.#options.cookieFile} cannot be read; is the node running?`));
        return;
      }
      const request = (this.#url.protocol === 'https:' ? httpsRequest : httpRequest)(this.#url, {
        method: 'POST', agent, signal,
        headers: {'content-type': 'application/json', 'content-length': Buffer.byteLength(body), authorization},
      });
      request.on('error', (error) => reject(this.#transportError(facts, request, error)));
      request.on('response', (response) => {
        this.#read(method, response).then(resolve, (error: unknown) => {
          reject(error instanceof NodeError ? error : this.#transportError(facts, request, error));
          request.destroy();
        });
      });
      request.end(body);
    });
  }

  async #read(method: string, response: IncomingMessage): Promise<Answer> {
    const bytesMax = this.#options.answerBytesMax ?? ANSWER_BYTES_MAX;
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > bytesMax) throw new NodeError('node-answer-too-large', `${this.name}: the answer to ${method} has more than ${bytesMax} bytes`);
      chunks.push(chunk);
    }
    return {status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8')};
  }

  #resultOf(method: string, {status, text}: Answer): unknown {
    if (status === 401 || status === 403) {
      throw new NodeError('node-unauthorised', `${this.name} refuses our ${this.#options.cookieFile === undefined ? 'user and password' : 'cookie'} (HTTP ${status})`);
    }
    if (status === 503 || status === 429) throw new NodeError('node-busy', `${this.name} has too many calls at once (HTTP ${status})`);
    const answer = parseAnswer(text);
    // Errors come with HTTP 500 or 404 from Core, with 200 from others: the body decides.
    if (answer === undefined) throw new NodeError('node-answer-malformed', `${this.name} answered ${method} with HTTP ${status} and no JSON-RPC`);
    if (answer.error === null || answer.error === undefined) return answer.result;
    const {code, message} = answer.error as {code?: unknown; message?: unknown};
    if (!Number.isSafeInteger(code)) throw new NodeError('node-answer-malformed', `${this.name} answered ${method} with an error without a number`);
    throw new NodeError('node-rpc-error', `${this.name}: ${method}: ${String(message).slice(0, 500)} (${String(code)})`, {rpcCode: code as number});
  }

  #credentials(): string | undefined {
    if (this.#authorization !== undefined) return this.#authorization;
    const {cookieFile, user = '', password = ''} = this.#options;
    let credential = `${user}:${password}`;
    if (cookieFile !== undefined) {
      try {
        credential = readFileSync(cookieFile, 'utf8').trim();
      } catch {
        return undefined;
      }
    }
    this.#authorization = `Basic ${Buffer.from(credential).toString('base64')}`;
    return this.#authorization;
  }

  #transportError({method, signal}: CallFacts, request: ClientRequest, error: unknown): Error {
    if (signal.reason === OUT_OF_TIME) return new NodeError('node-timeout', `${this.name} did not answer ${method} in time`);
    if (signal.aborted) return new NodeError('node-call-aborted', `${this.name}: ${method} was given up`);
    if (request.reusedSocket) return new BrokenKeptConnection(error);
    return this.#unreachable(method, error);
  }

  #unreachable(method: string, error: unknown): NodeError {
    const code = String((error as {code?: unknown}).code ?? (error as Error).message);
    return new NodeError('node-unreachable', `${this.name} cannot be reached for ${method} (${code})`, {cause: error});
  }
}

interface CallFacts {
  readonly method: string;
  readonly body: string;
  readonly signal: AbortSignal;
  readonly isRepeatable: boolean;
  readonly agent: HttpAgent;
}

/** The other side closed a kept connection just when we used it. */
class BrokenKeptConnection extends Error {
  override readonly cause: unknown;
  constructor(cause: unknown) {
    super('a kept connection broke');
    this.cause = cause;
  }
}

function parseAnswer(text: string): {readonly result?: unknown; readonly error?: unknown} | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null || !('result' in parsed || 'error' in parsed)) return undefined;
    const {error} = parsed as {error?: unknown};
    return error === null || error === undefined || typeof error === 'object' ? parsed : undefined;
  } catch {
    return undefined;
  }
}
