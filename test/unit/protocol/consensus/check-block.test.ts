/**
 * Each code of the body rules: smallest violation and valid neighbour, and whether the block is called mutated, which
 * keeps its hash out of the cache of invalid ones.
 */
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {REGTEST} from '../../../../src/protocol/chain/presets.js';
import type {ChainSpec} from '../../../../src/protocol/chain/chain-spec.js';
import {checkBlock, checkBlockContext} from '../../../../src/protocol/consensus/check-block.js';
import {weightWu} from '../../../../src/protocol/consensus/weight.js';
import {witnessCommitmentScript} from '../../../../src/protocol/consensus/witness-commitment.js';
import type {Block} from '../../../../src/protocol/primitives/block.js';
import {encodeTransaction} from '../../../../src/protocol/primitives/transaction-codec.js';
import {aBlock, aCoinbase, aHash, anOutpoint, aSegwitBlock, aSpend} from '../../../support/ledger-builder.js';

const test = suite('protocol / consensus / check-block');
const WITNESS = [Uint8Array.of(1)];

function codeOf(block: Block, spec: ChainSpec = REGTEST): string {
  const verdict = checkBlock(block, spec);
  return verdict.ok ? 'ok' : verdict.code + (verdict.isMutated ? ' mutated' : '');
}
function contextCode(block: Block, context: {height?: number; spec?: ChainSpec} = {}): string {
  const verdict = checkBlockContext(block, {spec: REGTEST, height: 20, parentMedianTimeSec: 1_600_000_000, ...context});
  return verdict.ok ? 'ok' : verdict.code + (verdict.isMutated ? ' mutated' : '');
}
const spends = (count: number) => Array.from({length: count}, (_, i) => aSpend([anOutpoint(i + 1)]));

test('an honest block passes', () => {
  assert.is(codeOf(aBlock([aCoinbase(20), ...spends(4)])), 'ok');
  assert.is(contextCode(aBlock([aCoinbase(20), ...spends(4)])), 'ok');
});
test('bad-txnmrklroot is a mutation', () => {
  assert.is(codeOf(aBlock([aCoinbase(20)], {merkleRoot: aHash(1)})), 'bad-txnmrklroot mutated');
});
test('bad-txns-duplicate is a mutation with the honest root', () => {
  const [a, b] = spends(2);
  const honest = aBlock([aCoinbase(20), a!, b!]);
  assert.is(codeOf(honest), 'ok');
  const forged = aBlock([aCoinbase(20), a!, b!, b!], {merkleRoot: honest.header.merkleRoot});
  assert.equal(forged.header.hash, honest.header.hash);
  assert.is(codeOf(forged), 'bad-txns-duplicate mutated');
});
test('bad-blk-length: no transactions, or more stripped bytes than the weight allows', () => {
  assert.is(codeOf(aBlock([])), 'bad-blk-length');
  const block = aBlock([aCoinbase(20), ...spends(3)]);
  const limited = (bytes: number): ChainSpec => ({...REGTEST, maxBlockWeightWu: bytes * 4});
  assert.is(codeOf(block, limited(block.strippedSize)), 'ok');
  assert.is(codeOf(block, limited(block.strippedSize - 1)), 'bad-blk-length');
});
test('bad-cb-missing', () => assert.is(codeOf(aBlock(spends(1))), 'bad-cb-missing'));
test('bad-cb-multiple', () => assert.is(codeOf(aBlock([aCoinbase(20), ...spends(1), aCoinbase(21)])), 'bad-cb-multiple'));
test('a transaction that breaks a rule gives the block its code, and the block is invalid, not mutated', () => {
  assert.is(codeOf(aBlock([aCoinbase(20), aSpend([anOutpoint(1), anOutpoint(1)])])), 'bad-txns-inputs-duplicate');
  assert.is(codeOf(aBlock([aCoinbase(20, {scriptSig: new Uint8Array(101)})])), 'bad-cb-length');
});
test('bad-blk-sigops: 20,000 legacy operations are the last that fit', () => {
  const withSigops = (count: number) => aBlock([aCoinbase(20), aSpend([anOutpoint(1)], {scriptPubKey: new Uint8Array(count).fill(0xac)})]);
  assert.is(codeOf(withSigops(20_000)), 'ok');
  assert.is(codeOf(withSigops(20_001)), 'bad-blk-sigops');
});

