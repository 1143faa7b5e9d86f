/**
 * The actors that the HTTP server asks, with answers that a test sets, on any actor system. They count what they are asked,
 * and can keep silent. The blocks are real ones as far as anybody can see who does not check their work.
 */
import type {ActorRef, Message, PendingReply} from '../../../src/runtime/actor.js';
import type {Log, LogFacts} from '../../../src/runtime/log.js';
import {LatencyHistogram} from '../../../src/runtime/latency-histogram.js';
import type {ActorSystem} from '../../../src/runtime/system.js';
import type {AccountingMessage, AccountView, FoundBlockView, PoolTotals} from '../../../src/actors/accounting/messages.js';
import type {AlertsMessage, AlertsView} from '../../../src/actors/alerts/messages.js';
import type {ChainMessage, HeaderView, TipView} from '../../../src/actors/chain/messages.js';
import type {MempoolInfo, MempoolMessage} from '../../../src/actors/mempool/messages.js';
import {ConnectionCounters} from '../../../src/actors/mining-pool/connection-counts.js';
import type {JobFactoryMessage} from '../../../src/actors/job-factory/messages.js';
import type {StratumJob} from '../../../src/protocol/stratum/stratum-job.js';
import type {PayoutStatus, PayoutView, PayoutsMessage} from '../../../src/actors/payouts/messages.js';
import type {HistoryBucket, StatisticsMessage} from '../../../src/actors/statistics/messages.js';
import type {UpstreamHealth, UpstreamMessage} from '../../../src/actors/upstream/messages.js';
import type {Ban, MiningPoolMessage, SessionView} from '../../../src/actors/mining-pool/messages.js';
import type {AuditEntry, HealthCheck, HttpModules, HttpOperator, HttpOptions} from '../../../src/http/http-server.js';
import {hashKey} from '../../../src/protocol/bytes/hash-key.js';
import {buildHeader, encodeBlock} from '../../../src/protocol/primitives/block-codec.js';
import type {Block} from '../../../src/protocol/primitives/block.js';
import {buildTransaction, NULL_HASH, NULL_VOUT} from '../../../src/protocol/primitives/transaction-codec.js';
import type {PoolReport} from '../../../src/workers/tasks.js';

export type FakeKind = 'chain' | 'mempool' | 'accounting' | 'mining-pool' | 'statistics' | 'payouts' | 'upstream' | 'alerts' | 'job-factory';

export const REWARD_SATS = 5_000_000_000n;
const P2WPKH_SIZE = 22;

export interface FakeBlockOptions {
  readonly tag?: string;
  readonly timeSec: number;
  readonly txCount?: number;
  readonly bits?: number;
}

export class FakeNode {
  readonly system: ActorSystem;
  readonly blocks: Block[] = [];
  mempool: MempoolInfo = {
    count: 0, totalVsize: 0, totalBytes: 0, totalFeeSats: 0n, maxBytes: 64_000_000, maxCount: 50_000, minFeeSatsPerKvb: 1_000n, minRelaySatsPerKvb: 1_000n, sequence: 0,
  };
  totals: PoolTotals = {
    hashrate: {last1m: 0, last5m: 0, last1h: 0}, accountCount: 0, sharesAccepted: 0, sharesRejected: {}, blocksFound: 0, roundEffort: 0,
    lastShareSeq: 0, scheme: 'PPLNS', feePpm: 10_000, donationPpm: 0, windowFill: 0,
  };
  accounts: AccountView[] = [];
  found: FoundBlockView[] = [];
  sessions: SessionView[] = [];
  authorised = 0;
  bans: Ban[] = [];
  /** Of the pool, and of any account that is known. */
  history: HistoryBucket[] = [];
  payouts: PayoutView[] = [];
  payoutStatus: PayoutStatus = {
    isPaused: false, signer: 'keys', address: 'bcrt1qpool', spendableSats: 0n, immatureSats: 0n, lockedSats: 0n, coinCount: 0, payableSats: 0n, payableCount: 0,
    unresolvedCount: 0, lastPayoutAtMs: undefined, nextRunAtMs: undefined, syncedHeight: 0, thresholdSats: 1_000_000n, intervalMs: 3_600_000, confirmationsNeeded: 6,
    feeFrom: 'miners', problem: undefined,
  };
  upstreamHealth: UpstreamHealth = {isStalled: false, servingNode: undefined, workHeight: undefined, confirmedAgoMs: undefined, nodes: []};
  alertsView: AlertsView = {active: [], recent: [], destinations: []};
  job: StratumJob | null = null;
  readonly latency = new LatencyHistogram();
  readonly audited: AuditEntry[] = [];
  checks: HealthCheck[] = [{name: 'chain', isOk: true}];
  /** Actors of these kinds take questions and do not answer. */
  readonly silent = new Set<FakeKind>();
  readonly asked = new Map<string, number>();
  readonly logged: LogFacts[] = [];
  readonly log: Log;
  readonly chain: ActorRef<ChainMessage>;
  readonly mempoolRef: ActorRef<MempoolMessage>;
  readonly accounting: ActorRef<AccountingMessage>;
  readonly miningPool: ActorRef<MiningPoolMessage>;
  readonly statistics: ActorRef<StatisticsMessage>;
  readonly alerts: ActorRef<AlertsMessage>;
  readonly jobFactory: ActorRef<JobFactoryMessage>;
  readonly payoutsRef: ActorRef<PayoutsMessage>;
  readonly upstream: ActorRef<UpstreamMessage>;
  /** Replies that a silent actor still owes: held as a busy actor holds its mailbox. */
  readonly #owed: PendingReply<unknown>[] = [];

