/**
 * @module How a life begins and ends: start, drain, stop, take-down for a restart, and the last act.
 *
 * Order of an end: children in reverse start order, each gone before the next is asked; then `onStop`; then whatever
 * waits becomes dead letters, watchers are told, the parent is told. Draining and `onStop` are bounded by the stop
 * timeout, each; an actor that overstays is ended as `killed`. A wait for children needs no bound: each child has its own.
 */
import type {StopReason} from './actor.js';
import {NO_AFFAIRS, type CellAffairs} from './cell-affairs.js';
import {CellContext} from './cell-context.js';
import type {Cell} from './cell.js';
import {BLOCKED, BUSY, RUNNING, STOPPED, STOPPING} from './cell-phases.js';
import type {Family} from './family.js';
import {CHECKED, POISONED} from './envelope.js';
import {RESTARTED, STARTED, STOPPED_EVENT} from './flight-recorder.js';
import {WheelTimer} from './timer-wheel.js';

const POISON_MESSAGE = {type: 'runtime.endOfDrain'} as const;

/** Makes an incarnation. A throwing `create` is a failure like any other. */
export function start(cell: Cell): void {
  cell.incarnation += 1;
  cell.host.flight.note(cell.affairs.restarts === 0 ? STARTED : RESTARTED, 0, cell.id, 0);
  const context = new CellContext(cell);
  cell.context = context;
  try {
    cell.behaviour = cell.spec.create(context);
  } catch (error) {
    cell.fail(error);
    return;
  }
  cell.unblock();
}

export function requestStop(cell: Cell, mode: 'drain' | 'now', reason: StopReason): void {
  if (cell.phase >= STOPPING) {
    if (mode === 'drain' || cell.affairs.stopMode === 'now') return;
    cell.ownAffairs().stopMode = 'now';
    cell.affairs.family?.onChildGone?.(); // Hurries the child that is being waited for.
    return;
  }
  const affairs = cell.ownAffairs();
  affairs.stopReason = reason;
  affairs.stopMode = mode;
  // A suspended or restarting actor cannot drain: its messages would wait for a restart that nobody wants any more.
  const canDrain = cell.phase === RUNNING || cell.phase === BUSY;
  const isEmpty = cell.phase === RUNNING && cell.mailbox?.nextLane() === undefined;
  if (mode === 'now' || !canDrain || isEmpty) {
    beginStop(cell, reason);
    return;
  }
  if (cell.isClosed) return;
  cell.acceptOwn(POISON_MESSAGE, POISONED);
  cell.isClosed = true;
  armBound(cell, drainTooLong);
}

/** Ends the actor without looking at its mailbox again. */
export function beginStop(cell: Cell, reason: StopReason): void {
  if (cell.phase >= STOPPING) return;
  cell.isClosed = true;
  cell.ownAffairs().stopReason = reason;
  cell.phase = STOPPING;
  cell.queueState = BLOCKED;
  // The take-down for a restart is under way, its bound holds, and it ends in the last act by itself.
  if (cell.affairs.isComingDown) return;
  disarmBound(cell);
  takeDown(cell, reason, () => endLife(cell));
}

/** Children, then `onStop`, then `done`. Shared by stop and restart. */
export function takeDown(cell: Cell, why: StopReason | 'restarting', done: () => void): void {
  const affairs = cell.ownAffairs();
  const {family} = affairs;
  affairs.isComingDown = true;
  const end = (): void => {
    affairs.isComingDown = false;
    done();
  };
  if (family === undefined) {
    callOnStop(cell, why, end);
    return;
  }
  const left = [...family.children.values()];
  const next = (): void => {
    let last = left.at(-1);
    while (last !== undefined && last.phase === STOPPED) {
      left.pop();
      last = left.at(-1);
    }
    if (last !== undefined) {
      last.order({kind: 'stop', mode: why === 'restarting' ? 'now' : affairs.stopMode, reason: 'parent-stopped'});
      return;
    }
    family.onChildGone = undefined;
    callOnStop(cell, why, end);
  };
  family.onChildGone = next;
  next();
}

/** Everything that belongs to one incarnation and not to the actor. */
export function endIncarnation(cell: Cell, code: 'aborted' | 'dead'): void {
  cell.incarnation += 1;
  const {affairs} = cell;
  if (affairs !== NO_AFFAIRS) endAffairs(cell, affairs, code);
  cell.mailbox?.unstashAll();
  cell.behaviour = undefined;
  cell.context = undefined;
  cell.current.ask?.fail(code === 'dead' ? 'dead' : 'failed', affairs.lastError);
  cell.emptyHand();
}

