/**
 * @module The mining pool: share log, accounting, job factory, front desk and the Stratum port; and the demo miner, which
 * is a client of that port like any other.
 */
import type {ActorRef} from '../runtime/actor.js';
import {accountingActor} from '../actors/accounting/actor.js';
import type {AccountingMessage} from '../actors/accounting/messages.js';
import type {AcceptBlock, CheckProposal, GetHeader, GetTip} from '../actors/chain/messages.js';
import {demoMinerActor} from '../actors/demo-miner/actor.js';
import {jobFactoryActor} from '../actors/job-factory/actor.js';
import type {JobFactoryMessage} from '../actors/job-factory/messages.js';
import type {MiningPoolMessage} from '../actors/mining-pool/messages.js';
import type {PayoutsMessage} from '../actors/payouts/messages.js';
import {statisticsActor} from '../actors/statistics/actor.js';
import type {AlertsMessage} from '../actors/alerts/messages.js';
import type {StatisticsMessage} from '../actors/statistics/messages.js';
import type {GetTemplate} from '../actors/template/messages.js';
import type {PoolMeters} from '../http/http-parts.js';
import {LatencyHistogram} from '../runtime/latency-histogram.js';
import {createMinerNetwork} from '../net/miner-socket.js';
import {decodeAddress, encodeAddress} from '../protocol/address/address.js';
import {blockSubsidy} from '../protocol/consensus/subsidy.js';
import {accountingDatabase} from '../storage/accounting-folder.js';
import {createAccountingStore} from '../storage/accounting-store.js';
import {createCandidateStore} from '../storage/candidate-store.js';
import {openDatabase} from '../storage/open-database.js';
import {openStatisticsStore, statisticsDatabase} from '../storage/statistics-store.js';
import {createThreadNonceScanner} from '../workers/nonce-scanner.js';
import {startAlerts} from './alerts-part.js';
import {startPayouts, type PaymentBackend} from './payout-parts.js';
import {openPoolWallet, payoutTarget, walletTarget} from './pool-wallet.js';
import {stopsIn, type Site} from './site.js';
import {accountOf, EXTRANONCE1_SIZE, EXTRANONCE2_SIZE, openPorts, sessionOptions, startFrontDesk} from './stratum-part.js';

/** Whoever gives work, takes blocks and says where they stand: the node in this process, or the upstream. */
export interface PoolNode {
  readonly chain: ActorRef<AcceptBlock | GetHeader | GetTip>;
  readonly template: ActorRef<GetTemplate>;
  /** Nodes elsewhere judge jobs in advance: their rules are not ours. */
  readonly rehearsal?: ActorRef<CheckProposal>;
  /** What payouts are made over; asked once, and only where there is a wallet. */
  readonly payments: () => PaymentBackend;
}

export interface PoolParts {
  readonly accounting: ActorRef<AccountingMessage>;
  readonly jobFactory: ActorRef<JobFactoryMessage>;
  readonly miningPool: ActorRef<MiningPoolMessage>;
  readonly statistics: ActorRef<StatisticsMessage>;
  readonly alerts: ActorRef<AlertsMessage>;
  readonly meters: PoolMeters;
  /** Where there is a wallet to pay from. */
  readonly payouts?: ActorRef<PayoutsMessage>;
  /** `host:port`. */
  readonly stratumEndpoint: string;
  readonly stratumTlsEndpoint?: string;
}

/** Jobs are kept this long after a newer one: at a fast refresh a count would refuse honest shares. */
const JOB_LIFETIME_MS = 300_000;
/** Header times and fees stay fresh without a new tip. */
const JOB_REFRESH_MS = 30_000;

export async function startPool(site: Site, node: PoolNode): Promise<PoolParts> {
  const {config, spec, system, shutdown} = site;
  const database = openDatabase(accountingDatabase(config.dataDir, spec.name));
  shutdown.add('close-storage', 'accounting store', () => database.close());
  const wallet = openPoolWallet(spec, config.wallet);
  const payout = wallet === undefined
    ? payoutTarget(spec, {configured: config.pool.payoutAddress, dataDir: config.dataDir})
    : walletTarget(spec, wallet, config.pool.payoutAddress);
  const scheme = config.pool.payoutScheme;
  // One series for the factory and the sessions: the worker threads keep a job's data by its key.
  let lastJobKey = 0;
  const nextJobKey = (): number => (lastJobKey += 1);

  const accounting = system.spawn(accountingActor({
    store: createAccountingStore(database),
    chain: node.chain,
    terms: {
      scheme, feePpm: config.pool.feePpm, donationPpm: config.pool.donationPpm,
      donationAccount: config.pool.donationPpm === 0 ? '' : donationAccountOf(site),
    },
    subsidyOf: (height) => blockSubsidy(height, spec),
    maturityBlocks: spec.coinbaseMaturityBlocks,
    windowFactorPpm: Math.round(config.pool.pplnsWindow * 1_000_000),
    shareLogMs: config.pool.shareLogDays * 86_400_000,
  }), {name: 'accounting', onFailure: 'escalate'}) as unknown as ActorRef<AccountingMessage>;

  const jobFactory = system.spawn(jobFactoryActor({
    template: node.template,
    ...(node.rehearsal && {rehearsal: node.rehearsal}),
    chain: node.chain,
    accounting,
    candidates: createCandidateStore(database),
    refreshMs: JOB_REFRESH_MS,
    scheme,
    poolScript: payout.scriptPubKey,
    feePpm: config.pool.feePpm,
    donationPpm: config.pool.donationPpm,
    tag: new TextEncoder().encode(config.pool.coinbaseTag),
    extranonceSize: EXTRANONCE1_SIZE + EXTRANONCE2_SIZE,
    lifetimeMs: JOB_LIFETIME_MS,
    scriptOfAccount: (account) => scriptOf(site, account),
    accountOfScript: (script) => encodeAddress(script, spec.address),
    ...(config.pool.coinbasePayout && {coinbasePayout: {outputsMax: config.pool.coinbaseOutputs, minimumSats: BigInt(config.pool.coinbaseMinSats)}}),
    nextJobKey,
  }), {name: 'job-factory'}) as unknown as ActorRef<JobFactoryMessage>;

  const meters: PoolMeters = {submitLatency: new LatencyHistogram(), broadcastLatency: new LatencyHistogram()};
  const statistics = startStatistics(site, accounting);
  const payouts = wallet === undefined || !config.payouts.enabled ? undefined
    : startPayouts(site, {accounting, database, wallet, address: payout.address, ...node.payments()});
  const alerts = startAlerts(site, accounting);
  const miningPool = startFrontDesk(site, {sessions: sessionOptions(site, {accounting, jobFactory, meters}, nextJobKey), meters}, database);
  stopsIn(site, 'drain-shares', jobFactory);
  stopsIn(site, 'drain-shares', accounting);
  const endpoints = await openPorts(site, miningPool);
  return {
    accounting, jobFactory, miningPool, statistics, alerts, meters, ...(payouts && {payouts}),
    stratumEndpoint: endpoints.stratum, ...(endpoints.stratumTls && {stratumTlsEndpoint: endpoints.stratumTls}),
  };
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

/** Empty where the donation stays with the pool. The config knows that it is an address. */
function donationAccountOf(site: Site): string {
  const decoded = accountOf(site, site.config.pool.donationAddress);
  return decoded.ok ? decoded.account : '';
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
