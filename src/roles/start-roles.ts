/**
 * @module Starts what the config asks for and says where it serves: storage and threads first, then the node, the pool,
 * and last the ports, so that nobody is answered by half a process. Stops in the phases of `shutdown-phases.ts`.
 */
import {mkdirSync} from 'node:fs';
import type {GetTip} from '../actors/chain/messages.js';
import type {Config} from '../config.js';
import type {ChainName, ChainSpec} from '../protocol/chain/chain-spec.js';
import {COIN_SPECS} from '../protocol/chain/coins.js';
import {CHAIN_SPECS} from '../protocol/chain/presets.js';
import type {Log} from '../runtime/log.js';
import {CoordinatedShutdown, type ShutdownReport} from '../runtime/shutdown.js';
import {createActorSystem} from '../runtime/system.js';
import {lockDirectory} from '../storage/directory-lock.js';
import {startHttp} from './http-part.js';
import {startNode, type NodeParts} from './node-parts.js';
import {localPayments, remotePayments} from './payout-parts.js';
import {startDemoMiner, startPool, type PoolParts} from './pool-parts.js';
import {startRpc} from './rpc-part.js';
import {shutdownPhases} from './shutdown-phases.js';
import type {Endpoints, Site} from './site.js';
import {StartError} from './start-error.js';
import {startThreads} from './threads.js';
import {startUpstream, type UpstreamRef} from './upstream-part.js';

export interface RoleModules {
  readonly log: Log;
  readonly version: string;
  /** Called once when a failure reached the root: the process must end with exit code 1. */
  readonly onFatal: (path: string, error: unknown) => void;
  /** Other rules than the preset's, for benchmarks and tests of long waits. */
  readonly spec?: ChainSpec;
  /** Somebody with the right to do so asked for a stop (`stop` over RPC). */
  readonly onStopRequested: (reason: string) => void;
}

export interface RunningRoles {
  readonly site: Site;
  /** undefined when the pool's nodes are elsewhere. */
  readonly node: NodeParts | undefined;
  readonly upstream: UpstreamRef | undefined;
  readonly pool: PoolParts | undefined;
  readonly endpoints: Endpoints;
  stop(reason: string): Promise<ShutdownReport>;
}

/** Millions of headers are read within minutes; beyond this something is wrong with the disk. */
const CHAIN_LOAD_TIMEOUT_MS = 600_000;

/** @throws StartError, StorageError: with words for the operator. What was started before is stopped again. */
export async function startRoles(config: Config, modules: RoleModules): Promise<RunningRoles> {
  const {log, version} = modules;
  makeDataFolder(config.dataDir);
  const lock = lockDirectory(config.dataDir);
  const system = createActorSystem({log, onEscalation: modules.onFatal});
  const shutdown = new CoordinatedShutdown({clock: system.clock, log, after}, shutdownPhases(config.shutdown.deadlineMs));
  const threads = await startThreads(config, system.clock, log);
  const rules: ChainSpec | undefined = modules.spec ?? (config.chain in CHAIN_SPECS ? CHAIN_SPECS[config.chain as ChainName] : undefined);
  const site: Site = {config, spec: rules ?? COIN_SPECS[config.chain], rules, system, shutdown, threads, log, version};
  shutdown.add('persist', 'actors', () => system.terminate('drain'));
  // Last: the folder is free only when nothing here writes to it any more.
  shutdown.add('stop-threads', 'data folder', () => lock.release());
  shutdown.add('stop-threads', 'worker threads', () => threads.close());
  const stop = (reason: string): Promise<ShutdownReport> => shutdown.run(reason);
  try {
    return {site, ...await startParts(site, modules), stop};
  } catch (error) {
    await stop('start failed');
    throw error;
  }
}

function makeDataFolder(dataDir: string): void {
  try {
    mkdirSync(dataDir, {recursive: true});
  } catch (error) {
    throw new StartError('data-folder-unusable', `The data folder ${dataDir} cannot be made (${String((error as {code?: unknown}).code)}). Choose another with --data.`, {cause: error});
  }
}

/** Timers of the process: those of the actor system end with it, half-way down, and no later phase had a deadline. */
function after(delayMs: number, act: () => void): () => void {
  const timer = setTimeout(act, delayMs);
  return () => clearTimeout(timer);
}

type StartedParts = Pick<RunningRoles, 'endpoints' | 'node' | 'upstream' | 'pool'>;

function startParts(site: Site, {onStopRequested}: RoleModules): Promise<StartedParts> {
  const {upstream} = site.config.pool;
  return upstream === 'local' ? startAroundNode(site, onStopRequested) : startPoolOnly(site, upstream);
}

async function startAroundNode(site: Site, onStopRequested: (reason: string) => void): Promise<StartedParts> {
  const roles = new Set(site.config.roles);
  const node = startNode(site);
  // The first answer comes when the chain is loaded: nobody is served before.
  await node.chain.ask<GetTip>({type: 'chain.getTip'}, {timeoutMs: CHAIN_LOAD_TIMEOUT_MS});
  const pool = roles.has('mining-pool') || roles.has('solo-pool') ? await startPool(site, {...node, payments: () => localPayments(node)}) : undefined;
  const rpc = await startRpc(site, node, onStopRequested);
  const http = roles.has('explorer') || pool !== undefined ? await startHttp(site, {...node, pool, rpc: rpc.server}) : undefined;
  if (pool !== undefined && site.config.demoMiner.enabled) startDemoMiner(site, pool);
  http?.becomeReady();
  return {
    node,
    upstream: undefined,
    pool,
    endpoints: {...(pool && {stratum: pool.stratumEndpoint, ...(pool.stratumTlsEndpoint && {stratumTls: pool.stratumTlsEndpoint})}), ...(http && {http: http.endpoint}), rpc: rpc.endpoint},
  };
}

/** Without a chain of its own. It serves miners at once: when no node answers yet, they are told and wait. */
async function startPoolOnly(site: Site, nodes: Exclude<Config['pool']['upstream'], 'local'>): Promise<StartedParts> {
  const upstream = startUpstream(site, nodes);
  const pool = await startPool(site, {chain: upstream, template: upstream, rehearsal: upstream, payments: () => remotePayments(nodes)});
  const http = await startHttp(site, {chain: upstream, mempool: upstream, upstream, pool});
  if (site.config.demoMiner.enabled) startDemoMiner(site, pool);
  http.becomeReady();
  return {node: undefined, upstream, pool, endpoints: {stratum: pool.stratumEndpoint, http: http.endpoint}};
}
