/**
 * @module The mining pool: share log, accounting, job factory, front desk and the Stratum port; and the demo miner, which
 * is a client of that port like any other.
 */
import type {ActorRef} from '../runtime/actor.js';
import {accountingActor} from '../actors/accounting/actor.js';
import type {AccountingMessage} from '../actors/accounting/messages.js';
import {demoMinerActor} from '../actors/demo-miner/actor.js';
import {jobFactoryActor} from '../actors/job-factory/actor.js';
import type {JobFactoryMessage} from '../actors/job-factory/messages.js';
import {miningPoolActor} from '../actors/mining-pool/actor.js';
import type {DrainMiningPool, MiningPoolMessage} from '../actors/mining-pool/messages.js';
import {statisticsActor} from '../actors/statistics/actor.js';
import type {StatisticsMessage} from '../actors/statistics/messages.js';
import {DEFAULT_CONNECTION_LIMITS, stratumSessionActor, type StratumSessionOptions} from '../actors/stratum-session/actor.js';
import {createMinerNetwork} from '../net/miner-socket.js';
import {startStratumServer} from '../net/stratum-server.js';
import {decodeAddress, encodeAddress} from '../protocol/address/address.js';
import {parseIpNetwork} from '../protocol/endpoint/ip-network.js';
import type {IpNetwork} from '../protocol/endpoint/ip-network.js';
import {DIFFICULTY_EXPONENT_MIN, exponentAtMost} from '../protocol/stratum/difficulty.js';
import {DEFAULT_SESSION_LIMITS} from '../protocol/stratum/session-types.js';
import {GENERAL_PURPOSE_BITS} from '../protocol/stratum/version-rolling.js';
import {accountingDatabase} from '../storage/accounting-folder.js';
import {createAccountingStore, createExtranonceCounterStore} from '../storage/accounting-store.js';
import {createBanStore} from '../storage/ban-store.js';
import {createCandidateStore} from '../storage/candidate-store.js';
import {openDatabase, type Database} from '../storage/open-database.js';
import {openStatisticsStore, statisticsDatabase} from '../storage/statistics-store.js';
import {createThreadNonceScanner} from '../workers/nonce-scanner.js';
import type {NodeParts} from './node-parts.js';
import {payoutTarget} from './pool-wallet.js';
import {stopsIn, type Site} from './site.js';
import {listening} from './start-error.js';

export interface PoolParts {
  readonly accounting: ActorRef<AccountingMessage>;
  readonly jobFactory: ActorRef<JobFactoryMessage>;
  readonly miningPool: ActorRef<MiningPoolMessage>;
  readonly statistics: ActorRef<StatisticsMessage>;
  /** `host:port`. */
  readonly stratumEndpoint: string;
}

/** Extranonce1 then extranonce2: 4 bytes of each suit every client that we know of (notes on rented hashrate ask for 4 or more). */
const EXTRANONCE1_SIZE = 4;
const EXTRANONCE2_SIZE = 4;
/** Jobs are kept this long after a newer one: at a fast refresh a count would refuse honest shares. */
const JOB_LIFETIME_MS = 300_000;
/** Header times and fees stay fresh without a new tip. */
const JOB_REFRESH_MS = 30_000;
const RECONNECT_WAIT_SEC = 5;
/** Connections over the limit are still taken, told so, and closed. */
const CONNECTIONS_SPARE = 256;

export async function startPool(site: Site, node: NodeParts): Promise<PoolParts> {
  const {config, spec, system, shutdown} = site;
  const database = openDatabase(accountingDatabase(config.dataDir, spec.name));
  shutdown.add('close-storage', 'accounting store', () => database.close());
  const payout = payoutTarget(spec, {configured: config.pool.payoutAddress, dataDir: config.dataDir});
  const scheme = config.pool.payoutScheme;
  // One series for the factory and the sessions: the worker threads keep a job's data by its key.
  let lastJobKey = 0;
  const nextJobKey = (): number => (lastJobKey += 1);

  const accounting = system.spawn(accountingActor({
    store: createAccountingStore(database),
    chain: node.chain,
    scheme,
    feePpm: config.pool.feePpm,
    maturityBlocks: spec.coinbaseMaturityBlocks,
    windowFactorPpm: Math.round(config.pool.pplnsWindow * 1_000_000),
  }), {name: 'accounting', onFailure: 'escalate'}) as unknown as ActorRef<AccountingMessage>;

  const jobFactory = system.spawn(jobFactoryActor({
    template: node.template,
    chain: node.chain,
    accounting,
    candidates: createCandidateStore(database),
    refreshMs: JOB_REFRESH_MS,
    scheme,
    poolScript: payout.scriptPubKey,
    feePpm: config.pool.feePpm,
    tag: new TextEncoder().encode(config.pool.coinbaseTag),
    extranonceSize: EXTRANONCE1_SIZE + EXTRANONCE2_SIZE,
    lifetimeMs: JOB_LIFETIME_MS,
    scriptOfAccount: (account) => scriptOf(site, account),
    nextJobKey,
  }), {name: 'job-factory'}) as unknown as ActorRef<JobFactoryMessage>;

  const statistics = startStatistics(site, accounting);
  const miningPool = startFrontDesk(site, sessionOptions(site, {accounting, jobFactory}, nextJobKey), database);
  stopsIn(site, 'drain-shares', jobFactory);
  stopsIn(site, 'drain-shares', accounting);
  const stratumEndpoint = await openPort(site, miningPool);
  return {accounting, jobFactory, miningPool, statistics, stratumEndpoint};
}

