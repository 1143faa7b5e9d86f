/**
 * @module Writes the settings for people: a commented TOML file for a role, and the table of docs/configuration.md.
 * Both are made from the schema; neither adds a fact of its own.
 */
import {CHAIN_SPECS} from '../protocol/chain/presets.js';
import {ALL_IN_ONE_ROLES, type RoleName} from './schema.js';
import {SECTIONS, type Setting} from './setting-keys.js';

/** Sections that matter to a role; the rest would only be in the way. */
const SECTIONS_OF_ROLE: Readonly<Record<RoleName, readonly string[]>> = {
  'full': ['log', 'rpc', 'mempool', 'workers', 'shutdown'],
  'mining-pool': ['log', 'stratum', 'pool', 'wallet', 'payouts', 'consolidation', 'alerts', 'rpc', 'mempool', 'workers', 'shutdown'],
  'solo-pool': ['log', 'stratum', 'pool', 'wallet', 'payouts', 'consolidation', 'alerts', 'rpc', 'mempool', 'workers', 'shutdown'],
  'explorer': ['http'],
  'demo-miner': ['demoMiner'],
};

/** Roles that a role needs beside itself to be of use. */
const COMPANIONS: Readonly<Record<RoleName, readonly RoleName[]>> = {
  'full': ['full'],
  'mining-pool': ['full', 'mining-pool', 'explorer'],
  'solo-pool': ['full', 'solo-pool', 'explorer'],
  'explorer': ['full', 'explorer'],
  'demo-miner': ALL_IN_ONE_ROLES,
};

const LINE_LENGTH = 110;

/** Two, so that the order and the fail-over are seen; a cookie, because it needs no secret in a file. */
const EXAMPLE_UPSTREAM = [
  {rpcUrl: 'http://127.0.0.1:8332', rpcCookieFile: '/home/node/.bitcoin/.cookie', zmqBlock: 'tcp://127.0.0.1:28332'},
  {rpcUrl: 'http://192.0.2.2:8332', rpcUser: 'pool', rpcPassword: 'secret'},
];

/**
 * A config file with every setting at its default, commented out, and the roles set. A pool whose nodes are elsewhere
 * (`hasUpstream`, or a chain that this process cannot judge) runs alone and has its nodes to be filled in.
 */
export function configTemplate(role: RoleName | 'all-in-one', chain: string, hasUpstream = false): string {
  const isPoolOnly = (role === 'mining-pool' || role === 'solo-pool') && (hasUpstream || !(chain in CHAIN_SPECS));
  const roles = isPoolOnly ? [role] : role === 'all-in-one' ? ALL_IN_ONE_ROLES : COMPANIONS[role];
  const wanted = new Set(['', ...roles.flatMap((name) => SECTIONS_OF_ROLE[name]), ...(isPoolOnly ? ['http'] : [])]);
  const fixed: Readonly<Record<string, unknown>> = {chain, roles, ...(isPoolOnly && {'pool.upstream': EXAMPLE_UPSTREAM})};
  const lines = [
    '# Pithead. Run it with: pithead start --config <this file>',
    '# A line that begins with # shows a default; remove the # to change it.',
    '# The environment (PITHEAD_STRATUM_PORT) wins over this file, and flags win over both.',
    '',
  ];
  for (const section of SECTIONS.filter(({name}) => wanted.has(name.split('.')[0]!))) {
    if (section.name !== '') lines.push(`# ${section.doc}`, `[${section.name}]`, '');
    for (const setting of section.settings) lines.push(...settingLines(setting, fixed[setting.key]), '');
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

function settingLines(setting: Setting, fixed: unknown): string[] {
  const name = setting.key.slice(setting.key.lastIndexOf('.') + 1);
  const comment = wrap(setting.doc).map((line) => `# ${line}`);
  if (fixed !== undefined) return [...comment, `${name} = ${tomlValue(fixed)}`];
  if (setting.preset !== undefined) return [...comment, `#${name} = ${tomlValue(setting.preset)}`];
  const example = setting.choices[0] ?? (setting.kind === 'boolean' ? true : '');
  return [...comment, `#${name} = ${tomlValue(example)}`];
}

function tomlValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(', ')}]`;
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) < 1e15 ? value.toFixed(0) : String(value);
  if (typeof value === 'object' && value !== null) return `{${Object.entries(value).map(([key, inner]) => `${key} = ${tomlValue(inner)}`).join(', ')}}`;
  return JSON.stringify(value);
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line.length + word.length + 1 > LINE_LENGTH) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** docs/configuration.md. A test compares the file with this. */
export function configurationPage(): string {
  const lines = [
    '# Configuration',
    '',
    'Made from `src/config/schema.ts` by `node scripts/write-configuration-page.mjs`; a test fails when it is out of date.',
    '',
    'A setting comes from, each winning over the one before: its default, the TOML file of `--config`, the environment',
    '(`PITHEAD_` and the key in capitals), `--set key=value`, the named flags. `pithead init --role solo-pool` writes a',
    'file with all of this as comments. A mistake ends the command with exit code 2 and a line that says what to write.',
    '',
  ];
  for (const section of SECTIONS) {
    lines.push(section.name === '' ? '## Top level' : `## \`[${section.name}]\``, '');
    if (section.doc !== '') lines.push(section.doc, '');
    lines.push('| key | default | environment | meaning |', '| --- | --- | --- | --- |');
    for (const setting of section.settings) {
      const preset = setting.preset === undefined ? '' : `\`${tomlValue(setting.preset)}\``;
      lines.push(`| \`${setting.key}\` | ${preset} | \`${setting.environmentName}\` | ${setting.doc.replaceAll('|', '\\|')} |`);
    }
    lines.push('');
  }
  return `${lines.join('\n').trimEnd()}\n`;
}
