/**
 * The tree against a slow model: ancestors, forks, best tip by work and arrival, invalidation and its reversal. Then
 * the cost per header at 100,000 headers.
 */
import * as fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {HeaderTree} from '../../../../src/protocol/chain/header-tree.js';
import {buildHeader} from '../../../../src/protocol/primitives/block-codec.js';
import type {BlockHeader} from '../../../../src/protocol/primitives/block.js';
import {aHash} from '../../../support/ledger-builder.js';

const test = suite('protocol / chain / header-tree');
let salt = 0;

function headerOn(previousHash: Uint8Array, fields: Partial<BlockHeader> = {}): BlockHeader {
  salt += 1;
  return buildHeader({version: 4, previousHash, merkleRoot: aHash(salt), timeSec: 1000 + salt, bits: 0x207fffff, nonce: 0, ...fields});
}
function aTree() {
  const genesis = headerOn(new Uint8Array(32));
  const tree = new HeaderTree(genesis);
  let arrival = 0;
  return {
    tree, genesis,
    grow(parent: number, options: {count?: number; withBody?: boolean; bits?: number; timeSec?: number} = {}): number {
      let row = parent;
      for (let i = 0; i < (options.count ?? 1); i++) {
        const {bits, timeSec} = options;
        row = tree.add(headerOn(tree.hash(row), {...(bits === undefined ? {} : {bits}), ...(timeSec === undefined ? {} : {timeSec})}));
        if (options.withBody !== false) tree.markBody(row, ++arrival);
      }
      return row;
    },
    body: (row: number) => tree.markBody(row, ++arrival),
  };
}

test('headers come back as they went in, and twice is once', () => {
  const {tree, genesis} = aTree();
  const header = headerOn(genesis.hash);
  const row = tree.add(header);
  assert.equal(tree.header(row), header);
  assert.is(tree.add(header), row);
  assert.is(tree.find(header.hash), row);
  assert.is(tree.find(aHash(1)), undefined);
  assert.is(tree.parent(row), 0);
  assert.is(tree.parent(0), undefined);
  assert.throws(() => tree.add(headerOn(aHash(77))), 'invariant broken');
});

test('a header without its body, or above a missing one, never is the best tip', () => {
  const {tree, grow, body} = aTree();
  const a = grow(0, {withBody: false});
  const b = grow(a);
  assert.is(tree.best(), 0);
  body(a);
  assert.is(tree.best(), b, 'the gap is closed: the waiting descendant counts');
});

test('most work wins over most blocks', () => {
  const {tree, grow} = aTree();
  const long = grow(0, {count: 3});
  assert.is(tree.best(), long);
  const heavy = grow(0, {bits: 0x201fffff});
  assert.is(tree.best(), heavy, `4 blocks' worth in one`);
});

test('equal work stays with the body that came first, whatever header came first', () => {
  const {tree, grow, body} = aTree();
  const firstHeader = grow(0, {withBody: false});
  const firstBody = grow(0);
  body(firstHeader);
  assert.is(tree.best(), firstBody);
});

test('an invalid block takes its descendants with it, later ones too; reconsidering brings them back', () => {
  const {tree, grow} = aTree();
  const a = grow(0);
  const bad = grow(a);
  const above = grow(bad, {count: 2});
  const rival = grow(a);
  assert.is(tree.best(), above);
  tree.markInvalid(bad);
  assert.is(tree.best(), rival);
  const later = grow(above);
  assert.ok(tree.isInvalid(later) && tree.isInvalid(above) && !tree.isInvalid(a));
  assert.is(tree.best(), rival);
  tree.reconsider(later);
  assert.not.ok(tree.isInvalid(bad));
  assert.is(tree.best(), later);
});

test('reconsidering one branch leaves another verdict below it alone', () => {
  const {tree, grow} = aTree();
  const bad = grow(0);
  const left = grow(bad);
  const alsoBad = grow(bad);
  const right = grow(alsoBad);
  tree.markInvalid(alsoBad);
  tree.markInvalid(bad);
  tree.reconsider(left);
  assert.not.ok(tree.isInvalid(bad) || tree.isInvalid(left));
  assert.ok(tree.isInvalid(alsoBad) && tree.isInvalid(right));
});

