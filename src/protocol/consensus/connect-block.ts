/**
 * @module What connecting a block does to the coins, and whether it may. Pure: the coins come through a lookup and the
 * changes go out as data; the chain commits them in one transaction. The block has passed `check-block.ts` before.
 *
 * Scripts are not run here: with the coins of `undo.spentByTx` they remain to be proved before the changes may be committed.
 */
import type {ChainSpec} from '../chain/chain-spec.js';
import {outpointMapKey} from '../bytes/hash-key.js';
import type {Block, BlockUndo} from '../primitives/block.js';
import {OutputCoin} from '../primitives/output-coin.js';
import {outpointOf} from '../primitives/transaction-codec.js';
import type {Coin, OutPoint, Sats, Transaction, TxOutput} from '../primitives/transaction.js';
import {WireOutput} from '../primitives/wire-transaction.js';
import {finishSteps} from '../steps.js';
import type {Steps} from '../steps.js';
import {reject} from '../verdict.js';
import type {Rejection, Verdict} from '../verdict.js';
import {checkSpend} from './check-inputs.js';
import type {InputRejectCode} from './check-inputs.js';
import {areSequenceLocksMet, hasRelativeLock, sequenceLocks} from './lock-times.js';
import {sigopCost} from './sigops.js';
import {blockSubsidy} from './subsidy.js';

const OP_RETURN = 0x6a;
const SCRIPT_SIZE_MAX = 10_000;

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

/** Inputs and transactions of a step: some 15 us with coins in memory, 30 when each is read from the disk. */
const WORK_PER_STEP = 16;

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
  /** What the coins are worth more after the block than before it; negative when less. */
  readonly gainSats: Sats;
}

/** The whole connection at once: for callers that may hold their thread. */
export function connectBlock(block: Block, context: ConnectContext): Verdict<BlockConnection, ConnectRejectCode> {
  return finishSteps(connectBlockInSteps(block, context));
}

/**
 * The same, divisible: yields after every few inputs, within a transaction too. Between two steps the caller may let others run, as long as the coins behind `context.coin` stay.
 */
export function* connectBlockInSteps(block: Block, context: ConnectContext): Steps<Verdict<BlockConnection, ConnectRejectCode>> {
  // By Core's history the first coinbase cannot be spent: it never enters the coin set.
  if (context.height === 0) return {ok: true, value: {removed: [], added: [], undo: {spentByTx: []}, feesSats: 0n, gainSats: 0n}};
  for (const suspect of overwriteSuspects(block, context.spec)) {
    if (overwritesCoin(suspect, context)) return reject('bad-txns-BIP30');
    yield;
  }
  const work = new ConnectionWork(context);
  const {transactions} = block;
  const coinbase = transactions[0]!;
  const costMax = context.spec.maxBlockSigopCost;
  let cost = sigopCost(coinbase, [], work.sigopRules);
  work.create(coinbase, true);
  for (let i = 1, done = 0; i < transactions.length; i++) {
    const transaction = transactions[i]!;
    const {inputs} = transaction;
    const spentCoins = Array<Coin>(inputs.length);
    for (let at = 0; at < inputs.length; at++) {
      const coin = work.take(inputs[at]!.prevout);
      if (coin === undefined) return reject('bad-txns-inputs-missingorspent');
      spentCoins[at] = coin;
      if (++done % WORK_PER_STEP === 0) yield;
    }
    const refusal = judgeSpend(transaction, spentCoins, work);
    if (refusal !== undefined) return refusal;
    cost += sigopCost(transaction, spentCoins, work.sigopRules);
    if (cost > costMax) return reject('bad-blk-sigops', `cost above ${costMax}`);
    work.noteSpent(spentCoins);
    work.create(transaction, false);
    if (++done % WORK_PER_STEP === 0) yield;
  }
  if (cost > costMax) return reject('bad-blk-sigops', `cost above ${costMax}`);
  let claimed = 0n;
  for (const output of coinbase.outputs) claimed += output.valueSats;
  const allowed = blockSubsidy(context.height, context.spec) + work.feesSats;
  if (claimed > allowed) return reject('bad-cb-amount', `claims ${claimed}, may claim ${allowed}`);
  return {ok: true, value: work.connection(claimed)};
}

