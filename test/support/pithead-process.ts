/**
 * @module Starts the real `pithead` command as a child process in a fresh data folder and talks to it as a user would.
 * Every port is 0 (any free one); the ready file tells which. Nothing here reaches into the program.
 */
import {spawn, type ChildProcess} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, existsSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {setTimeout as sleep} from 'node:timers/promises';

const COMMAND = fileURLToPath(new URL('../../../bin/pithead.mjs', import.meta.url));

export interface Endpoints {
  readonly stratum?: string;
  readonly http?: string;
  readonly rpc?: string;
}

export interface PitheadOptions {
  /** Kept between runs when given; else a temporary folder, removed by `dispose`. */
  readonly dataDir?: string;
  readonly chain?: string;
  /** Further flags, for instance `['--set', 'pool.payoutScheme=SOLO']`. */
  readonly flags?: readonly string[];
  readonly readyTimeoutMs?: number;
}

export interface PitheadProcess {
  readonly pid: number;
  readonly dataDir: string;
  readonly endpoints: Endpoints;
  readonly child: ChildProcess;
  /** Everything that it printed so far. */
  output(): string;
  rpc<T = unknown>(method: string, ...params: readonly unknown[]): Promise<T>;
  /** Settles with the exit code when it ends by itself. */
  readonly exited: Promise<number | null>;
  /** SIGTERM and wait; resolves to the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL and wait. */
  kill(): Promise<void>;
  /** Stops it if it still runs and removes a temporary data folder. */
  dispose(): Promise<void>;
}

export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly rpcCode: number;
  constructor(rpcCode: number, message: string) {
    super(message);
    this.rpcCode = rpcCode;
  }
}

export async function startPithead(options: PitheadOptions = {}): Promise<PitheadProcess> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'pithead-test-'));
  const readyFile = join(dataDir, 'ready.json');
  rmSync(readyFile, {force: true});
  const child = spawn(process.execPath, [COMMAND, 'start', '--chain', options.chain ?? 'regtest', '--data', dataDir,
    '--ready-file', readyFile, '--json-logs',
    '--set', 'stratum.port=0', '--set', 'http.port=0', '--set', 'rpc.port=0', '--set', 'demoMiner.enabled=false',
    ...(options.flags ?? [])], {stdio: ['ignore', 'pipe', 'pipe']});
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => { printed += chunk.toString(); });
  child.stderr.on('data', (chunk: Buffer) => { printed += chunk.toString(); });
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
  });

  const endpoints = await waitUntilReady(child, readyFile, {timeoutMs: options.readyTimeoutMs ?? 30_000, printed: () => printed});
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return await exited;
  };
  return {
    pid: child.pid!,
    dataDir,
    endpoints,
    child,
    output: () => printed,
    exited,
    rpc: (method, ...params) => callRpc(endpoints.rpc!, readFileSync(join(dataDir, '.cookie'), 'utf8').trim(), {method, params}),
    stop: () => end('SIGTERM'),
    kill: async () => {
      await end('SIGKILL');
    },
    dispose: async () => {
      await end('SIGKILL');
      if (options.dataDir === undefined) rmSync(dataDir, {recursive: true, force: true});
    },
  };
}

/** Runs one `pithead` subcommand to its end. */
export async function runPithead(args: readonly string[]): Promise<{readonly code: number | null; readonly stdout: string; readonly stderr: string}> {
  const child = spawn(process.execPath, [COMMAND, ...args], {stdio: ['ignore', 'pipe', 'pipe']});
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => { stdout += chunk.toString(); });
  child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString(); });
  const code = await new Promise<number | null>((resolve) => {
    child.once('close', (exitCode) => resolve(exitCode));
  });
  return {code, stdout, stderr};
}

async function waitUntilReady(child: ChildProcess, readyFile: string, limits: {timeoutMs: number; printed: () => string}): Promise<Endpoints> {
  const startedMs = Date.now();
  while (!existsSync(readyFile)) {
    if (child.exitCode !== null || child.signalCode !== null) {
      // What it said last may still be in the pipe.
      await sleep(200);
      throw new Error(`pithead ended before it was ready (${child.signalCode ?? child.exitCode}):\n${limits.printed()}`);
    }
    if (Date.now() - startedMs > limits.timeoutMs) {
      child.kill('SIGKILL');
      throw new Error(`pithead was not ready after ${limits.timeoutMs} ms:\n${limits.printed()}`);
    }
    await sleep(20);
  }
  return (JSON.parse(readFileSync(readyFile, 'utf8')) as {endpoints: Endpoints}).endpoints;
}

async function callRpc<T>(url: string, cookie: string, call: {method: string; params: readonly unknown[]}): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {'content-type': 'application/json', authorization: `Basic ${Buffer.from(cookie).toString('base64')}`},
    body: JSON.stringify({jsonrpc: '1.0', id: 1, ...call}),
  });
  const answer = await response.json() as {result: T; error: {code: number; message: string} | null};
  if (answer.error) throw new RpcError(answer.error.code, `${call.method}: ${answer.error.message}`);
  return answer.result;
}
