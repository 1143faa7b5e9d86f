/**
 * @module The faster backends, each loaded only if it is installed. None is believed before `self-check.ts` has run.
 */
import {createPublicKey, verify as verifyWithOpenSsl} from 'node:crypto';
import type {KeyObject} from 'node:crypto';
import {createRequire} from 'node:module';
import {FifoMap} from '../../runtime/threads/fifo-map.js';
import type {SignatureBackend, SignatureBackendName} from './backend.js';
import {nobleSignatures} from './noble.js';

/** Parsed keys kept per thread: parsing costs 61 us on Node 20, as much as the check itself. */
const PARSED_KEYS_MAX = 4096;
/** SubjectPublicKeyInfo of an Ed25519 key, all but the 32 key bytes (RFC 8410 section 4). */
const ED25519_SPKI_PREFIX = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);

/** Undefined when the package is not installed or has no binary for this machine. */
export async function loadBackend(name: SignatureBackendName): Promise<SignatureBackend | undefined> {
  try {
    switch (name) {
      case 'secp256k1-addon': return loadSecp256k1Addon();
      case 'tiny-secp256k1': return await loadTinySecp256k1();
      case 'node-ed25519': return createNodeEd25519();
      case 'noble': return nobleSignatures;
    }
  } catch {
    // An optional package that does not load is the same as one that is not there.
    return undefined;
  }
}

interface Secp256k1Addon {
  ecdsaVerify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}

function loadSecp256k1Addon(): SignatureBackend {
  // `bindings.js` is the native code alone; the package's main file falls back to a slow pure-JS library unasked.
  const addon = createRequire(import.meta.url)('secp256k1/bindings.js') as Secp256k1Addon;
  return {name: 'secp256k1-addon', schemes: {ecdsa: (publicKey, signature, message) => addon.ecdsaVerify(signature, message, publicKey)}};
}

interface TinySecp256k1 {
  verify(message: Uint8Array, publicKey: Uint8Array, signature: Uint8Array, strict: boolean): boolean;
  verifySchnorr(message: Uint8Array, publicKey: Uint8Array, signature: Uint8Array): boolean;
}

async function loadTinySecp256k1(): Promise<SignatureBackend> {
  // A name in a variable, so that the build does not need the optional package's types.
  const packageName: string = 'tiny-secp256k1';
  const tiny = (await import(packageName)) as TinySecp256k1;
  return {
    name: 'tiny-secp256k1',
    schemes: {
      ecdsa: (publicKey, signature, message) => tiny.verify(message, publicKey, signature, true),
      // It takes digests only; BIP 340 allows any length, which noble answers.
      schnorr: (publicKey, signature, message) => (message.length === 32
        ? tiny.verifySchnorr(message, publicKey, signature)
        : nobleSignatures.schemes.schnorr(publicKey, signature, message)),
    },
  };
}

function createNodeEd25519(): SignatureBackend {
  const parsedKeys = new FifoMap<string, KeyObject>(PARSED_KEYS_MAX);
  function parse(publicKey: Uint8Array): KeyObject {
    const text = String.fromCharCode(...publicKey);
    const known = parsedKeys.get(text);
    if (known !== undefined) return known;
    const der = Buffer.concat([ED25519_SPKI_PREFIX, publicKey]);
    const parsed = createPublicKey({key: der, format: 'der', type: 'spki'});
    parsedKeys.set(text, parsed);
    return parsed;
  }
  return {name: 'node-ed25519', schemes: {ed25519: (publicKey, signature, message) => verifyWithOpenSsl(null, message, parse(publicKey), signature)}};
}
