/**
 * @module secp256k1's field and group sizes, for range checks on bytes before any curve arithmetic. Source: SEC 2, 2.4.1.
 */
import {compareBytes} from '../bytes/compare.js';
import {hexToBytes} from '../bytes/hex.js';

const FIELD_SIZE = hexToBytes('fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f')!;
const GROUP_ORDER = hexToBytes('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141')!;
const HALF_ORDER = hexToBytes('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0')!;

/** @param scalar - 32 bytes, big-endian. */
export function isScalarInOrder(scalar: Uint8Array): boolean {
  return compareBytes(scalar, GROUP_ORDER) < 0;
}

/** In range for an ECDSA r or s, or a private key: 1 to n - 1. */
export function isNonZeroScalar(scalar: Uint8Array): boolean {
  return isScalarInOrder(scalar) && scalar.some((byte) => byte !== 0);
}

export function isHighScalar(scalar: Uint8Array): boolean {
  return compareBytes(scalar, HALF_ORDER) > 0;
}

export function isFieldElement(element: Uint8Array): boolean {
  return compareBytes(element, FIELD_SIZE) < 0;
}

/** n - scalar: the other s of the same ECDSA signature. */
export function negateScalar(scalar: Uint8Array): Uint8Array {
  const negated = new Uint8Array(32);
  let borrow = 0;
  for (let i = 31; i >= 0; i--) {
    const difference = GROUP_ORDER[i]! - scalar[i]! - borrow;
    borrow = difference < 0 ? 1 : 0;
    negated[i] = difference & 0xff;
  }
  return negated;
}
