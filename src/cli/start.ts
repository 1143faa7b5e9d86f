/**
 * @module `pithead start`: reads the config, starts the roles, says where they serve, and stops them on a signal.
 * What runs is decided in `src/roles`; this file is the process around it: signals, exit codes, the ready file.
 */
import {join} from 'node:path';
import {ConfigError, ROLE_NAMES, readConfig, type Config} from '../config.js';
import {createProgramLog} from '../roles/program-log.js';
import {COIN_NAMES} from '../protocol/chain/coins.js';
import {startRoles, type RunningRoles} from '../roles/start-roles.js';
import {StartError} from '../roles/start-error.js';
import type {Log} from '../runtime/log.js';
import type {ShutdownReport} from '../runtime/shutdown.js';
import {StorageError} from '../storage/storage-error.js';
import {banner} from './banner.js';
import type {Command, FlagValues} from './command.js';
import {complain} from './print.js';
import {writeFlightFile} from './flight-file.js';
import {removeReadyFile, writeReadyFile} from './ready-file.js';
import {readVersion} from './version.js';

/** Left in the data folder while the process runs, so that `pithead rpc` finds a node on a port that nobody chose. */
const ENDPOINTS_FILE = 'endpoints.json';
const CONFIG_MISTAKES: ReadonlySet<string> = new Set(['payout-address-invalid', 'role-combination']);

export const startCommand: Command = {
  name: 'start',
  summary: 'Runs the roles of the config; without one, the all-in-one devnet.',
  usage: '[--config FILE] [--data DIR] [--role NAME]... [--chain PRESET] [--set key=value]...',
  flags: {
    'config': {kind: 'text', value: 'FILE', doc: 'TOML; `pithead init` writes one'},
    'data': {kind: 'text', value: 'DIR', doc: 'data folder. Default ./pithead-data'},
    'role': {kind: 'text', value: 'NAME', repeatable: true, doc: ROLE_NAMES.join(', '), choices: ROLE_NAMES},
    'chain': {kind: 'text', value: 'PRESET', doc: `${COIN_NAMES.join(', ')}; devnet is the default`, choices: [...COIN_NAMES]},
    'set': {kind: 'text', value: 'KEY=VALUE', repeatable: true, doc: 'any setting by its dotted key, for instance stratum.port=3334'},
    'ready-file': {kind: 'text', value: 'FILE', doc: 'written once all roles serve: JSON with pid and endpoints'},
    'log-level': {kind: 'text', value: 'LEVEL', doc: 'debug, info (default), warn, error', choices: ['debug', 'info', 'warn', 'error']},
    'json-logs': {kind: 'switch', doc: 'one JSON object a line, and no banner'},
  },
  notes: ['Exit code 0 after a clean stop, 2 for bad usage or config, 1 for a fatal error.', 'All settings: docs/configuration.md, or `pithead init --out -`.'],
  takesWords: false,
  run: (_words, flags) => new StartedProcess(readStartConfig(flags)).run(),
};

function readStartConfig(flags: FlagValues): Config {
  const named: Record<string, unknown> = {};
  const give = (key: string, value: unknown): void => {
    if (value !== undefined) named[key] = value;
  };
  give('dataDir', flags.text('data'));
  give('chain', flags.text('chain'));
  give('readyFile', flags.text('ready-file'));
  give('log.level', flags.text('log-level'));
  give('log.json', flags.has('json-logs') || undefined);
  give('roles', flags.texts('role').length === 0 ? undefined : flags.texts('role'));
  return readConfig({file: flags.text('config'), sets: flags.texts('set'), flags: named});
}

/** The process from its first line to its exit code. */
class StartedProcess {
  private readonly config: Config;
  private readonly log: Log;
  private readonly version = readVersion();
  private running: RunningRoles | undefined;
  /** Why to stop, when that was asked before everything ran. */
  private earlyStop: string | undefined;
  private isFatal = false;
  private settle: (code: number) => void = () => undefined;

  constructor(config: Config) {
    this.config = config;
    this.log = createProgramLog({
      level: config.log.level,
      json: config.log.json,
      write: (text) => {
        process.stdout.write(text);
      },
      isColoured: process.stdout.isTTY && !config.log.json,
    });
  }

