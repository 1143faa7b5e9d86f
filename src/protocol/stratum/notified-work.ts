/**
 * @module The miner's side of Stratum: from `mining.notify` to a header, and from a nonce to `mining.submit`. Pure.
 * Parameters come from any pool: a line that is no work is undefined.
 */
import {concatBytes} from '../bytes/compare.js';
import {hexToBytes} from '../bytes/hex.js';
import {sha256d} from '../bytes/sha256.js';
import {merkleRootOfBranch} from '../mining/merkle-branch.js';

export interface NotifiedWork {
  readonly jobId: string;
  /** Bytes as in the header. */
  readonly previousHash: Uint8Array;
  readonly coinbase1: Uint8Array;
  readonly coinbase2: Uint8Array;
  readonly branch: Uint8Array;
  readonly version: number;
  readonly bits: number;
  readonly timeText: string;
  readonly cleanJobs: boolean;
}

const UINT32_TEXT = /^[0-9a-f]{8}$/;

export function readNotify(params: readonly unknown[]): NotifiedWork | undefined {
  const [jobId, previousText, coinbase1Text, coinbase2Text, branchTexts, version, bits, time, cleanJobs] = params;
  const previousHash = bytesOf(previousText);
  const coinbase1 = bytesOf(coinbase1Text);
  const coinbase2 = bytesOf(coinbase2Text);
  const branch = Array.isArray(branchTexts) ? bytesOf(branchTexts.join('')) : undefined;
  if (typeof jobId !== 'string' || previousHash?.length !== 32 || coinbase1 === undefined || coinbase2 === undefined) return undefined;
  if (branch === undefined || branch.length % 32 !== 0 || ![version, bits, time].every(isUint32Text)) return undefined;
  return {
    jobId, previousHash: swapWords(previousHash), coinbase1, coinbase2, branch,
    version: Number.parseInt(version as string, 16), bits: Number.parseInt(bits as string, 16), timeText: time as string, cleanJobs: cleanJobs === true,
  };
}

/** 80 bytes with nonce 0. */
export function headerOf(work: NotifiedWork, extranonce1: Uint8Array, extranonce2: Uint8Array): Uint8Array {
  const coinbase = concatBytes(work.coinbase1, extranonce1, extranonce2, work.coinbase2);
  const header = new Uint8Array(80);
  const view = new DataView(header.buffer);
  view.setUint32(0, work.version, true);
  header.set(work.previousHash, 4);
  header.set(merkleRootOfBranch(sha256d(coinbase), work.branch), 36);
  view.setUint32(68, Number.parseInt(work.timeText, 16), true);
  view.setUint32(72, work.bits, true);
  return header;
}

/** Big-endian, as long as the pool asks. */
export function extranonce2Of(counter: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = size - 1, rest = counter; i >= 0 && rest > 0; i -= 1, rest = Math.floor(rest / 256)) bytes[i] = rest % 256;
  return bytes;
}

export function uint32Text(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

function isUint32Text(value: unknown): boolean {
  return typeof value === 'string' && UINT32_TEXT.test(value);
}

function bytesOf(text: unknown): Uint8Array | undefined {
  return typeof text === 'string' ? hexToBytes(text) : undefined;
}

/** Stratum writes the previous hash with the bytes of each 4-byte word reversed. */
function swapWords(bytes: Uint8Array): Uint8Array {
  for (let at = 0; at < bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  return bytes;
}
