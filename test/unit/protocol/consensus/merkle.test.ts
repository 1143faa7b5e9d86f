/** Merkle roots, branches, the mutation check at every level, the witness commitment, and the height push. */
import {sha256 as nobleSha256} from '@noble/hashes/sha2.js';
import * as fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {concatBytes} from '../../../../src/protocol/bytes/compare.js';
import {bytesToHex} from '../../../../src/protocol/bytes/hex.js';
import {merkleBranch, merkleRoot, merkleRootInSteps, merkleRootFromBranch} from '../../../../src/protocol/consensus/merkle.js';
import {encodeScriptNumberPush} from '../../../../src/protocol/consensus/script-number.js';
import {findWitnessCommitment, witnessCommitmentScript} from '../../../../src/protocol/consensus/witness-commitment.js';
import {aHash} from '../../../support/ledger-builder.js';

const test = suite('protocol / consensus / merkle');

/** The definition, recursive and slow. */
function referenceRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leaves[0]!;
  const above: Uint8Array[] = [];
  for (let i = 0; i < leaves.length; i += 2) {
    above.push(nobleSha256(nobleSha256(concatBytes(leaves[i]!, leaves[i + 1] ?? leaves[i]!))));
  }
  return referenceRoot(above);
}

const leavesOf = (count: number) => Array.from({length: count}, (_, i) => aHash(i));

test('the root is that of the definition, for 1 to 40 leaves, and nothing is mutated', () => {
  for (let count = 1; count <= 40; count++) {
    const {root, isMutated} = merkleRoot(leavesOf(count));
    assert.equal(root, referenceRoot(leavesOf(count)), `${count} leaves`);
    assert.is(isMutated, false);
  }
  assert.equal(merkleRoot([]).root, new Uint8Array(32));
});

test('a tree of more than one step has the same root, whatever the steps leave over', () => {
  for (const count of [1023, 1024, 1025, 1026, 1537, 2500]) {
    const leaves = leavesOf(count);
    assert.equal(merkleRoot(leaves).root, referenceRoot(leaves), `${count} leaves`);
  }
  const packed = concatBytes(...leavesOf(2500));
  let yields = 0;
  const steps = merkleRootInSteps(packed);
  while (steps.next().done !== true) yields += 1;
  assert.ok(yields >= 8, `${yields} steps`);
  assert.equal(packed, concatBytes(...leavesOf(2500)), 'the leaves stay');
});

test('every branch leads back to the root', () => {
  fc.assert(fc.property(fc.integer({min: 1, max: 70}), fc.nat(), (count, pick) => {
    const leaves = leavesOf(count);
    const index = pick % count;
    assert.equal(merkleRootFromBranch(leaves[index]!, index, merkleBranch(leaves, index)), merkleRoot(leaves).root);
  }));
});

test('a repeated tail has the same root at any level and is called mutated (CVE-2012-2459)', () => {
  for (const [count, repeat] of [[3, 1], [5, 1], [6, 2], [10, 2], [12, 4], [20, 4], [7, 1], [14, 2]] as const) {
    const honest = leavesOf(count);
    const forged = [...honest, ...honest.slice(count - repeat)];
    assert.equal(merkleRoot(forged).root, merkleRoot(honest).root, `${count}+${repeat}`);
    assert.is(merkleRoot(forged).isMutated, true, `${count}+${repeat}`);
    assert.is(merkleRoot(honest).isMutated, false);
  }
});

test('equal hashes that are no pair are not called mutated', () => {
  const [a, b, c] = leavesOf(3);
  assert.is(merkleRoot([a!, b!, b!, c!]).isMutated, false);
});

test('the last output with the form commits; a shorter one does not', () => {
  const commit = (n: number) => ({valueSats: 0n, scriptPubKey: witnessCommitmentScript(aHash(n))});
  assert.equal(findWitnessCommitment({outputs: [commit(1), commit(2), {valueSats: 0n, scriptPubKey: new Uint8Array(40)}]}), aHash(2));
  assert.is(findWitnessCommitment({outputs: [{valueSats: 0n, scriptPubKey: commit(1).scriptPubKey.subarray(0, 37)}]}), undefined);
  const longer = concatBytes(commit(3).scriptPubKey, Uint8Array.of(1, 2));
  assert.equal(findWitnessCommitment({outputs: [{valueSats: 0n, scriptPubKey: longer}]}), aHash(3));
});

test('numbers are pushed in their shortest form', () => {
  const cases: [number, string][] = [[0, '00'], [1, '51'], [16, '60'], [17, '0111'], [127, '017f'], [128, '028000'], [255, '02ff00'],
    [256, '020001'], [32767, '02ff7f'], [32768, '03008000'], [65536, '03000001'], [8388608, '0400008000'], [500000, '0320a107']];
  for (const [value, hex] of cases) assert.is(bytesToHex(encodeScriptNumberPush(value)), hex, `${value}`);
});

test.run();
