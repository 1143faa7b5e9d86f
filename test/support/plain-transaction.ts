/** A decoded transaction as the plain object that {@link encodeTransaction} makes: deep equality looks at fields, and it has getters. */
import {transactionParts} from '../../src/protocol/primitives/transaction-codec.js';
import type {Transaction} from '../../src/protocol/primitives/transaction.js';

export function plainTransaction(transaction: Transaction): Transaction {
  const {txid, wtxid, hasWitness, bytes, strippedSize} = transaction;
  return {...transactionParts(transaction), txid, wtxid, hasWitness, bytes, strippedSize};
}
