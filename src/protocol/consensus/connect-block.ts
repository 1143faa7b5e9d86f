/**
 * @module What connecting a block does to the coins, and whether it may. Pure: the coins come through a lookup and the
 * changes go out as data; the chain commits them in one transaction. The block has passed `check-block.ts` before.
 *
 * Scripts are not run here: `scriptChecks` lists what remains to be proved before the changes may be committed.
 */
import type {ChainSpec} from '../chain/chain-spec.js';
import {outpointMapKey} from '../bytes/hash-key.js';
import type {Block, BlockUndo} from '../primitives/block.js';
import type {Coin, OutPoint, Sats, Transaction} from '../primitives/transaction.js';
import {reject} from '../verdict.js';
import type {Rejection, Verdict} from '../verdict.js';
import {checkSpend} from './check-inputs.js';
import type {InputRejectCode} from './check-inputs.js';
import {areSequenceLocksMet, sequenceLocks} from './lock-times.js';
import {sigopCost} from './sigops.js';
import {blockSubsidy} from './subsidy.js';

export type ConnectRejectCode =
  | InputRejectCode | 'bad-txns-BIP30' | 'bad-txns-inputs-missingorspent' | 'bad-txns-accumulated-fee-outofrange'
  | 'bad-txns-nonfinal' | 'bad-blk-sigops' | 'bad-cb-amount';

export interface ConnectContext {
  readonly spec: ChainSpec;
  readonly height: number;
  /** The coin set as the parent block left it. */
  readonly coin: (outpoint: OutPoint) => Coin | undefined;
  /** Median time past of the block at a height, on this block's branch, up to its parent. */
  readonly medianTimePastAt: (height: number) => number;
}

export interface ScriptCheck {
  readonly transaction: Transaction;
  readonly inputIndex: number;
  /** All coins that the transaction spends, in input order: taproot's signature hash needs every one. */
  readonly spentCoins: readonly Coin[];
}

export interface CoinEntry {
  readonly outpoint: OutPoint;
  readonly coin: Coin;
}

/** The net change: a coin made and spent in the same block is in neither list. */
export interface BlockConnection {
  readonly removed: readonly CoinEntry[];
  readonly added: readonly CoinEntry[];
  readonly undo: BlockUndo;
  readonly feesSats: Sats;
  readonly scriptChecks: readonly ScriptCheck[];
}

export function connectBlock(block: Block, context: ConnectContext): Verdict<BlockConnection, ConnectRejectCode> {
  // By Core's history the first coinbase cannot be spent: it never enters the coin set.
  if (context.height === 0) return {ok: true, value: {removed: [], added: [], undo: {spentByTx: []}, feesSats: 0n, scriptChecks: []}};
  if (overwritesCoin(block, context)) return reject('bad-txns-BIP30');
  const work = new ConnectionWork(context);
  const [coinbase, ...others] = block.transactions;
  let cost = sigopCost(coinbase!, [], work.sigopRules);
  work.create(coinbase!, true);
  for (const transaction of others) {
    const spentCoins = work.spend(transaction);
    if (spentCoins === undefined) return reject('bad-txns-inputs-missingorspent');
    const refusal = judgeSpend(transaction, spentCoins, work);
    if (refusal !== undefined) return refusal;
    cost += sigopCost(transaction, spentCoins, work.sigopRules);
    if (cost > context.spec.maxBlockSigopCost) return reject('bad-blk-sigops', `cost above ${context.spec.maxBlockSigopCost}`);
    work.create(transaction, false);
  }
  if (cost > context.spec.maxBlockSigopCost) return reject('bad-blk-sigops', `cost above ${context.spec.maxBlockSigopCost}`);
  let claimed = 0n;
  for (const output of coinbase!.outputs) claimed += output.valueSats;
  const allowed = blockSubsidy(context.height, context.spec) + work.feesSats;
  if (claimed > allowed) return reject('bad-cb-amount', `claims ${claimed}, may claim ${allowed}`);
  return {ok: true, value: work.connection()};
}

