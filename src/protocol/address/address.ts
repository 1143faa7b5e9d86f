/**
 * @module Addresses to output scripts and back. Source: base58check of the original client, BIP 173 (bech32 for witness
 * version 0), BIP 350 (bech32m for the others). An address of another chain is refused by name: paying to it would
 * pay to nobody.
 */
import {bech32, bech32m} from '@scure/base';
import type {AddressPrefixes} from '../chain/chain-spec.js';
import {concatBytes} from '../bytes/compare.js';
import {p2pkh, p2sh, witnessProgramScript} from '../script/build-script.js';
import {classifyScript, witnessProgram} from '../script/classify-script.js';
import type {ScriptType} from '../script/classify-script.js';
import {reject} from '../verdict.js';
import type {Verdict} from '../verdict.js';
import {decodeBase58Check, encodeBase58Check} from './base58check.js';

export interface DecodedAddress {
  readonly scriptPubKey: Uint8Array;
  readonly type: ScriptType;
}

export type AddressRejection =
  /** No known encoding, or its checksum is wrong. */
  | 'address-malformed'
  /** A sound address, of another chain. */
  | 'address-other-chain'
  /** A witness program that its version does not allow. */
  | 'address-bad-program';

const HASH_SIZE = 20;

export function decodeAddress(text: string, prefixes: AddressPrefixes): Verdict<DecodedAddress, AddressRejection> {
  const payload = decodeBase58Check(text);
  if (payload !== undefined) return fromPayload(payload, prefixes);
  const separator = text.lastIndexOf('1');
  if (separator < 1) return reject('address-malformed', 'neither base58 nor bech32');
  return fromBech32(text, text.slice(0, separator).toLowerCase(), prefixes);
}

/** @returns undefined for scripts that have no address: bare keys, bare multisig, OP_RETURN, nonstandard ones. */
export function encodeAddress(scriptPubKey: Uint8Array, prefixes: AddressPrefixes): string | undefined {
  const template = classifyScript(scriptPubKey);
  switch (template.type) {
    case 'pubkeyhash':
      return encodeBase58Check(concatBytes(Uint8Array.of(prefixes.pubKeyHash), template.hash));
    case 'scripthash':
      return encodeBase58Check(concatBytes(Uint8Array.of(prefixes.scriptHash), template.hash));
    case 'witness_v0_keyhash':
    case 'witness_v0_scripthash':
    case 'witness_v1_taproot':
    case 'witness_unknown':
      return encodeProgram(scriptPubKey, prefixes);
    default:
      return undefined;
  }
}

function fromPayload(payload: Uint8Array, prefixes: AddressPrefixes): Verdict<DecodedAddress, AddressRejection> {
  const version = payload[0];
  const hash = payload.subarray(1);
  if (hash.length !== HASH_SIZE) return reject('address-malformed', `${hash.length} bytes, not ${HASH_SIZE}`);
  if (version === prefixes.pubKeyHash) return {ok: true, value: {scriptPubKey: p2pkh(hash), type: 'pubkeyhash'}};
  if (version === prefixes.scriptHash) return {ok: true, value: {scriptPubKey: p2sh(hash), type: 'scripthash'}};
  return reject('address-other-chain', `version byte ${version}`);
}

/** Version 0 is written in bech32 and every other in bech32m; a mix-up is a typing error that bech32 cannot see. */
function fromBech32(text: string, readablePart: string, prefixes: AddressPrefixes): Verdict<DecodedAddress, AddressRejection> {
  const asVersionZero = bech32.decodeUnsafe(text);
  const words = (asVersionZero ?? bech32m.decodeUnsafe(text))?.words;
  if (words === undefined) return reject('address-malformed', 'neither base58 nor bech32');
  if (readablePart !== prefixes.bech32) return reject('address-other-chain', `prefix ${readablePart}, here ${prefixes.bech32}`);
  const version = words[0];
  if (version === undefined || version > 16) return reject('address-bad-program', 'no witness version');
  if ((version === 0) !== (asVersionZero !== undefined)) {
    return reject('address-bad-program', version === 0 ? 'version 0 in bech32m' : `version ${version} in bech32`);
  }
  const program = bech32.fromWordsUnsafe(words.slice(1));
  if (!program || program.length < 2 || program.length > 40) return reject('address-bad-program', 'wrong length or padding');
  if (version === 0 && program.length !== 20 && program.length !== 32) {
    return reject('address-bad-program', `version 0 of ${program.length} bytes`);
  }
  const scriptPubKey = witnessProgramScript(version, program);
  return {ok: true, value: {scriptPubKey, type: classifyScript(scriptPubKey).type}};
}

function encodeProgram(scriptPubKey: Uint8Array, prefixes: AddressPrefixes): string | undefined {
  const found = witnessProgram(scriptPubKey);
  if (found === undefined) return undefined;
  const words = [found.version, ...bech32.toWords(found.program)];
  return (found.version === 0 ? bech32 : bech32m).encode(prefixes.bech32, words);
}
