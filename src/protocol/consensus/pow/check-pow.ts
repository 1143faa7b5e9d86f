/** @module Whether a header's hash meets the target that its own bits name. Which bits it MUST have: `retarget.ts`. */
import {hashToInteger} from '../../bytes/compare.js';
import type {Hash256} from '../../primitives/transaction.js';
import {reject} from '../../verdict.js';
import type {Verdict} from '../../verdict.js';
import {compactToTarget} from './compact.js';

export function checkProofOfWork(hash: Hash256, bits: number, powLimit: bigint): Verdict<undefined, 'high-hash'> {
  const target = compactToTarget(bits);
  if (target === undefined || target > powLimit) return reject('high-hash', 'the bits name no allowed target');
  return hashToInteger(hash) <= target ? {ok: true} : reject('high-hash', 'hash above target');
}
