/** @module `pithead flight`: shows a recording of the last messages, as a log of who told whom what. */
import {join} from 'node:path';
import {readConfig} from '../config.js';
import type {FlightEntry} from '../runtime/flight-recorder.js';
import type {FlightRecording} from '../runtime/recording.js';
import {UsageError, type Command, type FlagValues} from './command.js';
import {flightFiles, readFlightFile} from './flight-file.js';
import {complain, print} from './print.js';

const LAST_DEFAULT = 200;

export const flightCommand: Command = {
  name: 'flight',
  summary: 'Shows the last messages between the actors, from a recording that a crash or SIGUSR2 left in the data folder.',
  usage: '[FILE] [--data DIR] [--actor TEXT] [--type TEXT] [--trace N] [--last N] [--json]',
  flags: {
    data: {kind: 'text', value: 'DIR', doc: 'data folder whose newest recording is shown. Default ./pithead-data'},
    actor: {kind: 'text', value: 'TEXT', doc: 'only messages from or to actors whose path contains this'},
    type: {kind: 'text', value: 'TEXT', doc: 'only message types that contain this'},
    trace: {kind: 'text', value: 'N', doc: 'only the messages of one request'},
    last: {kind: 'text', value: 'N', doc: `show so many, the newest. Default ${LAST_DEFAULT}`},
    json: {kind: 'switch', doc: 'the entries as JSON lines, with paths'},
  },
  notes: ['A running node writes a recording at SIGUSR2: kill -USR2 PID, then pithead flight.'],
  takesWords: true,
  async run(words, flags) {
    const {dataDir} = readConfig({sets: [], flags: flags.text('data') === undefined ? {} : {dataDir: flags.text('data')}});
    try {
      const file = words[0] ?? newestIn(dataDir);
      const {recording, reason, writtenAt, program} = readFlightFile(file);
      const shown = chosen(recording, flags);
      print(flags.has('json') ? shown.map((entry) => JSON.stringify(entry)).join('\n') : text({recording, reason, writtenAt, program, shown, file}));
      return 0;
    } catch (error) {
      if (error instanceof UsageError) throw error;
      complain(`pithead flight: ${error instanceof Error ? error.message : String(error)}`);
      return 1;
    }
  },
};

interface ShownEntry extends Omit<FlightEntry, 'sender' | 'receiver'> {
  readonly sender: string;
  readonly receiver: string;
}

function newestIn(dataDir: string): string {
  const name = flightFiles(dataDir).at(-1);
  if (name === undefined) throw new Error(`no recording in ${dataDir}: send SIGUSR2 to a running node, or name a file`);
  return join(dataDir, name);
}

function chosen(recording: FlightRecording, flags: FlagValues): readonly ShownEntry[] {
  const paths = new Map<number, string>([[0, 'outside']]);
  for (const {id, path} of [...recording.ended, ...recording.actors]) if (id !== 0) paths.set(id, path);
  const pathOf = (id: number) => paths.get(id) ?? `#${id}`;
  const [actor, type] = [flags.text('actor'), flags.text('type')];
  const trace = numberFlag(flags, 'trace');
  const last = numberFlag(flags, 'last') ?? LAST_DEFAULT;
  return recording.entries
    .map((entry) => ({...entry, sender: pathOf(entry.sender), receiver: pathOf(entry.receiver)}))
    .filter((entry) => (actor === undefined || entry.sender.includes(actor) || entry.receiver.includes(actor))
      && (type === undefined || entry.type.includes(type)) && (trace === undefined || entry.trace === trace))
    .slice(-last);
}

function numberFlag(flags: FlagValues, name: string): number | undefined {
  const given = flags.text(name);
  if (given === undefined) return undefined;
  const value = Number(given);
  if (!Number.isSafeInteger(value) || value < 1) throw new UsageError(`flight: --${name} is a positive whole number; not ${given}`);
  return value;
}

function text(facts: {recording: FlightRecording; reason: string; writtenAt: string; program: string; shown: readonly ShownEntry[]; file: string}): string {
  const {recording, reason, writtenAt, program, shown, file} = facts;
  const lines = [
    `${file}`,
    `${program}, written ${writtenAt}: ${reason}`,
    `${recording.entries.length} of ${recording.noted} messages kept, ${recording.actors.length} actors, ${recording.ended.length} ended lately; showing ${shown.length}`,
    '',
    '      ms before   sender → receiver  type  (wait, run)',
  ];
  for (const {atMs, sender, receiver, type, trace, waitMs, runMs} of shown) {
    const times = [waitMs === undefined ? [] : [`wait ${waitMs.toFixed(2)} ms`], runMs === undefined ? [] : [`run ${runMs.toFixed(2)} ms`], trace === 0 ? [] : [`trace ${trace}`]].flat();
    lines.push(`${(atMs - recording.atMs).toFixed(1).padStart(15)}   ${sender} → ${receiver}  ${type}${times.length === 0 ? '' : `  (${times.join(', ')})`}`);
  }
  return lines.join('\n');
}
