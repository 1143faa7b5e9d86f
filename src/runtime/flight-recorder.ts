/**
 * @module The last messages of this thread, always recorded: who told whom what, when, on behalf of which request, and for
 * one in 64 how long it waited and ran. A fixed number of slots that are overwritten; nothing is allocated per message.
 *
 * The time of an entry is the scheduler's last reading of the clock, at most about 0.05 ms old: a reading per message
 * would cost more than the message. Contents of messages are not kept: a recording may leave the machine.
 */
import type {DeadLetterReason, StopReason} from './actor.js';
import type {Cell} from './cell.js';

/** 3 MB a thread; at a million messages a second the last 33 ms, at a quiet pool's thousand the last half minute. */
const SLOTS = 32_768;
const MASK = SLOTS - 1;
/** Of timed messages: one in 64 of each actor's. */
const SAMPLES_MAX = 1_024;
/** Actors that ended, so that their numbers in the ring still have a path. */
const ENDED_MAX = 1_024;

/** What the engine itself did, among the messages: begins with `runtime.`, as no message of an actor does. */
export const STARTED = 'runtime.started';
export const FAILED = 'runtime.failed';
export const RESTARTED = 'runtime.restarted';
export const STOPPED_EVENT = 'runtime.stopped';
export const LOST_BY: Readonly<Record<DeadLetterReason, string>> = {
  'no-recipient': 'runtime.lost.no-recipient', 'mailbox-full': 'runtime.lost.mailbox-full', 'dropped-oldest': 'runtime.lost.dropped-oldest',
  'dropped-newest': 'runtime.lost.dropped-newest', 'replaced': 'runtime.lost.replaced', 'expired': 'runtime.lost.expired',
  'late-reply': 'runtime.lost.late-reply', 'stopped': 'runtime.lost.stopped', 'failed-handler': 'runtime.lost.failed-handler',
};

export interface FlightEntry {
  /** Counts up over the life of the process. */
  readonly seq: number;
  readonly atMs: number;
  readonly type: string;
  /** Number of the actor; 0 for the outside. */
  readonly sender: number;
  readonly receiver: number;
  /** Of the request that it belongs to; 0 for none. */
  readonly trace: number;
  /** Only of sampled messages. */
  readonly waitMs?: number;
  readonly runMs?: number;
}

export interface Sample {
  readonly seq: number;
  readonly waitMs: number;
  /** Until the handler has ended: undefined. */
  runMs: number | undefined;
}

export interface EndedActor {
  readonly id: number;
  readonly path: string;
  readonly kind: string;
  readonly reason: StopReason;
  readonly error: string | undefined;
  readonly atMs: number;
}

/** The scheduler's meter, as far as the recorder needs it. */
export interface CoarseClock {
  readonly lastMs: number;
}

export class FlightRecorder {
  /** Entries noted so far; the last {@link SLOTS} of them are kept. */
  count = 0;
  private readonly clock: CoarseClock;
  private readonly types: string[] = Array.from<string>({length: SLOTS}).fill('');
  /** Sender and receiver of each slot, side by side. */
  private readonly actors = new Int32Array(2 * SLOTS);
  /** Trace and time of each slot. */
  private readonly numbers = new Float64Array(2 * SLOTS);
  private readonly samples: Sample[] = [];
  private sampleNext = 0;
  private readonly ended: EndedActor[] = [];
  private endedNext = 0;

  constructor(clock: CoarseClock) {
    this.clock = clock;
  }

  note(type: string, sender: number, receiver: number, trace: number): void {
    const slot = this.count & MASK;
    this.count += 1;
    this.types[slot] = type;
    this.actors[2 * slot] = sender;
    this.actors[2 * slot + 1] = receiver;
    this.numbers[2 * slot] = trace;
    this.numbers[2 * slot + 1] = this.clock.lastMs;
  }

  /** The message noted last was a sample that has waited so long. The sampler adds its run when it is over. */
  noteSample(waitMs: number): Sample {
    const sample: Sample = {seq: this.count - 1, waitMs, runMs: undefined};
    this.samples[this.sampleNext] = sample;
    this.sampleNext = (this.sampleNext + 1) % SAMPLES_MAX;
    return sample;
  }

  noteEnd(cell: Cell): void {
    // What is said of it and not the actor: that would keep alive all that it knew, a session its socket.
    const entry: EndedActor = {
      id: cell.id,
      path: cell.path,
      kind: cell.protocol.kind,
      reason: cell.affairs.stopReason ?? 'stopped',
      error: cell.affairs.lastError === undefined ? undefined : String(cell.affairs.lastError),
      atMs: this.clock.lastMs,
    };
    if (this.ended.length < ENDED_MAX) this.ended.push(entry);
    else this.ended[this.endedNext] = entry;
    this.endedNext = (this.endedNext + 1) % ENDED_MAX;
  }

  /** Oldest first. @param fromSeq - none before it. */
  entries(fromSeq = 0, limit = SLOTS): FlightEntry[] {
    const first = Math.max(fromSeq, this.count - SLOTS, 0);
    const last = Math.min(this.count, first + limit);
    const samples = new Map(this.samples.map((sample) => [sample.seq, sample]));
    const list: FlightEntry[] = [];
    for (let seq = first; seq < last; seq += 1) list.push(this.entryAt(seq, samples.get(seq)));
    return list;
  }

  /** Actors that ended lately, the oldest first. */
  recentlyEnded(): readonly EndedActor[] {
    const isFull = this.ended.length === ENDED_MAX;
    return isFull ? [...this.ended.slice(this.endedNext), ...this.ended.slice(0, this.endedNext)] : this.ended.slice();
  }

  private entryAt(seq: number, sample: Sample | undefined): FlightEntry {
    const slot = seq & MASK;
    return {
      seq,
      atMs: this.numbers[2 * slot + 1]!,
      type: this.types[slot]!,
      sender: this.actors[2 * slot]!,
      receiver: this.actors[2 * slot + 1]!,
      trace: this.numbers[2 * slot]!,
      ...(sample !== undefined && {waitMs: sample.waitMs}),
      ...(sample?.runMs !== undefined && {runMs: sample.runMs}),
    };
  }
}
