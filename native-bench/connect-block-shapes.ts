/**
 * @module The blocks of the bench `connect-block`: each spends every output of the one before, 2,000 of them, on regtest
 * rules, with signatures of the right form that are no signatures. Kept as bytes, so that
 * the collector has nothing of them to walk during the rounds.
 */
import type {ChainSpec} from '../src/protocol/chain/chain-spec.js';
import {REGTEST} from '../src/protocol/chain/presets.js';
import {buildTransaction} from '../src/protocol/primitives/transaction-codec.js';
import type {Coin, Transaction} from '../src/protocol/primitives/transaction.js';
import {aBlock, aKey, coinOf, MinedChain} from '../test/support/mined-chain.js';
import type {SpendableCoin} from '../test/support/mined-chain.js';

export const SPENDS = 2_000;
const COIN_SATS = 1_000_000n;
const MATURITY = 1;
/** A well-formed signature and key: nobody checks them here, but their format is checked as always. */
const DER_SIGNATURE = Uint8Array.of(0x30, 0x44, 2, 0x20, ...new Uint8Array(32).fill(0x11), 2, 0x20, ...new Uint8Array(32).fill(0x22), 1);
const KEY = aKey('bench');
/** Regtest but for the wait: a bench needs no hundred blocks before it can begin. */
export const SPEC: ChainSpec = {...REGTEST, coinbaseMaturityBlocks: MATURITY, initialSubsidySats: COIN_SATS * BigInt(SPENDS)};

/** The coin that each spend takes and each output makes. */
export function benchCoin(height: number): Coin {
  return {valueSats: COIN_SATS, scriptPubKey: KEY.scriptPubKey, height, isCoinbase: false};
}

function spendOf(coins: readonly SpendableCoin[]): Transaction {
  return buildTransaction({
    inputs: coins.map(({outpoint}) => ({prevout: outpoint, witness: [DER_SIGNATURE, KEY.publicKey]})),
    outputs: coins.map(() => ({valueSats: COIN_SATS, scriptPubKey: KEY.scriptPubKey})),
  });
}

export interface BenchChain {
  /** Heights 1 and 2. */
  readonly first: readonly Uint8Array[];
  /** From height 3 on. */
  readonly spending: readonly Uint8Array[];
}

/** @param shape - how many inputs each transaction of a block has, and how many such blocks. */
export function aChainOfSpends({inputsPerTransaction, blocks}: {readonly inputsPerTransaction: number; readonly blocks: number}): BenchChain {
  const mined = new MinedChain(SPEC);
  const funding = mined.mine({payTo: Uint8Array.of(0x51)});
  const split = buildTransaction({
    inputs: [{prevout: {txid: funding.transactions[0]!.txid, vout: 0}}],
    outputs: Array.from({length: SPENDS}, () => ({valueSats: COIN_SATS, scriptPubKey: KEY.scriptPubKey})),
  });
  const splitting = aBlock({block: mined.tip, height: 1}, {transactions: [split]}, SPEC);
  let parent = {block: splitting, height: 2};
  let coins = Array.from({length: SPENDS}, (_, vout) => coinOf(split, vout, 2));
  const spending: Uint8Array[] = [];
  while (spending.length < blocks) {
    const transactions: Transaction[] = [];
    for (let at = 0; at < coins.length; at += inputsPerTransaction) transactions.push(spendOf(coins.slice(at, at + inputsPerTransaction)));
    const block = aBlock(parent, {transactions}, SPEC);
    parent = {block, height: parent.height + 1};
    coins = transactions.flatMap((transaction) => transaction.outputs.map((_, vout) => coinOf(transaction, vout, parent.height)));
    spending.push(block.bytes);
  }
  return {first: [funding.bytes, splitting.bytes], spending};
}
