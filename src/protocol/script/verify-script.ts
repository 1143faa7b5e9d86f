/**
 * @module May this input spend its output? Input script, output script, then what hides behind it: a P2SH script, a
 * witness program, a taproot key or leaf. Source: Bitcoin Core VerifyScript; BIP 16, 141, 341, 342.
 * Signatures are asked of the oracle. Lock times of the transaction and amounts are not looked at here.
 */
import {varintSize, ByteWriter} from '../bytes/byte-writer.js';
import {bytesEqual} from '../bytes/compare.js';
import {sha256} from '../bytes/sha256.js';
import {reject} from '../verdict.js';
import type {Verdict} from '../verdict.js';
import {p2pkh, pushBytes} from './build-script.js';
import {schnorrError} from './check-signature.js';
import {isPayToScriptHash, witnessProgram} from './classify-script.js';
import type {WitnessProgram} from './classify-script.js';
import {evaluateScript} from './evaluate-script.js';
import {isOpSuccess} from './opcodes.js';
import {isPushOnly, ScriptCursor} from './parse-script.js';
import type {ScriptErrorCode} from './script-error.js';
import {SCRIPT_FLAG} from './script-flags.js';
import {STACK_DEPTH_MAX, STACK_ITEM_SIZE_MAX, VALIDATION_WEIGHT_ALLOWANCE} from './script-limits.js';
import type {InputSpend, MachineOptions, TapscriptExecution} from './script-machine.js';
import {castToBoolean} from './script-number.js';
import {NO_CODE_SEPARATOR} from './sighash-taproot.js';
import {isCommittedLeaf, isControlBlockSize, leafHash, leafVersionOf, TAPSCRIPT_LEAF_VERSION} from './taproot-tree.js';

/** BIP 341: a last witness item that begins with this byte is no part of the spend, yet signed. */
const ANNEX_TAG = 0x50;

export function verifyScript(spend: InputSpend): Verdict<undefined, ScriptErrorCode> {
  const code = scriptError(spend);
  return code === undefined ? {ok: true} : reject(code);
}

function scriptError(spend: InputSpend): ScriptErrorCode | undefined {
  const {scriptSig, witness} = spend.digests.transaction.inputs[spend.inputIndex]!;
  const {scriptPubKey} = spend.digests.spentOutputs[spend.inputIndex]!;
  if (has(spend, SCRIPT_FLAG.SIGPUSHONLY) && !isPushOnly(scriptSig)) return 'SIG_PUSHONLY';
  const stack: Uint8Array[] = [];
  const inputError = evaluateScript(stack, scriptSig, {spend, version: 'legacy'});
  if (inputError !== undefined) return inputError;
  const pushed = stack.slice();
  const outputError = runToTrue(stack, scriptPubKey, spend);
  if (outputError !== undefined) return outputError;

  let program = has(spend, SCRIPT_FLAG.WITNESS) ? witnessProgram(scriptPubKey) : undefined;
  let stackLeft = stack.length;
  if (program !== undefined) {
    if (scriptSig.length !== 0) return 'WITNESS_MALLEATED';
    const error = witnessError(spend, program, {isNested: false});
    if (error !== undefined) return error;
    stackLeft = 1;
  } else if (has(spend, SCRIPT_FLAG.P2SH) && isPayToScriptHash(scriptPubKey)) {
    const redeemScript = pushed.pop();
    // The output script hashed it, so it is there.
    if (!isPushOnly(scriptSig) || redeemScript === undefined) return 'SIG_PUSHONLY';
    const error = runToTrue(pushed, redeemScript, spend);
    if (error !== undefined) return error;
    program = has(spend, SCRIPT_FLAG.WITNESS) ? witnessProgram(redeemScript) : undefined;
    stackLeft = pushed.length;
    if (program !== undefined) {
      if (!bytesEqual(scriptSig, pushBytes(redeemScript))) return 'WITNESS_MALLEATED_P2SH';
      const nestedError = witnessError(spend, program, {isNested: true});
      if (nestedError !== undefined) return nestedError;
      stackLeft = 1;
    }
  }
  if (has(spend, SCRIPT_FLAG.CLEANSTACK) && stackLeft !== 1) return 'CLEANSTACK';
  if (has(spend, SCRIPT_FLAG.WITNESS) && program === undefined && witness.length > 0) return 'WITNESS_UNEXPECTED';
  return undefined;
}

function runToTrue(stack: Uint8Array[], script: Uint8Array, spend: InputSpend): ScriptErrorCode | undefined {
  const error = evaluateScript(stack, script, {spend, version: 'legacy'});
  if (error !== undefined) return error;
  return isTrueOnTop(stack) ? undefined : 'EVAL_FALSE';
}

