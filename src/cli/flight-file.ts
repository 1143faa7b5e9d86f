/**
 * @module Recordings of the last messages, as files in the data folder: written at a crash and at SIGUSR2, read by
 * `pithead flight`. Only the newest {@link FILES_MAX} are kept, or a crash loop would fill the disk.
 */
import {readdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {RECORDING_VERSION, type FlightRecording} from '../runtime/recording.js';

const FILES_MAX = 5;
const NAME = /^flight-\d{8}T\d{9}Z\.json$/;

export interface FlightFile {
  readonly program: string;
  /** Why it was written: `SIGUSR2`, or the failure. */
  readonly reason: string;
  readonly writtenAt: string;
  readonly recording: FlightRecording;
}

/** Synchronous: after a crash nothing else may run before it. @returns the path. */
export function writeFlightFile(dataDir: string, facts: Omit<FlightFile, 'writtenAt'>): string {
  const writtenAt = new Date().toISOString();
  const file = join(dataDir, `flight-${writtenAt.replace(/[-:.]/g, '')}.json`);
  const temporary = `${file}.new`;
  writeFileSync(temporary, JSON.stringify({...facts, writtenAt}));
  renameSync(temporary, file);
  for (const old of flightFiles(dataDir).slice(0, -FILES_MAX)) rmSync(join(dataDir, old), {force: true});
  return file;
}

/** Names in the folder, the oldest first. */
export function flightFiles(dataDir: string): string[] {
  return readdirSync(dataDir).filter((name) => NAME.test(name)).sort();
}

/** @throws Error in words for the operator: not there, not one of ours, of another version. */
export function readFlightFile(file: string): FlightFile {
  const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const {recording} = content as Partial<FlightFile>;
  if (recording === undefined || !Array.isArray(recording.entries) || !Array.isArray(recording.actors)) throw new Error(`${file} is no flight recording`);
  if (recording.version !== RECORDING_VERSION) throw new Error(`${file} has version ${recording.version}; this program reads ${RECORDING_VERSION}`);
  return content as FlightFile;
}
