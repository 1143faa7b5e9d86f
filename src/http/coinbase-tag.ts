/**
 * @module The text that a miner left in its coinbase, for people. It identifies nobody: anybody can write anything there.
 *
 * Only printable ASCII comes out, so no control, direction or look-alike character of a stranger reaches a page.
 */

/** A coinbase script is at most 100 bytes; tags in use are far shorter. */
const TAG_CHARS_MAX = 40;
/** Shorter runs are mostly chance: four random bytes are printable once in fifty. */
const RUN_CHARS_MIN = 4;
const OP_PUSHDATA1 = 0x4c;

/** @returns the longest printable text with a letter in it, preferring data pushed on its own; empty when there is none. */
export function coinbaseTag(scriptSig: Uint8Array): string {
  const pushes = pushesOf(scriptSig);
  const whole = pushes.map((push) => runsOf(push).find((run) => run.length === push.length)).filter((run) => run !== undefined);
  return longest(whole) || longest(runsOf(scriptSig));
}

function longest(runs: readonly string[]): string {
  const texts = runs.map((run) => run.trim()).filter((run) => run.length >= RUN_CHARS_MIN && /[A-Za-z]/.test(run));
  return texts.reduce((best, run) => (run.length > best.length ? run : best), '').slice(0, TAG_CHARS_MAX);
}

function runsOf(bytes: Uint8Array): string[] {
  return String.fromCharCode(...bytes).match(/[\x20-\x7e]+/g) ?? [];
}

/** Direct pushes and OP_PUSHDATA1; ends at the first byte that is neither, as free-form coinbases do. */
function pushesOf(script: Uint8Array): Uint8Array[] {
  const pushes: Uint8Array[] = [];
  let at = 0;
  while (at < script.length) {
    const opcode = script[at]!;
    const header = opcode === OP_PUSHDATA1 ? 2 : 1;
    const length = opcode === OP_PUSHDATA1 ? script[at + 1] ?? 0 : opcode;
    if (opcode > OP_PUSHDATA1 || at + header + length > script.length) break;
    if (length > 0) pushes.push(script.subarray(at + header, at + header + length));
    at += header + length;
  }
  return pushes;
}
