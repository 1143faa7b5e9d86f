/** @module OP_CHECKLOCKTIMEVERIFY (BIP 65) and OP_CHECKSEQUENCEVERIFY (BIP 112). They look and leave the stack alone. */
import {OP} from './opcodes.js';
import type {ScriptErrorCode} from './script-error.js';
import {SCRIPT_FLAG} from './script-flags.js';
import type {InputSpend, Operation, ScriptMachine} from './script-machine.js';
import {LOCK_TIME_SIZE_MAX} from './script-number.js';

export const LOCK_TIME_OPERATIONS: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  [OP.CHECKLOCKTIMEVERIFY, checkLockTimeVerify],
  [OP.CHECKSEQUENCEVERIFY, checkSequenceVerify],
]);

/** Below: a height. From here on: seconds since the Unix epoch. */
const LOCK_TIME_THRESHOLD = 500_000_000;
const SEQUENCE_FINAL = 0xffffffff;
// BIP 68. Bit 31 is tested by division because `1 << 31` is negative in JavaScript.
const SEQUENCE_DISABLE_FLAG = 0x80000000;
const SEQUENCE_TYPE_FLAG = 1 << 22;
const SEQUENCE_VALUE_MASK = 0xffff;

function checkLockTimeVerify(machine: ScriptMachine): ScriptErrorCode | undefined {
  if (!machine.has(SCRIPT_FLAG.CHECKLOCKTIMEVERIFY)) return undefined;
  if (machine.stack.length < 1) return 'INVALID_STACK_OPERATION';
  const lockTime = machine.number(machine.peek(), LOCK_TIME_SIZE_MAX);
  if (lockTime === undefined) return 'UNKNOWN_ERROR';
  if (lockTime < 0) return 'NEGATIVE_LOCKTIME';
  return isLockTimeReached(machine.spend, lockTime) ? undefined : 'UNSATISFIED_LOCKTIME';
}

function checkSequenceVerify(machine: ScriptMachine): ScriptErrorCode | undefined {
  if (!machine.has(SCRIPT_FLAG.CHECKSEQUENCEVERIFY)) return undefined;
  if (machine.stack.length < 1) return 'INVALID_STACK_OPERATION';
  const sequence = machine.number(machine.peek(), LOCK_TIME_SIZE_MAX);
  if (sequence === undefined) return 'UNKNOWN_ERROR';
  if (sequence < 0) return 'NEGATIVE_LOCKTIME';
  if (isDisabled(sequence)) return undefined;
  return isSequenceReached(machine.spend, sequence) ? undefined : 'UNSATISFIED_LOCKTIME';
}

function isLockTimeReached({digests, inputIndex}: InputSpend, wanted: number): boolean {
  const {lockTime, inputs} = digests.transaction;
  const isSameKind = (wanted < LOCK_TIME_THRESHOLD) === (lockTime < LOCK_TIME_THRESHOLD);
  // A final input switches the transaction's lock time off, so it would prove nothing.
  return isSameKind && wanted <= lockTime && inputs[inputIndex]!.sequence !== SEQUENCE_FINAL;
}

function isSequenceReached({digests, inputIndex}: InputSpend, wanted: number): boolean {
  const {version, inputs} = digests.transaction;
  const {sequence} = inputs[inputIndex]!;
  // Unsigned: a "negative" version is a large one (BIP 68).
  if (version >>> 0 < 2 || isDisabled(sequence)) return false;
  const isSameKind = (wanted & SEQUENCE_TYPE_FLAG) === (sequence & SEQUENCE_TYPE_FLAG);
  return isSameKind && (wanted & SEQUENCE_VALUE_MASK) <= (sequence & SEQUENCE_VALUE_MASK);
}

/** Five-byte operands reach bit 38; only bit 31 counts. */
function isDisabled(sequence: number): boolean {
  return Math.floor(sequence / SEQUENCE_DISABLE_FLAG) % 2 === 1;
}
