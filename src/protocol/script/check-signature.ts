/**
 * @module From a signature and key on the stack to one question for the oracle: digest, format, ask.
 * Whether the encoding is allowed under the flags was decided before; here a bad one is only a signature that fails.
 */
import {isFieldElement, isScalarInOrder} from './curve-order.js';
import {plainPublicKey} from './public-key-encoding.js';
import type {ScriptErrorCode} from './script-error.js';
import type {InputSpend, ScriptMachine, TapscriptExecution} from './script-machine.js';
import {legacySighash} from './sighash-legacy.js';
import {segwitSighash} from './sighash-segwit.js';
import {taprootSighash} from './sighash-taproot.js';
import {SIGHASH} from './sighash-type.js';
import {compactSignature} from './signature-encoding.js';

export interface EcdsaQuestion {
  /** With its hash type byte. */
  readonly signature: Uint8Array;
  readonly publicKey: Uint8Array;
  /** Legacy: with the signature cut out. */
  readonly scriptCode: Uint8Array;
}

export interface SchnorrQuestion {
  /** 64 bytes, or 65 with a hash type. */
  readonly signature: Uint8Array;
  /** 32 bytes, x only. */
  readonly publicKey: Uint8Array;
  readonly annexHash: Uint8Array | undefined;
  readonly tapscript: TapscriptExecution | undefined;
}

export function isEcdsaValid(machine: ScriptMachine, question: EcdsaQuestion): boolean {
  const publicKey = plainPublicKey(question.publicKey);
  if (publicKey === undefined || question.signature.length === 0) return false;
  const signature = compactSignature(question.signature.subarray(0, -1));
  if (signature === undefined) return false;
  const hashType = question.signature[question.signature.length - 1]!;
  const message = ecdsaDigest(machine, question.scriptCode, hashType);
  return machine.spend.oracle.isValid({scheme: 'ecdsa', publicKey, signature, message});
}

/** Unlike ECDSA a Schnorr signature that is there must be valid: there is an error for every way it is not. */
export function schnorrError(spend: InputSpend, question: SchnorrQuestion): ScriptErrorCode | undefined {
  const {publicKey, annexHash, tapscript} = question;
  const size = question.signature.length;
  if (size !== 64 && size !== 65) return 'SCHNORR_SIG_SIZE';
  const hashType = size === 65 ? question.signature[64]! : SIGHASH.DEFAULT;
  // An explicit zero would be a second encoding of the same signature.
  if (size === 65 && hashType === SIGHASH.DEFAULT) return 'SCHNORR_SIG_HASHTYPE';
  const message = taprootSighash(spend.digests, {inputIndex: spend.inputIndex, hashType, annexHash, tapscript});
  if (message === undefined) return 'SCHNORR_SIG_HASHTYPE';
  const signature = question.signature.subarray(0, 64);
  const isInRange = isFieldElement(publicKey) && isFieldElement(signature.subarray(0, 32))
    && isScalarInOrder(signature.subarray(32));
  const isValid = isInRange && spend.oracle.isValid({scheme: 'schnorr', publicKey, signature, message});
  return isValid ? undefined : 'SCHNORR_SIG';
}

/** A multisig asks for the same digest up to twenty times; the machine keeps those of its current script code. */
function ecdsaDigest(machine: ScriptMachine, scriptCode: Uint8Array, hashType: number): Uint8Array {
  const isCurrent = scriptCode === machine.scriptCode;
  const known = isCurrent ? machine.knownDigest(hashType) : undefined;
  if (known !== undefined) return known;
  const {digests, inputIndex} = machine.spend;
  const request = {inputIndex, scriptCode, hashType};
  const digest = machine.version === 'legacy'
    ? legacySighash(digests.transaction, request)
    : segwitSighash(digests, request);
  if (isCurrent) machine.rememberDigest(hashType, digest);
  return digest;
}
