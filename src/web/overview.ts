/**
 * @module What the page shows, as it travels: the answer of `GET /api/v1/overview` and each message of `/api/v1/live`.
 * Types only, shared by the server that fills it and the browser that draws it. Amounts are whole satoshis as decimal
 * text, because JSON numbers end at 2^53; hashes are hexadecimal in display order; times are seconds since the epoch.
 */
export interface Overview {
  /** Server's wall clock, milliseconds: the page shows ages by it, not by the visitor's clock. */
  readonly atMs: number;
  readonly node: {readonly version: string; readonly chain: string; readonly uptimeSec: number};
  readonly chain: ChainOverview;
  /** Newest first. */
  readonly blocks: readonly BlockOverview[];
  readonly mempool: {readonly count: number; readonly vsize: number; readonly totalFeeSats: string; readonly minFeeSatsPerKvb: string};
  /** Absent when this process runs no pool, or when its pool has not answered yet: then `delayed` names it. */
  readonly pool?: PoolOverview;
  /** No healthy node confirms the pool's work: miners wait. Absent when the node is in this process. */
  readonly isStalled?: boolean;
  /** Parts that did not answer in time. Their values are the last that they gave. */
  readonly delayed: readonly OverviewPart[];
}

export type OverviewPart = 'chain' | 'mempool' | 'pool' | 'miners' | 'windows' | 'nodes';

export interface ChainOverview {
  readonly height: number;
  readonly hash: string;
  readonly timeSec: number;
  readonly difficulty: number;
  /** Hashes per second that the last blocks stand for. */
  readonly networkHashrate: number;
  readonly targetSpacingSec: number;
  /** Absent where nobody here counts them. */
  readonly coinCount?: number;
  readonly totalSats?: string;
}

export interface BlockOverview {
  readonly height: number;
  readonly hash: string;
  readonly timeSec: number;
  /** Header time less that of the block before. Absent up to height 1: the genesis time is a constant, not a moment. */
  readonly intervalSec?: number;
  readonly txCount: number;
  readonly sizeBytes: number;
  /** Subsidy and fees. */
  readonly rewardSats: string;
  /** Printable text found in the coinbase. */
  readonly tag: string;
}

export interface HashrateOverview {
  readonly last1m: number;
  readonly last5m: number;
  readonly last1h: number;
}

export interface WindowAnswer {
  readonly windowSec: number;
  readonly coveredSec: number;
  readonly hashesPerSec: number;
  readonly sharesAccepted: number;
  readonly sharesRejected: number;
  /** Half width of the 95 % interval over the estimate: 1.96 / √shares. Absent without a share. */
  readonly relativeError?: number;
}

export interface WindowsAnswer {
  readonly last5m: WindowAnswer;
  readonly last1h: WindowAnswer;
  readonly last24h: WindowAnswer;
}

export interface PoolOverview {
  /** `host:port` to point a miner at. */
  readonly stratumEndpoint: string;
  readonly scheme: 'SOLO' | 'PPLNS' | 'PROP' | 'PPS' | 'PPS+';
  readonly feePpm: number;
  /** It keeps a wallet and pays from it. */
  readonly hasPayouts: boolean;
  readonly hashrate: HashrateOverview;
  /** Over the time that the pool was really running; absent until the history has answered. */
  readonly windows?: WindowsAnswer;
  readonly sessions: {readonly connected: number; readonly authorised: number; readonly max: number};
  readonly accountCount: number;
  readonly sharesAccepted: number;
  readonly sharesRejected: Readonly<Record<string, number>>;
  readonly blocksFound: number;
  /** Work of this round over the work that a block is expected to take. */
  readonly roundEffort: number;
  /** 0 to 1; 1 for SOLO. */
  readonly windowFill: number;
  /** Best hashrate first. */
  readonly rigs: readonly RigOverview[];
  /** Newest first. */
  readonly found: readonly FoundOverview[];
}

export interface RigOverview {
  readonly account: string;
  readonly minerName: string;
  readonly userAgent: string;
  readonly hashrate: HashrateOverview;
  readonly difficulty: number;
  readonly connected: number;
  readonly sharesAccepted: number;
  readonly sharesRejected: number;
  readonly lastShareAtSec?: number;
}

export interface FoundOverview {
  readonly height: number;
  readonly hash: string;
  readonly account: string;
  readonly minerName: string;
  readonly foundAtSec: number;
  readonly status: 'pending' | 'confirmed' | 'orphaned' | 'rejected';
  readonly confirmations: number;
  readonly rewardSats: string;
  readonly effort: number;
}
