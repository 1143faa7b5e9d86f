/**
 * @module From a file, the environment and the flags to one frozen Config. Later sources win over earlier ones:
 * defaults, then file, then environment, then `--set`, then the named flags.
 *
 * Every complaint says where the value came from and what would be right. Nothing here starts or opens anything but the file.
 */
import {readFileSync} from 'node:fs';
import {parse as parseToml, TomlError} from 'smol-toml';
import {decodeAddress} from '../protocol/address/address.js';
import {COIN_SPECS} from '../protocol/chain/coins.js';
import {CHAIN_SPECS} from '../protocol/chain/presets.js';
import type {PayoutScheme} from '../protocol/payout/schemes.js';
import {nearestName} from './nearest-name.js';
import {ALL_IN_ONE_ROLES, configSchema, type RawConfig} from './schema.js';
import {SETTINGS, settingOf, valueOfText} from './setting-keys.js';

/** Bad usage or a bad value: the command ends with exit code 2. `problems` are lines for people. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'config-invalid';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

type DeepReadonly<T> = T extends readonly (infer I)[] ? readonly DeepReadonly<I>[]
  : T extends object ? {readonly [K in keyof T]: DeepReadonly<T[K]>} : T;

/** All settings, with what follows from others filled in. */
export type Config = DeepReadonly<Omit<RawConfig, 'pool' | 'demoMiner'> & {
  pool: Omit<RawConfig['pool'], 'payoutScheme'> & {payoutScheme: PayoutScheme};
  demoMiner: Omit<RawConfig['demoMiner'], 'enabled'> & {enabled: boolean};
}>;

export interface ConfigSources {
  readonly file?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `key=value`, as typed. */
  readonly sets: readonly string[];
  /** Values of the named flags by dotted key; they win. */
  readonly flags: Readonly<Record<string, unknown>>;
}

type Tree = Record<string, unknown>;

export function loadConfig(sources: ConfigSources): Config {
  const problems: string[] = [];
  const tree: Tree = sources.file === undefined ? {} : readTree(sources.file, problems);
  const origins = new Map<string, string>();

  for (const [name, text] of Object.entries(sources.environment)) {
    if (!name.startsWith('PITHEAD_') || text === undefined) continue;
    const setting = SETTINGS.find(({environmentName}) => environmentName === name);
    if (setting === undefined) {
      problems.push(`the environment variable ${name} names no setting${hint(nearestName(name, SETTINGS.map((entry) => entry.environmentName)))}`);
      continue;
    }
    place(tree, setting.key, valueOfText(setting, text));
    origins.set(setting.key, `environment variable ${name}`);
  }
  for (const text of sources.sets) {
    const at = text.indexOf('=');
    const key = at < 0 ? text : text.slice(0, at);
    const setting = settingOf(key);
    if (at < 0) problems.push(`--set ${text}: write it as --set key=value`);
    else if (setting === undefined) problems.push(`--set ${text}: there is no setting ${key}${hint(nearestName(key, SETTINGS.map((entry) => entry.key)))}`);
    else {
      place(tree, key, valueOfText(setting, text.slice(at + 1)));
      origins.set(key, `--set ${text}`);
    }
  }
  for (const [key, value] of Object.entries(sources.flags)) {
    place(tree, key, value);
    origins.set(key, 'the command line');
  }

  const parsed = configSchema.safeParse(tree);
  if (!parsed.success) {
    const from = sources.file ?? 'the config';
    problems.push(...parsed.error.issues.flatMap((issue) => describeIssue(issue, (key) => origins.get(key) ?? from)));
  }
  if (parsed.success && problems.length === 0) problems.push(...contradictions(parsed.data));
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems);
  return deepFreeze(resolve(parsed.data));
}

function readTree(file: string, problems: string[]): Tree {
  try {
    return parseToml(readFileSync(file, 'utf8')) as Tree;
  } catch (error) {
    if (error instanceof TomlError) problems.push(`${file}, line ${error.line}: this is not TOML\n${error.codeblock.trimEnd()}`);
    else problems.push(`the config file ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}); \`pithead init --out ${file}\` writes one`);
    return {};
  }
}

/** Puts a value at its dotted key. Where a file has a non-table in the way, the schema complains about that. */
function place(tree: Tree, key: string, value: unknown): void {
  const sections = key.split('.');
  const name = sections.pop()!;
  let table = tree;
  for (const section of sections) {
    table[section] ??= {};
    const inner = table[section];
    if (typeof inner !== 'object') return;
    table = inner as Tree;
  }
  table[name] = value;
}

interface Issue {
  readonly code?: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

function describeIssue(issue: Issue, origin: (key: string) => string): string[] {
  const key = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    return (issue.keys ?? []).map((name) => {
      const full = key === '' ? name : `${key}.${name}`;
      return `${origin(full)}: there is no setting ${full}${hint(nearestName(full, SETTINGS.map((entry) => entry.key)))}`;
    });
  }
  const setting = [3, 2, 1].map((length) => settingOf(issue.path.slice(0, length).map(String).join('.'))).find((found) => found !== undefined);
  const choices = setting !== undefined && setting.choices.length > 0 ? `; choose from ${setting.choices.join(', ')}` : '';
  return [`${origin(setting?.key ?? key)}: ${key}: ${issue.message}${choices}`];
}

