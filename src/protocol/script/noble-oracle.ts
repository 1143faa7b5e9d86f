/**
 * @module The reference oracle: checks at once, in this thread, with @noble. About one thousand checks a second and
 * core, so blocks go to the worker pool; tools, tests and small machines use this one.
 */
import {ed25519} from '@noble/curves/ed25519.js';
import {schnorr, secp256k1} from '@noble/curves/secp256k1.js';
import type {SignatureCheck, SignatureOracle} from './signature-check.js';

export const nobleOracle: SignatureOracle = {isValid: isValidByNoble};

export function isValidByNoble({scheme, publicKey, signature, message}: SignatureCheck): boolean {
  try {
    switch (scheme) {
      case 'ecdsa':
        return secp256k1.verify(signature, message, publicKey, {prehash: false, lowS: true});
      case 'schnorr':
        return schnorr.verify(signature, message, publicKey);
      case 'ed25519':
        return ed25519.verify(signature, message, publicKey);
    }
  } catch {
    // @noble throws for keys that are no point: for us that is a signature that fails.
    return false;
  }
}
