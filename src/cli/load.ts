/**
 * @module `pithead load`: simulated miners against any Stratum V1 pool. Progress on standard error, the report on standard
 * output and, where asked, as JSON and as a page. Exit code 0 when every submit had its answer, 1 when not.
 */
import {readFileSync, writeFileSync} from 'node:fs';
import {availableParallelism} from 'node:os';
import {encodeAddress} from '../protocol/address/address.js';
import {REGTEST} from '../protocol/chain/presets.js';
import {sha256} from '../protocol/bytes/sha256.js';
import {p2wpkh} from '../protocol/script/build-script.js';
import type {SeriesPoint} from '../load/load-report.js';
import {PROFILES, profileNamed, withRamp} from '../load/profiles.js';
import {reportPage} from '../load/report-page.js';
import {progressLine, reportText} from '../load/report-text.js';
import {runLoad} from '../load/run-load.js';
import {UsageError, type Command, type FlagValues} from './command.js';
import {complain, print} from './print.js';

/** Accounts that the miners share when nobody names one: enough to see that books are kept apart. */
const ACCOUNTS = 8;
const MINERS_MAX = 200_000;
const DRAIN_SEC = 15;
/** Lines of progress where the terminal cannot be written over. */
const PLAIN_PROGRESS_SEC = 5;
/** Descriptors beside the miners': libraries, the pool's own files, threads. */
const DESCRIPTORS_SPARE = 100;

export const loadCommand: Command = {
  name: 'load',
  summary: 'Simulates thousands of miners against any Stratum V1 pool and reports rates, latencies and books.',
  usage: '--pool HOST:PORT --miners N [--duration S] [--profile NAME] [FLAGS]',
  flags: {
    pool: {kind: 'text', value: 'HOST:PORT', doc: 'the pool. Use it on your own or with its operator\'s consent'},
    miners: {kind: 'text', value: 'N', doc: 'how many'},
    duration: {kind: 'text', value: 'S', doc: 'seconds, the ramp included. Default 60'},
    profile: {kind: 'text', value: 'NAME', doc: 'who they are, see below. Default mixed', choices: PROFILES.map(({name}) => name)},
    ramp: {kind: 'text', value: 'S', doc: 'seconds until all are connected. Default: the profile\'s, at most 20'},
    threads: {kind: 'text', value: 'T', doc: 'threads of the harness. Default all cores but one'},
    seed: {kind: 'text', value: 'S', doc: 'the same seed makes the same miners. Default 1'},
    user: {kind: 'text', value: 'ADDRESS', repeatable: true, doc: 'payout address. Default: eight of regtest and devnet that nobody has keys for'},
    password: {kind: 'text', value: 'TEXT', doc: 'of every miner, for instance d=0.001. Default x'},
    hashrate: {kind: 'text', value: 'H', doc: 'mean hashes a second of a miner. Default: a quarter of what this machine can, over all'},
    json: {kind: 'text', value: 'FILE', doc: 'write the report as JSON'},
    html: {kind: 'text', value: 'FILE', doc: 'write the report as one page with plots'},
    quiet: {kind: 'switch', doc: 'no progress'},
  },
  notes: ['Profiles:', ...PROFILES.map(({name, doc}) => `  ${name.padEnd(14)}${doc}`), '', 'Work is really done: a share of difficulty d costs d * 2^32 hashes, and a thread does about a million a second.',
    'What the figures mean: docs/load-harness.md.'],
  takesWords: false,
  async run(_words, flags) {
    const {host, port} = endpointOf(flags.text('pool'));
    const miners = wholeNumber(flags, 'miners', {least: 1, most: MINERS_MAX});
    warnOfDescriptors(miners);
    const stop = new AbortController();
    const onInterrupt = (): void => stop.abort();
    process.once('SIGINT', onInterrupt);
    process.once('SIGTERM', onInterrupt);
    const users = flags.texts('user');
    const report = await runLoad({
      host, port, miners,
      durationSec: positiveNumber(flags, 'duration') ?? 60,
      profile: withRamp(profileNamed(flags.text('profile') ?? 'mixed')!, positiveNumber(flags, 'ramp')),
      threads: flags.text('threads') === undefined ? Math.max(1, availableParallelism() - 1) : wholeNumber(flags, 'threads', {least: 1, most: 64}),
      seed: flags.text('seed') === undefined ? 1 : wholeNumber(flags, 'seed', {least: 0, most: Number.MAX_SAFE_INTEGER}),
      accounts: users.length > 0 ? users : defaultAccounts(),
      password: flags.text('password') ?? 'x',
      hashrateMean: positiveNumber(flags, 'hashrate'),
      drainSec: DRAIN_SEC,
      signal: stop.signal,
      ...(!flags.has('quiet') && {onSecond: progress()}),
    });
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
    if (process.stderr.isTTY && !flags.has('quiet')) process.stderr.write('\r\u001b[K');
    print(reportText(report));
    const jsonFile = flags.text('json');
    if (jsonFile !== undefined) writeFileSync(jsonFile, `${JSON.stringify(report, null, 2)}\n`);
    const pageFile = flags.text('html');
    if (pageFile !== undefined) writeFileSync(pageFile, reportPage(report));
    return report.isEachAnsweredOnce ? 0 : 1;
  },
};

/** Hashes of words: coins sent there are lost, which is why they are no default on a chain with value. */
export function defaultAccounts(): string[] {
  return Array.from({length: ACCOUNTS}, (_, index) => encodeAddress(p2wpkh(sha256(new TextEncoder().encode(`pithead load ${index}`)).subarray(0, 20)), REGTEST.address)!);
}

function endpointOf(text: string | undefined): {readonly host: string; readonly port: number} {
  const match = /^(?:stratum\+tcp:\/\/)?(\[[0-9a-fA-F:]+\]|[^:]+):(\d{1,5})$/.exec(text ?? '');
  const port = Number(match?.[2]);
  if (match === null || port < 1 || port > 65_535) throw new UsageError('load: --pool needs HOST:PORT, for instance 127.0.0.1:3333');
  return {host: match[1]!.replace(/^\[|\]$/g, ''), port};
}

function wholeNumber(flags: FlagValues, name: string, range: {readonly least: number; readonly most: number}): number {
  const value = Number(flags.text(name) ?? Number.NaN);
  if (!Number.isSafeInteger(value) || value < range.least || value > range.most) throw new UsageError(`load: --${name} is a whole number from ${range.least} to ${range.most}`);
  return value;
}

function positiveNumber(flags: FlagValues, name: string): number | undefined {
  const text = flags.text(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new UsageError(`load: --${name} is a number above 0`);
  return value;
}

/** Node raises its own soft limit to the hard one at the start; the hard one is the administrator's. */
function warnOfDescriptors(miners: number): void {
  let limits: string;
  try {
    limits = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return;
  }
  const open = Number(/Max open files\s+(\d+)/.exec(limits)?.[1] ?? Infinity);
  if (miners + DESCRIPTORS_SPARE > open) complain(`pithead load: this process may open ${open} files and ${miners} miners need as many: raise it with \`ulimit -n ${miners + 1_000}\`, for the pool, too`);
}

function progress(): (point: SeriesPoint, totals: {readonly accepted: number; readonly rejected: number}) => void {
  let seconds = 0;
  return (point, totals) => {
    seconds += 1;
    if (process.stderr.isTTY) process.stderr.write(`\r${progressLine(point, totals)}\u001b[K`);
    else if (seconds % PLAIN_PROGRESS_SEC === 0) process.stderr.write(`${progressLine(point, totals)}\n`);
  };
}
