/** @module What a cell with children keeps: who they are in start order, and what their supervision has to remember. */
import type {SupervisionPolicy} from './actor.js';
import type {Cell} from './cell.js';
import type {WheelTimer} from './timer-wheel.js';

/** Ten in a minute, first retry after 50 ms: chosen by guess; `restarts` in the snapshot tells. */
export const DEFAULT_SUPERVISION: SupervisionPolicy = {
  strategy: 'one-for-one',
  restartsMax: 10,
  windowMs: 60_000,
  backoff: {minMs: 50, maxMs: 5_000, jitter: 0.2},
};

export class Family {
  /** By name, in start order. */
  readonly children = new Map<string, Cell>();
  /** Moments of restarts inside the window. */
  restartTimesMs: number[] = [];
  /** A group restart under way (`one-for-all`, `rest-for-one`); further failures wait for its end. */
  isRestartingGroup = false;
  /** Restarts whose backoff runs. They end with the incarnation of the parent. */
  readonly backoffs = new Set<WheelTimer>();
  readonly failuresWaiting: {child: Cell; error: unknown}[] = [];
  /** Told when a child has stopped, while this cell takes its children down. */
  onChildGone: (() => void) | undefined = undefined;
}
