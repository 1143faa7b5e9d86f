/**
 * @module The reference: @noble/curves and @noble/hashes. What it answers is the truth for every other backend.
 *
 * Ed25519 follows RFC 8032 section 5.1.7 with the equation WITHOUT the cofactor, [s]B = R + [k]A, checked by encoding
 * [s]B - [k]A and comparing with R's bytes. noble's own `verify` multiplies by the cofactor, OpenSSL does not; they differ
 * for keys with a small-order part, which would split a chain. So here the equation is written out.
 */
import {ed25519} from '@noble/curves/ed25519.js';
import {schnorr, secp256k1} from '@noble/curves/secp256k1.js';
import {sha256, sha512} from '@noble/hashes/sha2.js';
import type {Sha256dBackend, SignatureBackend} from './backend.js';

function verifyEd25519(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean {
  const {Point} = ed25519;
  const encodedR = signature.subarray(0, 32);
  const challenge = Point.Fn.create(readLittleEndian(sha512.create().update(encodedR).update(publicKey).update(message).digest()));
  const s = readLittleEndian(signature.subarray(32));
  const keyPart = Point.fromBytes(publicKey, false).negate().multiplyUnsafe(challenge);
  const expectedR = Point.BASE.multiplyUnsafe(s).add(keyPart).toBytes();
  return expectedR.every((byte, index) => byte === encodedR[index]);
}

function readLittleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let index = bytes.length - 1; index >= 0; index -= 1) value = (value << 8n) | BigInt(bytes[index]!);
  return value;
}

export const nobleSignatures: SignatureBackend & {readonly schemes: Required<SignatureBackend['schemes']>} = {
  name: 'noble',
  schemes: {
    ecdsa: (publicKey, signature, message) => secp256k1.verify(signature, message, publicKey, {prehash: false, lowS: true}),
    schnorr: (publicKey, signature, message) => schnorr.verify(signature, message, publicKey),
    ed25519: verifyEd25519,
  },
};

export const nobleSha256d: Sha256dBackend = {name: 'noble', sha256d: (message) => sha256(sha256(message))};
