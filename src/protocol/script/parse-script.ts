/**
 * @module A script as a sequence of operations, and its text form (`asm` of JSON-RPC). Reads, never executes.
 * A script that ends inside a push is legal data until it is executed: readers stop there and say so.
 */
import {bytesToHex} from '../bytes/hex.js';
import {DIRECT_PUSH_MAX, OP, opcodeName, opcodeToSmallInteger} from './opcodes.js';
import {decodeScriptNumber} from './script-number.js';

const NO_DATA = new Uint8Array(0);

/** Steps through a script in place: no object per operation, because the interpreter runs on it. */
export class ScriptCursor {
  readonly script: Uint8Array;
  /** Offset of the operation to be read next. */
  position: number;
  opcode = 0;
  /** What the last operation pushes, a view; empty for anything but a data push. */
  data: Uint8Array = NO_DATA;

  constructor(script: Uint8Array, position = 0) {
    this.script = script;
    this.position = position;
  }

  get atEnd(): boolean {
    return this.position >= this.script.length;
  }

  /** Reads one operation. @returns false when a push announces more bytes than follow; the cursor stays. */
  next(): boolean {
    const {script} = this;
    let at = this.position;
    const opcode = script[at++]!;
    this.opcode = opcode;
    this.data = NO_DATA;
    if (opcode <= OP.PUSHDATA4) {
      let size = opcode;
      if (opcode > DIRECT_PUSH_MAX) {
        const sizeBytes = 1 << (opcode - OP.PUSHDATA1);
        if (script.length - at < sizeBytes) return false;
        size = 0;
        for (let i = sizeBytes - 1; i >= 0; i--) size = size * 256 + script[at + i]!;
        at += sizeBytes;
      }
      if (size > script.length - at) return false;
      this.data = script.subarray(at, at + size);
      at += size;
    }
    this.position = at;
    return true;
  }
}

/** BIP 62 rule 3: is `opcode` the shortest way to push `data`? */
export function isMinimalPush(opcode: number, data: Uint8Array): boolean {
  const size = data.length;
  if (size === 0) return opcode === OP.OP_0;
  if (size === 1) {
    const value = data[0]!;
    if ((value >= 1 && value <= 16) || value === 0x81) return false;
  }
  if (size <= DIRECT_PUSH_MAX) return opcode === size;
  if (size <= 255) return opcode === OP.PUSHDATA1;
  return size > 65535 || opcode === OP.PUSHDATA2;
}

/** True for a well-formed script of pushes alone. OP_RESERVED counts as a push, as in Core. */
export function isPushOnly(script: Uint8Array): boolean {
  const cursor = new ScriptCursor(script);
  while (!cursor.atEnd) if (!cursor.next() || cursor.opcode > OP.OP_16) return false;
  return true;
}

/** The data of a push-only script's last push; what P2SH runs. @returns undefined where the script is not push-only. */
export function lastPush(script: Uint8Array): Uint8Array | undefined {
  const cursor = new ScriptCursor(script);
  let last: Uint8Array | undefined;
  while (!cursor.atEnd) {
    if (!cursor.next() || cursor.opcode > OP.OP_16) return undefined;
    last = cursor.data;
  }
  return last;
}

/** Text as Bitcoin Core's RPC prints it: names, hex of pushes, and pushes of up to 4 bytes as numbers. */
export function disassembleScript(script: Uint8Array): string {
  const words: string[] = [];
  const cursor = new ScriptCursor(script);
  while (!cursor.atEnd) {
    if (!cursor.next()) {
      words.push('[error]');
      break;
    }
    words.push(operationText(cursor.opcode, cursor.data));
  }
  return words.join(' ');
}

function operationText(opcode: number, data: Uint8Array): string {
  if (opcode === OP.OP_1NEGATE) return '-1';
  const small = opcodeToSmallInteger(opcode);
  if (small !== undefined) return String(small);
  if (opcode > OP.PUSHDATA4) return opcodeName(opcode);
  return data.length <= 4 ? String(decodeScriptNumber(data, false)) : bytesToHex(data);
}
