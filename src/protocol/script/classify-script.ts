/**
 * @module What kind of output a script is: the names of JSON-RPC's `scriptPubKey.type`, with the keys and hashes inside.
 * Recognises templates by their bytes; what is none of them is `nonstandard`, which is legal to mine and not to relay.
 */
import {OP, opcodeToSmallInteger} from './opcodes.js';
import {isPushOnly, ScriptCursor} from './parse-script.js';

export type ScriptType = ScriptTemplate['type'];

export type ScriptTemplate =
  | {readonly type: 'pubkey'; readonly publicKey: Uint8Array}
  | {readonly type: 'pubkeyhash'; readonly hash: Uint8Array}
  | {readonly type: 'scripthash'; readonly hash: Uint8Array}
  | {readonly type: 'witness_v0_keyhash'; readonly hash: Uint8Array}
  | {readonly type: 'witness_v0_scripthash'; readonly hash: Uint8Array}
  | {readonly type: 'witness_v1_taproot'; readonly outputKey: Uint8Array}
  | {readonly type: 'witness_unknown'; readonly version: number; readonly program: Uint8Array}
  | {readonly type: 'multisig'; readonly required: number; readonly publicKeys: readonly Uint8Array[]}
  | {readonly type: 'nulldata'}
  | {readonly type: 'nonstandard'};

export interface WitnessProgram {
  readonly version: number;
  readonly program: Uint8Array;
}

/** BIP 141: a version opcode, then one direct push of 2 to 40 bytes, and nothing else. */
export function witnessProgram(script: Uint8Array): WitnessProgram | undefined {
  if (script.length < 4 || script.length > 42 || script[1]! !== script.length - 2) return undefined;
  const version = opcodeToSmallInteger(script[0]!);
  return version === undefined ? undefined : {version, program: script.subarray(2)};
}

/** BIP 16 matches these 23 bytes exactly; another push of the same hash is not P2SH. */
export function isPayToScriptHash(script: Uint8Array): boolean {
  return script.length === 23 && script[0] === OP.HASH160 && script[1] === 20 && script[22] === OP.EQUAL;
}

/** Outputs that can never be spent and so never become coins: OP_RETURN first, or too big to run. */
export function isUnspendable(script: Uint8Array): boolean {
  return (script.length > 0 && script[0] === OP.RETURN) || script.length > 10_000;
}

export function classifyScript(script: Uint8Array): ScriptTemplate {
  if (isPayToScriptHash(script)) return {type: 'scripthash', hash: script.subarray(2, 22)};
  const program = witnessProgram(script);
  if (program !== undefined) return classifyProgram(program);
  if (script[0] === OP.RETURN && isPushOnly(script.subarray(1))) return {type: 'nulldata'};
  if (isPayToPublicKeyHash(script)) return {type: 'pubkeyhash', hash: script.subarray(3, 23)};
  const publicKey = payToPublicKey(script);
  if (publicKey !== undefined) return {type: 'pubkey', publicKey};
  return bareMultisig(script) ?? {type: 'nonstandard'};
}

function classifyProgram({version, program}: WitnessProgram): ScriptTemplate {
  if (version === 0 && program.length === 20) return {type: 'witness_v0_keyhash', hash: program};
  if (version === 0 && program.length === 32) return {type: 'witness_v0_scripthash', hash: program};
  if (version === 1 && program.length === 32) return {type: 'witness_v1_taproot', outputKey: program};
  // Version 0 of another length can never be spent.
  return version === 0 ? {type: 'nonstandard'} : {type: 'witness_unknown', version, program};
}

function isPayToPublicKeyHash(script: Uint8Array): boolean {
  return script.length === 25 && script[0] === OP.DUP && script[1] === OP.HASH160 && script[2] === 20
    && script[23] === OP.EQUALVERIFY && script[24] === OP.CHECKSIG;
}

function payToPublicKey(script: Uint8Array): Uint8Array | undefined {
  const size = script.length - 2;
  if (script[0] !== size || script[size + 1] !== OP.CHECKSIG) return undefined;
  const key = script.subarray(1, size + 1);
  return hasPublicKeySize(key) ? key : undefined;
}

function bareMultisig(script: Uint8Array): ScriptTemplate | undefined {
  if (script.length < 1 || script[script.length - 1] !== OP.CHECKMULTISIG) return undefined;
  const cursor = new ScriptCursor(script);
  cursor.next();
  const required = opcodeToSmallInteger(cursor.opcode);
  if (required === undefined || required < 1) return undefined;
  const publicKeys: Uint8Array[] = [];
  while (!cursor.atEnd && cursor.next() && hasPublicKeySize(cursor.data)) publicKeys.push(cursor.data);
  const isWhole = cursor.position === script.length - 1 && opcodeToSmallInteger(cursor.opcode) === publicKeys.length;
  return isWhole && publicKeys.length >= required ? {type: 'multisig', required, publicKeys} : undefined;
}

/** Core's CPubKey::ValidSize: the first byte must announce the length that is there. */
function hasPublicKeySize(key: Uint8Array): boolean {
  const first = key[0];
  if (key.length === 33) return first === 2 || first === 3;
  return key.length === 65 && (first === 4 || first === 6 || first === 7);
}
