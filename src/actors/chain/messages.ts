/**
 * @module What others may ask of the chain: the one writer of headers, blocks and coins.
 * Byte fields are never changed after they were sent; hashes are in internal order.
 */
import type {Query} from '../../runtime/actor.js';
import type {Rejection, Verdict} from '../../protocol/verdict.js';
import type {Block, BlockHeader} from '../../protocol/primitives/block.js';
import type {Coin, Hash256, OutPoint, Sats} from '../../protocol/primitives/transaction.js';

/** Where a block came from, for the log and for penalties. */
export interface BlockSource {
  readonly kind: 'rpc' | 'mining-pool' | 'peer' | 'generate' | 'import';
  readonly name?: string;
}

export type BlockOutcome =
  | {readonly ok: true; readonly status: 'connected' | 'side-branch' | 'duplicate'; readonly hash: Hash256; readonly height: number}
  /** `code` is BIP 22's reason; `mutated` bodies do not condemn the header. */
  | (Rejection & {readonly hash?: Hash256; readonly status: 'invalid' | 'mutated' | 'duplicate-invalid' | 'orphan'});

/** The active tip and what the next block must respect. */
export interface TipView {
  readonly hash: Hash256;
  readonly height: number;
  readonly header: BlockHeader;
  /** BIP 113: median of the last 11 header times, seconds. The next block's time must be greater. */
  readonly medianTimePastSec: number;
  readonly chainwork: bigint;
  /** Compact target that the next block must have, for a block at `nextTimeSec` (it matters only to time-dependent rules). */
  readonly nextBits: number;
  /** Sequence number of the last entry of the ordered log. */
  readonly logSeq: number;
}

export interface HeaderView {
  readonly header: BlockHeader;
  readonly height: number;
  readonly chainwork: bigint;
  readonly medianTimePastSec: number;
  readonly isActive: boolean;
  /** tip − height + 1 on the active chain; −1 off it. */
  readonly confirmations: number;
  readonly nextHash: Hash256 | undefined;
  readonly txCount: number | undefined;
  readonly status: 'valid-headers' | 'valid-scripts' | 'stored' | 'invalid';
}

export interface CoinSetTotals {
  readonly height: number;
  readonly bestHash: Hash256;
  readonly coinCount: number;
  readonly totalSats: Sats;
  readonly diskBytes: number;
}

/** What a mempool or a wallet needs to judge a spend: coins at one tip, read together. */
export interface CoinsAtTip {
  readonly tip: TipView;
  /** One per outpoint asked, in order. */
  readonly coins: readonly (Coin | undefined)[];
  /** BIP 68: for each coin found, median time past of the block before the one that made it, seconds. */
  readonly coinMedianTimesSec: readonly (number | undefined)[];
}

/** The tip of one branch: `branchLength` counts the blocks after the active chain, 0 for the active one. */
export interface BranchView {
  readonly hash: Hash256;
  readonly height: number;
  readonly branchLength: number;
  readonly status: 'active' | 'valid-fork' | 'headers-only' | 'invalid';
}

export type AcceptBlock = Query<'chain.acceptBlock', {readonly blockBytes: Uint8Array; readonly source: BlockSource}, BlockOutcome>;
/** Everything but the work (BIP 23 proposal mode); changes nothing. */
export type CheckProposal = Query<'chain.checkProposal', {readonly blockBytes: Uint8Array}, Verdict>;
export type InvalidateBlock = Query<'chain.invalidateBlock', {readonly hash: Hash256}, Verdict>;
export type ReconsiderBlock = Query<'chain.reconsiderBlock', {readonly hash: Hash256}, Verdict>;
/** `timeSec` decides time-dependent targets (ASERT does not look at it). */
export type GetTip = Query<'chain.getTip', {readonly timeSec?: number}, TipView>;
export type GetHeader = Query<'chain.getHeader', {readonly hash: Hash256}, HeaderView | null>;
export type GetHashAtHeight = Query<'chain.getHashAtHeight', {readonly height: number}, Hash256 | null>;
export type GetBlock = Query<'chain.getBlock', {readonly hash: Hash256}, {readonly block: Block; readonly view: HeaderView} | null>;
/** The coins that a connected block spent, by transaction without the coinbase; null when it was never connected. */
export type GetUndo = Query<'chain.getUndo', {readonly hash: Hash256}, readonly (readonly Coin[])[] | null>;
export type GetCoins = Query<'chain.getCoins', {readonly outpoints: readonly OutPoint[]}, CoinsAtTip>;
export type GetCoinSetTotals = Query<'chain.getCoinSetTotals', Record<never, never>, CoinSetTotals>;
export type GetBranches = Query<'chain.getBranches', Record<never, never>, readonly BranchView[]>;

export type ChainMessage =
  | AcceptBlock | CheckProposal | InvalidateBlock | ReconsiderBlock | GetTip | GetHeader | GetHashAtHeight | GetBlock | GetUndo
  | GetCoins | GetCoinSetTotals | GetBranches;

/** Facts, in the order of the chain's log. During a reorg all disconnects precede the connects. */
export type ChainEvent =
  | {readonly type: 'chain.blockConnected'; readonly seq: number; readonly height: number; readonly block: Block}
  | {readonly type: 'chain.blockDisconnected'; readonly seq: number; readonly height: number; readonly block: Block}
  /** Last of a group: the tip has settled. */
  | {readonly type: 'chain.tipChanged'; readonly tip: TipView; readonly previousHash: Hash256; readonly disconnectedCount: number};
