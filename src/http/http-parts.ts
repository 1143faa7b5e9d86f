/**
 * @module What the HTTP server is given: settings, and the parts that it asks. It constructs none of them.
 */
import type {ActorRef} from '../runtime/actor.js';
import type {Log} from '../runtime/log.js';
import type {LoopDelay} from '../runtime/loop-delay.js';
import type {ActorSystem} from '../runtime/system.js';
import type {PoolReport} from '../workers/tasks.js';
import type {AccountingMessage} from '../actors/accounting/messages.js';
import type {ChainMessage} from '../actors/chain/messages.js';
import type {MempoolMessage} from '../actors/mempool/messages.js';
import type {MiningPoolMessage} from '../actors/mining-pool/messages.js';

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
  /** Folder of index.html. Absent: where the build puts it. */
  readonly webRoot?: string;
}

/** The pool of this process, when it runs one. */
export interface HttpPool {
  readonly accounting: ActorRef<AccountingMessage>;
  readonly miningPool: ActorRef<MiningPoolMessage>;
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
  readonly chain: ActorRef<ChainMessage>;
  readonly mempool: ActorRef<MempoolMessage>;
  readonly pool?: HttpPool;
  readonly loopDelay?: {read(): LoopDelay};
  readonly workerReports?: () => readonly PoolReport[];
  /** The JSON-RPC port, for its metrics. */
  readonly rpc?: RpcCounts;
  /** Asked at each `/health/ready`: must be cheap. Ready when every one is ok. */
  readonly checks: () => readonly HealthCheck[];
}
