/**
 * @module A chain is data: everything that two nodes must agree on before they can talk about blocks.
 * The presets are in `presets.ts`. Engines other than proof of work join the `engine` union later.
 */
import type {Hash256, Sats} from '../primitives/transaction.js';

export type ChainName = 'regtest' | 'devnet';

/** What a pool must know of a coin whose chain another node judges. The coins are in `coins.ts`. */
export interface CoinSpec {
  readonly name: string;
  /** What JSON-RPC calls `chain`. */
  readonly rpcName: string;
  readonly genesisHash: Hash256;
  readonly address: AddressPrefixes;
  readonly initialSubsidySats: Sats;
  readonly halvingIntervalBlocks: number;
  readonly coinbaseMaturityBlocks: number;
  readonly targetSpacingSec: number;
  /** Blocks between two changes of the target: 0 where it never changes; undefined where a block may have one of its own. */
  readonly retargetIntervalBlocks: number | undefined;
  /** BIP 141's 4; BTQ's 16. */
  readonly witnessScaleFactor: number;
  /** A chain for trying out: its nodes serve while they rest and without peers. */
  readonly isTestChain: boolean;
}

/** How the next block's target follows from the ones before. */
export type RetargetRule =
  /** Bitcoin's: every `intervalBlocks`, clamped by 4; `noRetarget` on regtest. BIP 94 and testnet's 20-minute rule are not here. */
  | {readonly kind: 'bitcoin'; readonly intervalBlocks: number; readonly spacingSec: number; readonly noRetarget: boolean; readonly allowMinDifficulty: boolean}
  /**
   * aserti3-2d. `genesis`: the schedule is absolute, and a chain that was switched off for a night stays at the easiest
   * target until it has caught up thousands of blocks. `parent`: the anchor moves with each block, so time lost beyond
   * the easiest target is forgotten: for networks that stop and go. Default `genesis`.
   */
  | {readonly kind: 'asert'; readonly spacingSec: number; readonly halfLifeSec: number; readonly anchor?: 'genesis' | 'parent'};

export interface PowEngine {
  readonly kind: 'pow';
  /** Easiest target, as a 256-bit integer and in compact form. */
  readonly powLimit: bigint;
  readonly powLimitBits: number;
  readonly retarget: RetargetRule;
}

export interface AddressPrefixes {
  readonly pubKeyHash: number;
  readonly scriptHash: number;
  readonly wif: number;
  readonly bech32: string;
}

/** A chain whose blocks Pithead judges itself. */
export interface ChainSpec extends CoinSpec {
  readonly name: ChainName;
  /** Four bytes before each P2P message. */
  readonly magic: Uint8Array;
  readonly genesisBytes: Uint8Array;
  readonly engine: PowEngine;
  readonly maxMoneySats: Sats;
  readonly maxBlockWeightWu: number;
  readonly maxBlockSigopCost: number;
  /** Furthest that a header's time may lie ahead of the node's clock. */
  readonly maxFutureSec: number;
  /** First heights at which the rule binds. */
  readonly activation: {readonly bip34: number; readonly bip65: number; readonly bip66: number; readonly csv: number; readonly segwit: number; readonly taproot: number};
}