function witnessError(
  spend: InputSpend, {version, program}: WitnessProgram, {isNested}: {readonly isNested: boolean},
): ScriptErrorCode | undefined {
  if (version === 0) return versionZeroError(spend, program);
  if (version === 1 && program.length === 32 && !isNested) {
    return has(spend, SCRIPT_FLAG.TAPROOT) ? taprootError(spend, program) : undefined;
  }
  return has(spend, SCRIPT_FLAG.DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM) ? 'DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM' : undefined;
}

function versionZeroError(spend: InputSpend, program: Uint8Array): ScriptErrorCode | undefined {
  const stack = witnessOf(spend).slice();
  if (program.length === 20) {
    if (stack.length !== 2) return 'WITNESS_PROGRAM_MISMATCH';
    return witnessScriptError(stack, p2pkh(program), {spend, version: 'witness-v0'});
  }
  if (program.length !== 32) return 'WITNESS_PROGRAM_WRONG_LENGTH';
  const script = stack.pop();
  if (script === undefined) return 'WITNESS_PROGRAM_WITNESS_EMPTY';
  if (!bytesEqual(sha256(script), program)) return 'WITNESS_PROGRAM_MISMATCH';
  return witnessScriptError(stack, script, {spend, version: 'witness-v0'});
}

function taprootError(spend: InputSpend, outputKey: Uint8Array): ScriptErrorCode | undefined {
  const stack = witnessOf(spend).slice();
  if (stack.length === 0) return 'WITNESS_PROGRAM_WITNESS_EMPTY';
  const annex = stack.length >= 2 && stack.at(-1)![0] === ANNEX_TAG ? stack.pop() : undefined;
  const annexHash = annex && sha256(new ByteWriter(annex.length + 9).varBytes(annex).finish());
  if (stack.length === 1) {
    return schnorrError(spend, {signature: stack[0]!, publicKey: outputKey, annexHash, tapscript: undefined});
  }
  const controlBlock = stack.pop()!;
  const script = stack.pop()!;
  if (!isControlBlockSize(controlBlock.length)) return 'TAPROOT_WRONG_CONTROL_SIZE';
  const version = leafVersionOf(controlBlock);
  const leaf = leafHash(version, script);
  if (!isCommittedLeaf(controlBlock, outputKey, leaf)) return 'WITNESS_PROGRAM_MISMATCH';
  if (version === TAPSCRIPT_LEAF_VERSION) {
    const validationWeightLeft = witnessSize(witnessOf(spend)) + VALIDATION_WEIGHT_ALLOWANCE;
    return tapscriptError(stack, script, spend, {
      leafHash: leaf, annexHash, codeSeparatorIndex: NO_CODE_SEPARATOR, validationWeightLeft,
    });
  }
  return has(spend, SCRIPT_FLAG.DISCOURAGE_UPGRADABLE_TAPROOT_VERSION) ? 'DISCOURAGE_UPGRADABLE_TAPROOT_VERSION' : undefined;
}

/** BIP 342: one OP_SUCCESS anywhere, executed or not, and the spend is valid, before any limit is looked at. */
function tapscriptError(
  stack: Uint8Array[], script: Uint8Array, spend: InputSpend, tapscript: TapscriptExecution,
): ScriptErrorCode | undefined {
  for (const cursor = new ScriptCursor(script); !cursor.atEnd;) {
    if (!cursor.next()) return 'BAD_OPCODE';
    if (isOpSuccess(cursor.opcode)) return has(spend, SCRIPT_FLAG.DISCOURAGE_OP_SUCCESS) ? 'DISCOURAGE_OP_SUCCESS' : undefined;
  }
  if (stack.length > STACK_DEPTH_MAX) return 'STACK_SIZE';
  return witnessScriptError(stack, script, {spend, version: 'tapscript', tapscript});
}

/** Witness scripts must leave exactly one true item: CLEANSTACK is consensus here. */
function witnessScriptError(stack: Uint8Array[], script: Uint8Array, options: MachineOptions): ScriptErrorCode | undefined {
  if (stack.some((item) => item.length > STACK_ITEM_SIZE_MAX)) return 'PUSH_SIZE';
  const error = evaluateScript(stack, script, options);
  if (error !== undefined) return error;
  if (stack.length !== 1) return 'CLEANSTACK';
  return isTrueOnTop(stack) ? undefined : 'EVAL_FALSE';
}

function isTrueOnTop(stack: readonly Uint8Array[]): boolean {
  const top = stack.at(-1);
  return top !== undefined && castToBoolean(top);
}

function witnessOf(spend: InputSpend): readonly Uint8Array[] {
  return spend.digests.transaction.inputs[spend.inputIndex]!.witness;
}

/** As serialised: the whole witness, annex included, pays for signature checks. */
function witnessSize(witness: readonly Uint8Array[]): number {
  return witness.reduce((size, item) => size + varintSize(item.length) + item.length, varintSize(witness.length));
}

function has(spend: InputSpend, flag: number): boolean {
  return (spend.flags & flag) !== 0;
}
