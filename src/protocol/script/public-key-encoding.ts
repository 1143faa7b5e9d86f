/** @module Public keys as bytes in scripts: which forms are allowed, and the form that the oracle is asked with. */
import type {ScriptErrorCode} from './script-error.js';
import {SCRIPT_FLAG} from './script-flags.js';
import type {ScriptFlags} from './script-flags.js';
import type {SignatureVersion} from './script-machine.js';

export const COMPRESSED_KEY_SIZE = 33;
export const UNCOMPRESSED_KEY_SIZE = 65;

export function isCompressedKey(key: Uint8Array): boolean {
  return key.length === COMPRESSED_KEY_SIZE && (key[0] === 2 || key[0] === 3);
}

export function publicKeyEncodingError(
  key: Uint8Array, flags: ScriptFlags, version: SignatureVersion,
): ScriptErrorCode | undefined {
  const isCompressed = isCompressedKey(key);
  const isUncompressed = key.length === UNCOMPRESSED_KEY_SIZE && key[0] === 4;
  if ((flags & SCRIPT_FLAG.STRICTENC) !== 0 && !isCompressed && !isUncompressed) return 'PUBKEYTYPE';
  if ((flags & SCRIPT_FLAG.WITNESS_PUBKEYTYPE) !== 0 && version === 'witness-v0' && !isCompressed) return 'WITNESS_PUBKEYTYPE';
  return undefined;
}

/**
 * The key as SEC 1 compressed or uncompressed. The hybrid forms 06 and 07, which name y's parity besides y, are legal
 * outside STRICTENC; libsecp256k1 reads them where the parity is right, the oracle's libraries need not.
 * @returns undefined for anything that is no key by its first byte and length; whether it is on the curve is not asked.
 */
export function plainPublicKey(key: Uint8Array): Uint8Array | undefined {
  if (isCompressedKey(key)) return key;
  if (key.length !== UNCOMPRESSED_KEY_SIZE) return undefined;
  const form = key[0]!;
  if (form === 4) return key;
  if ((form !== 6 && form !== 7) || (key[64]! & 1) !== (form & 1)) return undefined;
  const plain = key.slice();
  plain[0] = 4;
  return plain;
}
