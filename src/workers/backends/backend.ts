/**
 * @module What a provider of curve arithmetic or hashing looks like to the kernels. The rules of format are applied
 * before a backend is asked (`signature-format.ts`), so that backends can only differ in speed.
 */
import type {SignatureScheme} from '../../protocol/script/signature-check.js';

/** Answers one well-formed question. May throw for a key that is no curve point; that counts as false. */
export type VerifySignature = (publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array) => boolean;

export interface SignatureBackend {
  readonly name: string;
  readonly schemes: Readonly<Partial<Record<SignatureScheme, VerifySignature>>>;
}

export interface Sha256dBackend {
  readonly name: string;
  readonly sha256d: (message: Uint8Array) => Uint8Array;
}

/** In order of preference, by measured speed (docs: limits, section 2); noble, the reference, is last and always there. */
export const SIGNATURE_BACKEND_NAMES = ['secp256k1-addon', 'node-ed25519', 'tiny-secp256k1', 'noble'] as const;
export const SHA256D_BACKEND_NAMES = ['hand-tuned', 'noble'] as const;
export type SignatureBackendName = (typeof SIGNATURE_BACKEND_NAMES)[number];

/** `noble` leaves every accelerated backend aside. */
export type BackendPreference = 'fastest' | 'noble';
