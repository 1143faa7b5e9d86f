/** @module Headers and what is known about them, as Bitcoin's JSON-RPC shows them. */
import {hashToDisplayHex} from '../../protocol/bytes/hex.js';
import {compactToTarget} from '../../protocol/consensus/pow/compact.js';
import {difficultyOfBits} from '../../protocol/consensus/pow/work.js';
import type {HeaderView} from '../../actors/chain/messages.js';
import type {JsonValue} from './json-text.js';

export function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

export function hex256(value: bigint): string {
  return value.toString(16).padStart(64, '0');
}

export function targetHex(bits: number): string {
  return hex256(compactToTarget(bits) ?? 0n);
}

export function headerJson(view: HeaderView): Record<string, JsonValue | undefined> {
  const {header} = view;
  return {
    hash: hashToDisplayHex(header.hash),
    confirmations: view.confirmations,
    height: view.height,
    version: header.version,
    versionHex: hex32(header.version),
    merkleroot: hashToDisplayHex(header.merkleRoot),
    time: header.timeSec,
    mediantime: view.medianTimePastSec,
    nonce: header.nonce,
    bits: hex32(header.bits),
    target: targetHex(header.bits),
    difficulty: difficultyOfBits(header.bits),
    chainwork: hex256(view.chainwork),
    nTx: view.txCount ?? 0,
    previousblockhash: view.height === 0 ? undefined : hashToDisplayHex(header.previousHash),
    nextblockhash: view.nextHash === undefined ? undefined : hashToDisplayHex(view.nextHash),
  };
}
