/**
 * Real blocks with the outputs that they spent: hashes, roots, commitments, weight and sigops pass the body rules, the
 * block connects with exactly the known fees, and disconnecting it gives every coin back.
 */
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {ByteReader} from '../../src/protocol/bytes/byte-reader.js';
import {hashToDisplayHex} from '../../src/protocol/bytes/hex.js';
import type {ChainSpec} from '../../src/protocol/chain/chain-spec.js';
import {REGTEST} from '../../src/protocol/chain/presets.js';
import {checkBlock, checkBlockContext} from '../../src/protocol/consensus/check-block.js';
import {checkProofOfWork} from '../../src/protocol/consensus/pow/check-pow.js';
import type {Block} from '../../src/protocol/primitives/block.js';
import {decodeBlock, encodeBlock} from '../../src/protocol/primitives/block-codec.js';
import {encodeTransaction, transactionParts} from '../../src/protocol/primitives/transaction-codec.js';
import type {TxOutput} from '../../src/protocol/primitives/transaction.js';
import {CoinSet} from '../support/coin-set.js';
import {readSharedVector} from '../support/shared-vectors.js';
import {plainTransaction} from '../support/plain-transaction.js';

const test = suite('vectors / blocks');

const CASES = [
  {file: 'block300025', height: 300_025, hash: '0000000000000000821c4e0acc40f88bedbce3b73ba2358b5ade58a9022cc78c', txs: 461, inputs: 1427, fees: 7_773_345n, segwit: 481_824},
  {file: 'block1087400', height: 1_087_400, hash: '0000000003db83e6ab01a6ebb26ad2b1481688009141c9afc204c54284e1ba66', txs: 97, inputs: 205, fees: 1_218_469n, segwit: 834_624},
  {file: 'block482683', height: 482_683, hash: '000000000000000000c238240ef6dcb26c37e75e16514e6ffc0aef7eee73e747', txs: 12, inputs: 51, segwit: 481_824},
  {file: 'block898352', height: 898_352, hash: '00000000c269ad542ed9ac684cb5fa6df340d5feee0e040590225c7332b98fca', txs: 10, inputs: 15, segwit: 834_624},
];

for (const {file, height, hash, txs, inputs, fees, segwit} of CASES) {
  test(`${file} passes every rule`, () => {
    const bytes = readSharedVector(`blocks/${file}.raw`);
    if (bytes === undefined) return;
    const decoded = decodeBlock(bytes);
    assert.ok(decoded.ok);
    const block = decoded.value;
    assert.is(hashToDisplayHex(block.header.hash), hash);
    assert.is(block.transactions.length, txs);
    assert.is(block.transactions.reduce((sum, transaction) => sum + transaction.inputs.length, -1), inputs);
    assert.equal(encodeBlock(block.header, block.transactions.map((transaction) => encodeTransaction(transactionParts(transaction)))), {...block, transactions: block.transactions.map(plainTransaction)});
    assert.ok(checkProofOfWork(block.header.hash, block.header.bits, 0xffffn << 208n).ok);
    const spec = specAt(segwit);
    assert.equal(checkBlock(block, spec), {ok: true});
    assert.equal(checkBlockContext(block, {spec, height, parentMedianTimeSec: block.header.timeSec}), {ok: true});
    const undo = fees === undefined ? undefined : readSharedVector(`blocks/${file}-undo.raw`);
    if (undo !== undefined) connectAndBack(block, readOutputs(undo), {spec, height, fees: fees!});
  });
}

/** BIP 30 is out of reach of one block, and lock times of coins whose heights are unknown cannot be judged. */
function specAt(segwit: number): ChainSpec {
  return {...REGTEST, halvingIntervalBlocks: 210_000, activation: {...REGTEST.activation, csv: 10_000_000, segwit}};
}

function connectAndBack(block: Block, outputs: readonly TxOutput[], expected: {spec: ChainSpec; height: number; fees: bigint}): void {
  const own = new Set(block.transactions.map(({txid}) => hashToDisplayHex(txid)));
  const set = new CoinSet();
  const prevouts = block.transactions.slice(1).flatMap((transaction) => transaction.inputs.map((input) => input.prevout));
  assert.is(prevouts.length, outputs.length);
  prevouts.forEach((prevout, i) => {
    if (!own.has(hashToDisplayHex(prevout.txid))) set.set(prevout, {...outputs[i]!, height: 1, isCoinbase: false});
  });
  const before = set.snapshot();
  const verdict = set.connect(block, {spec: expected.spec, height: expected.height, medianTimePastAt: () => 0});
  assert.ok(verdict.ok);
  assert.is(verdict.value.feesSats, expected.fees);
  assert.is(verdict.value.undo.spentByTx.flat().length, outputs.length);
  set.disconnect(block, verdict.value.undo);
  assert.equal(set.snapshot(), before);
}

/** The vectors' own form: value and script, repeated. */
function readOutputs(bytes: Uint8Array): TxOutput[] {
  const reader = new ByteReader(bytes);
  const outputs: TxOutput[] = [];
  while (reader.remaining > 0) outputs.push({valueSats: reader.i64(), scriptPubKey: reader.varBytes()});
  return outputs;
}

test.run();
