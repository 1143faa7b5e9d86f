/**
 * @module What a parent does about a failed child, after OTP's supervisors: who shares its fate, how long until it lives
 * again, and when failing has become the parent's own failure.
 *
 * A restart keeps ref, mailbox and watchers; the behaviour is made anew. Groups come down in reverse start order and up
 * in start order. Children declared `stop` or `resume` do not count against the intensity window.
 */
import type {SupervisionPolicy} from './actor.js';
import type {Cell} from './cell.js';
import {beginStop, endIncarnation, endLife, start, takeDown} from './cell-life.js';
import {BLOCKED, BUSY, RESTARTING, STARTING, STOPPING, SUSPENDED} from './cell-phases.js';
import {DEFAULT_SUPERVISION, type Family} from './family.js';
import {WheelTimer} from './timer-wheel.js';

export function onChildFailed(parent: Cell, child: Cell, error: unknown): void {
  // Stopped or restarted since, or about to go down with its parent.
  if (child.phase !== SUSPENDED || parent.phase >= RESTARTING || parent.affairs.family === undefined) return;
  const decision = child.affairs.onFailure;
  const {log} = child.host;
  log.warn({code: 'actor-failed', path: child.path, decision, err: error}, 'an actor failed');
  if (decision === 'stop') {
    beginStop(child, 'failed');
  } else if (decision === 'resume' && child.behaviour !== undefined) {
    resume(child);
  } else if (decision === 'escalate') {
    parent.fail(error);
  } else {
    restart(parent, parent.affairs.family, child, error);
  }
}

/** Goes on with its state as it is; so do the descendants whose failure made it fail. */
export function resume(cell: Cell): void {
  if (cell.mailbox?.isInHandAwaited === true) cell.phase = BUSY;
  else cell.unblock();
  for (const child of cell.affairs.family?.children.values() ?? []) {
    if (child.phase !== SUSPENDED) continue;
    if (child.behaviour === undefined) beginStop(child, 'failed');
    else resume(child);
  }
}

function restart(parent: Cell, family: Family, child: Cell, error: unknown): void {
  const policy = parent.spec.supervision ?? DEFAULT_SUPERVISION;
  const isGrouped = policy.strategy !== 'one-for-one';
  if (isGrouped && family.isRestartingGroup) {
    family.failuresWaiting.push({child, error});
    return;
  }
  const nowMs = parent.nowMs();
  family.restartTimesMs = family.restartTimesMs.filter((atMs) => nowMs - atMs <= policy.windowMs);
  family.restartTimesMs.push(nowMs);
  if (family.restartTimesMs.length > policy.restartsMax) {
    parent.host.log.error({code: 'actor-restart-limit', path: child.path, restartsMax: policy.restartsMax, windowMs: policy.windowMs, err: error},
      'restarted too often: the failure goes to the parent');
    beginStop(child, 'restart-limit');
    parent.fail(error);
    return;
  }
  const affairs = child.ownAffairs();
  affairs.consecutiveFailures = nowMs - affairs.lastFailureMs > policy.windowMs ? 1 : affairs.consecutiveFailures + 1;
  affairs.lastFailureMs = nowMs;
  new RestartGroup({parent, family, cells: sharingFate(family, policy, child), delayMs: backoffMs(parent, policy, child), isGrouped}).begin();
}

function sharingFate(family: Family, policy: SupervisionPolicy, child: Cell): Cell[] {
  if (policy.strategy === 'one-for-one') return [child];
  const siblings = [...family.children.values()].filter((sibling) => !sibling.isClosed);
  if (policy.strategy === 'one-for-all') return siblings;
  return siblings.filter((sibling) => sibling.id >= child.id);
}

/** Doubles with each failure in the window; the jitter only shortens, so `maxMs` holds. */
function backoffMs(parent: Cell, policy: SupervisionPolicy, child: Cell): number {
  const backoff = policy.backoff;
  if (backoff === undefined) return 0;
  const fullMs = Math.min(backoff.maxMs, backoff.minMs * 2 ** Math.min(30, child.affairs.consecutiveFailures - 1));
  return fullMs * (1 - backoff.jitter * parent.host.random.next());
}

interface RestartFacts {
  readonly parent: Cell;
  readonly family: Family;
  /** In start order. */
  readonly cells: readonly Cell[];
  readonly delayMs: number;
  readonly isGrouped: boolean;
}

class RestartGroup extends WheelTimer {
  private readonly facts: RestartFacts;

  constructor(facts: RestartFacts) {
    super();
    this.facts = facts;
  }

  begin(): void {
    if (this.facts.isGrouped) this.facts.family.isRestartingGroup = true;
    for (const cell of this.facts.cells) {
      cell.phase = RESTARTING;
      cell.queueState = BLOCKED;
    }
    this.bringDown(this.facts.cells.length - 1);
  }

  /** Brings down the cell at `index`, then those before it. */
  private bringDown(index: number): void {
    const cell = this.facts.cells[index];
    if (cell === undefined) {
      const {parent, family, delayMs} = this.facts;
      if (delayMs === 0) {
        this.fire();
        return;
      }
      family.backoffs.add(this);
      parent.wheel.arm(this, parent.nowMs() + delayMs);
      return;
    }
    if (cell.phase !== RESTARTING) {
      this.bringDown(index - 1);
      return;
    }
    takeDown(cell, 'restarting', () => {
      if (cell.phase === STOPPING) endLife(cell);
      else endIncarnation(cell, 'aborted');
      this.bringDown(index - 1);
    });
  }

  /** The backoff is over: up again in start order, whoever was not stopped meanwhile. */
  fire(): void {
    const {parent, family, cells, isGrouped} = this.facts;
    family.backoffs.delete(this);
    if (isGrouped) family.isRestartingGroup = false;
    for (const cell of cells) {
      if (cell.phase !== RESTARTING) continue;
      cell.ownAffairs().restarts += 1;
      cell.phase = STARTING;
      start(cell);
    }
    for (const waiting of family.failuresWaiting.splice(0)) onChildFailed(parent, waiting.child, waiting.error);
  }
}