function startStatistics(site: Site, accounting: ActorRef<AccountingMessage>): ActorRef<StatisticsMessage> {
  const store = openStatisticsStore(statisticsDatabase(site.config.dataDir, site.spec.name));
  site.shutdown.add('close-storage', 'statistics store', () => store.close());
  const statistics = site.system.spawn(statisticsActor({store, accounting}), {name: 'statistics'});
  stopsIn(site, 'drain-shares', statistics);
  return statistics as unknown as ActorRef<StatisticsMessage>;
}

function scriptOf({spec}: Site, account: string): Uint8Array | undefined {
  const decoded = decodeAddress(account, spec.address);
  return decoded.ok ? decoded.value.scriptPubKey : undefined;
}

/** What all sessions have in common. */
function sessionOptions(site: Site, actors: Pick<PoolParts, 'accounting' | 'jobFactory'>, nextJobKey: () => number): StratumSessionOptions {
  const {pool} = site.config;
  return {
    ...actors,
    hasher: site.threads.shares,
    limits: DEFAULT_CONNECTION_LIMITS,
    session: {
      extranonce2Size: EXTRANONCE2_SIZE,
      versionMask: GENERAL_PURPOSE_BITS,
      limits: {...DEFAULT_SESSION_LIMITS, staleGraceMs: pool.staleGraceMs},
      isJobPerAccount: pool.payoutScheme === 'SOLO',
      vardiff: {
        targetIntervalMs: pool.shareIntervalSec * 1_000,
        startExponent: exponentOf(pool.startDifficulty),
        exponentMin: exponentOf(pool.minDifficulty),
        exponentMax: exponentOf(pool.maxDifficulty),
      },
      decodeAccount: (text) => accountOf(site, text),
      nextJobKey,
      serverName: `Pithead/${site.version}`,
    },
  };
}

/** Difficulties are announced as powers of two: the one at or below. */
function exponentOf(difficulty: number): number {
  return exponentAtMost(difficulty) ?? DIFFICULTY_EXPONENT_MIN;
}

/** Two spellings of one address are one account: it is named as this chain writes it. */
function accountOf({spec}: Site, text: string): {readonly ok: true; readonly account: string} | {readonly ok: false} {
  const decoded = decodeAddress(text, spec.address);
  const account = decoded.ok ? encodeAddress(decoded.value.scriptPubKey, spec.address) : undefined;
  return account === undefined ? {ok: false} : {ok: true, account};
}

function startFrontDesk(site: Site, sessions: StratumSessionOptions, database: Database): ActorRef<MiningPoolMessage> {
  const {config, system, shutdown} = site;
  const miningPool = system.spawn(miningPoolActor({
    jobFactory: sessions.jobFactory,
    extranonceCounter: createExtranonceCounterStore(database),
    instancePrefix: new Uint8Array(0),
    extranonce1Size: EXTRANONCE1_SIZE,
    sessionsMax: config.stratum.maxSessions,
    sessionsPerAddressMax: config.stratum.maxSessionsPerAddress,
    admission: {
      allow: networksOf(config.stratum.allow),
      deny: networksOf(config.stratum.deny),
      bans: {durationMs: config.stratum.banSec * 1_000, offencesMax: config.stratum.banAfterOffences},
    },
    bans: createBanStore(database),
    session: (facts, spawn) => spawn(stratumSessionActor(sessions, facts)),
  }), {name: 'mining-pool'}) as unknown as ActorRef<MiningPoolMessage>;
  shutdown.add('end-sessions', 'stratum sessions', async () => {
    await system.ask<MiningPoolMessage, DrainMiningPool>(miningPool, {
      type: 'miningPool.drain', text: 'The pool is restarting.', reconnectWaitSec: RECONNECT_WAIT_SEC, timeoutMs: config.shutdown.deadlineMs * 0.25,
    }, {timeoutMs: config.shutdown.deadlineMs * 0.3});
  });
  return miningPool;
}

/** The schema has checked each. */
function networksOf(texts: readonly string[]): IpNetwork[] {
  return texts.flatMap((text) => parseIpNetwork(text) ?? []);
}

async function openPort(site: Site, miningPool: ActorRef<MiningPoolMessage>): Promise<string> {
  const {config, shutdown} = site;
  const {host, port, maxSessions} = config.stratum;
  const server = await listening('The Stratum server', {host, port, key: 'stratum.port'}, () => startStratumServer({
    host, port, miningPool, connectionsMax: maxSessions + CONNECTIONS_SPARE,
  }));
  shutdown.add('stop-accepting', 'stratum port', () => server.stopAccepting());
  shutdown.add('drain-shares', 'stratum connections', () => server.close());
  return `${server.host}:${server.port}`;
}

/** Mines through the port as any miner would, with a part of one core. */
export function startDemoMiner(site: Site, pool: PoolParts): void {
  const {config, spec, system, shutdown} = site;
  const {threads, dutyPercent} = config.demoMiner;
  const scanner = createThreadNonceScanner(threads);
  shutdown.add('stop-threads', 'demo miner threads', () => scanner.stop());
  const at = pool.stratumEndpoint.lastIndexOf(':');
  const {address} = payoutTarget(spec, {configured: config.pool.payoutAddress, dataDir: config.dataDir});
  const miner = system.spawn(demoMinerActor({
    network: createMinerNetwork({host: pool.stratumEndpoint.slice(0, at), port: Number(pool.stratumEndpoint.slice(at + 1))}),
    scanner,
    userName: `${address}.demo`,
    threads,
    dutyCycle: dutyPercent / 100,
  }), {name: 'demo-miner'});
  shutdown.add('stop-accepting', 'demo miner', () => system.stop(miner, 'now'));
}
