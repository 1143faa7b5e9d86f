/**
 * @module The rules of format that every signature meets before any backend sees it, so that all backends agree.
 *
 * ECDSA: r and s in [1, n-1], s at most n/2 (BIP 146 LOW_S; the interpreter normalises where consensus allows high S);
 * hybrid keys (06, 07), which consensus allows in old scripts, are rewritten as 04 after their parity is checked.
 * Schnorr: BIP 340 "Verification". Ed25519: RFC 8032 5.1.7, s < L, canonical key; keys of small order are refused,
 * since under them one signature fits many messages.
 */
import type {SignatureCheck} from '../protocol/script/signature-check.js';

const SECP256K1_N = bytesOf('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141');
const SECP256K1_HALF_N = bytesOf('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0');
const SECP256K1_P = bytesOf('fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f');
/** Big-endian, as all constants here. */
const ED25519_L = bytesOf('1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed');
const ED25519_P = bytesOf('7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed');
/** y of the points of order 1, 2, 4 and 8, big-endian; both signs of x are refused. */
const ED25519_SMALL_ORDER_Y = [
  '0000000000000000000000000000000000000000000000000000000000000001',
  '7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826',
  '7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd83d3d706a17c7',
].map(bytesOf);

/** The key as backends shall see it, or undefined if the check is false by format alone. */
export function acceptFormat(check: SignatureCheck): Uint8Array | undefined {
  const {scheme, publicKey, signature, message} = check;
  if (signature.length !== 64) return undefined;
  switch (scheme) {
    case 'ecdsa': return message.length === 32 && isEcdsaSignature(signature) ? plainSecKey(publicKey) : undefined;
    case 'schnorr': return publicKey.length === 32 && isSchnorrSignature(signature) && isBelow(publicKey, SECP256K1_P) ? publicKey : undefined;
    case 'ed25519': return publicKey.length === 32 && isEd25519Key(publicKey) && isEd25519Scalar(signature) ? publicKey : undefined;
  }
}

function isEcdsaSignature(signature: Uint8Array): boolean {
  const r = signature.subarray(0, 32);
  const s = signature.subarray(32);
  return !isZero(r) && !isZero(s) && isBelow(r, SECP256K1_N) && !isBelow(SECP256K1_HALF_N, s);
}

function isSchnorrSignature(signature: Uint8Array): boolean {
  return isBelow(signature.subarray(0, 32), SECP256K1_P) && isBelow(signature.subarray(32), SECP256K1_N);
}

function plainSecKey(publicKey: Uint8Array): Uint8Array | undefined {
  const prefix = publicKey[0];
  if (publicKey.length === 33) return prefix === 2 || prefix === 3 ? publicKey : undefined;
  if (publicKey.length !== 65) return undefined;
  if (prefix === 4) return publicKey;
  if ((prefix !== 6 && prefix !== 7) || (publicKey[64]! & 1) !== (prefix & 1)) return undefined;
  const plain = publicKey.slice();
  plain[0] = 4;
  return plain;
}

function isEd25519Key(publicKey: Uint8Array): boolean {
  const y = publicKey.slice().reverse();
  y[0]! &= 0x7f;
  return isBelow(y, ED25519_P) && !ED25519_SMALL_ORDER_Y.some((small) => compare(y, small) === 0);
}

function isEd25519Scalar(signature: Uint8Array): boolean {
  return isBelow(signature.slice(32).reverse(), ED25519_L);
}

function isBelow(value: Uint8Array, limit: Uint8Array): boolean {
  return compare(value, limit) < 0;
}

/** Of two big-endian numbers of equal length. */
function compare(a: Uint8Array, b: Uint8Array): number {
  for (let index = 0; index < a.length; index += 1) {
    if (a[index] !== b[index]) return a[index]! - b[index]!;
  }
  return 0;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g)!, (pair) => Number.parseInt(pair, 16));
}
