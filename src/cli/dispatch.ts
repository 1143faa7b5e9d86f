/**
 * @module From the words on the command line to one subcommand, and from what it threw to an exit code:
 * 0 done, 1 fatal error, 2 bad usage or config.
 */
import {ConfigError, nearestName} from '../config.js';
import {UsageError, helpOf, readFlags, type Command} from './command.js';
import {complain, print} from './print.js';

export const EXIT_USAGE = 2;
export const EXIT_FATAL = 1;

export async function dispatch(args: readonly string[], commands: readonly Command[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') return help(rest[0], commands);
  const command = commands.find((entry) => entry.name === (name === '--version' || name === '-V' ? 'version' : name));
  if (command === undefined) return unknownCommand(name, commands);
  const ownEnd = command.name === 'rpc' ? rest.findIndex((word) => !word.startsWith('-')) : -1;
  if ((ownEnd < 0 ? rest : rest.slice(0, ownEnd)).some((word) => word === '--help' || word === '-h')) {
    print(helpOf(command));
    return 0;
  }
  try {
    const {words, flags} = readFlags(command, rest);
    return await command.run(words, flags);
  } catch (error) {
    if (error instanceof UsageError) {
      complain(`pithead ${error.message}\nSee: pithead ${command.name} --help`);
      return EXIT_USAGE;
    }
    if (error instanceof ConfigError) {
      complain(`pithead ${command.name}: the configuration is not right:\n${error.problems.map((line) => `  ${line}`).join('\n')}`);
      return EXIT_USAGE;
    }
    complain(`pithead ${command.name}: ${error instanceof Error ? error.stack ?? error.message : String(error)}`);
    return EXIT_FATAL;
  }
}

function help(name: string | undefined, commands: readonly Command[]): number {
  if (name !== undefined && name !== 'help' && !name.startsWith('-')) {
    const command = commands.find((entry) => entry.name === name);
    if (command === undefined) return unknownCommand(name, commands);
    print(helpOf(command));
    return 0;
  }
  const lines = ['pithead: a proof-of-work node, a Stratum mining pool and a web page in one process.', '', 'Usage: pithead COMMAND [FLAGS]', ''];
  for (const command of commands) lines.push(`  ${command.name.padEnd(13)} ${command.summary}`);
  lines.push('', 'pithead COMMAND --help tells more. Without a config, `pithead start` runs everything on a private chain.');
  print(lines.join('\n'));
  return 0;
}

function unknownCommand(name: string, commands: readonly Command[]): number {
  const near = nearestName(name, commands.map((entry) => entry.name));
  complain(`pithead: there is no command ${name}${near === undefined ? '' : `; did you mean ${near}?`}\nSee: pithead help`);
  return EXIT_USAGE;
}
