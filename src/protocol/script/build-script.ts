/**
 * @module Scripts from their parts: pushes in their shortest form, and the standard output scripts.
 * Sizes of keys and hashes are our callers' business and asserted; nothing here reads outside data.
 */
import {concatBytes} from '../bytes/compare.js';
import {hash160} from '../bytes/hash160.js';
import {sha256} from '../bytes/sha256.js';
import {assert} from '../verdict.js';
import {DIRECT_PUSH_MAX, OP, smallIntegerOpcode} from './opcodes.js';
import {encodeScriptNumber} from './script-number.js';

/** An opcode by number, or bytes to push. */
export type ScriptPart = number | Uint8Array;

export function buildScript(parts: readonly ScriptPart[]): Uint8Array {
  return concatBytes(...parts.map((part) => (typeof part === 'number' ? Uint8Array.of(part) : pushData(part))));
}

/** The shortest push of `data` (BIP 62 rule 3). */
export function pushData(data: Uint8Array): Uint8Array {
  const size = data.length;
  if (size === 0) return Uint8Array.of(OP.OP_0);
  if (size === 1) {
    const value = data[0]!;
    if (value >= 1 && value <= 16) return Uint8Array.of(smallIntegerOpcode(value));
    if (value === 0x81) return Uint8Array.of(OP.OP_1NEGATE);
  }
  return pushBytes(data);
}

/** A push with its length written out, never as a small-integer opcode: what FindAndDelete looks for. */
export function pushBytes(data: Uint8Array): Uint8Array {
  const size = data.length;
  if (size <= DIRECT_PUSH_MAX) return concatBytes(Uint8Array.of(size), data);
  if (size <= 0xff) return concatBytes(Uint8Array.of(OP.PUSHDATA1, size), data);
  if (size <= 0xffff) return concatBytes(Uint8Array.of(OP.PUSHDATA2, size, size >>> 8), data);
  return concatBytes(Uint8Array.of(OP.PUSHDATA4, size, size >>> 8, size >>> 16, size >>> 24), data);
}

/** Pushes an integer as Core's CScript does: BIP 34 heights are compared byte by byte with this form. */
export function pushNumber(value: number): Uint8Array {
  if (value >= -1 && value <= 16) return Uint8Array.of(smallIntegerOpcode(value));
  return pushBytes(encodeScriptNumber(value));
}

export function p2pk(publicKey: Uint8Array): Uint8Array {
  return buildScript([publicKey, OP.CHECKSIG]);
}

export function p2pkh(publicKeyHash: Uint8Array): Uint8Array {
  assert(publicKeyHash.length === 20, 'a key hash has 20 bytes');
  // Filled in place: every P2WPKH input of a block builds one, and seven buffers to join took ten times as long.
  const script = new Uint8Array(25);
  script[0] = OP.DUP;
  script[1] = OP.HASH160;
  script[2] = publicKeyHash.length;
  for (let i = 0; i < 20; i++) script[3 + i] = publicKeyHash[i]!;
  script[23] = OP.EQUALVERIFY;
  script[24] = OP.CHECKSIG;
  return script;
}

export function p2sh(scriptHash: Uint8Array): Uint8Array {
  assert(scriptHash.length === 20, 'a script hash has 20 bytes');
  return buildScript([OP.HASH160, scriptHash, OP.EQUAL]);
}

export function p2shOf(redeemScript: Uint8Array): Uint8Array {
  return p2sh(hash160(redeemScript));
}

export function p2wpkh(publicKeyHash: Uint8Array): Uint8Array {
  assert(publicKeyHash.length === 20, 'a key hash has 20 bytes');
  return witnessProgramScript(0, publicKeyHash);
}

export function p2wsh(witnessScriptHash: Uint8Array): Uint8Array {
  assert(witnessScriptHash.length === 32, 'a witness script hash has 32 bytes');
  return witnessProgramScript(0, witnessScriptHash);
}

export function p2wshOf(witnessScript: Uint8Array): Uint8Array {
  return p2wsh(sha256(witnessScript));
}

/** @param outputKey - x-only and already tweaked (BIP 341's Q). */
export function p2tr(outputKey: Uint8Array): Uint8Array {
  assert(outputKey.length === 32, 'a taproot output key has 32 bytes');
  return witnessProgramScript(1, outputKey);
}

export function witnessProgramScript(version: number, program: Uint8Array): Uint8Array {
  assert(version >= 0 && version <= 16 && program.length >= 2 && program.length <= 40, 'a witness program of BIP 141');
  return buildScript([smallIntegerOpcode(version), program]);
}

export function multisig(required: number, publicKeys: readonly Uint8Array[]): Uint8Array {
  assert(required >= 1 && required <= publicKeys.length && publicKeys.length <= 16, 'required ≤ keys ≤ 16');
  return buildScript([smallIntegerOpcode(required), ...publicKeys, smallIntegerOpcode(publicKeys.length), OP.CHECKMULTISIG]);
}

export function nullData(...items: readonly Uint8Array[]): Uint8Array {
  return buildScript([OP.RETURN, ...items]);
}
