/**
 * @module What the flight recorder knows, as plain data: for a file after a crash, for the inspector, for a test. Versioned,
 * because files outlive the program that wrote them.
 */
import type {Cell} from './cell.js';
import type {EndedActor, FlightEntry, FlightRecorder} from './flight-recorder.js';
import {PHASE_NAMES} from './cell-phases.js';

export const RECORDING_VERSION = 1;

export interface RecordedActor {
  readonly id: number;
  readonly path: string;
  readonly kind: string;
  readonly phase: string;
  readonly waiting: number;
}

export interface FlightRecording {
  readonly version: typeof RECORDING_VERSION;
  /** On the system's clock, as the entries. */
  readonly atMs: number;
  /** Entries noted over the life of the process; those before the first one listed are overwritten. */
  readonly noted: number;
  readonly actors: readonly RecordedActor[];
  readonly ended: readonly EndedActor[];
  readonly entries: readonly FlightEntry[];
}

export function recordingOf(root: Cell, flight: FlightRecorder, atMs: number): FlightRecording {
  const actors: RecordedActor[] = [];
  const visit = (cell: Cell): void => {
    const {id, path, protocol, phase, mailbox} = cell;
    actors.push({id, path, kind: protocol.kind, phase: PHASE_NAMES[phase]!, waiting: mailbox?.waiting ?? 0});
    for (const child of cell.affairs.family?.children.values() ?? []) visit(child);
  };
  visit(root);
  return {version: RECORDING_VERSION, atMs, noted: flight.count, actors, ended: flight.recentlyEnded(), entries: flight.entries()};
}
