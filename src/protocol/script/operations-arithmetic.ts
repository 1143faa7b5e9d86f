/**
 * @module Comparison of bytes, and arithmetic on numbers of at most 4 bytes. A result may have five bytes and is then
 * no operand any more; a double holds it exactly.
 */
import {bytesEqual} from '../bytes/compare.js';
import {OP} from './opcodes.js';
import type {ScriptErrorCode} from './script-error.js';
import type {Operation, ScriptMachine} from './script-machine.js';
import {castToBoolean} from './script-number.js';

export const ARITHMETIC_OPERATIONS: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  [OP.EQUAL, equal],
  [OP.EQUALVERIFY, (machine) => equal(machine) ?? endInVerify(machine, 'EQUALVERIFY')],
  [OP.OP_1ADD, unary((a) => a + 1)],
  [OP.OP_1SUB, unary((a) => a - 1)],
  [OP.NEGATE, unary((a) => -a)],
  [OP.ABS, unary((a) => Math.abs(a))],
  [OP.NOT, unary((a) => Number(a === 0))],
  [OP.OP_0NOTEQUAL, unary((a) => Number(a !== 0))],
  [OP.ADD, binary((a, b) => a + b)],
  [OP.SUB, binary((a, b) => a - b)],
  [OP.BOOLAND, binary((a, b) => Number(a !== 0 && b !== 0))],
  [OP.BOOLOR, binary((a, b) => Number(a !== 0 || b !== 0))],
  [OP.NUMEQUAL, binary((a, b) => Number(a === b))],
  [OP.NUMEQUALVERIFY, numEqualVerify(binary((a, b) => Number(a === b)))],
  [OP.NUMNOTEQUAL, binary((a, b) => Number(a !== b))],
  [OP.LESSTHAN, binary((a, b) => Number(a < b))],
  [OP.GREATERTHAN, binary((a, b) => Number(a > b))],
  [OP.LESSTHANOREQUAL, binary((a, b) => Number(a <= b))],
  [OP.GREATERTHANOREQUAL, binary((a, b) => Number(a >= b))],
  [OP.MIN, binary((a, b) => Math.min(a, b))],
  [OP.MAX, binary((a, b) => Math.max(a, b))],
  [OP.WITHIN, within],
]);

/** The second half of the …VERIFY operations: a false result ends the script with a name of its own. */
export function endInVerify(machine: ScriptMachine, code: ScriptErrorCode): ScriptErrorCode | undefined {
  if (!castToBoolean(machine.peek())) return code;
  machine.pop();
  return undefined;
}

function equal(machine: ScriptMachine): ScriptErrorCode | undefined {
  if (machine.stack.length < 2) return 'INVALID_STACK_OPERATION';
  const right = machine.pop();
  machine.pushBoolean(bytesEqual(machine.pop(), right));
  return undefined;
}

function unary(compute: (a: number) => number): Operation {
  return (machine) => {
    if (machine.stack.length < 1) return 'INVALID_STACK_OPERATION';
    const a = machine.number(machine.peek());
    if (a === undefined) return 'UNKNOWN_ERROR';
    machine.pop();
    machine.pushNumber(compute(a));
    return undefined;
  };
}

function binary(compute: (a: number, b: number) => number): Operation {
  return (machine) => {
    if (machine.stack.length < 2) return 'INVALID_STACK_OPERATION';
    const a = machine.number(machine.peek(1));
    const b = machine.number(machine.peek());
    if (a === undefined || b === undefined) return 'UNKNOWN_ERROR';
    machine.pop();
    machine.pop();
    machine.pushNumber(compute(a, b));
    return undefined;
  };
}

function numEqualVerify(compare: Operation): Operation {
  return (machine) => compare(machine) ?? endInVerify(machine, 'NUMEQUALVERIFY');
}

/** The lower bound is inside, the upper is not. */
function within(machine: ScriptMachine): ScriptErrorCode | undefined {
  if (machine.stack.length < 3) return 'INVALID_STACK_OPERATION';
  const value = machine.number(machine.peek(2));
  const low = machine.number(machine.peek(1));
  const high = machine.number(machine.peek());
  if (value === undefined || low === undefined || high === undefined) return 'UNKNOWN_ERROR';
  machine.stack.splice(-3);
  machine.pushBoolean(low <= value && value < high);
  return undefined;
}
