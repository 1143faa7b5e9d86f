/** @module BIP 340's tagged hash: SHA-256 that cannot be mistaken for one made for another purpose. */
import {concatBytes} from '../bytes/compare.js';
import {sha256} from '../bytes/sha256.js';

export type TaggedHash = (...parts: readonly Uint8Array[]) => Uint8Array;

export function taggedHash(tag: string): TaggedHash {
  // Tags are ASCII by BIP 340's own list.
  const tagHash = sha256(Uint8Array.from(tag, (character) => character.charCodeAt(0)));
  return (...parts) => sha256(concatBytes(tagHash, tagHash, ...parts));
}

export const tapSighashHash = taggedHash('TapSighash');
export const tapLeafHash = taggedHash('TapLeaf');
export const tapBranchHash = taggedHash('TapBranch');
export const tapTweakHash = taggedHash('TapTweak');
