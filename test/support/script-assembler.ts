/**
 * The assembler text of Bitcoin Core's script vectors: opcode names without OP_, 'text' as a push, decimal numbers as
 * number pushes, 0x… as raw bytes that are NOT a push. And the two transactions that its script vectors are run in.
 */
import {concatBytes} from '../../src/protocol/bytes/compare.js';
import {hexToBytes} from '../../src/protocol/bytes/hex.js';
import type {Transaction} from '../../src/protocol/primitives/transaction.js';
import {buildTransaction, NULL_HASH, NULL_VOUT} from '../../src/protocol/primitives/transaction-codec.js';
import {pushBytes, pushNumber} from '../../src/protocol/script/build-script.js';
import {opcodeByName} from '../../src/protocol/script/opcodes.js';
import {SCRIPT_FLAG} from '../../src/protocol/script/script-flags.js';
import type {ScriptFlagName, ScriptFlags} from '../../src/protocol/script/script-flags.js';

export function hex(text: string): Uint8Array {
  const bytes = hexToBytes(text);
  if (bytes === undefined) throw new Error(`not hex: ${text}`);
  return bytes;
}

export function assembleScript(text: string): Uint8Array {
  return concatBytes(...text.split(/[ \t\n]+/).filter((word) => word !== '').map(assembleWord));
}

function assembleWord(word: string): Uint8Array {
  if (/^-?\d+$/.test(word)) return pushNumber(Number(word));
  if (word.startsWith('0x')) return hex(word.slice(2));
  if (/^'.*'$/.test(word)) return pushBytes(new TextEncoder().encode(word.slice(1, -1)));
  const opcode = opcodeByName(word);
  if (opcode === undefined) throw new Error(`no such word: ${word}`);
  return Uint8Array.of(opcode);
}

export function flagsByName(names: string): ScriptFlags {
  return names.split(',').filter((name) => name !== '' && name !== 'NONE').reduce((flags, name) => {
    if (!(name in SCRIPT_FLAG)) throw new Error(`no such flag: ${name}`);
    return flags | SCRIPT_FLAG[name as ScriptFlagName];
  }, 0);
}

export interface VectorSpend {
  readonly scriptSig: Uint8Array;
  readonly scriptPubKey: Uint8Array;
  readonly witness: readonly Uint8Array[];
  readonly valueSats: bigint;
}

/** Credit, then spend: shared/vectors/README.md, script_tests.json. */
export function spendingTransaction({scriptSig, scriptPubKey, witness, valueSats}: VectorSpend): Transaction {
  const credit = buildTransaction({
    version: 1,
    inputs: [{prevout: {txid: NULL_HASH, vout: NULL_VOUT}, scriptSig: assembleScript('0 0')}],
    outputs: [{valueSats, scriptPubKey}],
  });
  return buildTransaction({
    version: 1,
    inputs: [{prevout: {txid: credit.txid, vout: 0}, scriptSig, witness}],
    outputs: [{valueSats, scriptPubKey: new Uint8Array(0)}],
  });
}