/** OP_RETURN first, or longer than any script that runs: can never be spent, so it is never stored (as in Core). */
export function isUnspendable(scriptPubKey: Uint8Array): boolean {
  return scriptPubKey[0] === 0x6a || scriptPubKey.length > 10_000;
}

/**
 * BIP 30. With BIP 34 from the first block a transaction cannot repeat but through its coinbase: every other one has an
 * input that exists once. So on such chains the coinbase alone is looked up, which spares a read per output.
 */
function overwritesCoin(block: Block, {spec, coin}: ConnectContext): boolean {
  const suspects = spec.activation.bip34 <= 1 ? block.transactions.slice(0, 1) : block.transactions;
  return suspects.some(({txid, outputs}) => outputs.some((_, vout) => coin({txid, vout}) !== undefined));
}

function judgeSpend(
  transaction: Transaction, spentCoins: readonly Coin[], work: ConnectionWork,
): Rejection<ConnectRejectCode> | undefined {
  const {context} = work;
  const {spec, height} = context;
  const spend = checkSpend(transaction, spentCoins, {height, spec});
  if (!spend.ok) return spend;
  work.feesSats += spend.value;
  if (work.feesSats > spec.maxMoneySats) return reject('bad-txns-accumulated-fee-outofrange');
  if (height >= spec.activation.csv) {
    const locks = sequenceLocks(transaction, spentCoins.map((coin) => coin.height), context.medianTimePastAt);
    const block = {height, parentMedianTimeSec: context.medianTimePastAt(height - 1)};
    if (!areSequenceLocksMet(locks, block)) return reject('bad-txns-nonfinal', 'relative lock time');
  }
  return undefined;
}

/** The coins while one block is being connected. */
class ConnectionWork {
  readonly context: ConnectContext;
  readonly sigopRules: {readonly witnessScaleFactor: number; readonly hasSegwit: boolean};
  feesSats: Sats = 0n;
  private readonly created = new Map<string, CoinEntry>();
  private readonly removed = new Map<string, CoinEntry>();
  private readonly spentByTx: Coin[][] = [];
  private readonly scriptChecks: ScriptCheck[] = [];

  constructor(context: ConnectContext) {
    this.context = context;
    const {spec, height} = context;
    this.sigopRules = {witnessScaleFactor: spec.witnessScaleFactor, hasSegwit: height >= spec.activation.segwit};
  }

  /** @returns undefined when a coin is missing or was spent before. */
  spend(transaction: Transaction): Coin[] | undefined {
    const spentCoins: Coin[] = [];
    for (let inputIndex = 0; inputIndex < transaction.inputs.length; inputIndex++) {
      const coin = this.take(transaction.inputs[inputIndex]!.prevout);
      if (coin === undefined) return undefined;
      spentCoins.push(coin);
      this.scriptChecks.push({transaction, inputIndex, spentCoins});
    }
    this.spentByTx.push(spentCoins);
    return spentCoins;
  }

  create({txid, outputs}: Transaction, isCoinbase: boolean): void {
    for (let vout = 0; vout < outputs.length; vout++) {
      const {valueSats, scriptPubKey} = outputs[vout]!;
      if (isUnspendable(scriptPubKey)) continue;
      const outpoint = {txid, vout};
      this.created.set(outpointMapKey(outpoint), {outpoint, coin: {valueSats, scriptPubKey, height: this.context.height, isCoinbase}});
    }
  }

  connection(): BlockConnection {
    return {
      removed: [...this.removed.values()], added: [...this.created.values()], undo: {spentByTx: this.spentByTx},
      feesSats: this.feesSats, scriptChecks: this.scriptChecks,
    };
  }

  private take(outpoint: OutPoint): Coin | undefined {
    const key = outpointMapKey(outpoint);
    const own = this.created.get(key);
    if (own !== undefined) {
      this.created.delete(key);
      return own.coin;
    }
    if (this.removed.has(key)) return undefined;
    const coin = this.context.coin(outpoint);
    if (coin !== undefined) this.removed.set(key, {outpoint, coin});
    return coin;
  }
}
