/** Random ledger values for property tests, shaped so that every codec branch is met often. */
import * as fc from 'fast-check';
import {encodeTransaction} from '../../src/protocol/primitives/transaction-codec.js';
import type {Coin, Transaction} from '../../src/protocol/primitives/transaction.js';

// Deep equality looks at prototypes, and decoders make ordinary objects.
const PLAIN = {noNullPrototype: true} as const;

export const hashes: fc.Arbitrary<Uint8Array> = fc.uint8Array({minLength: 32, maxLength: 32});
export const scripts: fc.Arbitrary<Uint8Array> = fc.uint8Array({maxLength: 300});
export const amounts: fc.Arbitrary<bigint> = fc.oneof(fc.bigInt({min: 0n, max: 21_000_000_00000000n}), fc.bigInt({min: -(2n ** 63n), max: 2n ** 63n - 1n}));
export const uint32: fc.Arbitrary<number> = fc.oneof(fc.integer({min: 0, max: 0xffffffff}), fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff));

const outpoints = fc.record({txid: hashes, vout: uint32}, PLAIN);
const witnesses = fc.oneof(fc.constant([]), fc.array(fc.uint8Array({maxLength: 80}), {maxLength: 4}));

export const transactions: fc.Arbitrary<Transaction> = fc.record({
  version: uint32,
  inputs: fc.array(fc.record({prevout: outpoints, scriptSig: scripts, sequence: uint32, witness: witnesses}, PLAIN), {minLength: 1, maxLength: 6}),
  outputs: fc.array(fc.record({valueSats: amounts, scriptPubKey: scripts}, PLAIN), {maxLength: 6}),
  lockTime: uint32,
}, PLAIN).map(encodeTransaction);

const hash20 = fc.uint8Array({minLength: 20, maxLength: 20});
const templateScripts = fc.oneof(
  hash20.map((hash) => Uint8Array.from([0x76, 0xa9, 0x14, ...hash, 0x88, 0xac])),
  hash20.map((hash) => Uint8Array.from([0xa9, 0x14, ...hash, 0x87])),
  hash20.map((hash) => Uint8Array.from([0x00, 0x14, ...hash])),
  hashes.map((hash) => Uint8Array.from([0x00, 0x20, ...hash])),
  hashes.map((hash) => Uint8Array.from([0x51, 0x20, ...hash])),
);

export const coins: fc.Arbitrary<Coin> = fc.record({
  valueSats: fc.bigInt({min: 0n, max: 21_000_000_00000000n}),
  scriptPubKey: fc.oneof(scripts, templateScripts),
  height: fc.integer({min: 0, max: 0x7fffffff}),
  isCoinbase: fc.boolean(),
}, PLAIN);
