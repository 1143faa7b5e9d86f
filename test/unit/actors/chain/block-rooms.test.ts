// Proves the small parts around the chain: decoding in slices equals decoding at once, the cache and the orphan room
// keep their bounds.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {BlockCache} from '../../../../src/actors/chain/block-cache.js';
import {decodeBlockInSlices} from '../../../../src/actors/chain/decode-block.js';
import {ORPHAN_COUNT_MAX, OrphanBlocks} from '../../../../src/actors/chain/orphan-blocks.js';
import {TimeSlices} from '../../../../src/actors/chain/time-slices.js';
import {decodeBlock} from '../../../../src/protocol/primitives/block-codec.js';
import type {Steps} from '../../../../src/protocol/steps.js';
import {SeededRandom} from '../../../../src/runtime/seeded-random.js';
import {MinedChain} from '../../../support/mined-chain.js';

/** A clock on which every look takes 5 ms: each step ends a slice. */
function hastyClock(): {nowMs(): number; wallMs(): number} {
  let nowMs = 0;
  return {nowMs: () => (nowMs += 5), wallMs: () => 0};
}

const rooms = suite('actors / chain / block-rooms');

rooms('decoding in slices gives what decoding at once gives, also for damaged bytes', async () => {
  const random = new SeededRandom([9, 9, 9, 9]);
  const block = new MinedChain().mine();
  let refused = 0;
  for (let i = 0; i < 300; i++) {
    const bytes = block.bytes.slice(0, i % 3 === 0 ? random.below(block.bytes.length + 1) : undefined);
    if (i % 3 === 1) bytes[random.below(bytes.length)]! ^= 1 + random.below(255);
    let yields = 0;
    const sliced = await decodeBlockInSlices(bytes, new TimeSlices(hastyClock(), async () => { yields += 1; }));
    const atOnce = decodeBlock(bytes);
    assert.is(sliced.ok, atOnce.ok);
    if (sliced.ok && atOnce.ok) {
      assert.equal(sliced.value, atOnce.value);
      assert.ok(yields > 0);
    } else {
      refused += 1;
    }
  }
  assert.ok(refused > 50 && refused < 300);
});

rooms('those who share slices get a turn each, one after the other', async () => {
  const waiting: (() => void)[] = [];
  const slices = new TimeSlices(hastyClock(), () => new Promise((resolve) => waiting.push(resolve)));
  const steps = function* (): Steps<string> {
    yield;
    return 'done';
  };
  const outcomes = [slices.run(steps()), slices.run(steps())];
  for (let turn = 0; turn < 2; turn++) {
    for (let tick = 0; tick < 5; tick++) await Promise.resolve();
    assert.is(waiting.length, 1, 'the second does not ask for a turn before the first has had its own');
    waiting.pop()!();
  }
  assert.equal(await Promise.all(outcomes), ['done', 'done']);
});

rooms('the cache forgets the least recently used beyond its bytes', () => {
  const [a, b, c] = new MinedChain().mineMany(3);
  const cache = new BlockCache(a!.bytes.length * 2);
  cache.add(a!);
  cache.add(b!);
  assert.ok(cache.get(a!.header.hash));
  cache.add(c!);
  assert.is(cache.get(b!.header.hash), undefined);
  assert.ok(cache.get(a!.header.hash) && cache.get(c!.header.hash));
  assert.is(cache.count, 2);
});

rooms('the orphan room lets the oldest go and gives children to their parent once', () => {
  const blocks = new MinedChain().mineMany(ORPHAN_COUNT_MAX + 2);
  const orphans = new OrphanBlocks();
  for (const block of blocks.slice(1)) orphans.add(block);
  assert.is(orphans.count, ORPHAN_COUNT_MAX);
  assert.is(orphans.has(blocks[1]!.header.hash), false);
  assert.equal(orphans.takeChildrenOf(blocks[1]!.header.hash).map(({header}) => header.hash), [blocks[2]!.header.hash]);
  assert.equal(orphans.takeChildrenOf(blocks[1]!.header.hash), []);
});

rooms.run();