/** Values that are each right and do not go together. */
function contradictions(config: RawConfig): string[] {
  const problems: string[] = [];
  if (config.roles.includes('mining-pool') && config.roles.includes('solo-pool')) problems.push('roles: choose one of mining-pool and solo-pool');
  if ((config.rpc.user === '') !== (config.rpc.password === '')) problems.push('rpc: set both rpc.user and rpc.password, or neither');
  if ((config.stratum.tls.certFile === '') !== (config.stratum.tls.keyFile === '')) problems.push('stratum.tls: set both stratum.tls.certFile and stratum.tls.keyFile, or neither');
  if (config.rpc.user.includes(':')) problems.push('rpc.user: no colon, because HTTP basic authentication ends the name there');
  problems.push(...upstreamContradictions(config));
  if (config.pool.minDifficulty > config.pool.maxDifficulty) problems.push('pool.minDifficulty is above pool.maxDifficulty');
  if (config.pool.coinbasePayout && (config.pool.payoutScheme ?? (config.roles.includes('solo-pool') ? 'SOLO' : 'PPLNS')) !== 'PPLNS') problems.push('pool.coinbasePayout goes with the scheme PPLNS only');
  if (config.wallet.signer === 'node' && config.pool.upstream === 'local') problems.push('wallet.signer: the node in this process has no wallet; name nodes in pool.upstream, or leave it at "folder"');
  if (config.payouts.minFeeRateSatsPerVb > config.payouts.maxFeeRateSatsPerVb) problems.push('payouts.minFeeRateSatsPerVb is above payouts.maxFeeRateSatsPerVb');
  const payout = config.pool.payoutAddress === '' ? undefined : decodeAddress(config.pool.payoutAddress, COIN_SPECS[config.chain].address);
  if (payout?.ok === false) {
    problems.push(`pool.payoutAddress: ${config.pool.payoutAddress} is no address of ${config.chain} (${payout.code}); \`pithead keygen\` makes one`);
  }
  const donation = config.pool.donationAddress === '' ? undefined : decodeAddress(config.pool.donationAddress, COIN_SPECS[config.chain].address);
  if (donation?.ok === false) problems.push(`pool.donationAddress: ${config.pool.donationAddress} is no address of ${config.chain} (${donation.code})`);
  if (config.pool.feePpm + config.pool.donationPpm > 1_000_000) problems.push('pool.feePpm and pool.donationPpm together are more than the reward');
  return problems;
}

/** Roles that need no node in this process when the pool has others. */
const POOL_ROLES: ReadonlySet<string> = new Set(['mining-pool', 'solo-pool', 'demo-miner']);

function upstreamContradictions({chain, roles, pool}: RawConfig): string[] {
  if (pool.upstream === 'local') {
    return chain in CHAIN_SPECS ? [] : [`chain: ${chain} needs nodes elsewhere: name them in pool.upstream, or choose ${Object.keys(CHAIN_SPECS).join(' or ')}`];
  }
  const problems: string[] = [];
  const local = roles.filter((role) => !POOL_ROLES.has(role));
  if (local.length > 0) problems.push(`roles: with other nodes in pool.upstream this process runs the pool only; leave out ${local.join(', ')} (--role mining-pool)`);
  for (const [index, node] of pool.upstream.entries()) {
    const at = `pool.upstream[${index}]`;
    const hasPassword = node.rpcUser !== undefined || node.rpcPassword !== undefined;
    if ((node.rpcUser === undefined) !== (node.rpcPassword === undefined)) problems.push(`${at}: set both rpcUser and rpcPassword, or rpcCookieFile`);
    if (hasPassword === (node.rpcCookieFile !== undefined)) problems.push(`${at}: set either rpcCookieFile or rpcUser and rpcPassword`);
  }
  const hosts = pool.upstream.map(({rpcUrl}) => new URL(rpcUrl).host);
  for (const host of new Set(hosts.filter((each, index) => hosts.indexOf(each) !== index))) problems.push(`pool.upstream: ${host} stands there twice`);
  if (!COIN_SPECS[chain].isTestChain && pool.payoutAddress === '') {
    problems.push(`pool.payoutAddress: name an address whose key you keep elsewhere; on ${chain} the pool makes no key of its own`);
  }
  return problems;
}

function resolve(config: RawConfig): Config {
  return {
    ...config,
    pool: {...config.pool, payoutScheme: config.pool.payoutScheme ?? (config.roles.includes('solo-pool') ? 'SOLO' : 'PPLNS')},
    demoMiner: {...config.demoMiner, enabled: config.demoMiner.enabled ?? config.roles.includes('demo-miner')},
  };
}

/** True when this is the set that `pithead start` runs without being told. */
export function isAllInOne(config: Config): boolean {
  return config.roles.length === ALL_IN_ONE_ROLES.length && ALL_IN_ONE_ROLES.every((role) => config.roles.includes(role));
}

function hint(name: string | undefined): string {
  return name === undefined ? '' : `; did you mean ${name}?`;
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
