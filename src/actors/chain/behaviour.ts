/**
 * @module The chain's decisions about one arriving block, as pure functions over the header index: is it known, may its
 * header follow its parent, does its body fit. Coins and scripts come later, in `connector.ts`; I/O is in `actor.ts`.
 *
 * Three kinds of refusal are kept apart, because only one may be remembered under the block's hash: a bad HEADER was
 * never added, a MUTATED body may have an honest twin, an INVALID body condemns the hash.
 */
import {checkBlockContextInSteps, checkBlockInSteps} from '../../protocol/consensus/check-block.js';
import type {BlockVerdict} from '../../protocol/consensus/check-block.js';
import {checkHeader, checkHeaderContext} from '../../protocol/consensus/check-header.js';
import type {HeaderContext} from '../../protocol/consensus/check-header.js';
import {checkProofOfWork} from '../../protocol/consensus/pow/check-pow.js';
import type {HeaderRow} from '../../protocol/chain/header-tree.js';
import {bytesEqual} from '../../protocol/bytes/compare.js';
import type {Block} from '../../protocol/primitives/block.js';
import type {Steps} from '../../protocol/steps.js';
import {reject} from '../../protocol/verdict.js';
import type {Rejection, Verdict} from '../../protocol/verdict.js';
import type {HeaderIndex} from './header-index.js';
import type {BlockOutcome} from './messages.js';

export type ArrivalJudgement =
  /** The header and the body keep the rules that need no coins. */
  | {readonly kind: 'store'; readonly parent: HeaderRow}
  /** Has work, but its parent is unknown. */
  | {readonly kind: 'orphan'}
  /** Answer this; remember nothing. */
  | {readonly kind: 'answer'; readonly outcome: BlockOutcome}
  /** The body breaks a rule that no other body could mend: remember the hash as invalid. */
  | {readonly kind: 'condemn'; readonly rejection: Rejection};

export function* judgeArrivalInSteps(index: HeaderIndex, block: Block, nowSec: number): Steps<ArrivalJudgement> {
  const {header} = block;
  const {tree} = index;
  const known = tree.find(header.hash);
  if (known !== undefined) {
    if (tree.isInvalid(known)) return refusal(block, reject('duplicate-invalid'), 'duplicate-invalid');
    if (tree.hasBody(known)) {
      return {kind: 'answer', outcome: {ok: true, status: 'duplicate', hash: header.hash, height: tree.height(known)}};
    }
  }
  const parent = tree.find(header.previousHash);
  if (parent === undefined) {
    const work = checkProofOfWork(header.hash, header.bits, index.spec.engine.powLimit);
    return work.ok ? {kind: 'orphan'} : refusal(block, work, 'invalid');
  }
  if (tree.isInvalid(parent)) return refusal(block, reject('bad-prevblk'), 'invalid');
  const context = headerContext(index, {parent, headerTimeSec: header.timeSec, nowSec});
  const headerVerdict = checkHeader(header, context);
  if (!headerVerdict.ok) return refusal(block, headerVerdict, 'invalid');
  const body = yield* judgeBody(index, block, parent);
  if (body.ok) return {kind: 'store', parent};
  return body.isMutated ? refusal(block, body, 'mutated') : {kind: 'condemn', rejection: plainRejection(body)};
}

/** BIP 23: everything but the work, on the present tip. What needs coins is judged by the connector. */
export function* judgeProposalInSteps(index: HeaderIndex, block: Block, nowSec: number): Steps<Verdict> {
  const tip = index.tipRow();
  if (tip === undefined || !bytesEqual(block.header.previousHash, index.tree.hash(tip))) return reject('inconclusive-not-best-prevblk');
  const header = checkHeaderContext(block.header, headerContext(index, {parent: tip, headerTimeSec: block.header.timeSec, nowSec}));
  if (!header.ok) return header;
  const body = yield* judgeBody(index, block, tip);
  return body.ok ? {ok: true} : plainRejection(body);
}

function* judgeBody(index: HeaderIndex, block: Block, parent: HeaderRow): Steps<BlockVerdict> {
  const verdict = yield* checkBlockInSteps(block, index.spec);
  if (!verdict.ok) return verdict;
  return yield* checkBlockContextInSteps(block, {
    spec: index.spec, height: index.tree.height(parent) + 1, parentMedianTimeSec: index.tree.medianTimePast(parent),
  });
}

function headerContext(
  index: HeaderIndex, facts: {readonly parent: HeaderRow; readonly headerTimeSec: number; readonly nowSec: number},
): HeaderContext {
  const {parent, headerTimeSec, nowSec} = facts;
  return {
    spec: index.spec, height: index.tree.height(parent) + 1, requiredBits: index.requiredBits(parent, headerTimeSec),
    parentMedianTimeSec: index.tree.medianTimePast(parent), nowSec,
  };
}

function refusal(block: Block, rejection: Rejection, status: 'invalid' | 'mutated' | 'duplicate-invalid'): ArrivalJudgement {
  return {kind: 'answer', outcome: {...plainRejection(rejection), status, hash: block.header.hash}};
}

function plainRejection({code, detail}: Rejection): Rejection {
  return reject(code, detail);
}
