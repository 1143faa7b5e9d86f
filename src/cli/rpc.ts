/**
 * @module `pithead rpc METHOD [ARG…]`: one JSON-RPC call to a running node, the answer printed as JSON.
 * An argument that is JSON is sent as that; anything else is sent as text, so addresses need no quotes.
 */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {readConfig} from '../config.js';
import {UsageError, type Command, type FlagValues} from './command.js';
import {complain, print} from './print.js';

/** Longest wait for an answer; a longpoll or a long generate ends before. */
const RPC_TIMEOUT_MS = 300_000;

export const rpcCommand: Command = {
  name: 'rpc',
  summary: 'Calls a running node\'s JSON-RPC and prints the result.',
  usage: '[--data DIR | --config FILE] [--rpc-url URL] [--user NAME --password TEXT] METHOD [ARG…]',
  flags: {
    'data': {kind: 'text', value: 'DIR', doc: 'data folder of the node, for its cookie. Default ./pithead-data'},
    'config': {kind: 'text', value: 'FILE', doc: 'read data folder, port and credentials from a config file'},
    'rpc-url': {kind: 'text', value: 'URL', doc: 'where the node answers. Default: as the node wrote it to its data folder'},
    'user': {kind: 'text', value: 'NAME', doc: 'in place of the cookie'},
    'password': {kind: 'text', value: 'TEXT', doc: 'in place of the cookie'},
    'named': {kind: 'switch', doc: 'the arguments are name=value pairs'},
  },
  notes: ['Examples:', '  pithead rpc getblockchaininfo', '  pithead rpc getblock "$(pithead rpc getbestblockhash)" 2', '  pithead rpc help'],
  takesWords: true,
  async run(words, flags) {
    const [method, ...args] = words;
    if (method === undefined) throw new UsageError('rpc: name a method, for instance `pithead rpc getblockchaininfo`; `pithead rpc help` lists them');
    const target = findNode(flags);
    const params = flags.has('named') ? namedParams(args) : args.map(argumentValue);
    let text: string;
    try {
      const response = await fetch(target.url, {
        method: 'POST',
        headers: {'content-type': 'application/json', 'authorization': `Basic ${Buffer.from(target.credentials).toString('base64')}`},
        body: JSON.stringify({jsonrpc: '1.0', id: 'pithead-rpc', method, params}),
        signal: AbortSignal.timeout(RPC_TIMEOUT_MS),
      });
      if (response.status === 401) {
        complain(`pithead rpc: ${target.url} refuses these credentials; --data names the node's data folder, or give --user and --password`);
        return 1;
      }
      text = await response.text();
    } catch (error) {
      const cause = (error as {cause?: {code?: string}}).cause?.code ?? String(error);
      complain(`pithead rpc: no node answers at ${target.url} (${cause}); is \`pithead start\` running?`);
      return 1;
    }
    return printAnswer(text);
  },
};

interface NodeTarget {
  readonly url: string;
  /** `user:password`. */
  readonly credentials: string;
}

function findNode(flags: FlagValues): NodeTarget {
  const config = readConfig({file: flags.text('config'), sets: [], flags: flags.text('data') === undefined ? {} : {dataDir: flags.text('data')}});
  const url = flags.text('rpc-url') ?? endpointOf(config.dataDir) ?? `http://${config.rpc.host}:${config.rpc.port}`;
  if (!URL.canParse(url)) throw new UsageError(`rpc: --rpc-url ${url} is not a URL; write it as http://127.0.0.1:8432`);
  const user = flags.text('user');
  if (user !== undefined) return {url, credentials: `${user}:${flags.text('password') ?? ''}`};
  const cookie = readOr(join(config.dataDir, '.cookie'));
  if (cookie !== undefined) return {url, credentials: cookie.trim()};
  if (config.rpc.user !== '') return {url, credentials: `${config.rpc.user}:${config.rpc.password}`};
  throw new UsageError(`rpc: there is no cookie in ${config.dataDir}; start the node, or name its data folder with --data`);
}

/** A running node leaves its endpoints in its data folder: with port 0 nobody could guess them. */
function endpointOf(dataDir: string): string | undefined {
  const text = readOr(join(dataDir, 'endpoints.json'));
  if (text === undefined) return undefined;
  try {
    const {endpoints} = JSON.parse(text) as {endpoints?: {rpc?: unknown}};
    return typeof endpoints?.rpc === 'string' ? endpoints.rpc : undefined;
  } catch {
    return undefined; // Not ours, or half a file of an older version: the configured port is the next best.
  }
}

function readOr(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // Absent is an answer here; the caller says what to do about it.
  }
}

function argumentValue(text: string): unknown {
  // 64 digits are a hash and not a number, and a long digit string would lose digits as one.
  if (/^-?\d{1,15}(\.\d+)?$/.test(text) || /^(true|false|null)$/.test(text) || /^[[{"]/.test(text)) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return text; // Only looked like JSON: the node says whether it is a good text.
    }
  }
  return text;
}

function namedParams(args: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(args.map((arg) => {
    const at = arg.indexOf('=');
    if (at <= 0) throw new UsageError(`rpc: with --named write name=value, not ${arg}`);
    return [arg.slice(0, at), argumentValue(arg.slice(at + 1))];
  }));
}

/** A text result is printed bare, as for shell use; anything else keeps the digits that the node wrote. */
function printAnswer(text: string): number {
  let answer: {result?: unknown; error?: {code: number; message: string} | null};
  try {
    answer = JSON.parse(text) as typeof answer;
  } catch {
    complain(`pithead rpc: this is no JSON-RPC answer: ${text.slice(0, 200)}`);
    return 1;
  }
  if (answer.error) {
    complain(`error ${answer.error.code}: ${answer.error.message}`);
    return 1;
  }
  print(typeof answer.result === 'string' ? answer.result : indentJson(resultText(text)));
  return 0;
}

/** The text of the `result` member of our own server's answer, which writes it first. */
function resultText(answer: string): string {
  const body = answer.trim();
  const start = body.indexOf('"result":') + '"result":'.length;
  const end = body.lastIndexOf(',"error":');
  return start >= '"result":'.length && end > start ? body.slice(start, end) : JSON.stringify((JSON.parse(body) as {result: unknown}).result);
}

/** Indents JSON text without reading its numbers: 50.00000000 must not become 50. */
export function indentJson(text: string): string {
  let indented = '';
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (inString) {
      indented += char;
      if (char === '\\') indented += text[++i] ?? '';
      else if (char === '"') inString = false;
      continue;
    }
    if (char === '"') {
      inString = true;
      indented += char;
    } else if (char === '{' || char === '[') {
      const closing = char === '{' ? '}' : ']';
      if (text[i + 1] === closing) {
        indented += char + closing;
        i += 1;
      } else {
        depth += 1;
        indented += `${char}\n${'  '.repeat(depth)}`;
      }
    } else if (char === '}' || char === ']') {
      depth -= 1;
      indented += `\n${'  '.repeat(depth)}${char}`;
    } else if (char === ',') indented += `,\n${'  '.repeat(depth)}`;
    else if (char === ':') indented += ': ';
    else if (char.trim() !== '') indented += char;
  }
  return indented;
}
