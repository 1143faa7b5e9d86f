/**
 * @module The kernel `verifySignatures`: how a signature check is written into a batch, and what a thread does with it.
 * Item: scheme u8, key length u8, key, signature of 64 bytes, message to the end. Answer: one byte, 1 for valid.
 */
import type {SignatureCheck, SignatureScheme} from '../../protocol/script/signature-check.js';
import type {BatchKernel, ThreadKernel} from '../../runtime/threads/batch-kernel.js';
import {judgeSignature} from '../backends/self-check.js';
import type {ChosenSignatures} from '../backends/select.js';

const SCHEMES: readonly SignatureScheme[] = ['ecdsa', 'schnorr', 'ed25519'];
const HEADER = 2;
const SIGNATURE_LENGTH = 64;
/** The longest SEC encoding. */
const KEY_LENGTH_MAX = 65;

/** What the layout above can carry; anything else is no signature and need not travel. */
export function canTravel(check: SignatureCheck): boolean {
  return check.signature.length === SIGNATURE_LENGTH && check.publicKey.length <= KEY_LENGTH_MAX;
}

export const signatureKernel: BatchKernel<SignatureCheck, boolean> = {
  name: 'verifySignatures',
  // First guesses are noble's cost on the reference machine, so that a first batch is never too long.
  costClasses: SCHEMES.map((name) => ({name, firstGuessUs: 900})),
  answerLength: 1,
  costClassOf: (check) => SCHEMES.indexOf(check.scheme),
  byteLength: (check) => HEADER + check.publicKey.length + SIGNATURE_LENGTH + check.message.length,
  encode({scheme, publicKey, signature, message}, into) {
    into[0] = SCHEMES.indexOf(scheme);
    into[1] = publicKey.length;
    into.set(publicKey, HEADER);
    into.set(signature, HEADER + publicKey.length);
    into.set(message, HEADER + publicKey.length + SIGNATURE_LENGTH);
  },
  decode: (answer) => answer[0] === 1,
  contextKeyOf: () => 0,
  contextOf: () => new Uint8Array(),
};

export function createSignatureThreadKernel({verify, flavour}: Pick<ChosenSignatures, 'verify' | 'flavour'>): ThreadKernel {
  return {
    name: signatureKernel.name,
    answerLength: signatureKernel.answerLength,
    flavour,
    knows: () => true,
    learn: () => undefined,
    run(item, _contextKey, answer) {
      const scheme = SCHEMES[item[0]!]!;
      const keyEnd = HEADER + item[1]!;
      const check: SignatureCheck = {
        scheme,
        publicKey: item.subarray(HEADER, keyEnd),
        signature: item.subarray(keyEnd, keyEnd + SIGNATURE_LENGTH),
        message: item.subarray(keyEnd + SIGNATURE_LENGTH),
      };
      answer[0] = judgeSignature(verify[scheme], check) ? 1 : 0;
    },
  };
}