  async run(): Promise<number> {
    const {config} = this;
    const ended = new Promise<number>((resolve) => {
      this.settle = resolve;
    });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => this.stop(signal));
    process.on('uncaughtException', (error) => this.fail('process', error));
    process.on('SIGUSR2', () => this.record('SIGUSR2'));
    // The reader of the output has gone (a closed terminal, `| head`): that must not end a pool.
    process.stdout.on('error', () => undefined);
    if (config.readyFile !== '') removeReadyFile(config.readyFile);
    try {
      this.running = await startRoles(config, {
        log: this.log,
        version: this.version,
        onFatal: (path, error) => this.fail(path, error),
        onStopRequested: (reason) => this.stop(reason),
      });
    } catch (error) {
      return this.startFailed(error);
    }
    if (this.earlyStop === undefined) {
      try {
        this.announce(this.running);
      } catch (error) {
        this.announceFailed(error);
      }
    } else {
      this.stop(this.earlyStop);
    }
    const exitCode = await ended;
    // What a phase abandoned may still hold the event loop; it had its deadline.
    setTimeout(() => process.exit(exitCode), 1_000).unref();
    return exitCode;
  }

  private announce(running: RunningRoles): void {
    const {config} = this;
    if (!config.log.json) process.stdout.write(`${banner({config, version: this.version, endpoints: running.endpoints})}\n`);
    this.log.info({code: 'process-ready', version: this.version, chain: config.chain, roles: config.roles, ...running.endpoints, pid: process.pid}, 'all roles serve');
    writeReadyFile(join(config.dataDir, ENDPOINTS_FILE), running.endpoints);
    if (config.readyFile !== '') writeReadyFile(config.readyFile, running.endpoints);
  }

  /** Whoever waits for the ready file would wait for ever: better to stop and say why. */
  private announceFailed(error: unknown): void {
    complain(`pithead start: the ready file cannot be written: ${error instanceof Error ? error.message : String(error)}`);
    this.isFatal = true;
    this.stop('no ready file');
  }

  /** A second call hurries: only what must be on disk is still waited for. */
  private stop(reason: string): void {
    const {running} = this;
    if (running === undefined) {
      if (this.earlyStop !== undefined) process.exit(1); // Twice before anything runs: there is nothing to save.
      this.earlyStop = reason;
      return;
    }
    this.log.info({code: 'process-stopping', reason}, 'stopping');
    running.stop(reason).then((report) => this.stopped(report), (error: unknown) => {
      this.log.error({code: 'shutdown-failed', err: error}, 'the stop itself failed');
      this.settle(1);
    });
  }

  private stopped(report: ShutdownReport): void {
    removeReadyFile(join(this.config.dataDir, ENDPOINTS_FILE));
    const abandoned = report.phases.flatMap(({phase, abandoned: names}) => names.map((name) => `${phase}: ${name}`));
    const failed = report.phases.flatMap(({phase, failed: tasks}) => tasks.map(({task, error}) => `${phase}: ${task}: ${String(error)}`));
    const facts = {reason: report.reason, tookMs: Math.round(report.phases.reduce((sum, phase) => sum + phase.tookMs, 0)), abandoned, failed};
    if (report.isClean) this.log.info({code: 'process-stopped', ...facts}, 'stopped cleanly');
    else this.log.warn({code: 'process-stopped', ...facts}, 'stopped, with something left undone');
    this.settle(this.isFatal || failed.length > 0 ? 1 : 0);
  }

  /** Something that must not happen did: what is on disk is made safe, and the exit code says so. */
  private fail(path: string, error: unknown): void {
    this.log.error({code: 'process-failed', path, err: error}, 'a failure that nothing below could answer: stopping');
    if (this.isFatal) return;
    this.isFatal = true;
    this.record(`failure of ${path}: ${String(error)}`);
    if (this.running === undefined) process.exit(1);
    this.stop(`failure of ${path}`);
  }

  /** The last messages, for whoever looks for the cause. A full disk must not make a failure worse. */
  private record(reason: string): void {
    if (this.running === undefined) return;
    try {
      const file = writeFlightFile(this.config.dataDir, {program: `Pithead ${this.version}`, reason, recording: this.running.site.system.recording()});
      this.log.info({code: 'flight-recorded', file, reason}, 'the last messages are on disk: pithead flight shows them');
    } catch (error) {
      this.log.warn({code: 'flight-not-recorded', err: error}, 'the last messages could not be written');
    }
  }

  private startFailed(error: unknown): number {
    if (error instanceof StartError && CONFIG_MISTAKES.has(error.code)) throw new ConfigError([error.message]);
    if (error instanceof StartError || error instanceof StorageError) {
      if (this.config.log.json) this.log.error({code: error.code}, error.message);
      complain(`pithead start: ${error.message}`);
    } else {
      this.log.error({code: 'process-start-failed', err: error}, 'the start failed');
    }
    return 1;
  }
}
