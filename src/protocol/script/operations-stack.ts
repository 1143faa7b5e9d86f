/** @module Moving items about: on the stack, to and from the alternative stack, and asking their size. */
import {OP} from './opcodes.js';
import type {ScriptErrorCode} from './script-error.js';
import type {Operation, ScriptMachine} from './script-machine.js';
import {castToBoolean} from './script-number.js';

export const STACK_OPERATIONS: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  [OP.TOALTSTACK, needing(1, (machine) => void machine.altStack.push(machine.pop()))],
  [OP.FROMALTSTACK, fromAltStack],
  [OP.OP_2DROP, needing(2, ({stack}) => void stack.splice(-2))],
  [OP.OP_2DUP, needing(2, ({stack}) => void stack.push(...stack.slice(-2)))],
  [OP.OP_3DUP, needing(3, ({stack}) => void stack.push(...stack.slice(-3)))],
  [OP.OP_2OVER, needing(4, ({stack}) => void stack.push(...stack.slice(-4, -2)))],
  [OP.OP_2ROT, needing(6, ({stack}) => void stack.push(...stack.splice(-6, 2)))],
  [OP.OP_2SWAP, needing(4, ({stack}) => void stack.push(...stack.splice(-4, 2)))],
  [OP.IFDUP, needing(1, (machine) => {
    if (castToBoolean(machine.peek())) machine.push(machine.peek());
  })],
  [OP.DEPTH, (machine) => void machine.pushNumber(machine.stack.length)],
  [OP.DROP, needing(1, (machine) => void machine.pop())],
  [OP.DUP, needing(1, (machine) => void machine.push(machine.peek()))],
  [OP.NIP, needing(2, ({stack}) => void stack.splice(-2, 1))],
  [OP.OVER, needing(2, (machine) => void machine.push(machine.peek(1)))],
  [OP.PICK, (machine) => fromDepth(machine, {keep: true})],
  [OP.ROLL, (machine) => fromDepth(machine, {keep: false})],
  [OP.ROT, needing(3, ({stack}) => void stack.push(...stack.splice(-3, 1)))],
  [OP.SWAP, needing(2, ({stack}) => void stack.push(...stack.splice(-2, 1)))],
  [OP.TUCK, needing(2, (machine) => void machine.stack.splice(-2, 0, machine.peek()))],
  [OP.SIZE, needing(1, (machine) => void machine.pushNumber(machine.peek().length))],
]);

/** An operation that cannot fail once `depth` items are there. */
function needing(depth: number, run: (machine: ScriptMachine) => void): Operation {
  return (machine) => {
    if (machine.stack.length < depth) return 'INVALID_STACK_OPERATION';
    run(machine);
    return undefined;
  };
}

function fromAltStack(machine: ScriptMachine): ScriptErrorCode | undefined {
  const item = machine.altStack.pop();
  if (item === undefined) return 'INVALID_ALTSTACK_OPERATION';
  machine.push(item);
  return undefined;
}

function fromDepth(machine: ScriptMachine, {keep}: {readonly keep: boolean}): ScriptErrorCode | undefined {
  const {stack} = machine;
  if (stack.length < 2) return 'INVALID_STACK_OPERATION';
  const depth = machine.number(machine.peek());
  if (depth === undefined) return 'UNKNOWN_ERROR';
  machine.pop();
  if (depth < 0 || depth >= stack.length) return 'INVALID_STACK_OPERATION';
  const index = stack.length - 1 - depth;
  const item = stack[index]!;
  if (!keep) stack.splice(index, 1);
  stack.push(item);
  return undefined;
}