/** OP_RETURN first, or longer than any script that runs: can never be spent, so it is never stored (as in Core). */
export function isUnspendable(output: TxOutput): boolean {
  if (output instanceof WireOutput) return output.scriptSize > SCRIPT_SIZE_MAX || (output.scriptSize > 0 && output.data[output.scriptAt] === OP_RETURN);
  const {scriptPubKey} = output;
  return scriptPubKey[0] === OP_RETURN || scriptPubKey.length > SCRIPT_SIZE_MAX;
}

/**
 * BIP 30. With BIP 34 from the first block a transaction cannot repeat but through its coinbase: every other one has an
 * input that exists once. So on such chains the coinbase alone is looked up, which spares a read per output.
 */
function overwriteSuspects({transactions}: Block, {activation}: ChainSpec): readonly Transaction[] {
  return activation.bip34 <= 1 ? transactions.slice(0, 1) : transactions;
}

function overwritesCoin({txid, outputs}: Transaction, {coin}: ConnectContext): boolean {
  return outputs.some((_, vout) => coin({txid, vout}) !== undefined);
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
  if (height >= spec.activation.csv && hasRelativeLock(transaction)) {
    const locks = sequenceLocks(transaction, spentCoins.map((coin) => coin.height), context.medianTimePastAt);
    if (!areSequenceLocksMet(locks, {height, parentMedianTimeSec: work.parentMedianTimeSec})) return reject('bad-txns-nonfinal', 'relative lock time');
  }
  return undefined;
}

/** The coins while one block is being connected. */
class ConnectionWork {
  readonly context: ConnectContext;
  readonly sigopRules: {readonly witnessScaleFactor: number; readonly hasSegwit: boolean};
  /** Asked for once: each asking sorts eleven headers' times. */
  readonly parentMedianTimeSec: number;
  feesSats: Sats = 0n;
  /** Of outputs that make no coin. */
  private unspendableSats: Sats = 0n;
  private readonly created = new Map<string, CoinEntry>();
  private readonly removed = new Map<string, CoinEntry>();
  private readonly spentByTx: (readonly Coin[])[] = [];

  constructor(context: ConnectContext) {
    this.context = context;
    const {spec, height} = context;
    this.sigopRules = {witnessScaleFactor: spec.witnessScaleFactor, hasSegwit: height >= spec.activation.segwit};
    this.parentMedianTimeSec = context.medianTimePastAt(height - 1);
  }

  /** The coin, once. @returns undefined when it is missing or was taken before. */
  take(outpoint: OutPoint): Coin | undefined {
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

  noteSpent(spentCoins: readonly Coin[]): void {
    this.spentByTx.push(spentCoins);
  }

  create(transaction: Transaction, isCoinbase: boolean): void {
    const {outputs} = transaction;
    for (let vout = 0; vout < outputs.length; vout++) {
      const output = outputs[vout]!;
      if (isUnspendable(output)) {
        this.unspendableSats += output.valueSats;
        continue;
      }
      const outpoint = outpointOf(transaction, vout);
      this.created.set(outpointMapKey(outpoint), {outpoint, coin: new OutputCoin(output, this.context.height, isCoinbase)});
    }
  }

  /** @param claimedSats - by the coinbase. */
  connection(claimedSats: Sats): BlockConnection {
    return {
      removed: [...this.removed.values()], added: [...this.created.values()], undo: {spentByTx: this.spentByTx},
      feesSats: this.feesSats, gainSats: claimedSats - this.feesSats - this.unspendableSats,
    };
  }
}
