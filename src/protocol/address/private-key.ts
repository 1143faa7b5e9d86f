/**
 * @module Private keys: their text form (WIF), their public keys, and the addresses that they can spend from.
 * Makes no randomness: whoever generates a key hands 32 random bytes in.
 */
import {secp256k1} from '@noble/curves/secp256k1.js';
import {concatBytes} from '../bytes/compare.js';
import {hash160} from '../bytes/hash160.js';
import type {AddressPrefixes} from '../chain/chain-spec.js';
import {p2pkh, p2shOf, p2tr, p2wpkh} from '../script/build-script.js';
import {isNonZeroScalar} from '../script/curve-order.js';
import {tweakPublicKey} from '../script/taproot-tree.js';
import {assert, reject} from '../verdict.js';
import type {Verdict} from '../verdict.js';
import {encodeAddress} from './address.js';
import {decodeBase58Check, encodeBase58Check} from './base58check.js';

export interface PrivateKey {
  /** 32 bytes, big-endian, 1 to n - 1. */
  readonly secret: Uint8Array;
  /** Which of the two public keys its old-style address commits to. */
  readonly isCompressed: boolean;
}

export type PrivateKeyRejection = 'private-key-malformed' | 'private-key-other-chain' | 'private-key-out-of-range';

/** The four kinds of address that one key can spend from. */
export interface KeyAddresses {
  readonly p2pkh: string;
  readonly p2shP2wpkh: string;
  readonly p2wpkh: string;
  readonly p2tr: string;
}

const SECRET_SIZE = 32;
const COMPRESSED_MARK = 1;

/** @param random32 - from a cryptographic source. Out of range happens once in 2^127 draws: draw again. */
export function privateKeyFromRandom(random32: Uint8Array): Verdict<PrivateKey, 'private-key-out-of-range'> {
  assert(random32.length === SECRET_SIZE, 'a private key has 32 bytes');
  if (!isNonZeroScalar(random32)) return reject('private-key-out-of-range');
  return {ok: true, value: {secret: random32.slice(), isCompressed: true}};
}

export function encodePrivateKey(key: PrivateKey, prefixes: AddressPrefixes): string {
  const mark = key.isCompressed ? Uint8Array.of(COMPRESSED_MARK) : new Uint8Array(0);
  return encodeBase58Check(concatBytes(Uint8Array.of(prefixes.wif), key.secret, mark));
}

export function decodePrivateKey(text: string, prefixes: AddressPrefixes): Verdict<PrivateKey, PrivateKeyRejection> {
  const payload = decodeBase58Check(text);
  if (payload === undefined) return reject('private-key-malformed');
  const isCompressed = payload.length === SECRET_SIZE + 2 && payload[SECRET_SIZE + 1] === COMPRESSED_MARK;
  if (!isCompressed && payload.length !== SECRET_SIZE + 1) return reject('private-key-malformed', `${payload.length} bytes`);
  if (payload[0] !== prefixes.wif) return reject('private-key-other-chain', `version byte ${payload[0]}`);
  const secret = payload.slice(1, SECRET_SIZE + 1);
  return isNonZeroScalar(secret) ? {ok: true, value: {secret, isCompressed}} : reject('private-key-out-of-range');
}

export function publicKeyOf(key: PrivateKey): Uint8Array {
  return secp256k1.getPublicKey(key.secret, key.isCompressed);
}

/** Segwit addresses commit to the compressed key whatever the mark says: others cannot be spent (BIP 143). */
export function addressesOf(key: PrivateKey, prefixes: AddressPrefixes): KeyAddresses {
  const compressed = secp256k1.getPublicKey(key.secret, true);
  const program = p2wpkh(hash160(compressed));
  const taproot = tweakPublicKey(compressed.subarray(1));
  assert(taproot !== undefined, 'a key on the curve has a tweak');
  const address = (script: Uint8Array): string => encodeAddress(script, prefixes)!;
  return {
    p2pkh: address(p2pkh(hash160(publicKeyOf(key)))),
    p2shP2wpkh: address(p2shOf(program)),
    p2wpkh: address(program),
    p2tr: address(p2tr(taproot.outputKey)),
  };
}
