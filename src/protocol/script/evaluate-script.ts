/**
 * @module Runs one script on a stack. Decides by Bitcoin Core's EvalScript rules, to the order in which errors are
 * found. The families of opcodes are in `operations-*.ts`; a new opcode is an entry in one of their tables.
 */
import {OP} from './opcodes.js';
import {ARITHMETIC_OPERATIONS} from './operations-arithmetic.js';
import {CRYPTO_OPERATIONS} from './operations-crypto.js';
import {FLOW_OPERATIONS} from './operations-flow.js';
import {LOCK_TIME_OPERATIONS} from './operations-lock-time.js';
import {STACK_OPERATIONS} from './operations-stack.js';
import {isMinimalPush} from './parse-script.js';
import type {ScriptErrorCode} from './script-error.js';
import {SCRIPT_FLAG} from './script-flags.js';
import {OPERATION_COUNT_MAX, SCRIPT_SIZE_MAX, STACK_DEPTH_MAX, STACK_ITEM_SIZE_MAX} from './script-limits.js';
import {ScriptMachine} from './script-machine.js';
import type {MachineOptions, Operation} from './script-machine.js';
import {encodeScriptNumber} from './script-number.js';

// Switched off in 2010 (CVE-2010-5137 and its kin): they fail even in a branch that is not taken.
const DISABLED_OPCODES: ReadonlySet<number> = new Set([
  OP.CAT, OP.SUBSTR, OP.LEFT, OP.RIGHT, OP.INVERT, OP.AND, OP.OR, OP.XOR, OP.OP_2MUL, OP.OP_2DIV, OP.MUL, OP.DIV,
  OP.MOD, OP.LSHIFT, OP.RSHIFT,
]);

/** By opcode, from 0x4f on; undefined is no opcode. Built once: a lookup per operation executed. */
const OPERATIONS: readonly (Operation | undefined)[] = buildTable();

/** @param stack - worked on in place; holds the result afterwards. @returns the rule that broke, or undefined. */
export function evaluateScript(stack: Uint8Array[], script: Uint8Array, options: MachineOptions): ScriptErrorCode | undefined {
  // Every witness spend has such an input script.
  if (script.length === 0) return undefined;
  const machine = new ScriptMachine(stack, script, options);
  if (machine.version !== 'tapscript' && script.length > SCRIPT_SIZE_MAX) return 'SCRIPT_SIZE';
  for (const {cursor} = machine; !cursor.atEnd; machine.operationIndex++) {
    if (!cursor.next()) return 'BAD_OPCODE';
    const error = checkOperation(machine) ?? runOperation(machine);
    if (error !== undefined) return error;
    if (stack.length + machine.altStack.length > STACK_DEPTH_MAX) return 'STACK_SIZE';
  }
  return machine.conditions.length > 0 ? 'UNBALANCED_CONDITIONAL' : undefined;
}

/** What holds for every operation that is read, taken or not. */
function checkOperation(machine: ScriptMachine): ScriptErrorCode | undefined {
  const {opcode, data} = machine.cursor;
  if (data.length > STACK_ITEM_SIZE_MAX) return 'PUSH_SIZE';
  if (opcode <= OP.OP_16) return undefined;
  if (machine.version !== 'tapscript' && ++machine.operationCount > OPERATION_COUNT_MAX) return 'OP_COUNT';
  if (DISABLED_OPCODES.has(opcode)) return 'DISABLED_OPCODE';
  const isConstantCode = machine.version === 'legacy' && machine.has(SCRIPT_FLAG.CONST_SCRIPTCODE);
  return opcode === OP.CODESEPARATOR && isConstantCode ? 'OP_CODESEPARATOR' : undefined;
}

function runOperation(machine: ScriptMachine): ScriptErrorCode | undefined {
  const {opcode, data} = machine.cursor;
  // OP_IF to OP_ENDIF are looked at in branches not taken; OP_VERIF and OP_VERNOTIF lie between them and fail there.
  if (!machine.isExecuting && (opcode < OP.IF || opcode > OP.ENDIF)) return undefined;
  if (opcode <= OP.PUSHDATA4) {
    if (machine.has(SCRIPT_FLAG.MINIMALDATA) && !isMinimalPush(opcode, data)) return 'MINIMALDATA';
    machine.push(data);
    return undefined;
  }
  const operation = OPERATIONS[opcode];
  return operation === undefined ? 'BAD_OPCODE' : operation(machine);
}

function buildTable(): (Operation | undefined)[] {
  const table: (Operation | undefined)[] = Array.from({length: 256});
  for (let opcode: number = OP.OP_1NEGATE; opcode <= OP.OP_16; opcode++) {
    if (opcode === OP.RESERVED) continue;
    const item = encodeScriptNumber(opcode - OP.OP_1 + 1);
    table[opcode] = (machine) => void machine.push(item);
  }
  const families = [
    FLOW_OPERATIONS, STACK_OPERATIONS, ARITHMETIC_OPERATIONS, LOCK_TIME_OPERATIONS, CRYPTO_OPERATIONS,
  ];
  for (const family of families) for (const [opcode, operation] of family) table[opcode] = operation;
  return table;
}
