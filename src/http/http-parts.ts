/**
 * @module What the HTTP server is given: settings, and the parts that it asks. It constructs none of them.
 */
import type {ActorRef} from '../runtime/actor.js';
import type {LatencyHistogram} from '../runtime/latency-histogram.js';
import type {Log} from '../runtime/log.js';
import type {LoopDelay} from '../runtime/loop-delay.js';
import type {ActorSystem} from '../runtime/system.js';
import type {PoolReport} from '../workers/tasks.js';
import type {AccountingMessage} from '../actors/accounting/messages.js';
import type {AlertsMessage} from '../actors/alerts/messages.js';
import type {GetBlock, GetCoinSetTotals, GetTip} from '../actors/chain/messages.js';
import type {GetMempoolInfo} from '../actors/mempool/messages.js';
import type {JobFactoryMessage} from '../actors/job-factory/messages.js';
import type {MiningPoolMessage} from '../actors/mining-pool/messages.js';
import type {PayoutsMessage} from '../actors/payouts/messages.js';
import type {StatisticsMessage} from '../actors/statistics/messages.js';
import type {GetUpstreamHealth} from '../actors/upstream/messages.js';

export interface HttpOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** Names beside the loopback ones, `host` and plain IP addresses that a request may be addressed to. */
  readonly allowedHosts: readonly string[];
  /** Most open WebSockets. */
  readonly maxLiveClients: number;
  readonly version: string;
  readonly chainName: string;
  readonly targetSpacingSec: number;
  readonly coinbaseMaturityBlocks: number;
  /** Questions to the API per second and address, over time; a burst may be ten times as many. 0: no limit. */
  readonly requestsPerSec: number;
  /** Folder of index.html. Absent: where the build puts it. */
  readonly webRoot?: string;
}

/** What is measured on the way of shares and jobs. */
export interface PoolMeters {
  /** From an accepted share's verdict to its durable answer. */
  readonly submitLatency: LatencyHistogram;
  /** From a new job to the last session that was handed it. */
  readonly broadcastLatency: LatencyHistogram;
}

/** The pool of this process, when it runs one. */
export interface HttpPool {
  readonly accounting: ActorRef<AccountingMessage>;
  readonly miningPool: ActorRef<MiningPoolMessage>;
  readonly statistics: ActorRef<StatisticsMessage>;
  readonly alerts: ActorRef<AlertsMessage>;
  readonly jobFactory: ActorRef<JobFactoryMessage>;
  readonly meters?: PoolMeters;
  /** Absent where the pool keeps accounts and pays nobody. */
  readonly payouts?: ActorRef<PayoutsMessage>;
  /** `host:port` that miners are told. */
  readonly stratumEndpoint: string;
}

/** One line of `/health/ready`. */
export interface HealthCheck {
  readonly name: string;
  readonly isOk: boolean;
  /** In words, for whoever reads the answer. */
  readonly detail?: string;
}

/** One line of the record of changes. */
export interface AuditEntry {
  readonly atSec: number;
  readonly action: string;
  /** Address of the caller. */
  readonly from: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly outcome: string;
}

export interface AuditLog {
  /** Resolves when it is on disk. */
  record(entry: Omit<AuditEntry, 'atSec'>): Promise<void>;
  /** Newest first. */
  recent(limit: number): Promise<readonly AuditEntry[]>;
}

/** What the operator's part needs. */
export interface HttpOperator {
  readonly token: string;
  readonly audit: AuditLog;
  /** The settings by dotted key, secrets taken out. */
  readonly configView: () => Readonly<Record<string, unknown>>;
}

/** What the JSON-RPC server counts. */
export interface RpcCounts {
  inFlight(): number;
  counters(): {readonly requests: number; readonly refused: number; readonly unauthorised: number};
}

/** The actor system as far as it is read here: the clock, a timer, and its counters. */
export type ObservedSystem = Pick<ActorSystem, 'clock' | 'after' | 'snapshot' | 'stats' | 'deadLetters'>;

export interface HttpModules {
  readonly system: ObservedSystem;
  readonly log: Log;
  /** The node in this process, or the pool's upstream. */
  readonly chain: ActorRef<GetTip | GetBlock | GetCoinSetTotals>;
  readonly mempool: ActorRef<GetMempoolInfo>;
  readonly pool?: HttpPool;
  /** Absent: there is no operator's part. */
  readonly operator?: HttpOperator;
  /** The pool's nodes, when they are elsewhere: then nobody here counts the coins. Absent: the pool mines on the node of this process. */
  readonly upstream?: ActorRef<GetUpstreamHealth>;
  readonly loopDelay?: {read(): LoopDelay};
  readonly workerReports?: () => readonly PoolReport[];
  /** The JSON-RPC port, for its metrics. */
  readonly rpc?: RpcCounts;
  /** Asked at each `/health/ready`: must be cheap. Ready when every one is ok. */
  readonly checks: () => readonly HealthCheck[];
}
