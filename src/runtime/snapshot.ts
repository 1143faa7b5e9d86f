/**
 * @module What an inspector may read of a running system: plain numbers that the cells keep anyway.
 *
 * Counters only rise, so a reader computes rates itself and sees a restart of the process when they fall.
 * Nothing is measured for the reader, and an unread system pays nothing.
 */
import type {DeadLetterReason, StopReason} from './actor.js';
import type {Cell} from './cell.js';
import {PHASE_NAMES, type PhaseName} from './cell-phases.js';
import type {Clock} from './clock.js';
import type {TurnMeter} from './turn-meter.js';

export interface ActorSnapshot {
  readonly id: number;
  readonly path: string;
  readonly kind: string;
  readonly parentPath: string | undefined;
  readonly phase: PhaseName;
  readonly stopReason: StopReason | undefined;
  readonly mailbox: {
    readonly user: number; readonly priority: number; readonly stash: number;
    /** Counted against the capacity. */
    readonly waiting: number; readonly capacity: number;
  };
  readonly received: number;
  readonly processed: number;
  readonly dropped: Readonly<Partial<Record<DeadLetterReason, number>>>;
  readonly failures: number;
  readonly restarts: number;
  readonly lastError: string | undefined;
  readonly longestTurnMs: number;
  /** One message in 64 is timed; divide the sums by `samples`. */
  readonly samples: number;
  readonly sampledWaitMs: number;
  readonly sampledRunMs: number;
  readonly timers: number;
  readonly openAsks: number;
  readonly children: number;
}

export interface SystemSnapshot {
  readonly atMs: number;
  /** Parents before their children, children in start order. */
  readonly actors: readonly ActorSnapshot[];
}

export interface SystemStats {
  readonly actorCount: number;
  readonly actorsStarted: number;
  readonly deadLetterCount: number;
  readonly timersArmed: number;
  readonly drains: number;
  readonly turns: number;
  /** How long actors held the thread, all drains together. */
  readonly busyMs: number;
  readonly longestDrainMs: number;
  readonly longestTurnMs: number;
}

export function snapshotOf(root: Cell, clock: Clock): SystemSnapshot {
  const actors: ActorSnapshot[] = [];
  const visit = (cell: Cell): void => {
    for (const child of cell.family?.children.values() ?? []) {
      actors.push(actorSnapshot(child));
      visit(child);
    }
  };
  visit(root);
  return {atMs: clock.nowMs(), actors};
}

function actorSnapshot(cell: Cell): ActorSnapshot {
  const {mailbox} = cell;
  return {
    id: cell.id,
    path: cell.ref.path,
    kind: mailbox.protocol.kind,
    parentPath: cell.parent?.ref.path,
    phase: PHASE_NAMES[cell.phase]!,
    stopReason: cell.stopReason,
    mailbox: {
      user: mailbox.user.length,
      priority: mailbox.priority?.length ?? 0,
      stash: mailbox.stash?.length ?? 0,
      waiting: mailbox.waiting,
      capacity: mailbox.protocol.capacity,
    },
    received: cell.received,
    processed: cell.processed,
    dropped: Object.fromEntries(cell.dropped ?? []),
    failures: cell.failures,
    restarts: cell.restarts,
    lastError: cell.lastError === undefined ? undefined : String(cell.lastError),
    longestTurnMs: cell.longestTurnMs,
    samples: cell.samples,
    sampledWaitMs: cell.sampledWaitMs,
    sampledRunMs: cell.sampledRunMs,
    timers: cell.timers?.size ?? 0,
    openAsks: cell.asks?.size ?? 0,
    children: cell.family?.children.size ?? 0,
  };
}

export function statsOf(facts: {
  meter: TurnMeter; deadLetterCount: number; actorCount: number; actorsStarted: number; timersArmed: number;
}): SystemStats {
  const {meter, deadLetterCount, actorCount, actorsStarted, timersArmed} = facts;
  const {drains, turns, busyMs, longestDrainMs, longestTurnMs} = meter;
  return {actorCount, actorsStarted, deadLetterCount, timersArmed, drains, turns, busyMs, longestDrainMs, longestTurnMs};
}
