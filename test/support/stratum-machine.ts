/** Drives one session machine as its actor does, with a clock that only the test moves and shares that really hash. */
import {sha256d} from '../../src/protocol/bytes/sha256.js';
import {scanNonces} from '../../src/protocol/mining/scan-nonces.js';
import {StratumSession} from '../../src/protocol/stratum/session.js';
import {DEFAULT_SESSION_LIMITS} from '../../src/protocol/stratum/session-types.js';
import type {SessionConfig, SessionEffect, SessionEvent, SessionLimits} from '../../src/protocol/stratum/session-types.js';
import {hex32} from '../../src/protocol/stratum/response.js';
import {bytesToHex} from '../../src/protocol/bytes/hex.js';
import {shareHeader} from '../../src/protocol/stratum/share-header.js';
import type {StratumJob} from '../../src/protocol/stratum/stratum-job.js';
import {NOW_SEC} from './mining-fixtures.js';

export type Line = {readonly id?: number | string | null; readonly method?: string; readonly params?: readonly unknown[]; readonly result?: unknown; readonly error?: readonly [number, string, null] | null};
type Effect<T extends SessionEffect['type']> = Extract<SessionEffect, {readonly type: T}>;

export const ALICE = 'alice';

export interface MachineOptions {
  readonly config?: Partial<SessionConfig>;
  readonly limits?: Partial<SessionLimits>;
  /** Shares are hashed, recorded and blocks accepted at once, as long as it is true. */
  readonly isServed?: boolean;
}

export class Machine {
  readonly session: StratumSession;
  readonly effects: SessionEffect[] = [];
  nowMs = 1_000;
  isServed: boolean;
  private nextKey = 2 ** 40;
  private readLines = 0;

  constructor(options: MachineOptions = {}) {
    this.isServed = options.isServed ?? true;
    this.session = new StratumSession({
      sessionId: 1, extranonce1: Uint8Array.of(0, 0, 0, 1), extranonce2Size: 8, versionMask: 0x1fffe000,
      vardiff: {targetIntervalMs: 10_000, startExponent: -32, exponentMin: -32, exponentMax: 60},
      limits: {...DEFAULT_SESSION_LIMITS, ...options.limits},
      isJobPerAccount: false,
      decodeAccount: (text) => (/^(alice|bob)$/i.test(text) ? {ok: true, account: text.toLowerCase()} : {ok: false}),
      nextJobKey: () => this.nextKey++,
      serverName: 'pithead/test',
      ...options.config,
    }, this.time);
  }

  get time(): {nowMs: number; wallSec: number} {
    return {nowMs: this.nowMs, wallSec: NOW_SEC + Math.floor(this.nowMs / 1000)};
  }

  step(event: SessionEvent): readonly SessionEffect[] {
    const effects = this.session.step(event, this.time);
    this.effects.push(...effects);
    if (this.isServed) for (const effect of effects) this.serve(effect);
    return effects;
  }

  /** What threads, chain and disk would do. */
  serve(effect: SessionEffect): void {
    if (effect.type === 'hashShare') {
      const header = shareHeader(effect.task);
      this.step({type: 'shareHashed', shareId: effect.shareId, outcome: {ok: true, header, hash: sha256d(header)}});
    }
    if (effect.type === 'submitCandidate') this.step({type: 'candidateSettled', shareId: effect.shareId, isAccepted: true});
    if (effect.type === 'recordShare') this.step({type: 'shareRecorded', shareId: effect.shareId, ok: true});
  }

  send(...lines: readonly object[]): void {
    this.step({type: 'received', text: lines.map((line) => `${JSON.stringify(line)}\n`).join('')});
  }

  /** Sends one request and returns what came back since. */
  ask(line: object): Line[] {
    this.newLines();
    this.send(line);
    return this.newLines();
  }

  request(method: string, params: readonly unknown[], id: number | string | null = 4): Line | undefined {
    return this.ask({id, method, params}).find((line) => line.method === undefined);
  }

  get lines(): Line[] {
    return this.of('send').flatMap(({text}) => text.trimEnd().split('\n').map((line) => JSON.parse(line) as Line));
  }

  newLines(): Line[] {
    const lines = this.lines;
    const fresh = lines.slice(this.readLines);
    this.readLines = lines.length;
    return fresh;
  }

  of<T extends SessionEffect['type']>(type: T): Effect<T>[] {
    return this.effects.filter((effect): effect is Effect<T> => effect.type === type);
  }

  offer(job: StratumJob, cleanJobs = false): void {
    this.step({type: 'jobOffered', job, cleanJobs});
  }

  /** Subscribed, authorised, with a job. */
  start(job: StratumJob): this {
    this.offer(job);
    this.send({id: 1, method: 'mining.subscribe', params: ['test/1']}, {id: 2, method: 'mining.authorize', params: [`${ALICE}.rig`, 'x']});
    this.newLines();
    return this;
  }

  tick(forwardMs: number): void {
    this.nowMs += forwardMs;
    this.step({type: 'ticked'});
  }
}

export interface ShareOptions {
  readonly extranonce2?: number;
  readonly extranonce1?: Uint8Array;
  readonly timeSec?: number;
  readonly version?: number;
  readonly versionBits?: string;
  /** Found when the hash is at or below `target` and above `above`. */
  readonly target: bigint;
  readonly above?: bigint;
  readonly userName?: string;
}

/** Parameters of a submit that really has such a hash. */
export function solve(job: StratumJob, options: ShareOptions): string[] {
  const extranonce2 = new Uint8Array(8);
  new DataView(extranonce2.buffer).setUint32(4, options.extranonce2 ?? 0);
  const timeSec = options.timeSec ?? job.template.curTimeSec;
  const header = shareHeader({
    job: {...job, previousHash: job.template.previousHash, bits: job.template.bits},
    extranonce1: options.extranonce1 ?? Uint8Array.of(0, 0, 0, 1), extranonce2, version: options.version ?? job.template.version, timeSec, nonce: 0,
  });
  for (let firstNonce = 0; firstNonce < 2 ** 24;) {
    const scan = scanNonces({header, target: options.target, firstNonce, countMax: 2 ** 20});
    if (scan.found === undefined) break;
    if (options.above === undefined || BigInt(`0x${bytesToHex(scan.found.hash.slice().reverse())}`) > options.above) {
      const params = [options.userName ?? `${ALICE}.rig`, job.jobId, bytesToHex(extranonce2), hex32(timeSec), hex32(scan.found.nonce)];
      return options.versionBits === undefined ? params : [...params, options.versionBits];
    }
    firstNonce = scan.nextNonce;
  }
  throw new Error('no such hash in 2^24 nonces');
}
