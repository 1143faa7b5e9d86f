/** A decoded transaction as the plain object that {@link encodeTransaction} makes: deep equality looks at fields, and it has getters. */
import {transactionParts} from '../../src/protocol/primitives/transaction-codec.js';
import type {Coin, Transaction} from '../../src/protocol/primitives/transaction.js';

export function plainTransaction(transaction: Transaction): Transaction {
  const {txid, wtxid, hasWitness, bytes, strippedSize} = transaction;
  return {...transactionParts(transaction), txid, wtxid, hasWitness, bytes, strippedSize};
}

/** The same for a coin, which a store may decode only as far as it is asked. */
export function plainCoin(coin: Coin | undefined): Coin | undefined {
  return coin && {valueSats: coin.valueSats, scriptPubKey: coin.scriptPubKey, height: coin.height, isCoinbase: coin.isCoinbase};
}
