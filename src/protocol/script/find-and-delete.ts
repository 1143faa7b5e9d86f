/**
 * @module Two edits that the legacy digest makes to a script: a signature is cut out of the script that it signs, and
 * so are OP_CODESEPARATORs. Both look at operation boundaries only: bytes inside a push never match (CVE-2024-38365 is
 * what became of an implementation that thought otherwise).
 */
import {concatBytes} from '../bytes/compare.js';
import {OP} from './opcodes.js';
import {ScriptCursor} from './parse-script.js';

/** @returns `script` itself when `pattern` does not occur. */
export function findAndDelete(script: Uint8Array, pattern: Uint8Array): Uint8Array {
  if (pattern.length === 0 || pattern.length > script.length) return script;
  const kept: Uint8Array[] = [];
  const cursor = new ScriptCursor(script);
  let keptFrom = 0;
  let isFound = false;
  for (;;) {
    const operationStart = cursor.position;
    while (startsWithAt(script, pattern, cursor.position)) cursor.position += pattern.length;
    if (cursor.position > operationStart) {
      kept.push(script.subarray(keptFrom, operationStart));
      keptFrom = cursor.position;
      isFound = true;
    }
    if (cursor.atEnd || !cursor.next()) break;
  }
  if (!isFound) return script;
  kept.push(script.subarray(keptFrom));
  return concatBytes(...kept);
}

/** @returns `script` itself when there is none. */
export function withoutCodeSeparators(script: Uint8Array): Uint8Array {
  if (!script.includes(OP.CODESEPARATOR)) return script;
  return findAndDelete(script, Uint8Array.of(OP.CODESEPARATOR));
}

function startsWithAt(script: Uint8Array, pattern: Uint8Array, position: number): boolean {
  if (script.length - position < pattern.length) return false;
  for (let i = 0; i < pattern.length; i++) if (script[position + i] !== pattern[i]) return false;
  return true;
}
