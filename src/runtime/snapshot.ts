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
    for (const child of cell.affairs.family?.children.values() ?? []) {
      actors.push(actorSnapshot(child));
      visit(child);
    }
  };
  visit(root);
  return {atMs: clock.nowMs(), actors};
}

function actorSnapshot(cell: Cell): ActorSnapshot {
  const {mailbox, affairs, timing} = cell;
  return {
    id: cell.id,
    path: cell.path,
    kind: cell.protocol.kind,
    parentPath: cell.parent?.path,
    phase: PHASE_NAMES[cell.phase]!,
    stopReason: affairs.stopReason,
    mailbox: {
      user: mailbox?.user.length ?? 0,
      priority: mailbox?.priority?.length ?? 0,
      stash: mailbox?.stash?.length ?? 0,
      waiting: mailbox?.waiting ?? 0,
      capacity: cell.protocol.capacity,
    },
    received: mailbox?.received ?? 0,
    processed: mailbox?.processed ?? 0,
    dropped: Object.fromEntries(affairs.dropped ?? []),
    failures: affairs.failures,
    restarts: affairs.restarts,
    lastError: affairs.lastError === undefined ? undefined : String(affairs.lastError),
    longestTurnMs: timing.longestTurnMs,
    samples: timing.samples,
    sampledWaitMs: timing.sampledWaitMs,
    sampledRunMs: timing.sampledRunMs,
    timers: affairs.timers?.size ?? 0,
    openAsks: affairs.asks?.size ?? 0,
    children: affairs.family?.children.size ?? 0,
  };
}

export function statsOf(facts: {
  meter: TurnMeter; deadLetterCount: number; actorCount: number; actorsStarted: number; timersArmed: number;
}): SystemStats {
  const {meter, deadLetterCount, actorCount, actorsStarted, timersArmed} = facts;
  const {drains, turns, busyMs, longestDrainMs, longestTurnMs} = meter;
  return {actorCount, actorsStarted, deadLetterCount, timersArmed, drains, turns, busyMs, longestDrainMs, longestTurnMs};
}