test('bad-txns-nonfinal: the median time past counts and not the block time', () => {
  const locked = (lockTime: number) => aBlock([aCoinbase(20), aSpend([anOutpoint(1)], {lockTime, sequence: 0})]);
  assert.is(contextCode(locked(19)), 'ok');
  assert.is(contextCode(locked(20)), 'bad-txns-nonfinal');
  assert.is(contextCode(locked(1_599_999_999)), 'ok');
  assert.is(contextCode(locked(1_600_000_000)), 'bad-txns-nonfinal');
  const beforeCsv = {...REGTEST, activation: {...REGTEST.activation, csv: 100}};
  assert.is(contextCode(locked(1_600_000_000), {spec: beforeCsv}), 'ok', 'the block time, before BIP 113');
});
test('bad-cb-height: the push must be the shortest', () => {
  assert.is(contextCode(aBlock([aCoinbase(19)])), 'bad-cb-height');
  assert.is(contextCode(aBlock([aCoinbase(20, {scriptSig: Uint8Array.of(2, 20, 0)})])), 'bad-cb-height');
  assert.is(contextCode(aBlock([aCoinbase(16, {scriptSig: Uint8Array.of(0x60, 0)})]), {height: 16}), 'ok');
  assert.is(contextCode(aBlock([aCoinbase(16, {scriptSig: Uint8Array.of(1, 16)})]), {height: 16}), 'bad-cb-height');
});

test('unexpected-witness: a witness needs a commitment; a commitment needs no other witness', () => {
  const spend = aSpend([anOutpoint(1)], {witness: WITNESS});
  assert.is(contextCode(aBlock([aCoinbase(20), spend])), 'unexpected-witness mutated');
  assert.is(contextCode(aSegwitBlock(20, [spend])), 'ok');
  assert.is(contextCode(aSegwitBlock(20, spends(2))), 'ok');
  const beforeSegwit = {...REGTEST, activation: {...REGTEST.activation, segwit: 100}};
  assert.is(contextCode(aSegwitBlock(20, [spend]), {spec: beforeSegwit}), 'unexpected-witness mutated');
});
test('bad-witness-nonce-size: exactly one item of 32 bytes', () => {
  const block = aSegwitBlock(20, [aSpend([anOutpoint(1)], {witness: WITNESS})]);
  const withReserved = (witness: Uint8Array[]) => {
    const [coinbase, ...rest] = block.transactions;
    return aBlock([encodeTransaction({...coinbase!, inputs: [{...coinbase!.inputs[0]!, witness}]}), ...rest]);
  };
  const zero = new Uint8Array(32);
  assert.is(contextCode(withReserved([zero])), 'ok');
  for (const witness of [[], [zero, zero], [new Uint8Array(31)], [new Uint8Array(33)]]) {
    assert.is(contextCode(withReserved(witness)), 'bad-witness-nonce-size mutated');
  }
  assert.is(contextCode(withReserved([aHash(1)])), 'bad-witness-merkle-match mutated');
});
test('bad-witness-merkle-match: a stripped or changed witness does not condemn the header', () => {
  const honest = aSegwitBlock(20, [aSpend([anOutpoint(1)], {witness: WITNESS})]);
  const changed = aBlock([honest.transactions[0]!, aSpend([anOutpoint(1)], {witness: [Uint8Array.of(2)]})]);
  assert.equal(changed.header.hash, honest.header.hash);
  assert.is(contextCode(changed), 'bad-witness-merkle-match mutated');
  const stripped = aBlock([honest.transactions[0]!, aSpend([anOutpoint(1)])]);
  assert.equal(stripped.header.hash, honest.header.hash);
  assert.is(contextCode(stripped), 'bad-witness-merkle-match mutated');
});
test('the last output with the form is the commitment', () => {
  const decoy = {valueSats: 0n, scriptPubKey: witnessCommitmentScript(aHash(9))};
  const honest = aSegwitBlock(20, [aSpend([anOutpoint(1)], {witness: WITNESS})]);
  const [coinbase, ...rest] = honest.transactions;
  const after = encodeTransaction({...coinbase!, outputs: [...coinbase!.outputs, decoy]});
  const before = encodeTransaction({...coinbase!, outputs: [decoy, ...coinbase!.outputs]});
  assert.is(contextCode(aBlock([after, ...rest])), 'bad-witness-merkle-match mutated');
  assert.is(contextCode(aBlock([before, ...rest])), 'ok');
});
test('bad-blk-weight: the witness counts once', () => {
  const block = aSegwitBlock(20, [aSpend([anOutpoint(1)], {witness: [new Uint8Array(5000)]})]);
  const weight = weightWu(block, 4);
  assert.is(weight, 3 * block.strippedSize + block.bytes.length);
  assert.is(contextCode(block, {spec: {...REGTEST, maxBlockWeightWu: weight}}), 'ok');
  assert.is(contextCode(block, {spec: {...REGTEST, maxBlockWeightWu: weight - 1}}), 'bad-blk-weight');
});

test.run();
