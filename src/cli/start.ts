/**
 * @module `pithead start`: runs the roles of the config until told to stop, and says where everything is.
 */
import {renameSync, writeFileSync} from 'node:fs';
import {resolve} from 'node:path';
import {isAllInOne, readConfig, ROLE_NAMES, type Config} from '../config.js';
import {createProgramLog} from '../roles/program-log.js';
import type {Endpoints} from '../roles/site.js';
import {StartError} from '../roles/start-error.js';
import {startRoles} from '../roles/start-roles.js';
import type {ShutdownReport} from '../runtime/shutdown.js';
import {StorageError} from '../storage/storage-error.js';
import type {Command, FlagValues} from './command.js';
import {EXIT_FATAL} from './dispatch.js';
import {complain, print} from './print.js';
import {readVersion} from './version.js';

export const startCommand: Command = {
  name: 'start',
  summary: 'Runs the roles of the config; without one, everything on a private chain.',
  usage: '[FLAGS]',
  flags: {
    config: {kind: 'text', value: 'FILE', doc: 'Config file (TOML). `pithead init` writes one.'},
    data: {kind: 'text', value: 'DIR', doc: 'Data folder. Default ./pithead-data.'},
    role: {kind: 'text', value: 'NAME', repeatable: true, doc: `What to run: ${ROLE_NAMES.join(', ')}.`, choices: ROLE_NAMES},
    chain: {kind: 'text', value: 'PRESET', doc: 'devnet or regtest.', choices: ['devnet', 'regtest']},
    set: {kind: 'text', value: 'KEY=VALUE', repeatable: true, doc: 'Sets one config key, e.g. stratum.port=3334.'},
    'ready-file': {kind: 'text', value: 'FILE', doc: 'Written once all roles serve: JSON with pid and endpoints.'},
    'log-level': {kind: 'text', value: 'LEVEL', doc: 'debug, info, warn or error.', choices: ['debug', 'info', 'warn', 'error']},
    'json-logs': {kind: 'switch', doc: 'One JSON object a line, for machines.'},
  },
  notes: ['Ctrl-C (or SIGTERM) stops cleanly; a second one skips to writing what must be kept.', 'All config keys: docs/configuration.md.'],
  takesWords: false,
  run: (_words, flags) => start(configOf(flags)),
};

function configOf(flags: FlagValues): Config {
  const named: Record<string, unknown> = {};
  const roles = flags.texts('role');
  if (roles.length > 0) named.roles = roles;
  for (const [flag, key] of [['data', 'dataDir'], ['chain', 'chain'], ['ready-file', 'readyFile'], ['log-level', 'log.level']] as const) {
    const value = flags.text(flag);
    if (value !== undefined) named[key] = value;
  }
  if (flags.has('json-logs')) named['log.json'] = true;
  return readConfig({file: flags.text('config'), sets: flags.texts('set'), flags: named});
}

async function start(config: Config): Promise<number> {
  const isTerminal = process.stdout.isTTY && !config.log.json;
  const log = createProgramLog({level: config.log.level, json: config.log.json, isColoured: isTerminal, write: (text) => {
    process.stdout.write(text);
  }});
  let endWith: (exitCode: number) => void = () => undefined;
  const ended = new Promise<number>((resolvePromise) => {
    endWith = resolvePromise;
  });
  let stop: (reason: string, exitCode: number) => void = (_reason, exitCode) => endWith(exitCode);
  try {
    const running = await startRoles(config, {
      log,
      version: readVersion(),
      onFatal: (path, error) => {
        log.error({code: 'fatal', path, err: error}, 'a failure that must not be ignored: the process stops');
        stop('fatal error', EXIT_FATAL);
      },
      onStopRequested: (reason) => stop(reason, 0),
    });
    stop = (reason, exitCode) => {
      void running.stop(reason).then((report) => {
        reportStop(report, log);
        endWith(exitCode);
      });
    };
    announce(config, running.endpoints);
  } catch (error) {
    if (!(error instanceof StartError) && !(error instanceof StorageError)) throw error;
    complain(`pithead start: ${error.message}`);
    return EXIT_FATAL;
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop(signal, 0));
  const exitCode = await ended;
  // What a phase abandoned may still hold the event loop; it had its deadline.
  setTimeout(() => process.exit(exitCode), 1_000).unref();
  return exitCode;
}

function reportStop(report: ShutdownReport, log: ReturnType<typeof createProgramLog>): void {
  const abandoned = report.phases.flatMap((phase) => phase.abandoned.map((task) => `${phase.phase}: ${task}`));
  if (report.isClean) log.info({code: 'stopped', reason: report.reason}, 'stopped cleanly');
  else log.warn({code: 'stopped-unclean', reason: report.reason, abandoned}, 'stopped, but not everything ended in time');
}

/** The ready file for machines, the banner for people. */
function announce(config: Config, endpoints: Endpoints): void {
  if (config.readyFile !== '') {
    const temporary = `${config.readyFile}.new`;
    writeFileSync(temporary, `${JSON.stringify({pid: process.pid, endpoints})}\n`);
    renameSync(temporary, config.readyFile);
  }
  if (config.log.json) return;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['page', endpoints.http],
    ['miners', endpoints.stratum === undefined ? undefined : `stratum+tcp://${endpoints.stratum}   user: an address of ${config.chain}.rig-name   password: x`],
    ['JSON-RPC', endpoints.rpc === undefined ? undefined : `${endpoints.rpc}   pithead rpc getblockchaininfo`],
    ['data', resolve(config.dataDir)],
    ['stop', 'Ctrl-C; the next start goes on where this one was'],
  ];
  const title = isAllInOne(config) ? `Pithead ${readVersion()}: an all-in-one ${config.chain}` : `Pithead ${readVersion()}: ${config.roles.join(', ')} on ${config.chain}`;
  const lines = rows.filter(([, value]) => value !== undefined).map(([name, value]) => `  ${name.padEnd(9)} ${value}`);
  print(`\n${title}\n\n${lines.join('\n')}\n`);
}
