/**
 * @module Taproot's tree of scripts: leaf and branch hashes, the tweak of a key, and the proof that an output commits
 * to a leaf. Source: BIP 341. The proof is one multiplication on the curve, done here with @noble: it is no signature,
 * so the oracle cannot be asked, and only script path spends need it.
 */
import {schnorr, secp256k1} from '@noble/curves/secp256k1.js';
import {ByteWriter} from '../bytes/byte-writer.js';
import {compareBytes} from '../bytes/compare.js';
import {isFieldElement, isScalarInOrder} from './curve-order.js';
import {CONTROL_BLOCK_BASE_SIZE, CONTROL_BLOCK_DEPTH_MAX, CONTROL_BLOCK_NODE_SIZE} from './script-limits.js';
import {tapBranchHash, tapLeafHash, tapTweakHash} from './tagged-hash.js';

/** BIP 342's leaf version; every other one succeeds until it is given a meaning. */
export const TAPSCRIPT_LEAF_VERSION = 0xc0;
const LEAF_VERSION_MASK = 0xfe;

export interface TaprootOutputKey {
  /** x only, 32 bytes. */
  readonly outputKey: Uint8Array;
  /** Parity of the full key's y: bit 0 of every control block. */
  readonly isOdd: boolean;
}

export function leafHash(version: number, script: Uint8Array): Uint8Array {
  return tapLeafHash(new ByteWriter(script.length + 6).u8(version).varBytes(script).finish());
}

/** The smaller hash first, so that a proof needs no left or right. */
export function branchHash(one: Uint8Array, other: Uint8Array): Uint8Array {
  return compareBytes(one, other) < 0 ? tapBranchHash(one, other) : tapBranchHash(other, one);
}

/** Q = P + H(P‖root)·G. @param root - undefined for an output without scripts. @returns undefined if P is no key. */
export function tweakPublicKey(internalKey: Uint8Array, root?: Uint8Array): TaprootOutputKey | undefined {
  const tweak = root === undefined ? tapTweakHash(internalKey) : tapTweakHash(internalKey, root);
  if (!isFieldElement(internalKey) || !isScalarInOrder(tweak)) return undefined;
  const {lift_x: liftX} = schnorr.utils;
  try {
    const point = liftX(bytesToInteger(internalKey));
    const scalar = bytesToInteger(tweak);
    const tweaked = scalar === 0n ? point : point.add(secp256k1.Point.BASE.multiply(scalar));
    if (tweaked.is0()) return undefined;
    const encoded = tweaked.toBytes(true);
    return {outputKey: encoded.subarray(1), isOdd: encoded[0] === 3};
  } catch {
    // @noble's way to say that x is not on the curve: outside data, so an answer and no error.
    return undefined;
  }
}

export function isControlBlockSize(size: number): boolean {
  const path = size - CONTROL_BLOCK_BASE_SIZE;
  return path >= 0 && path % CONTROL_BLOCK_NODE_SIZE === 0 && path <= CONTROL_BLOCK_NODE_SIZE * CONTROL_BLOCK_DEPTH_MAX;
}

export function leafVersionOf(controlBlock: Uint8Array): number {
  return controlBlock[0]! & LEAF_VERSION_MASK;
}

/** Does the output key commit to this leaf, by the path in the control block? The size was checked before. */
export function isCommittedLeaf(controlBlock: Uint8Array, outputKey: Uint8Array, leaf: Uint8Array): boolean {
  let node = leaf;
  for (let at = CONTROL_BLOCK_BASE_SIZE; at < controlBlock.length; at += CONTROL_BLOCK_NODE_SIZE) {
    node = branchHash(node, controlBlock.subarray(at, at + CONTROL_BLOCK_NODE_SIZE));
  }
  const tweaked = tweakPublicKey(controlBlock.subarray(1, CONTROL_BLOCK_BASE_SIZE), node);
  return tweaked !== undefined && tweaked.isOdd === ((controlBlock[0]! & 1) === 1)
    && compareBytes(tweaked.outputKey, outputKey) === 0;
}

function bytesToInteger(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}
