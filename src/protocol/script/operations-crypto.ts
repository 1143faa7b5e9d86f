/** @module Hashes, OP_CODESEPARATOR and signature checks. Source: Bitcoin Core interpreter.cpp, BIP 143, 147, 342. */
import {ripemd160, sha1} from '@noble/hashes/legacy.js';
import {hash160} from '../bytes/hash160.js';
import {sha256, sha256d} from '../bytes/sha256.js';
import {pushBytes} from './build-script.js';
import {isEcdsaValid, schnorrError} from './check-signature.js';
import {findAndDelete} from './find-and-delete.js';
import {OP} from './opcodes.js';
import {endInVerify} from './operations-arithmetic.js';
import {publicKeyEncodingError} from './public-key-encoding.js';
import type {ScriptErrorCode} from './script-error.js';
import {SCRIPT_FLAG} from './script-flags.js';
import {MULTISIG_KEYS_MAX, OPERATION_COUNT_MAX, VALIDATION_WEIGHT_PER_CHECK} from './script-limits.js';
import type {Operation, ScriptMachine, TapscriptExecution} from './script-machine.js';
import {signatureEncodingError} from './signature-encoding.js';

export const CRYPTO_OPERATIONS: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  [OP.RIPEMD160, hashing(ripemd160)],
  [OP.SHA1, hashing(sha1)],
  [OP.SHA256, hashing(sha256)],
  [OP.HASH160, hashing(hash160)],
  [OP.HASH256, hashing(sha256d)],
  [OP.CODESEPARATOR, (machine) => void machine.separateCode()],
  [OP.CHECKSIG, checkSig],
  [OP.CHECKSIGVERIFY, (machine) => checkSig(machine) ?? endInVerify(machine, 'CHECKSIGVERIFY')],
  [OP.CHECKSIGADD, checkSigAdd],
  [OP.CHECKMULTISIG, checkMultisig],
  [OP.CHECKMULTISIGVERIFY, (machine) => checkMultisig(machine) ?? endInVerify(machine, 'CHECKMULTISIGVERIFY')],
]);

/** A check that came to an answer, or the rule that it broke on the way. */
type SignatureOutcome = boolean | ScriptErrorCode;

function hashing(hash: (message: Uint8Array) => Uint8Array): Operation {
  return (machine) => {
    if (machine.stack.length < 1) return 'INVALID_STACK_OPERATION';
    machine.push(hash(machine.pop()));
    return undefined;
  };
}

function checkSig(machine: ScriptMachine): ScriptErrorCode | undefined {
  if (machine.stack.length < 2) return 'INVALID_STACK_OPERATION';
  const outcome = checkOne(machine, machine.peek(1), machine.peek());
  if (typeof outcome === 'string') return outcome;
  machine.stack.splice(-2);
  machine.pushBoolean(outcome);
  return undefined;
}

/** BIP 342: number and signature in, number plus one out where the signature is there. */
function checkSigAdd(machine: ScriptMachine): ScriptErrorCode | undefined {
  if (machine.version !== 'tapscript') return 'BAD_OPCODE';
  if (machine.stack.length < 3) return 'INVALID_STACK_OPERATION';
  const count = machine.number(machine.peek(1));
  if (count === undefined) return 'UNKNOWN_ERROR';
  const outcome = checkOne(machine, machine.peek(2), machine.peek());
  if (typeof outcome === 'string') return outcome;
  machine.stack.splice(-3);
  machine.pushNumber(count + Number(outcome));
  return undefined;
}

function checkOne(machine: ScriptMachine, signature: Uint8Array, publicKey: Uint8Array): SignatureOutcome {
  if (machine.tapscript !== undefined) return checkSchnorr(machine, machine.tapscript, {signature, publicKey});
  const scriptCode = signedCode(machine, [signature]);
  if (scriptCode === undefined) return 'SIG_FINDANDDELETE';
  const encodingError = encodingErrorOf(machine, signature, publicKey);
  if (encodingError !== undefined) return encodingError;
  const isValid = isEcdsaValid(machine, {signature, publicKey, scriptCode});
  return !isValid && signature.length > 0 && machine.has(SCRIPT_FLAG.NULLFAIL) ? 'NULLFAIL' : isValid;
}

function checkSchnorr(
  machine: ScriptMachine, tapscript: TapscriptExecution, pair: {signature: Uint8Array; publicKey: Uint8Array},
): SignatureOutcome {
  const {signature, publicKey} = pair;
  const isSigned = signature.length > 0;
  if (isSigned) {
    tapscript.validationWeightLeft -= VALIDATION_WEIGHT_PER_CHECK;
    if (tapscript.validationWeightLeft < 0) return 'TAPSCRIPT_VALIDATION_WEIGHT';
  }
  if (publicKey.length === 0) return 'PUBKEYTYPE';
  if (publicKey.length !== 32) {
    // A key type of the future: whatever signature it has counts, until rules for it exist.
    return machine.has(SCRIPT_FLAG.DISCOURAGE_UPGRADABLE_PUBKEYTYPE) ? 'DISCOURAGE_UPGRADABLE_PUBKEYTYPE' : isSigned;
  }
  if (!isSigned) return false;
  return schnorrError(machine.spend, {signature, publicKey, annexHash: tapscript.annexHash, tapscript}) ?? true;
}

