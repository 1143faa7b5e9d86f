/**
 * @module What the pages ask for beside the overview, as it travels: the answers of `/api/v1`. Types only, shared by the
 * server that fills them and the browser that draws them. Amounts are whole satoshis as decimal text; hashes are
 * hexadecimal in display order; times are seconds since the epoch.
 */
import type {HashrateOverview, RigOverview, WindowAnswer, WindowsAnswer} from './overview.js';

/** `nextCursor` is absent on the last page. */
export interface PageOf<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
}

export type HistoryResolution = '1m' | '10m' | '1h';

export interface HistoryPoint {
  readonly atSec: number;
  readonly hashesPerSec: number;
  /** How much of the time the pool watched: the rate is over it. */
  readonly coveredSec: number;
  readonly sharesAccepted: number;
  readonly sharesRejected: number;
  readonly connectedMax: number;
}

export interface HistoryAnswer {
  readonly resolution: HistoryResolution;
  readonly bucketSec: number;
  /** Oldest first; the last one still grows. A time that nobody watched has no point. */
  readonly points: readonly HistoryPoint[];
}

export type {WindowAnswer, WindowsAnswer};

export interface MinerSummary {
  readonly account: string;
  readonly hashrate: HashrateOverview;
  readonly sharesAccepted: number;
  readonly sharesRejected: number;
  readonly bestShareDifficulty: number;
  readonly lastShareAtSec?: number;
}

export interface MinerAnswer {
  readonly account: string;
  readonly hashrate: HashrateOverview;
  /** Absent where this account has no history of its own. */
  readonly windows?: WindowsAnswer;
  readonly sharesAccepted: number;
  readonly sharesRejected: Readonly<Record<string, number>>;
  readonly bestShareDifficulty: number;
  readonly lastShareAtSec?: number;
  readonly pendingSats: string;
  readonly balanceSats: string;
  readonly payingSats: string;
  readonly debtSats: string;
  /** Sum of the payouts to it that the chain has confirmed; absent without a payout actor. */
  readonly paidSats?: string;
  /** Balance from which it is paid; absent without a payout actor. */
  readonly thresholdSats?: string;
  readonly rigs: readonly Omit<RigOverview, 'account'>[];
}

export type FoundStatus = 'pending' | 'confirmed' | 'orphaned' | 'rejected';

export interface FoundBlock {
  readonly height: number;
  readonly hash: string;
  readonly account: string;
  readonly minerName: string;
  readonly foundAtSec: number;
  readonly status: FoundStatus;
  readonly confirmations: number;
  readonly rewardSats: string;
  readonly feeSats: string;
  readonly effort: number;
  readonly creditCount: number;
}

export interface FoundBlockDetail extends FoundBlock {
  /** Of this account alone when one is asked for; largest first. */
  readonly credits: readonly {readonly account: string; readonly sats: string}[];
  readonly maturityBlocks: number;
}

export interface BlockSplit {
  readonly hash: string;
  readonly terms: {readonly scheme: string; readonly feePpm: number; readonly donationPpm: number; readonly donationAccount: string};
  readonly subsidySats: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Expected hashes as decimal text, as in `work`. */
  readonly totalWork: string;
  readonly work: readonly {readonly account: string; readonly work: string}[];
  /** Hexadecimal; absent for the moment that it takes to compute. */
  readonly shareRoot?: string;
}

export interface LuckWindow {
  readonly blocks: number;
  /** Expected work over the work that was done: above 1 is lucky. */
  readonly luck: number;
}

export interface LuckAnswer {
  readonly roundEffort: number;
  readonly windows: readonly LuckWindow[];
}

export type PayoutState = 'planned' | 'recorded' | 'signed' | 'broadcast' | 'confirmed' | 'failed';

export interface Payout {
  readonly id: number;
  readonly kind: 'payout' | 'consolidation';
  readonly state: PayoutState;
  readonly plannedAtSec: number;
  readonly changedAtSec: number;
  readonly paidSats: string;
  readonly feeSats: string;
  readonly feeRateSatsPerVb: number;
  readonly vsize: number;
  readonly txid?: string;
  readonly replacedTxids: readonly string[];
  readonly confirmations: number;
  readonly height?: number;
  readonly payeeCount: number;
  readonly payees: readonly {readonly account: string; readonly sats: string; readonly feeSats: string}[];
  readonly problem?: string;
}

export interface PayoutRules {
  readonly isPaused: boolean;
  readonly thresholdSats: string;
  readonly intervalSec: number;
  readonly confirmationsNeeded: number;
  readonly feeFrom: 'pool' | 'miners';
  readonly payableSats: string;
  readonly payableCount: number;
  readonly lastPayoutAtSec?: number;
  readonly nextRunAtSec?: number;
  readonly problem?: string;
}

export interface NodeHealth {
  readonly name: string;
  readonly state: string;
  readonly detail: string;
  readonly isServing: boolean;
  readonly height?: number;
  readonly tipHash?: string;
  readonly lagBlocks: number;
  readonly peers?: number;
  readonly version: string;
  readonly latencyMs?: number;
  readonly lastAnswerAgoMs?: number;
  readonly failures: number;
}

export interface NodeAnswer {
  /** `local`: the node of this process. */
  readonly kind: 'local' | 'upstream';
  readonly isStalled: boolean;
  readonly servingNode?: string;
  readonly workHeight?: number;
  readonly confirmedAgoMs?: number;
  readonly nodes: readonly NodeHealth[];
}

export interface ConnectAnswer {
  readonly stratumEndpoint: string;
  readonly scheme: string;
  readonly feePpm: number;
  readonly startDifficulty?: number;
  readonly minDifficulty?: number;
}
