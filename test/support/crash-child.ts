/**
 * @module A `pithead start` that may die at any moment: spawned without waiting, so that it can be killed while it starts.
 * `pithead-process.ts` is for tests that want a serving process and nothing else.
 */
import {spawn, type ChildProcess} from 'node:child_process';
import {existsSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {setTimeout as sleep} from 'node:timers/promises';
import type {Endpoints} from './pithead-process.js';

export const PITHEAD_COMMAND = fileURLToPath(new URL('../../../bin/pithead.mjs', import.meta.url));
const READY_POLL_MS = 10;
const READY_TIMEOUT_MS = 60_000;
/** pino's number for `error`. */
const LEVEL_ERROR = 50;

export interface ExitFacts {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface LogEntry {
  readonly level: number;
  readonly code?: string;
  readonly msg?: string;
  readonly [fact: string]: unknown;
}

export interface ChildOptions {
  readonly dataDir: string;
  readonly chain: string;
  readonly flags?: readonly string[];
}

/** A process that serves: where, and with whose word. */
export interface ServingNode {
  readonly pid: number;
  readonly dataDir: string;
  readonly endpoints: Endpoints;
  readonly rpc: RpcClient;
}

export class CrashChild {
  readonly child: ChildProcess;
  readonly dataDir: string;
  readonly startedAtMs = performance.now();
  readonly exited: Promise<ExitFacts>;
  #printed = '';
  #hasExited = false;

  constructor(options: ChildOptions) {
    this.dataDir = options.dataDir;
    const readyFile = this.#readyFile();
    rmSync(readyFile, {force: true});
    this.child = spawn(process.execPath, [PITHEAD_COMMAND, 'start', '--chain', options.chain, '--data', options.dataDir, '--ready-file', readyFile, '--json-logs',
      '--set', 'stratum.port=0', '--set', 'http.port=0', '--set', 'rpc.port=0', '--set', 'demoMiner.enabled=false', ...(options.flags ?? [])],
    {stdio: ['ignore', 'pipe', 'pipe']});
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#printed += chunk.toString();
      });
    }
    // Whoever ends the test ends its children: nobody else knows them.
    const endWithParent = (): void => void this.child.kill('SIGKILL');
    process.once('exit', endWithParent);
    this.exited = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        process.off('exit', endWithParent);
        this.#hasExited = true;
        resolve({code, signal});
      });
    });
  }

  get hasExited(): boolean {
    return this.#hasExited;
  }

  output(): string {
    return this.#printed;
  }

  /** What the log says; lines that are no JSON are in `output` only. */
  logEntries(): readonly LogEntry[] {
    return this.#printed.split('\n').filter((line) => line.startsWith('{')).flatMap((line) => {
      try {
        return [JSON.parse(line) as LogEntry];
      } catch {
        return []; // Cut off by the kill.
      }
    });
  }

  /** Entries of level error, whatever threw out of an actor, and anything that Node itself printed about an exception. */
  errorLines(): readonly string[] {
    const errors = this.logEntries().filter(({level, code}) => level >= LEVEL_ERROR || /^actor-(stop-)?failed/.test(code ?? '')).map((entry) => JSON.stringify(entry));
    return /Unhandled|Uncaught|throw /.test(this.#printed) ? [...errors, this.#printed.slice(-2_000)] : errors;
  }

  /** @returns undefined when the process ended before it served. */
  async ready(): Promise<ServingNode | undefined> {
    const readyFile = this.#readyFile();
    while (!existsSync(readyFile)) {
      if (this.#hasExited) return undefined;
      if (performance.now() - this.startedAtMs > READY_TIMEOUT_MS) throw new Error(`not ready after ${READY_TIMEOUT_MS} ms:\n${this.#printed}`);
      await sleep(READY_POLL_MS);
    }
    const {pid, endpoints} = JSON.parse(readFileSync(readyFile, 'utf8')) as {pid: number; endpoints: Endpoints};
    const cookie = readFileSync(join(this.dataDir, '.cookie'), 'utf8').trim();
    return {pid, dataDir: this.dataDir, endpoints, rpc: new RpcClient(endpoints.rpc!, cookie)};
  }

  async end(signal: NodeJS.Signals): Promise<ExitFacts> {
    if (!this.#hasExited) this.child.kill(signal);
    return await this.exited;
  }

  #readyFile(): string {
    return join(this.dataDir, 'ready.json');
  }
}

export interface RpcAnswer {
  readonly result: unknown;
  readonly error: {readonly code: number; readonly message: string} | null;
}

/** JSON-RPC over HTTP. A connection that dies is `undefined`: with a process that is about to be killed it is no error. */
export class RpcClient {
  readonly url: string;
  readonly cookie: string;

  constructor(url: string, cookie: string) {
    this.url = url;
    this.cookie = cookie;
  }

  async call(method: string, ...params: readonly unknown[]): Promise<RpcAnswer | undefined> {
    return await this.#post({jsonrpc: '1.0', id: 1, method, params}) as RpcAnswer | undefined;
  }

  /** For a process that is expected to live. */
  async result<T>(method: string, ...params: readonly unknown[]): Promise<T> {
    const answer = await this.call(method, ...params);
    if (answer === undefined) throw new Error(`${method}: the connection died`);
    if (answer.error !== null) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result as T;
  }

  async batch(calls: readonly {readonly method: string; readonly params: readonly unknown[]}[]): Promise<readonly RpcAnswer[] | undefined> {
    return await this.#post(calls.map((call, id) => ({jsonrpc: '1.0', id, ...call}))) as readonly RpcAnswer[] | undefined;
  }

  async #post(body: unknown): Promise<unknown> {
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        headers: {'content-type': 'application/json', authorization: `Basic ${Buffer.from(this.cookie).toString('base64')}`},
        body: JSON.stringify(body),
      });
      return await response.json();
    } catch {
      return undefined;
    }
  }
}