  constructor(system: ActorSystem, genesisTimeSec = 1_296_688_602) {
    this.system = system;
    const keep = (facts: LogFacts): void => { this.logged.push(facts); };
    this.log = {debug: keep, info: keep, warn: keep, error: keep, child: () => this.log};
    this.addBlock({timeSec: genesisTimeSec});
    this.chain = this.#spawn<ChainMessage>('chain', (message) => this.#chainAnswer(message));
    this.mempoolRef = this.#spawn<MempoolMessage>('mempool', () => this.mempool);
    this.accounting = this.#spawn<AccountingMessage>('accounting', (message) => this.#accountingAnswer(message));
    this.miningPool = this.#spawn<MiningPoolMessage>('mining-pool', (message) => this.#deskAnswer(message));
    this.statistics = this.#spawn<StatisticsMessage>('statistics', (message) => this.#statisticsAnswer(message));
    this.alerts = this.#spawn<AlertsMessage>('alerts', (message) => (message.type === 'alerts.get' ? this.alertsView : {destinations: this.alertsView.destinations.length}));
    this.jobFactory = this.#spawn<JobFactoryMessage>('job-factory', () => this.job);
    this.payoutsRef = this.#spawn<PayoutsMessage>('payouts', (message) => this.#payoutsAnswer(message));
    this.upstream = this.#spawn<UpstreamMessage>('upstream', () => this.upstreamHealth);
  }

