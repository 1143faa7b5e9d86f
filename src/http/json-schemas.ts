/**
 * @module The shapes of requests and answers as JSON Schema: what fastify checks and writes by, and what the OpenAPI page says.
 * A field that is not here is not sent, so the page cannot say less than the server does.
 */
import {PAYOUT_SCHEMES} from '../protocol/payout/schemes.js';

export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

type Fields = Readonly<Record<string, JsonSchema>>;

export const count: JsonSchema = {type: 'integer', minimum: 0};
export const number: JsonSchema = {type: 'number'};
export const text: JsonSchema = {type: 'string'};
export const flag: JsonSchema = {type: 'boolean'};
export const timeSec: JsonSchema = {type: 'integer', description: 'Seconds since the Unix epoch.'};
export const sats: JsonSchema = {type: 'string', pattern: '^-?[0-9]+$', description: 'Whole satoshis as decimal text.'};
export const hashHex: JsonSchema = {type: 'string', pattern: '^[0-9a-f]{64}$', description: 'Hexadecimal, display order.'};

/** All fields are required but those whose name ends with a question mark. */
export function object(fields: Fields, more: JsonSchema = {}): JsonSchema {
  const properties = Object.fromEntries(Object.entries(fields).map(([name, schema]) => [name.replace('?', ''), schema]));
  return {type: 'object', additionalProperties: false, required: Object.keys(fields).filter((name) => !name.endsWith('?')), properties, ...more};
}

export function list(items: JsonSchema, description?: string): JsonSchema {
  return {type: 'array', items, ...(description === undefined ? {} : {description})};
}

export function oneOf(...values: readonly string[]): JsonSchema {
  return {type: 'string', enum: values};
}

export function described(schema: JsonSchema, description: string): JsonSchema {
  return {...schema, description};
}

export const countsByName: JsonSchema = {type: 'object', additionalProperties: count};

export const fault = object({code: described(text, 'Stable; see the list in the server\'s documentation.'), message: described(text, 'For people.')});

export function limitQuery(preset: number, most: number): JsonSchema {
  return object({'limit?': {type: 'integer', minimum: 1, maximum: most, default: preset}});
}

export const hashrate = object({last1m: number, last5m: number, last1h: number}, {description: 'Hashes per second, estimated from accepted work over each window.'});

export const block = object({
  height: count, hash: hashHex, timeSec,
  'intervalSec?': {type: 'integer', description: 'Header time less that of the block before. Absent up to height 1.'},
  txCount: count, sizeBytes: count, rewardSats: sats, tag: described(text, 'Printable text found in the coinbase. Anybody can write anything there.'),
});

export const rig = {
  minerName: text, userAgent: text, hashrate, difficulty: number, connected: described(count, 'Open sessions.'), sharesAccepted: count, sharesRejected: count, 'lastShareAtSec?': timeSec,
};

const found = object({
  height: count, hash: hashHex, account: text, minerName: text, foundAtSec: timeSec,
  status: oneOf('pending', 'confirmed', 'orphaned', 'rejected'), confirmations: {type: 'integer'}, rewardSats: sats,
  effort: described(number, 'Work of the round over the expected work: 1 is par.'),
});

const window = object({
  windowSec: count, coveredSec: described(number, 'What the estimate is over.'), hashesPerSec: number, sharesAccepted: count, sharesRejected: count,
  'relativeError?': described(number, 'Half width of the 95 % interval over the estimate, 1.96 / √shares. Absent without a share.'),
});
export const windows = object({last5m: window, last1h: window, last24h: window});

export const pool = object({
  stratumEndpoint: described(text, '`host:port` to point a miner at.'), scheme: oneOf(...PAYOUT_SCHEMES), feePpm: described(count, 'Parts per million of the reward.'),
  hasPayouts: described(flag, 'It keeps a wallet and pays from it.'),
  hashrate, 'windows?': described(windows, 'Over the time that the pool was really running.'), sessions: object({connected: count, authorised: count, max: count}), accountCount: count, sharesAccepted: count,
  sharesRejected: described(countsByName, 'By reason.'), blocksFound: count, roundEffort: number, windowFill: number,
  rigs: list(object({account: text, ...rig}), 'Best hashrate first.'), found: list(found, 'Newest first.'),
});

export const overview = object({
  atMs: described(count, 'Wall clock of the server, milliseconds.'),
  node: object({version: text, chain: text, uptimeSec: count}),
  chain: object({
    height: count, hash: hashHex, timeSec, difficulty: number, networkHashrate: number, targetSpacingSec: number,
    'coinCount?': described(count, 'Absent when the nodes are elsewhere: nobody here counts the coins.'), 'totalSats?': sats,
  }),
  blocks: list(block, 'Newest first.'),
  mempool: object({count, vsize: count, totalFeeSats: sats, minFeeSatsPerKvb: sats}),
  'pool?': described(pool, 'Absent when this process runs no pool.'),
  'isStalled?': described(flag, 'No healthy node confirms the work of the pool. Absent when the node is in this process.'),
  delayed: list(oneOf('chain', 'mempool', 'pool', 'miners', 'windows', 'nodes'), 'Parts whose values are the last that they gave.'),
});

export const health = object({status: oneOf('ok', 'not-ready'), checks: list(object({name: text, isOk: flag, 'detail?': text}))});

export const runtime = object({
  atMs: described(number, 'Monotonic clock of the process.'),
  stats: object({
    actorCount: count, actorsStarted: count, deadLetterCount: count, timersArmed: count, drains: count, turns: count,
    busyMs: number, longestDrainMs: number, longestTurnMs: number,
  }),
  'loopDelay?': object({p50Ms: number, p99Ms: number, maxMs: number, meanMs: number}),
  deadLetters: object({byReason: countsByName, recent: list(object({path: text, 'senderPath?': text, messageType: text, reason: text, atMs: number}))}),
  total: described(count, 'Living actors.'),
  actors: list(object({
    id: count, path: text, kind: text, 'parentPath?': text, phase: text, 'stopReason?': text,
    mailbox: object({user: count, priority: count, stash: count, waiting: count, capacity: count}),
    received: count, processed: count, dropped: countsByName, failures: count, restarts: count, 'lastError?': text, longestTurnMs: number,
    samples: count, sampledWaitMs: number, sampledRunMs: number, timers: count, openAsks: count, children: count,
  }), 'Parents before their children.'),
});
