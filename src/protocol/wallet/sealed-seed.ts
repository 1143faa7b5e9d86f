/**
 * @module A seed at rest: scrypt (RFC 7914) makes a key of the passphrase, XChaCha20-Poly1305 seals the entropy with it.
 * The cost parameters stand beside the secret, so they can be raised later; what else the file says is authenticated with
 * it, because whoever could change the wallet's public key unseen would be paid in the pool's place.
 */
import {xchacha20poly1305} from '@noble/ciphers/chacha.js';
import {scrypt} from '@noble/hashes/scrypt.js';
import {bytesToHex, hexToBytes} from '../bytes/hex.js';
import {assert, reject} from '../verdict.js';
import type {Verdict} from '../verdict.js';

export interface ScryptCost {
  /** log2 of N: memory is 128·r·N bytes. */
  readonly logN: number;
  readonly r: number;
  readonly p: number;
}

export interface SealedSeed {
  readonly kdf: 'scrypt';
  readonly cost: ScryptCost;
  readonly saltHex: string;
  readonly cipher: 'xchacha20-poly1305';
  readonly nonceHex: string;
  readonly sealedHex: string;
}

/** 128 MiB and about a second and a half in JavaScript: once at start-up, and each guess of a thief. */
export const SEAL_COST: ScryptCost = {logN: 17, r: 8, p: 1};
/** A file asks for at most so much: 1 GiB. */
const LOG_N_MAX = 20;
export const SALT_SIZE = 16;
export const NONCE_SIZE = 24;
const KEY_SIZE = 32;

/** @param context - what else the file says: authenticated, not hidden. */
export function sealSeed(
  entropy: Uint8Array,
  options: {readonly passphrase: string; readonly context: Uint8Array; readonly salt: Uint8Array; readonly nonce: Uint8Array; readonly cost?: ScryptCost},
): SealedSeed {
  const {passphrase, context, salt, nonce, cost = SEAL_COST} = options;
  assert(salt.length === SALT_SIZE && nonce.length === NONCE_SIZE, 'a salt of 16 bytes and a nonce of 24');
  const sealed = xchacha20poly1305(keyOf(passphrase, salt, cost), nonce, context).encrypt(entropy);
  return {kdf: 'scrypt', cost, saltHex: bytesToHex(salt), cipher: 'xchacha20-poly1305', nonceHex: bytesToHex(nonce), sealedHex: bytesToHex(sealed)};
}

export function openSeed(
  seal: SealedSeed, options: {readonly passphrase: string; readonly context: Uint8Array},
): Verdict<Uint8Array, 'wallet-passphrase-wrong' | 'wallet-file-invalid'> {
  const salt = hexToBytes(seal.saltHex);
  const nonce = hexToBytes(seal.nonceHex);
  const sealed = hexToBytes(seal.sealedHex);
  if (salt?.length !== SALT_SIZE || nonce?.length !== NONCE_SIZE || sealed === undefined) return reject('wallet-file-invalid', 'the sealed seed is damaged');
  const {logN, r, p} = seal.cost;
  if (![logN, r, p].every((value) => Number.isSafeInteger(value) && value > 0) || logN > LOG_N_MAX || r > 32 || p > 16) {
    return reject('wallet-file-invalid', 'cost parameters out of range');
  }
  try {
    return {ok: true, value: xchacha20poly1305(keyOf(options.passphrase, salt, seal.cost), nonce, options.context).decrypt(sealed)};
  } catch {
    return reject('wallet-passphrase-wrong', 'the passphrase does not open the wallet, or the file was changed');
  }
}

function keyOf(passphrase: string, salt: Uint8Array, {logN, r, p}: ScryptCost): Uint8Array {
  // Two ways to type an accent are one passphrase (as BIP 39 has it).
  return scrypt(new TextEncoder().encode(passphrase.normalize('NFKD')), salt, {N: 2 ** logN, r, p, dkLen: KEY_SIZE});
}