/**
 * Signatures are matched to keys in order, each key tried once: k of n in at most n checks. One item too many is taken
 * from the stack, which was a mistake and is consensus; BIP 147 says that it must be empty.
 */
function checkMultisig(machine: ScriptMachine): ScriptErrorCode | undefined {
  if (machine.version === 'tapscript') return 'TAPSCRIPT_CHECKMULTISIG';
  const {stack} = machine;
  const layout = multisigLayout(machine);
  if (typeof layout === 'string') return layout;
  const {keys, signatures} = layout;
  const scriptCode = signedCode(machine, signatures);
  if (scriptCode === undefined) return 'SIG_FINDANDDELETE';
  const outcome = matchSignatures(machine, layout, scriptCode);
  if (typeof outcome === 'string') return outcome;
  if (!outcome && machine.has(SCRIPT_FLAG.NULLFAIL) && signatures.some((signature) => signature.length > 0)) return 'NULLFAIL';
  stack.splice(stack.length - (keys.length + signatures.length + 2));
  if (stack.length < 1) return 'INVALID_STACK_OPERATION';
  if (machine.has(SCRIPT_FLAG.NULLDUMMY) && machine.peek().length > 0) return 'SIG_NULLDUMMY';
  machine.pop();
  machine.pushBoolean(outcome);
  return undefined;
}

interface MultisigLayout {
  /** Both from the top of the stack downwards: the order in which they are matched. */
  readonly keys: readonly Uint8Array[];
  readonly signatures: readonly Uint8Array[];
}

function multisigLayout(machine: ScriptMachine): MultisigLayout | ScriptErrorCode {
  const {stack} = machine;
  if (stack.length < 1) return 'INVALID_STACK_OPERATION';
  const keyCount = machine.number(machine.peek());
  if (keyCount === undefined) return 'UNKNOWN_ERROR';
  if (keyCount < 0 || keyCount > MULTISIG_KEYS_MAX) return 'PUBKEY_COUNT';
  machine.operationCount += keyCount;
  if (machine.operationCount > OPERATION_COUNT_MAX) return 'OP_COUNT';
  if (stack.length < keyCount + 2) return 'INVALID_STACK_OPERATION';
  const signatureCount = machine.number(machine.peek(keyCount + 1));
  if (signatureCount === undefined) return 'UNKNOWN_ERROR';
  if (signatureCount < 0 || signatureCount > keyCount) return 'SIG_COUNT';
  if (stack.length < keyCount + signatureCount + 3) return 'INVALID_STACK_OPERATION';
  return {
    keys: Array.from({length: keyCount}, (_, index) => machine.peek(1 + index)),
    signatures: Array.from({length: signatureCount}, (_, index) => machine.peek(keyCount + 2 + index)),
  };
}

function matchSignatures(machine: ScriptMachine, layout: MultisigLayout, scriptCode: Uint8Array): SignatureOutcome {
  const {keys, signatures} = layout;
  let matched = 0;
  for (let tried = 0; matched < signatures.length; tried++) {
    if (signatures.length - matched > keys.length - tried) return false;
    const signature = signatures[matched]!;
    const publicKey = keys[tried]!;
    // Encodings of pairs that are never reached are never judged: BIP 66 says so.
    const encodingError = encodingErrorOf(machine, signature, publicKey);
    if (encodingError !== undefined) return encodingError;
    if (isEcdsaValid(machine, {signature, publicKey, scriptCode})) matched++;
  }
  return true;
}

function encodingErrorOf(machine: ScriptMachine, signature: Uint8Array, publicKey: Uint8Array): ScriptErrorCode | undefined {
  const {flags} = machine.spend;
  return signatureEncodingError(signature, flags) ?? publicKeyEncodingError(publicKey, flags, machine.version);
}

/** A legacy signature cannot sign itself, so it is cut out. @returns undefined where CONST_SCRIPTCODE forbids that. */
function signedCode(machine: ScriptMachine, signatures: readonly Uint8Array[]): Uint8Array | undefined {
  let code = machine.scriptCode;
  if (machine.version !== 'legacy') return code;
  for (const signature of signatures) {
    const cut = findAndDelete(code, pushBytes(signature));
    if (cut !== code && machine.has(SCRIPT_FLAG.CONST_SCRIPTCODE)) return undefined;
    code = cut;
  }
  return code;
}
