/** @module Conditionals, OP_VERIFY, OP_RETURN and the no-ops. Source: Bitcoin Core interpreter.cpp, BIP 342. */
import {OP} from './opcodes.js';
import type {ScriptErrorCode} from './script-error.js';
import {SCRIPT_FLAG} from './script-flags.js';
import type {Operation, ScriptMachine} from './script-machine.js';
import {castToBoolean} from './script-number.js';

/** OP_IF and its kin run in branches that are not taken too: they must find their ends. */
export const FLOW_OPERATIONS: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  [OP.NOP, () => undefined],
  [OP.IF, (machine) => openConditional(machine, true)],
  [OP.NOTIF, (machine) => openConditional(machine, false)],
  [OP.ELSE, invertConditional],
  [OP.ENDIF, closeConditional],
  [OP.VERIFY, verifyTop],
  [OP.RETURN, () => 'OP_RETURN'],
  ...[OP.NOP1, OP.NOP4, OP.NOP5, OP.NOP6, OP.NOP7, OP.NOP8, OP.NOP9, OP.NOP10]
    .map((opcode) => [opcode, upgradableNop] as const),
]);

function openConditional(machine: ScriptMachine, branchTaken: boolean): ScriptErrorCode | undefined {
  let condition = false;
  if (machine.isExecuting) {
    if (machine.stack.length < 1) return 'UNBALANCED_CONDITIONAL';
    const item = machine.peek();
    if (machine.version === 'tapscript' && !isMinimalBoolean(item)) return 'TAPSCRIPT_MINIMALIF';
    if (machine.version === 'witness-v0' && machine.has(SCRIPT_FLAG.MINIMALIF) && !isMinimalBoolean(item)) return 'MINIMALIF';
    condition = castToBoolean(item) === branchTaken;
    machine.pop();
  }
  machine.conditions.push(condition);
  if (!condition) machine.falseConditions++;
  return undefined;
}

function invertConditional(machine: ScriptMachine): ScriptErrorCode | undefined {
  const innermost = machine.conditions.pop();
  if (innermost === undefined) return 'UNBALANCED_CONDITIONAL';
  machine.falseConditions += innermost ? 1 : -1;
  machine.conditions.push(!innermost);
  return undefined;
}

function closeConditional(machine: ScriptMachine): ScriptErrorCode | undefined {
  const innermost = machine.conditions.pop();
  if (innermost === undefined) return 'UNBALANCED_CONDITIONAL';
  if (!innermost) machine.falseConditions--;
  return undefined;
}

function verifyTop(machine: ScriptMachine): ScriptErrorCode | undefined {
  if (machine.stack.length < 1) return 'INVALID_STACK_OPERATION';
  if (!castToBoolean(machine.peek())) return 'VERIFY';
  machine.pop();
  return undefined;
}

function upgradableNop(machine: ScriptMachine): ScriptErrorCode | undefined {
  return machine.has(SCRIPT_FLAG.DISCOURAGE_UPGRADABLE_NOPS) ? 'DISCOURAGE_UPGRADABLE_NOPS' : undefined;
}

/** Exactly empty or exactly 01. */
function isMinimalBoolean(item: Uint8Array): boolean {
  return item.length === 0 || (item.length === 1 && item[0] === 1);
}
