// Proves how large a batch becomes at the borders of the cost model, and that the reason is told.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {SizingFacts} from '../../../../src/runtime/threads/batch-sizing.js';
import {CostEstimate, DEFAULT_SIZING, sizeBatch} from '../../../../src/runtime/threads/batch-sizing.js';

const facts: SizingFacts = {queued: 1000, idleThreads: 1, freeSlots: 2, itemCostUs: 1.7, waitedMs: 0};
const size = (changes: Partial<SizingFacts>) => sizeBatch({...facts, ...changes}, DEFAULT_SIZING);
const items = (changes: Partial<SizingFacts>) => {
  const decision = size(changes);
  return decision.send ? decision.items : 0;
};

const sizing = suite('runtime / threads / batch-sizing');

sizing('an idle thread gets whatever there is, even one item', () => {
  assert.is(items({queued: 1}), 1);
  assert.is(items({queued: 1, itemCostUs: 900}), 1);
});

sizing('idle threads share what is queued, but no part is too small to pay for its dispatch', () => {
  assert.is(items({queued: 400, idleThreads: 2}), 200);
  assert.is(items({queued: 80, idleThreads: 2}), 59, '10 us / (0.1 x 1.7 us), rounded up');
});

sizing('no batch is expected to run longer than the bound', () => {
  assert.is(items({itemCostUs: 36}), 138);
  assert.is(items({itemCostUs: 900}), 5);
  assert.is(items({itemCostUs: 9000}), 1, 'an item longer than the bound travels alone');
  assert.is(items({queued: 5000, itemCostUs: 0}), DEFAULT_SIZING.itemsMax);
});

sizing('with no thread idle a small batch lingers, at most a millisecond', () => {
  const decision = size({queued: 3, idleThreads: 0, waitedMs: 0.4});
  assert.ok(!decision.send && Math.abs(decision.waitMs - 0.6) < 1e-9);
  assert.is(items({queued: 3, idleThreads: 0, waitedMs: 1}), 3);
  assert.is(items({queued: 59, idleThreads: 0}), 59, 'enough to pay: no lingering');
});

sizing('with every slot taken nothing leaves', () => {
  assert.equal(size({freeSlots: 0, idleThreads: 0}), {send: false, waitMs: Infinity, reason: 'every thread has its batches; 1000 wait'});
});

sizing('the first measurement replaces the guess, later ones move the mean', () => {
  const estimate = new CostEstimate([900, 20]);
  estimate.learn(0, {runUs: 400, ran: 10});
  assert.is(estimate.costUs(0), 40);
  estimate.learn(0, {runUs: 900, ran: 10});
  assert.is(estimate.costUs(0), 50);
  estimate.learn(0, {runUs: 0, ran: 0});
  assert.is(estimate.costUs(0), 50, 'a batch that ran nothing teaches nothing');
  assert.is(estimate.costUs(1), 20);
});

sizing.run();
