/**
 * @module Compares a backend with noble on fixed keys before it is used: valid signatures, each of them with one bit
 * turned in key, signature and message, and keys that are no curve points. One disagreement and it is not used.
 */
import {ed25519} from '@noble/curves/ed25519.js';
import {schnorr, secp256k1} from '@noble/curves/secp256k1.js';
import type {SignatureCheck, SignatureScheme} from '../../protocol/script/signature-check.js';
import {acceptFormat} from '../signature-format.js';
import type {Sha256dBackend, SignatureBackend, VerifySignature} from './backend.js';
import {nobleSha256d, nobleSignatures} from './noble.js';

/** The check that the kernels make: format first, then the backend; a throw means false. */
export function judgeSignature(verify: VerifySignature, check: SignatureCheck): boolean {
  const publicKey = acceptFormat(check);
  if (publicKey === undefined) return false;
  try {
    return verify(publicKey, check.signature, check.message);
  } catch {
    // Backends throw for bytes that are no curve point: such a key has no valid signature.
    return false;
  }
}

/** What disagreed first, or undefined when the backend may be used for this scheme. */
export function findDisagreement(backend: SignatureBackend, scheme: SignatureScheme): string | undefined {
  const verify = backend.schemes[scheme];
  if (verify === undefined) return `${backend.name} has no ${scheme}`;
  for (const [name, check] of selfCheckCases(scheme)) {
    const expected = judgeSignature(nobleSignatures.schemes[scheme], check);
    if (judgeSignature(verify, check) !== expected) return `${backend.name} ${scheme}: ${name}, noble says ${expected}`;
  }
  return undefined;
}

export function findHashDisagreement(backend: Sha256dBackend): string | undefined {
  // Around the block boundaries of SHA-256 (55, 64, 119 bytes), and the sizes that are hashed here: 64 and 80.
  for (const length of [0, 1, 32, 55, 56, 63, 64, 65, 80, 119, 120, 127, 128, 250, 1000]) {
    const message = pattern(length, length + 1);
    const expected = nobleSha256d.sha256d(message);
    const found = backend.sha256d(message);
    if (found.length !== 32 || !expected.every((byte, index) => byte === found[index])) return `${backend.name} sha256d of ${length} bytes`;
  }
  return undefined;
}

export function* selfCheckCases(scheme: SignatureScheme): Generator<readonly [string, SignatureCheck]> {
  const secret = pattern(32, 7);
  const valid = signedCheck(scheme, secret, pattern(32, 99));
  yield ['a valid signature', valid];
  yield ['another key', {...valid, publicKey: signedCheck(scheme, pattern(32, 8), pattern(32, 99)).publicKey}];
  yield ['a turned bit in r', {...valid, signature: turned(valid.signature, 5)}];
  yield ['a turned bit in s', {...valid, signature: turned(valid.signature, 40)}];
  yield ['a turned bit in the message', {...valid, message: turned(valid.message, 31)}];
  yield ['a key that is probably no point', {...valid, publicKey: turned(valid.publicKey, 20)}];
  yield ['r zero', {...valid, signature: Uint8Array.from(valid.signature, (byte, index) => (index < 32 ? 0 : byte))}];
  yield ['s zero', {...valid, signature: Uint8Array.from(valid.signature, (byte, index) => (index < 32 ? byte : 0))}];
  yield ['all ones', {...valid, signature: new Uint8Array(64).fill(0xff)}];
  yield ['a zero message', signedCheck(scheme, secret, new Uint8Array(32))];
  if (scheme === 'ecdsa') {
    yield ['an uncompressed key', {...valid, publicKey: secp256k1.getPublicKey(secret, false)}];
    yield ['a point off the curve', {...valid, publicKey: turned(secp256k1.getPublicKey(secret, false), 64)}];
  }
  if (scheme === 'ed25519') yield ['an empty message', signedCheck(scheme, secret, new Uint8Array())];
}

/** A valid check by noble; also for tests and benchmarks. Deterministic: test keys only. */
export function signedCheck(scheme: SignatureScheme, secret: Uint8Array, message: Uint8Array): SignatureCheck {
  switch (scheme) {
    case 'ecdsa': return {scheme, publicKey: secp256k1.getPublicKey(secret), signature: secp256k1.sign(message, secret, {prehash: false, lowS: true}), message};
    case 'schnorr': return {scheme, publicKey: schnorr.getPublicKey(secret), signature: schnorr.sign(message, secret, new Uint8Array(32)), message};
    case 'ed25519': return {scheme, publicKey: ed25519.getPublicKey(secret), signature: ed25519.sign(message, secret), message};
  }
}

function turned(bytes: Uint8Array, index: number): Uint8Array {
  const copy = bytes.slice();
  copy[index]! ^= 1;
  return copy;
}

function pattern(length: number, seed: number): Uint8Array {
  return Uint8Array.from({length}, (_, index) => (index * 31 + seed * 17 + 1) & 0xff);
}