test('a path goes down to the fork and up again', () => {
  const {tree, grow} = aTree();
  const fork = grow(0, {count: 5});
  const [a1, b1] = [grow(fork), grow(fork)];
  const [a2, b2] = [grow(a1), grow(b1)];
  assert.equal(tree.path(a2, b2), {fork, disconnect: [a2, a1], connect: [b1, b2]});
  assert.equal(tree.path(fork, b2), {fork, disconnect: [], connect: [b1, b2]});
  assert.equal(tree.path(a2, a2), {fork: a2, disconnect: [], connect: []});
  assert.ok(tree.isAncestor(fork, a2) && tree.isAncestor(a2, a2) && !tree.isAncestor(b1, a2) && !tree.isAncestor(a2, fork));
  assert.equal([...tree.tips()].sort(), [a2, b2].sort());
});

test('ancestors, forks and best tip equal those of a model, on random trees', () => {
  fc.assert(fc.property(fc.array(fc.record({parent: fc.nat(), body: fc.boolean(), heavy: fc.boolean()}), {maxLength: 80}), (plan) => {
    const {tree, grow} = aTree();
    const parents = [-1];
    const linked = [true];
    const work = [0];
    let best = 0;
    for (const {parent: pick, body, heavy} of plan) {
      const parent = pick % parents.length;
      const row = grow(parent, {withBody: body, bits: heavy ? 0x203fffff : 0x207fffff});
      parents.push(parent);
      linked.push(body && linked[parent]!);
      work.push(work[parent]! + (heavy ? 4 : 2));
      if (linked[row] && work[row]! > work[best]!) best = row;
    }
    const lineOf = (row: number): number[] => (row < 0 ? [] : [...lineOf(parents[row]!), row]);
    assert.is(tree.best(), best);
    for (let row = 0; row < parents.length; row++) {
      const line = lineOf(row);
      assert.is(tree.height(row), line.length - 1);
      for (let height = 0; height < line.length; height++) assert.is(tree.ancestorAt(row, height), line[height]);
      const other = (row * 7 + 3) % parents.length;
      const shared = lineOf(other).filter((at) => line.includes(at));
      assert.is(tree.forkOf(row, other), shared.at(-1));
    }
  }), {numRuns: 60});
});

test('median time past looks at eleven blocks, itself included', () => {
  const {tree, grow} = aTree();
  let row = grow(0, {timeSec: 900_000});
  for (let i = 1; i <= 10; i++) row = grow(row, {timeSec: 100 * i});
  assert.is(tree.medianTimePast(row), 600, 'the eleven are 900000 and 100 to 1000');
  row = grow(row, {timeSec: 1100});
  assert.is(tree.medianTimePast(row), 600, 'the first has left the window');
});

test('a locator is dense at the tip, sparse below, and ends with genesis', () => {
  const {tree, grow, genesis} = aTree();
  const tip = grow(0, {count: 200, withBody: false});
  const locator = tree.locator(tip);
  assert.equal(locator[0], tree.hash(tip));
  assert.equal(locator[9], tree.hash(tree.ancestorAt(tip, 191)));
  assert.equal(locator.at(-1), genesis.hash);
  assert.ok(locator.length < 22);
  assert.equal(tree.locator(0), [genesis.hash]);
});

test('100,000 headers: columns stay small and an ancestor far back is near', () => {
  const {tree, grow} = aTree();
  const before = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
  const tip = grow(0, {count: 100_000});
  globalThis.gc?.();
  const perHeader = (process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed - before) / 100_000;
  process.stdout.write(`note: header tree takes ${Math.round(perHeader)} bytes a header\n`);
  assert.ok(perHeader < 500, `${perHeader} bytes a header`);
  for (let height = 1; height < 100_000; height += 997) assert.is(tree.height(tree.ancestorAt(tip, height)), height);
  assert.is(tree.best(), tip);
});

test.run();
