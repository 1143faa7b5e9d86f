/**
 * @module How script evaluation asks for a signature check, without doing the curve arithmetic.
 *
 * The interpreter is synchronous; signatures are checked in batches on worker threads. The two meet by
 * assumption: a checker that does not know an answer yet notes the question and answers `true`. When every
 * assumed answer turns out true, the evaluation stands; else it is run again with the answers now known.
 * The last run uses known answers only, so the outcome equals that of checking at once. See `verify-inputs.ts`.
 */

export type SignatureScheme = 'ecdsa' | 'schnorr' | 'ed25519';

/** One question. Keys and signatures have passed the format rules (strict DER, low S) before it is asked. */
export interface SignatureCheck {
  readonly scheme: SignatureScheme;
  /** ecdsa: 33 or 65 bytes SEC; schnorr: 32 bytes x-only; ed25519: 32 bytes. */
  readonly publicKey: Uint8Array;
  /** ecdsa: 64 bytes compact r‖s, low S; schnorr and ed25519: 64 bytes. */
  readonly signature: Uint8Array;
  /** The 32-byte digest; ed25519: any message. */
  readonly message: Uint8Array;
}

/** The interpreter's only way to a signature. */
export interface SignatureOracle {
  isValid(check: SignatureCheck): boolean;
}
