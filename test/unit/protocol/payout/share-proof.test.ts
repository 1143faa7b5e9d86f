// Proves that the tree over a window commits to every share and to the sum of work, that a proof of any shares leads to its
// root, that each way of lying in a proof has its code, and that the file says the same after it was read again. The tree is
// compared with a plain recursive one, written from RFC 6962.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import {sha256} from '@noble/hashes/sha2.js';
import {bytesToHex} from '../../../../src/protocol/bytes/hex.js';
import {checkShareProof, formatShareProof, parseShareProof, type ShareProof} from '../../../../src/protocol/payout/share-proof.js';
import {foldProof, leafNode, ShareTree, treeChunkOf, type ShareLeaf, type SumNode} from '../../../../src/protocol/payout/share-tree.js';

const proofs = suite('protocol / payout / share-proof');

/** A hash that is worth far more than any work here. */
function hashOf(seq: number): Uint8Array {
  const hash = new Uint8Array(32);
  new DataView(hash.buffer).setUint32(0, seq, true);
  return hash;
}

function leafOf(seq: number): ShareLeaf {
  return {seq, account: `a${(seq * 7) % 5}`, work: BigInt(1 + (seq % 9)) << BigInt(seq % 70), hash: hashOf(seq)};
}

const little = (value: bigint, bytes: number): number[] => Array.from({length: bytes}, (_, index) => Number((value >> BigInt(8 * index)) & 255n));
const ascii = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));

/** RFC 6962, section 2.1, with sums. */
function plainTree(nodes: readonly SumNode[]): SumNode {
  if (nodes.length === 1) return nodes[0]!;
  let cut = 1;
  while (cut * 2 < nodes.length) cut *= 2;
  const [left, right] = [plainTree(nodes.slice(0, cut)), plainTree(nodes.slice(cut))];
  return {hash: sha256(Uint8Array.from([...ascii('PSN1'), ...left.hash, ...right.hash, ...little(left.work, 16), ...little(right.work, 16)])), work: left.work + right.work};
}

function plainRoot(leaves: readonly ShareLeaf[]): SumNode {
  const chunks = new Map<number, SumNode[]>();
  for (const leaf of leaves) {
    const hash = sha256(Uint8Array.from([...ascii('PSL1'), ...little(BigInt(leaf.seq), 8), ...little(leaf.work, 16), ...leaf.hash, ...ascii(leaf.account)]));
    const chunk = chunks.get(treeChunkOf(leaf.seq));
    if (chunk === undefined) chunks.set(treeChunkOf(leaf.seq), [{hash, work: leaf.work}]);
    else chunk.push({hash, work: leaf.work});
  }
  return plainTree([...chunks.values()].map(plainTree));
}

function leavesOf(firstSeq: number, count: number): ShareLeaf[] {
  return Array.from({length: count}, (_, index) => leafOf(firstSeq + index));
}

function aProof(leaves: readonly ShareLeaf[], account: string, facts: Partial<ShareProof> = {}): ShareProof {
  const tree = new ShareTree((leaf) => leaf.account === account);
  for (const leaf of leaves) tree.add(leaf);
  const {root, steps} = tree.finish()!;
  const own = leaves.filter((leaf) => leaf.account === account).reduce((sum, {work}) => sum + work, 0n);
  return {
    blockHash: hashOf(99), height: 7, rewardSats: 1_000_000n, subsidySats: 900_000n, terms: {scheme: 'PPLNS', feePpm: 10_000, donationPpm: 5_000, donationAccount: ''},
    firstSeq: leaves[0]!.seq, lastSeq: leaves.at(-1)!.seq, totalWork: root.work, root: root.hash, account, isComplete: true,
    creditSats: (985_000n * own) / root.work, steps, ...facts,
  };
}

const code = (proof: ShareProof): string => {
  const verdict = checkShareProof(proof);
  return verdict.ok ? 'ok' : verdict.code;
};

proofs('the root is that of the plain tree, from any first share and of any length', () => {
  fc.assert(fc.property(fc.integer({min: 1, max: 3_000}), fc.integer({min: 1, max: 2_200}), (firstSeq, count) => {
    const leaves = leavesOf(firstSeq, count);
    const tree = new ShareTree();
    for (const leaf of leaves) tree.add(leaf);
    const {root} = tree.finish()!;
    const plain = plainRoot(leaves);
    assert.is(bytesToHex(root.hash), bytesToHex(plain.hash));
    assert.is(root.work, plain.work);
  }), {numRuns: 12});
  assert.is(new ShareTree().finish(), undefined);
});

proofs('chunks that were kept make the same root', () => {
  const leaves = leavesOf(1_000, 3_500);
  const first = new ShareTree();
  for (const leaf of leaves) first.add(leaf);
  const {root} = first.finish()!;
  assert.equal(first.wholeChunks.map(({number}) => number), [1, 2, 3]);
  const again = new ShareTree();
  for (const leaf of leaves) {
    const kept = first.wholeChunks.find(({number}) => number === treeChunkOf(leaf.seq));
    if (kept === undefined) again.add(leaf);
    else if (leaf.seq % 1_024 === 1) again.addChunk(kept.node);
  }
  assert.equal(again.finish()!.root, root);
});

