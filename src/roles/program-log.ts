/**
 * @module The program's log: pino underneath, JSON lines for machines or one short line each for people.
 * Every entry has a stable `code`; the texts may change, the codes may not.
 */
import pino from 'pino';
import type {Log} from '../runtime/log.js';

export interface ProgramLogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** One JSON object a line. */
  readonly json: boolean;
  readonly write: (text: string) => void;
  /** Colours by level, for a terminal. */
  readonly isColoured: boolean;
}

const LEVEL_NAMES: Readonly<Record<number, string>> = {20: 'debug', 30: 'info', 40: 'WARN', 50: 'ERROR'};
const LEVEL_COLOURS: Readonly<Record<number, string>> = {20: '\u001b[2m', 40: '\u001b[33m', 50: '\u001b[31m'};
const COLOUR_OFF = '\u001b[0m';
/** Said by the line itself, or of no use to people. */
const UNPRINTED = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'code']);

export function createProgramLog(options: ProgramLogOptions): Log {
  const destination = {write: (line: string): void => options.write(options.json ? line : lineForPeople(line, options.isColoured))};
  return pino({level: options.level, base: null, serializers: {err: pino.stdSerializers.err, error: pino.stdSerializers.err}}, destination);
}

/** `12:00:01 WARN  the text  (code, fact=value)`. An error's stack follows on lines of its own. */
export function lineForPeople(line: string, isColoured: boolean): string {
  const entry = JSON.parse(line) as Record<string, unknown>;
  const level = Number(entry.level);
  const time = new Date(Number(entry.time)).toTimeString().slice(0, 8);
  const facts = Object.entries(entry)
    .filter(([name, value]) => !UNPRINTED.has(name) && !isError(value))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const stacks = Object.values(entry).filter(isError).map((error) => `\n    ${error.stack.replaceAll('\n', '\n    ')}`);
  const text = `${time} ${(LEVEL_NAMES[level] ?? String(level)).padEnd(5)} ${String(entry.msg)}  (${[entry.code ?? 'no-code', ...facts].join(', ')})${stacks.join('')}`;
  const colour = isColoured ? LEVEL_COLOURS[level] : undefined;
  return `${colour === undefined ? text : `${colour}${text}${COLOUR_OFF}`}\n`;
}

function isError(value: unknown): value is {readonly stack: string} {
  return typeof value === 'object' && value !== null && typeof (value as {stack?: unknown}).stack === 'string';
}