function endAffairs(cell: Cell, affairs: CellAffairs, code: 'aborted' | 'dead'): void {
  affairs.timers?.cancelAll();
  affairs.timers = undefined;
  affairs.asks?.failAll('aborted');
  affairs.answering?.failAll(code === 'dead' ? 'dead' : 'failed', affairs.lastError);
  affairs.answering = undefined;
  if (affairs.family !== undefined) forgetRestarts(cell, affairs.family);
  if (affairs.watching !== undefined) for (const watched of affairs.watching) watched.affairs.watchers?.delete(cell);
  affairs.watching = undefined;
  affairs.publisher = undefined;
}

/** A new incarnation begins with a clean record; all children of the old one have ended. */
function forgetRestarts(cell: Cell, family: Family): void {
  family.restartTimesMs = [];
  for (const backoff of family.backoffs) cell.wheel.cancel(backoff);
  family.backoffs.clear();
  family.failuresWaiting.length = 0;
  family.isRestartingGroup = false;
}

/** Ends the actor and all below it where they stand, without `onStop`: what a power failure does. For the simulator. */
export function killTree(cell: Cell): void {
  for (const child of cell.affairs.family?.children.values() ?? []) killTree(child);
  cell.queueState = BLOCKED;
  cell.behaviour = undefined;
  cell.ownAffairs().stopReason = 'killed';
  endLife(cell);
}

/** The last act. */
export function endLife(cell: Cell): void {
  if (cell.phase === STOPPED) return;
  const affairs = cell.ownAffairs();
  disarmBound(cell);
  cell.isClosed = true;
  endIncarnation(cell, 'dead');
  cell.phase = STOPPED;
  cell.host.flight.note(STOPPED_EVENT, 0, cell.id, 0);
  cell.mailbox?.drainInto((message, envelope) => {
    if (envelope.kind <= CHECKED) cell.lost(message, envelope, 'stopped');
  });
  const {watchers} = affairs;
  affairs.watchers = undefined;
  if (watchers !== undefined) for (const watcher of watchers) watcher.deliverTermination(cell, affairs.stopReason ?? 'stopped', affairs.lastError);
  cell.host.cellStopped(cell);
  cell.parent?.order({kind: 'child-stopped', child: cell});
}

function callOnStop(cell: Cell, why: StopReason | 'restarting', done: () => void): void {
  const {behaviour, context} = cell;
  if (behaviour?.onStop === undefined || context === undefined) {
    done();
    return;
  }
  let isDone = false;
  const finish = (error?: unknown): void => {
    if (isDone) return;
    isDone = true;
    disarmBound(cell);
    if (error !== undefined) cell.host.log.warn({code: 'actor-stop-failed', path: cell.path, err: error}, 'onStop failed');
    done();
  };
  try {
    const result = behaviour.onStop(why, context);
    if (result === undefined || typeof result.then !== 'function') {
      finish();
      return;
    }
    armBound(cell, () => {
      cell.host.log.warn({code: 'actor-stop-timeout', path: cell.path}, 'onStop did not end in time');
      if (cell.phase === STOPPING) cell.ownAffairs().stopReason = 'killed';
      finish();
    });
    result.then(() => finish(), (error: unknown) => finish(error ?? new Error('rejected without a reason')));
  } catch (error) {
    finish(error ?? new Error('thrown without a reason'));
  }
}

function drainTooLong(cell: Cell): void {
  cell.host.log.warn({code: 'actor-drain-timeout', path: cell.path}, 'an actor did not empty its mailbox in time');
  cell.ownAffairs().stopMode = 'now';
  beginStop(cell, 'killed');
}

/** The stop timeout of one cell. */
class StopBound extends WheelTimer {
  private readonly cell: Cell;
  private readonly act: (cell: Cell) => void;

  constructor(cell: Cell, act: (cell: Cell) => void) {
    super();
    this.cell = cell;
    this.act = act;
  }

  fire(): void {
    this.act(this.cell);
  }
}

function armBound(cell: Cell, act: (cell: Cell) => void): void {
  disarmBound(cell);
  const stopBound = new StopBound(cell, act);
  cell.ownAffairs().stopBound = stopBound;
  cell.wheel.arm(stopBound, cell.nowMs() + cell.host.stopTimeoutMs);
}

function disarmBound(cell: Cell): void {
  const {stopBound} = cell.affairs;
  if (stopBound === undefined) return;
  cell.wheel.cancel(stopBound);
  cell.ownAffairs().stopBound = undefined;
}
