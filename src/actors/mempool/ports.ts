/**
 * @module What the mempool needs beside its ref to the chain: somebody who runs scripts. The chain's own verifier fits,
 * and sharing it means that a transaction proved here is not proved again in its block.
 */
import type {Coin, Transaction} from '../../protocol/primitives/transaction.js';

export type SpendVerdict =
  | {readonly ok: true}
  | {readonly ok: false; readonly code: string; readonly detail?: string};

export interface SpendVerifier {
  verify(spends: readonly {readonly transaction: Transaction; readonly spentCoins: readonly Coin[]}[], flags: number): Promise<SpendVerdict>;
}
