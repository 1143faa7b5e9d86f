/**
 * @module How the miners in the field speak Stratum V1: what differs between their firmwares, as data. Sources: behaviour
 * of cpuminer and cgminer (util.c of each), ESP-Miner, and NiceHash's and Braiins' public descriptions. Decides nothing.
 */

export type GreetingStep = 'configure' | 'subscribe' | 'authorize' | 'suggest-difficulty' | 'extranonce-subscribe';

export interface Dialect {
  readonly name: string;
  readonly userAgent: string;
  readonly greeting: readonly GreetingStep[];
  /** Sends the whole greeting at once; else each step waits for the answer of the one before. */
  readonly isPipelined: boolean;
  /** cpuminer gives every submit the id 4: its answers can be told apart by their order only. */
  readonly submitIds: 'rising' | 'always-4';
  /** cpuminer writes the id after the parameters, with spaces. */
  readonly writesIdLast: boolean;
  /** The sixth parameter of a submit. ESP-Miner sends it always, zeros when nothing was granted. */
  readonly versionBits: 'never' | 'when-granted' | 'always';
  readonly extranonce2Order: 'big-endian' | 'little-endian';
  /** cgminer and cpuminer measure a job by what was announced before it; S19 firmware all its work by the latest. */
  readonly appliesDifficulty: 'next-job' | 'at-once';
  /** ESP32 firmware writes a nonce without its leading zeros. */
  readonly trimsNonce: boolean;
  /** Sends the session id of the connection before when it subscribes again. */
  readonly resumesSession: boolean;
  /** ESP-Miner takes up a job id that it knows only when the job is clean. */
  readonly ignoresKnownJobs: boolean;
}

const PLAIN: Dialect = {
  name: 'plain', userAgent: 'plain/1.0', greeting: ['subscribe', 'authorize'], isPipelined: false, submitIds: 'rising', writesIdLast: false,
  versionBits: 'never', extranonce2Order: 'big-endian', appliesDifficulty: 'next-job', trimsNonce: false, resumesSession: false, ignoresKnownJobs: false,
};

export const DIALECTS = {
  cpuminer: {...PLAIN, name: 'cpuminer', userAgent: 'cpuminer/2.5.1', submitIds: 'always-4', writesIdLast: true, extranonce2Order: 'little-endian'},
  cgminer: {...PLAIN, name: 'cgminer', userAgent: 'cgminer/4.12.1', resumesSession: true},
  bitaxe: {
    ...PLAIN, name: 'bitaxe', userAgent: 'bitaxe/BM1370/v2.9.0', greeting: ['configure', 'subscribe', 'authorize', 'suggest-difficulty'], isPipelined: true,
    versionBits: 'always', extranonce2Order: 'little-endian', ignoresKnownJobs: true,
  },
  nicehash: {...PLAIN, name: 'nicehash', userAgent: 'NiceHash/1.0.0', greeting: ['subscribe', 'authorize', 'extranonce-subscribe']},
  braiins: {...PLAIN, name: 'braiins', userAgent: 'bosminer-plus/1.0', greeting: ['configure', 'subscribe', 'authorize'], versionBits: 'when-granted'},
  antminer: {...PLAIN, name: 'antminer', userAgent: 'bmminer/2.0.0', greeting: ['configure', 'subscribe', 'authorize'], versionBits: 'when-granted', appliesDifficulty: 'at-once'},
  esp32: {...PLAIN, name: 'esp32', userAgent: 'NerdMinerV2', trimsNonce: true, appliesDifficulty: 'at-once'},
} as const satisfies Readonly<Record<string, Dialect>>;

export type DialectName = keyof typeof DIALECTS;

/** A crowd as a pool meets it; the parts add up to 1. */
export const DIALECT_MIX: Readonly<Record<DialectName, number>> = {
  cpuminer: 0.1, cgminer: 0.25, bitaxe: 0.2, nicehash: 0.1, braiins: 0.15, antminer: 0.15, esp32: 0.05,
};