proofs('a proof of any account leads to the root and shows its shares, in order', () => {
  fc.assert(fc.property(fc.integer({min: 1, max: 2_000}), fc.integer({min: 5, max: 1_300}), fc.constantFrom('a0', 'a1', 'a2', 'a3', 'a4'), (firstSeq, count, account) => {
    const leaves = leavesOf(firstSeq, count);
    const proof = aProof(leaves, account);
    assert.is(code(proof), 'ok');
    const own = leaves.filter((leaf) => leaf.account === account);
    assert.equal(foldProof(proof.steps, account)!.shares, own);
    assert.equal(checkShareProof(proof), {ok: true, value: {shareCount: own.length, work: own.reduce((sum, {work}) => sum + work, 0n)}});
    assert.equal(parseShareProof(formatShareProof(proof)), {ok: true, value: proof}, 'the file says the same');
  }), {numRuns: 12});
});

const PROOF = aProof(leavesOf(5, 40), 'a1');

proofs('share-proof-root: any other share, work, account or order', () => {
  const share = PROOF.steps.findIndex(({kind}) => kind === 'share');
  const changed = (facts: object): ShareProof => ({...PROOF, steps: PROOF.steps.map((step, index) => (index === share ? {...step, ...facts} : step))});
  assert.is(code(changed({})), 'ok');
  for (const facts of [{seq: 6}, {work: 1n}, {hash: hashOf(1_000)}]) assert.is(code(changed(facts)), 'share-proof-root');
  assert.is(code({...PROOF, account: 'a2'}), 'share-proof-root');
  assert.is(code({...PROOF, root: hashOf(1)}), 'share-proof-root');
});

proofs('share-proof-total', () => {
  assert.is(code({...PROOF, totalWork: PROOF.totalWork + 1n}), 'share-proof-total');
});

proofs('share-proof-order', () => {
  assert.is(code({...PROOF, firstSeq: 20}), 'share-proof-order');
  assert.is(code({...PROOF, lastSeq: 20}), 'share-proof-order');
  const twice = [leafOf(8), leafOf(8), leafOf(13)].map((leaf) => ({...leaf, account: 'a1'}));
  assert.is(code(aProof(twice, 'a1')), 'share-proof-order');
});

proofs('share-proof-hash: work that nobody did', () => {
  const hash = new Uint8Array(32).fill(0xff, 0, 31);
  const honest = {...leafOf(1), account: 'a1', hash, work: 256n};
  assert.is(code(aProof([honest], 'a1')), 'ok');
  assert.is(code(aProof([{...honest, work: 257n}], 'a1')), 'share-proof-hash');
});

proofs('share-proof-credit', () => {
  assert.is(code({...PROOF, creditSats: PROOF.creditSats + 1n}), 'ok', 'the largest remainder');
  for (const by of [-1n, 2n]) assert.is(code({...PROOF, creditSats: PROOF.creditSats + by}), 'share-proof-credit');
  assert.is(code({...PROOF, creditSats: 0n, isComplete: false}), 'ok', 'one share says nothing of the credit');
  assert.is(code({...PROOF, terms: {...PROOF.terms, scheme: 'PPS+'}}), 'share-proof-credit');
});

proofs('share-proof-malformed', () => {
  assert.is(code({...PROOF, steps: []}), 'share-proof-malformed');
  assert.is(code({...PROOF, steps: [{kind: 'node', node: {hash: PROOF.root, work: PROOF.totalWork}}]}), 'share-proof-malformed', 'the root alone shows nothing');
  assert.is(code({...PROOF, steps: [...PROOF.steps, {kind: 'join'}]}), 'share-proof-malformed');
  assert.is(code({...PROOF, steps: PROOF.steps.slice(0, -1)}), 'share-proof-malformed');
  const good = JSON.parse(formatShareProof(PROOF)) as Record<string, unknown>;
  const parsed = (facts: object): string => {
    const verdict = parseShareProof(JSON.stringify({...good, ...facts}));
    return verdict.ok ? 'ok' : verdict.code;
  };
  assert.is(parsed({}), 'ok');
  const bad = [
    {format: 'pithead-share-proof-2'}, {root: 'zz'}, {root: good['root'] + '00'}, {totalWork: '0'}, {totalWork: 5}, {totalWork: '-1'}, {totalWork: '01'}, {height: -1}, {height: 1.5},
    {account: 'ä'}, {account: ''}, {steps: {}}, {steps: ['leave']}, {steps: [{work: '1'}]}, {steps: [{seq: 1, work: String(1n << 128n), hash: good['blockHash']}]},
    {terms: {scheme: 'PPX', feePpm: 0, donationPpm: 0, donationAccount: ''}}, {terms: {scheme: 'PPS', feePpm: 600_000, donationPpm: 600_000, donationAccount: ''}}, {subsidySats: '1000001'},
  ];
  for (const facts of bad) assert.is(parsed(facts), 'share-proof-malformed', JSON.stringify(facts));
  for (const text of ['', '[]', 'null', '{']) assert.not(parseShareProof(text).ok);
});

proofs('a leaf is not a node: the tags keep them apart', () => {
  assert.is.not(bytesToHex(leafNode(leafOf(1)).hash), bytesToHex(sha256(Uint8Array.from([...little(1n, 8), ...little(leafOf(1).work, 16), ...leafOf(1).hash, ...ascii('a2')]))));
});

proofs.run();
