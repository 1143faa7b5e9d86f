/**
 * @module What a subcommand is, how its flags are read, and how its help looks. One file per subcommand states itself
 * with a {@link Command}; nothing else knows its flags.
 */
import {parseArgs} from 'node:util';
import {nearestName} from '../config.js';

export interface FlagSpec {
  readonly kind: 'text' | 'switch';
  readonly repeatable?: boolean;
  /** Shown after the name: `FILE`. */
  readonly value?: string;
  readonly doc: string;
  /** Accepted values, where there is a fixed list. */
  readonly choices?: readonly string[];
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** After the name, in the usage line. */
  readonly usage: string;
  readonly flags: Readonly<Record<string, FlagSpec>>;
  /** Lines under the flags: examples first. */
  readonly notes?: readonly string[];
  /** False when further words are not taken; else what follows the flags is passed on as it is. */
  readonly takesWords: boolean;
  /** @returns the exit code: 0 done, 1 fatal error. Bad usage is a {@link UsageError}. */
  run(words: readonly string[], flags: FlagValues): Promise<number>;
}

/** Bad usage: exit code 2, the text and a pointer to the help. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Flags as given, by name. */
export class FlagValues {
  private readonly values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
  constructor(values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>) {
    this.values = values;
  }
  text(name: string): string | undefined {
    const value = this.values[name];
    return typeof value === 'string' ? value : undefined;
  }
  texts(name: string): readonly string[] {
    const value = this.values[name];
    return Array.isArray(value) ? value.map(String) : [];
  }
  has(name: string): boolean {
    return this.values[name] === true;
  }
}

/** @throws UsageError with a hint. */
export function readFlags(command: Command, args: readonly string[]): {words: readonly string[]; flags: FlagValues} {
  const known = Object.keys(command.flags);
  const {values, positionals, tokens} = parseArgs({
    args: [...args],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(known.map((name) => {
      const flag = command.flags[name]!;
      return [name, {type: flag.kind === 'text' ? 'string' as const : 'boolean' as const, multiple: flag.repeatable === true}];
    })),
  });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const flag = command.flags[token.name];
    if (flag === undefined) {
      const near = nearestName(token.name, known);
      throw new UsageError(`${command.name}: there is no flag ${token.rawName}${near === undefined ? '' : `; did you mean --${near}?`}`);
    }
    if (flag.kind === 'text' && (token.value === undefined || token.value === '')) throw new UsageError(`${command.name}: --${token.name} needs ${flag.value ?? 'a value'}`);
    if (flag.kind === 'switch' && token.value !== undefined) throw new UsageError(`${command.name}: --${token.name} takes no value`);
    if (flag.choices !== undefined && !flag.choices.includes(token.value ?? '')) {
      throw new UsageError(`${command.name}: --${token.name} is one of ${flag.choices.join(', ')}; not ${token.value}`);
    }
  }
  if (!command.takesWords && positionals.length > 0) throw new UsageError(`${command.name}: unexpected ${positionals[0]}`);
  return {words: positionals, flags: new FlagValues(values)};
}

export function helpOf(command: Command): string {
  const lines = [`pithead ${command.name}${command.usage === '' ? '' : ` ${command.usage}`}`, '', command.summary];
  const flags = Object.entries(command.flags);
  if (flags.length > 0) lines.push('');
  for (const [name, flag] of flags) {
    const left = `  --${name}${flag.value === undefined ? '' : ` ${flag.value}`}`;
    lines.push(`${left.padEnd(24)} ${flag.doc}${flag.repeatable === true ? ' (repeatable)' : ''}`);
  }
  if (command.notes !== undefined) lines.push('', ...command.notes);
  return `${lines.join('\n')}\n`;
}
