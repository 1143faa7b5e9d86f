/**
 * @module The load of stratum.bench.ts, in a process of its own: many connections, each with a fixed number of submits
 * under way, the next one sent when an answer has come. The same lines go to the pool and to the echo server.
 *
 *   node stratum-load.js PORT CONNECTIONS OUTSTANDING MEASURED_MS pool|echo USER
 *
 * Sends {isStarted} to its parent when it begins to count, and {answered, refused, seconds} at the end. Every submit is a different share: the nonce counts up.
 */
import {connect} from 'node:net';
import type {Socket} from 'node:net';

interface Load {
  readonly port: number;
  readonly connections: number;
  readonly outstanding: number;
  readonly measuredMs: number;
  readonly isPool: boolean;
  readonly user: string;
}

const WARM_UP_MS = 700;
/** Connections opened at a time: a listen queue is finite. */
const OPENED_AT_ONCE = 100;
const EXTRANONCE2_DEFAULT = '0000000000000001';

class LoadConnection {
  readonly #socket: Socket;
  readonly #load: Load;
  #head = '';
  #tail = '';
  #nextId = 10;
  #nonce = 0;
  #unread = '';
  answered = 0;
  refused = 0;
  #isReady = false;
  readonly ready: Promise<void>;
  #becomeReady: () => void = () => undefined;
  #extranonce2 = EXTRANONCE2_DEFAULT;

  constructor(load: Load) {
    this.#load = load;
    this.ready = new Promise((resolve) => {
      this.#becomeReady = resolve;
    });
    this.#socket = connect({port: load.port, host: '127.0.0.1', noDelay: true});
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (chunk: unknown) => this.#take(String(chunk)));
    this.#socket.on('error', (error) => fail(error));
    this.#socket.on('close', () => fail(new Error('the server closed a connection')));
    this.#socket.once('connect', () => this.#greet());
  }

  /** One write for all that are under way from the start. */
  start(): void {
    let lines = '';
    for (let i = 0; i < this.#load.outstanding; i += 1) lines += this.#submit();
    this.#socket.write(lines, 'latin1');
  }

  #greet(): void {
    if (!this.#load.isPool) {
      this.#notified('1', '00000000');
      return;
    }
    this.#socket.write('{"id":1,"method":"mining.subscribe","params":["load"]}\n'
      + `${JSON.stringify({id: 2, method: 'mining.authorize', params: [this.#load.user, 'x']})}\n`, 'latin1');
  }

  #notified(jobId: string, time: string): void {
    this.#head = `,"method":"mining.submit","params":["${this.#load.user}","${jobId}","${this.#extranonce2}","${time}","`;
    this.#tail = '"]}\n';
    this.#isReady = true;
    this.#becomeReady();
  }

  #submit(): string {
    this.#nonce += 1;
    this.#nextId += 1;
    return `{"id":${this.#nextId}${this.#head}${this.#nonce.toString(16).padStart(8, '0')}${this.#tail}`;
  }

  #take(text: string): void {
    const all = this.#unread === '' ? text : this.#unread + text;
    let from = 0;
    let lines = '';
    for (let end = all.indexOf('\n'); end >= 0; end = all.indexOf('\n', from)) {
      const line = all.slice(from, end);
      from = end + 1;
      if (this.#isReady && !line.includes('"method"')) {
        this.answered += 1;
        if (!line.includes('"result":true')) this.refused += 1;
        lines += this.#submit();
      } else {
        this.#read(line);
      }
    }
    this.#unread = from === all.length ? '' : all.slice(from);
    if (lines !== '') this.#socket.write(lines, 'latin1');
  }

  #read(line: string): void {
    const {id, method, params, result} = JSON.parse(line) as {id?: unknown; method?: string; params?: unknown[]; result?: unknown};
    if (id === 1 && Array.isArray(result)) this.#extranonce2 = '1'.padStart(Number(result[2]) * 2, '0');
    if (id === 2 && result !== true) fail(new Error(`not authorised: ${line}`));
    if (method === 'mining.notify' && Array.isArray(params)) this.#notified(String(params[0]), String(params[7]));
  }
}

function fail(error: Error): void {
  process.send?.({failure: error.message}, () => process.exit(1));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function main(load: Load): Promise<void> {
  const connections: LoadConnection[] = [];
  while (connections.length < load.connections) {
    const opened = Array.from({length: Math.min(OPENED_AT_ONCE, load.connections - connections.length)}, () => new LoadConnection(load));
    connections.push(...opened);
    await Promise.all(opened.map((connection) => connection.ready));
  }
  const sum = (of: (connection: LoadConnection) => number): number => connections.reduce((total, connection) => total + of(connection), 0);
  for (const connection of connections) connection.start();
  await pause(WARM_UP_MS);
  const before = sum((connection) => connection.answered);
  process.send?.({isStarted: true});
  const startedMs = performance.now();
  await pause(load.measuredMs);
  const seconds = (performance.now() - startedMs) / 1000;
  const answered = sum((connection) => connection.answered) - before;
  process.send?.({answered, refused: sum((connection) => connection.refused), seconds}, () => process.exit(0));
}

const [port, connections, outstanding, measuredMs, kind, user] = process.argv.slice(2);
await main({
  port: Number(port), connections: Number(connections), outstanding: Number(outstanding), measuredMs: Number(measuredMs), isPool: kind === 'pool', user: user ?? 'x',
});