  #deskAnswer(message: MiningPoolMessage): unknown {
    switch (message.type) {
      case 'miningPool.listSessions': return this.sessions.filter(({id}) => id > (message.afterId ?? 0)).slice(0, message.limit);
      case 'miningPool.getConnectionCounts': return new ConnectionCounters().view({bansInForce: this.bans.length, pending: 0, proved: 0, resumed: 0});
      case 'miningPool.listBans': return this.bans.slice(0, message.limit);
      case 'miningPool.ban': {
        if (!/^[\d.]+(\/\d+)?$/.test(message.network)) return {ok: false, code: 'ban-network-malformed'};
        const ban: Ban = {network: message.network, reason: 'operator', note: message.note, sinceMs: 1_767_225_600_000, untilMs: null, strikes: 1};
        this.bans.unshift(ban);
        return {ok: true, ban, endedSessions: 1};
      }
      case 'miningPool.unban': {
        const at = this.bans.findIndex(({network}) => network === message.network);
        if (at < 0) return {ok: false, code: 'ban-not-found'};
        this.bans.splice(at, 1);
        return {ok: true};
      }
      case 'miningPool.endSession': return {ok: this.sessions.some(({id}) => id === message.sessionId)};
      default: return {connected: this.sessions.length, authorised: this.authorised, max: 10_000};
    }
  }

  get tip(): Block {
    return this.blocks.at(-1)!;
  }

  addBlock({tag = '', timeSec, txCount = 1, bits = 0x207fffff}: FakeBlockOptions): Block {
    const height = this.blocks.length;
    const transactions = Array.from({length: txCount}, (_, index) => buildTransaction({
      inputs: [{
        prevout: {txid: index === 0 ? NULL_HASH : new Uint8Array(32).fill(7), vout: index === 0 ? NULL_VOUT : index},
        scriptSig: coinbaseScript(index * 1_000_000 + height, tag), sequence: 0xffffffff,
      }],
      outputs: [{valueSats: index === 0 ? REWARD_SATS : 1n, scriptPubKey: new Uint8Array(P2WPKH_SIZE)}],
      lockTime: 0,
    }));
    const previousHash = this.blocks.length === 0 ? NULL_HASH : this.tip.header.hash;
    const header = buildHeader({version: 0x20000000, previousHash, merkleRoot: transactions[0]!.txid, timeSec, bits, nonce: height});
    const block = encodeBlock(header, transactions);
    this.blocks.push(block);
    return block;
  }

  /** Ends the silence of one kind; what it owes is answered `failed`, and new questions are answered. */
  speakAgain(kind: FakeKind): void {
    this.silent.delete(kind);
    for (const reply of this.#owed.splice(0)) reply.reject(new Error('the question is from before the silence'));
  }

  modules(more: Partial<HttpModules> = {}): HttpModules {
    return {
      system: this.system, log: this.log, chain: this.chain, mempool: this.mempoolRef,
      pool: {accounting: this.accounting, miningPool: this.miningPool, statistics: this.statistics, alerts: this.alerts, jobFactory: this.jobFactory, stratumEndpoint: '127.0.0.1:3333'},
      loopDelay: {read: () => ({p50Ms: 0.25, p99Ms: 2, maxMs: 9, meanMs: 0.5})},
      workerReports: () => [WORKER_REPORT],
      checks: () => this.checks,
      ...more,
    };
  }

  /** As `modules`, with payouts, a node elsewhere, and an operator. */
  fullModules(): HttpModules {
    const modules = this.modules();
    return {...modules, pool: {...modules.pool!, payouts: this.payoutsRef, meters: {submitLatency: this.latency, broadcastLatency: this.latency}}, upstream: this.upstream, operator: this.operator()};
  }

  operator(): HttpOperator {
    return {
      token: OPERATOR_TOKEN,
      audit: {
        record: async (entry) => { this.audited.unshift({atSec: 1_767_225_600, ...entry}); },
        recent: async (limit) => this.audited.slice(0, limit),
      },
      configView: () => ({'pool.feePpm': 10_000, 'rpc.password': '(set)'}),
    };
  }

  #spawn<M extends Message>(kind: FakeKind, answer: (message: M) => unknown): ActorRef<M> {
    return this.system.spawn<M>({
      protocol: {kind, mailbox: {capacity: 1_000, policy: 'refuse'}},
      create: () => ({
        receive: (message, ctx) => {
          this.asked.set(message.type, (this.asked.get(message.type) ?? 0) + 1);
          if (this.silent.has(kind)) this.#owed.push(ctx.takeReply<unknown>()!);
          else ctx.reply(answer(message));
        },
      }),
    }, {name: kind, onFailure: 'resume'});
  }

  #chainAnswer(message: ChainMessage): unknown {
    switch (message.type) {
      case 'chain.getTip': {
        const {header} = this.tip;
        const tip: TipView = {
          hash: header.hash, height: this.blocks.length - 1, header, medianTimePastSec: header.timeSec, chainwork: BigInt(this.blocks.length),
          nextBits: header.bits, logSeq: this.blocks.length,
        };
        return tip;
      }
      case 'chain.getBlock': {
        const height = this.blocks.findIndex((block) => hashKey(block.header.hash) === hashKey(message.hash));
        return height < 0 ? null : {block: this.blocks[height], view: {header: this.blocks[height]!.header, height} as HeaderView};
      }
      case 'chain.getCoinSetTotals':
        return {height: this.blocks.length - 1, bestHash: this.tip.header.hash, coinCount: this.blocks.length, totalSats: BigInt(this.blocks.length - 1) * REWARD_SATS, diskBytes: 0};
      default: throw new Error(`the fake chain does not know ${message.type}`);
    }
  }

  #accountingAnswer(message: AccountingMessage): unknown {
    switch (message.type) {
      case 'accounting.getTotals': return this.totals;
      case 'accounting.listBlocks': {
        const {before} = message;
        const first = before === undefined ? 0 : this.found.findIndex(({hash}) => hashKey(hash) === hashKey(before)) + 1;
        return this.found.slice(first, first + message.limit);
      }
      case 'accounting.getBlockSplit': return this.found.some(({hash}) => hashKey(hash) === hashKey(message.blockHash)) ? {...A_SPLIT, hash: message.blockHash} : null;
      case 'accounting.getShareProof': return message.account === A_SPLIT.work[0]!.account
        ? {ok: true, proof: {...A_PROOF, blockHash: message.blockHash, account: message.account}} : {ok: false, code: 'share-proof-no-shares'};
      case 'accounting.getFoundBlock': return this.found.find(({hash}) => hashKey(hash) === hashKey(message.hash)) ?? null;
      case 'accounting.listAccounts': {
        const first = message.after === undefined ? 0 : this.accounts.findIndex(({account}) => account === message.after) + 1;
        return this.accounts.slice(first, first + message.limit).map(({rigs: _rigs, ...view}) => view);
      }
      case 'accounting.getAccount': return this.accounts.find((view) => view.account === message.account) ?? null;
      default: throw new Error(`the fake accounting does not know ${message.type}`);
    }
  }

  #statisticsAnswer(message: StatisticsMessage): unknown {
    if (message.account !== undefined && !this.accounts.some(({account}) => account === message.account)) return null;
    if (message.type === 'statistics.getHistory') {
      return {resolution: message.resolution, bucketSec: 60, buckets: this.history.filter(({startSec}) => startSec >= (message.fromSec ?? 0))};
    }
    const window = (windowSec: number): unknown => ({windowSec, coveredSec: windowSec, hashesPerSec: message.account === undefined ? this.totals.hashrate.last5m : 1_000, sharesAccepted: windowSec / 4, sharesRejected: 1});
    return {last5m: window(300), last1h: window(3_600), last24h: window(86_400)};
  }

  #payoutsAnswer(message: PayoutsMessage): unknown {
    switch (message.type) {
      case 'payouts.getStatus': return this.payoutStatus;
      case 'payouts.get': return this.payouts.find(({id}) => id === message.id) ?? null;
      case 'payouts.list': return this.payouts
        .filter(({id, kind, payees}) => id < (message.before ?? Infinity) && kind === (message.kind ?? kind)
          && (message.account === undefined || payees.some(({account}) => account === message.account)))
        .slice(0, message.limit);
      case 'payouts.runNow': return this.payoutStatus.isPaused ? {ok: false, code: 'payouts-paused'} : {ok: true, id: 7};
      case 'payouts.pause':
        this.payoutStatus = {...this.payoutStatus, isPaused: message.isPaused};
        return {ok: true};
      default: throw new Error('the fake payouts do not know this');
    }
  }
}

