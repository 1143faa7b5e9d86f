/**
 * @module Which bits the next block must carry. Looks at times and bits of earlier headers only, through the caller.
 */
import type {PowEngine, RetargetRule} from '../../chain/chain-spec.js';
import {assert} from '../../verdict.js';
import {asertTarget} from './asert.js';
import {compactToTarget, targetToCompact} from './compact.js';

export interface HeaderTimeAndBits {
  readonly timeSec: number;
  readonly bits: number;
}

export interface RetargetContext {
  readonly engine: PowEngine;
  /** Height of the block that the new one builds on. */
  readonly parentHeight: number;
  /** Headers on the new block's own branch, by height from 0 to `parentHeight`. */
  readonly ancestorAt: (height: number) => HeaderTimeAndBits;
  /** Time of the new block; only a rule with `allowMinDifficulty` looks at it. */
  readonly timeSec: number;
}

export function nextRequiredBits(context: RetargetContext): number {
  const rule = context.engine.retarget;
  return rule.kind === 'asert' ? asertBits(context, rule) : bitcoinBits(context, rule);
}

function asertBits(context: RetargetContext, rule: RetargetRule & {kind: 'asert'}): number {
  const {engine, parentHeight, ancestorAt} = context;
  const fromParent = rule.anchor === 'parent';
  const parent = ancestorAt(parentHeight);
  const anchorHeight = fromParent ? parentHeight : 0;
  const anchor = ancestorAt(anchorHeight);
  // Genesis has no parent: it counts as having been on schedule.
  const anchorParentTimeSec = anchorHeight > 0 ? ancestorAt(anchorHeight - 1).timeSec : anchor.timeSec - rule.spacingSec;
  return targetToCompact(asertTarget({
    anchorTarget: targetOf(anchor),
    spacingSec: rule.spacingSec,
    halfLifeSec: rule.halfLifeSec,
    timeDeltaSec: parent.timeSec - anchorParentTimeSec,
    heightDelta: parentHeight - anchorHeight,
    powLimit: engine.powLimit,
  }));
}

function bitcoinBits(context: RetargetContext, rule: RetargetRule & {kind: 'bitcoin'}): number {
  const {engine, parentHeight, ancestorAt} = context;
  const parent = ancestorAt(parentHeight);
  if ((parentHeight + 1) % rule.intervalBlocks !== 0) {
    return rule.allowMinDifficulty ? minDifficultyBits(context, rule) : parent.bits;
  }
  if (rule.noRetarget) return parent.bits;
  const timespanSec = rule.intervalBlocks * rule.spacingSec;
  // One interval short: consensus since the first release measures 2015 intervals for 2016 blocks.
  const first = ancestorAt(parentHeight - (rule.intervalBlocks - 1));
  const measuredSec = Math.min(Math.max(parent.timeSec - first.timeSec, Math.floor(timespanSec / 4)), timespanSec * 4);
  const target = (targetOf(parent) * BigInt(measuredSec)) / BigInt(timespanSec);
  return targetToCompact(target > engine.powLimit ? engine.powLimit : target);
}

/** Test networks: the easiest target after two spacings without a block, else the last one that was not such a gift. */
function minDifficultyBits(context: RetargetContext, rule: RetargetRule & {kind: 'bitcoin'}): number {
  const {engine, parentHeight, ancestorAt} = context;
  // On regtest every block has the limit: walking back an interval to find that out is wasted.
  if (rule.noRetarget) return ancestorAt(parentHeight).bits;
  if (context.timeSec > ancestorAt(parentHeight).timeSec + 2 * rule.spacingSec) return engine.powLimitBits;
  let height = parentHeight;
  while (height > 0 && height % rule.intervalBlocks !== 0 && ancestorAt(height).bits === engine.powLimitBits) height -= 1;
  return ancestorAt(height).bits;
}

function targetOf(header: HeaderTimeAndBits): bigint {
  const target = compactToTarget(header.bits);
  assert(target !== undefined, 'a header in the tree has bits that name a target');
  return target;
}
