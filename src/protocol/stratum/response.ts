/**
 * @module What the pool writes to a miner, one line each. A notify is long and goes to everyone: its text is made once
 * per job and clean flag.
 */
import {bytesToHex} from '../bytes/hex.js';
import type {JsonValue} from './json-guard.js';
import type {RequestId} from './request.js';
import type {StratumJob} from './stratum-job.js';

/** The whole set that clients know. Detail goes into the text. */
export const STRATUM_ERROR = {
  other: 20,
  jobNotFound: 21,
  duplicate: 22,
  lowDifficulty: 23,
  unauthorised: 24,
  notSubscribed: 25,
} as const;
export type StratumErrorCode = (typeof STRATUM_ERROR)[keyof typeof STRATUM_ERROR];

export interface StratumError {
  readonly code: StratumErrorCode;
  readonly text: string;
}

export function resultLine(id: RequestId, result: JsonValue): string {
  return `{"id":${JSON.stringify(id)},"result":${JSON.stringify(result)},"error":null}\n`;
}

/** The answer to nearly every submit, so without the general encoder; a number's text is its JSON. */
export function trueLine(id: RequestId): string {
  return `{"id":${typeof id === 'number' ? id : JSON.stringify(id)},"result":true,"error":null}\n`;
}

/** The error is an array: cpuminer and Bitaxe read its element 1. */
export function errorLine(id: RequestId, error: StratumError): string {
  return `{"id":${JSON.stringify(id)},"result":null,"error":[${error.code},${JSON.stringify(error.text)},null]}\n`;
}

export function setDifficultyLine(difficultyText: string): string {
  return `{"id":null,"method":"mining.set_difficulty","params":[${difficultyText}]}\n`;
}

export function setVersionMaskLine(mask: number): string {
  return `{"id":null,"method":"mining.set_version_mask","params":["${hex32(mask)}"]}\n`;
}

export function setExtranonceLine(extranonce1: Uint8Array, extranonce2Size: number): string {
  return `{"id":null,"method":"mining.set_extranonce","params":["${bytesToHex(extranonce1)}",${extranonce2Size}]}\n`;
}

export function showMessageLine(text: string): string {
  return `{"id":null,"method":"client.show_message","params":[${JSON.stringify(text)}]}\n`;
}

/** Without host and port: come back to where you are. */
export function reconnectLine(waitSec: number): string {
  return `{"id":null,"method":"client.reconnect","params":[null,null,${waitSec}]}\n`;
}

/** By the clean flag. The same text object for all: what thousands of sockets are handed is copied for none of them. */
const notifyLines = new WeakMap<StratumJob, {readonly clean: string; readonly kept: string}>();

/** @param cleanJobs - the miner must drop what it has. */
export function notifyLine(job: StratumJob, cleanJobs: boolean): string {
  let lines = notifyLines.get(job);
  if (lines === undefined) {
    const head = notifyHead(job);
    lines = {clean: `${head}true]}\n`, kept: `${head}false]}\n`};
    notifyLines.set(job, lines);
  }
  return cleanJobs ? lines.clean : lines.kept;
}

function notifyHead(job: StratumJob): string {
  const {template} = job;
  const branch: string[] = [];
  for (let at = 0; at < job.branch.length; at += 32) branch.push(`"${bytesToHex(job.branch.subarray(at, at + 32))}"`);
  const fields = [
    `"${job.jobId}"`,
    `"${swappedWordsHex(template.previousHash)}"`,
    `"${bytesToHex(job.coinbase1)}"`,
    `"${bytesToHex(job.coinbase2)}"`,
    `[${branch.join(',')}]`,
    `"${hex32(template.version)}"`,
    `"${hex32(template.bits)}"`,
    `"${hex32(template.curTimeSec)}"`,
  ];
  return `{"id":null,"method":"mining.notify","params":[${fields.join(',')},`;
}

/** The eight words of the hash in internal order, the four bytes of each reversed. Miners undo it per word. */
export function swappedWordsHex(hash: Uint8Array): string {
  const swapped = new Uint8Array(hash.length);
  for (let at = 0; at < hash.length; at++) swapped[at] = hash[(at & ~3) + 3 - (at & 3)]!;
  return bytesToHex(swapped);
}

/** Exactly eight digits: cpuminer refuses other lengths. */
export function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