export const WORKER_REPORT: PoolReport = {
  kernel: 'hashShares', backends: ['noble'], threads: 1, queued: 3, queueCapacity: 4_096, itemsDone: 1_234, batchesDone: 56, refused: 0,
  lastBatchSize: 16, lastBatchReason: 'a worker is idle', itemCostUs: 4.5,
};

/** A window of one share, which is its own root's only leaf. */
const A_SPLIT = {
  terms: {scheme: 'PPLNS', feePpm: 10_000, donationPpm: 0, donationAccount: ''} as const, subsidySats: REWARD_SATS, firstSeq: 9, lastSeq: 9,
  work: [{account: 'bcrt1qfirst', work: 4_096n}], totalWork: 4_096n, shareRoot: new Uint8Array(32).fill(5),
};
const A_PROOF = {
  height: 7, rewardSats: REWARD_SATS, subsidySats: REWARD_SATS, terms: A_SPLIT.terms, firstSeq: 9, lastSeq: 9, totalWork: 4_096n, root: A_SPLIT.shareRoot, isComplete: true,
  creditSats: 4_950_000_000n, steps: [{kind: 'share', seq: 9, work: 4_096n, hash: new Uint8Array(32).fill(1)}],
};

export const OPERATOR_TOKEN = 'an-operator-token-of-a-test';

export const HTTP_OPTIONS: HttpOptions = {
  host: '127.0.0.1', port: 0, allowedHosts: [], maxLiveClients: 8, version: '0.1.0', chainName: 'devnet', targetSpacingSec: 10, coinbaseMaturityBlocks: 100, requestsPerSec: 10,
};

export function anAccount(account: string, facts: {readonly hashrate: number; readonly rigs?: AccountView['rigs']}): AccountView {
  const hashrate = {last1m: facts.hashrate, last5m: facts.hashrate, last1h: facts.hashrate};
  const rig = {minerName: 'rig1', userAgent: 'cpuminer/2.5.1', hashrate, difficulty: 2 ** -12, connected: 1, sharesAccepted: 42, sharesRejected: 1, lastShareAtSec: 1_767_225_600};
  return {
    account, hashrate, sharesAccepted: 42, sharesRejected: {stale: 1}, bestShareDifficulty: 0.5, lastShareAtSec: 1_767_225_600,
    pendingSats: 2_500_000_000n, payingSats: 0n, debtSats: 0n, balanceSats: 9_007_199_254_740_993n, rigs: facts.rigs ?? [rig],
  };
}

function coinbaseScript(height: number, tag: string): Uint8Array {
  const bytes = new TextEncoder().encode(tag);
  return Uint8Array.of(3, height & 0xff, (height >> 8) & 0xff, (height >> 16) & 0xff, ...(bytes.length === 0 ? [] : [bytes.length, ...bytes]));
}
