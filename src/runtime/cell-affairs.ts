/**
 * @module What most actors never have: children, timers, open questions, watchers, failures, an end under way. Kept beside
 * the cell and made when first needed, so that an idle actor does not pay for it (160 of once 830 bytes).
 */
import type {DeadLetterReason, SpawnOptions, StopReason} from './actor.js';
import type {OpenAsks} from './ask.js';
import type {Cell} from './cell.js';
import type {Family} from './family.js';
import type {FlightRecorder, Sample} from './flight-recorder.js';
import type {KeyedTimers} from './keyed-timers.js';
import type {Log} from './log.js';
import type {PublisherBus} from './subscriber-bus.js';
import type {WheelTimer} from './timer-wheel.js';

export class CellAffairs {
  timers: KeyedTimers | undefined = undefined;
  asks: OpenAsks | undefined = undefined;
  answering: OpenAsks | undefined = undefined;
  family: Family | undefined = undefined;
  watchers: Set<Cell> | undefined = undefined;
  watching: Set<Cell> | undefined = undefined;
  /** Bounds draining, then `onStop`. */
  stopBound: WheelTimer | undefined = undefined;
  stopReason: StopReason | undefined = undefined;
  /** Whether its children may empty their mailboxes when it ends. */
  stopMode: 'drain' | 'now' = 'now';
  /** `takeDown` is under way, for a stop or a restart. */
  isComingDown = false;
  /** What its parent does when it fails. */
  onFailure: NonNullable<SpawnOptions['onFailure']> = 'restart';
  failures = 0;
  restarts = 0;
  consecutiveFailures = 0;
  lastFailureMs = 0;
  lastError: unknown = undefined;
  log: Log | undefined = undefined;
  /** Of one incarnation's context. */
  publisher: PublisherBus | undefined = undefined;
  dropped: Map<DeadLetterReason, number> | undefined = undefined;
}

/** What a cell without affairs of its own shows to readers. Frozen: a write that forgot `ownAffairs()` throws. */
export const NO_AFFAIRS: CellAffairs = Object.freeze(new CellAffairs());

/** How long the sampled messages of an actor waited and ran; made with its first sample or its first long turn. */
export class CellTimes {
  longestTurnMs = 0;
  /** Slices left in which this cell is timed turn by turn. */
  suspectSlices = 0;
  samples = 0;
  sampledWaitMs = 0;
  sampledRunMs = 0;
  sampleStartMs = 0;
  /** The message being timed, in the flight recorder. */
  sample: Sample | undefined = undefined;

  /** A sampled message, noted last by `flight`, is delivered now. */
  begin(flight: FlightRecorder, acceptedAtMs: number, nowMs: number): void {
    this.samples += 1;
    this.sampledWaitMs += nowMs - acceptedAtMs;
    this.sampleStartMs = nowMs;
    this.sample = flight.noteSample(nowMs - acceptedAtMs);
  }

  end(nowMs: number): void {
    const runMs = nowMs - this.sampleStartMs;
    this.sampledRunMs += runMs;
    if (this.sample !== undefined) this.sample.runMs = runMs;
  }
}

export const NO_TIMES: CellTimes = Object.freeze(new CellTimes());
