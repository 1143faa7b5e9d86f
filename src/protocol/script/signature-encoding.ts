/**
 * @module ECDSA signatures as bytes: which encodings are allowed, and the 64-byte form that the oracle is asked with.
 * Source: BIP 66 (strict DER), BIP 146 (low S), and for what BIP 66 ended: the lax reading of libsecp256k1's
 * contrib/lax_der_parsing, which is consensus in blocks before it.
 */
import {isHighScalar, isScalarInOrder, negateScalar} from './curve-order.js';
import type {ScriptErrorCode} from './script-error.js';
import {SCRIPT_FLAG} from './script-flags.js';
import type {ScriptFlags} from './script-flags.js';
import {isDefinedHashType, SIGHASH} from './sighash-type.js';

const TAG_SEQUENCE = 0x30;
const TAG_INTEGER = 0x02;
const SCALAR_SIZE = 32;

/** The rules that bind before a signature is checked. An empty one is the correct way to say no. */
export function signatureEncodingError(signature: Uint8Array, flags: ScriptFlags): ScriptErrorCode | undefined {
  if (signature.length === 0) return undefined;
  const needsDer = SCRIPT_FLAG.DERSIG | SCRIPT_FLAG.LOW_S | SCRIPT_FLAG.STRICTENC;
  if ((flags & needsDer) !== 0 && !isStrictDer(signature)) return 'SIG_DER';
  if ((flags & SCRIPT_FLAG.LOW_S) !== 0 && hasHighS(signature)) return 'SIG_HIGH_S';
  const hashType = signature[signature.length - 1]!;
  if ((flags & SCRIPT_FLAG.STRICTENC) !== 0 && !isDefinedHashType(hashType)) return 'SIG_HASHTYPE';
  return undefined;
}

/** BIP 66. @param signature - with its hash type byte. */
export function isStrictDer(signature: Uint8Array): boolean {
  const size = signature.length;
  if (size < 9 || size > 73) return false;
  if (signature[0] !== TAG_SEQUENCE || signature[1] !== size - 3) return false;
  const sizeR = signature[3]!;
  if (5 + sizeR >= size) return false;
  const sizeS = signature[5 + sizeR]!;
  if (sizeR + sizeS + 7 !== size) return false;
  return isStrictInteger(signature, 2, sizeR) && isStrictInteger(signature, 4 + sizeR, sizeS);
}

/**
 * r‖s with s brought to its lower half: both values of s verify or neither, and the oracle takes the low one only.
 * @param der - without the hash type byte; read as laxly as Core reads it, since stricter rules were asked before.
 * @returns undefined where no signature can be valid: not readable, or a value out of range.
 */
export function compactSignature(der: Uint8Array): Uint8Array | undefined {
  const integers = readLaxDer(der);
  if (integers === undefined) return undefined;
  const compact = new Uint8Array(2 * SCALAR_SIZE);
  const r = compact.subarray(0, SCALAR_SIZE);
  const s = compact.subarray(SCALAR_SIZE);
  if (!writeScalar(integers[0], r) || !writeScalar(integers[1], s)) return undefined;
  if (isHighScalar(s)) s.set(negateScalar(s));
  return compact;
}

/** Strict DER of a compact signature, with the hash type: what a signer puts into a script. */
export function encodeSignature(compact: Uint8Array, hashType: number = SIGHASH.ALL): Uint8Array {
  const r = derInteger(compact.subarray(0, SCALAR_SIZE));
  const s = derInteger(compact.subarray(SCALAR_SIZE));
  return Uint8Array.from([TAG_SEQUENCE, r.length + s.length, ...r, ...s, hashType]);
}

/** Core asks this of signatures that already passed strict DER; values beyond the order count as zero, so as low. */
function hasHighS(signature: Uint8Array): boolean {
  const integers = readLaxDer(signature.subarray(0, -1));
  if (integers === undefined) return false;
  const [r, s] = integers.map((integer) => leftPadded(withoutLeadingZeros(integer)));
  return r !== undefined && s !== undefined && isScalarInOrder(r) && isScalarInOrder(s) && isHighScalar(s);
}

/** Positive, not empty, no needless zero in front. `at` is where the tag stands. */
function isStrictInteger(signature: Uint8Array, at: number, size: number): boolean {
  if (signature[at] !== TAG_INTEGER || size === 0) return false;
  const first = signature[at + 2]!;
  if (first >= 0x80) return false;
  return !(size > 1 && first === 0 && signature[at + 3]! < 0x80);
}

/** The sequence's length is not believed and what follows s is ignored, as OpenSSL did when it was consensus. */
function readLaxDer(der: Uint8Array): readonly [Uint8Array, Uint8Array] | undefined {
  if (der.length < 2 || der[0] !== TAG_SEQUENCE) return undefined;
  let at = 2;
  if (der[1]! >= 0x80) {
    const lengthBytes = der[1]! - 0x80;
    if (lengthBytes > der.length - at) return undefined;
    at += lengthBytes;
  }
  const r = readLaxInteger(der, at);
  const s = r === undefined ? undefined : readLaxInteger(der, r.end);
  return r === undefined || s === undefined ? undefined : [r.digits, s.digits];
}

function readLaxInteger(der: Uint8Array, start: number): {digits: Uint8Array; end: number} | undefined {
  let at = start;
  if (at + 2 > der.length || der[at] !== TAG_INTEGER) return undefined;
  let size = der[at + 1]!;
  at += 2;
  if (size >= 0x80) {
    let lengthBytes = size - 0x80;
    if (lengthBytes > der.length - at) return undefined;
    for (; lengthBytes > 0 && der[at] === 0; lengthBytes--) at++;
    if (lengthBytes >= 4) return undefined;
    size = 0;
    for (; lengthBytes > 0; lengthBytes--) size = size * 256 + der[at++]!;
  }
  if (size > der.length - at) return undefined;
  return {digits: der.subarray(at, at + size), end: at + size};
}

function withoutLeadingZeros(digits: Uint8Array): Uint8Array {
  let at = 0;
  while (at < digits.length && digits[at] === 0) at++;
  return digits.subarray(at);
}

/** Right-aligned. @returns false for zero and for anything that is not below the group order. */
function writeScalar(integer: Uint8Array, out: Uint8Array): boolean {
  let start = 0;
  while (start < integer.length && integer[start] === 0) start++;
  const size = integer.length - start;
  if (size === 0 || size > SCALAR_SIZE) return false;
  for (let i = 0; i < size; i++) out[SCALAR_SIZE - size + i] = integer[start + i]!;
  return isScalarInOrder(out);
}

function leftPadded(digits: Uint8Array): Uint8Array | undefined {
  if (digits.length > SCALAR_SIZE) return undefined;
  const padded = new Uint8Array(SCALAR_SIZE);
  padded.set(digits, SCALAR_SIZE - digits.length);
  return padded;
}

function derInteger(scalar: Uint8Array): number[] {
  const digits = [...withoutLeadingZeros(scalar)];
  if (digits.length === 0 || digits[0]! >= 0x80) digits.unshift(0);
  return [TAG_INTEGER, digits.length, ...digits];
}
