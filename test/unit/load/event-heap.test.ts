// Proves that events run in the order of their times, each once, and that a cancelled one does not.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import {EventHeap} from '../../../src/load/event-heap.js';

const heap = suite('load / event-heap');

heap('runs what is due in the order of time, and nothing else', () => {
  fc.assert(fc.property(fc.array(fc.integer({min: 0, max: 100})), fc.integer({min: 0, max: 100}), (times, nowMs) => {
    const events = new EventHeap();
    const ran: number[] = [];
    for (const atMs of times) events.add(atMs, () => ran.push(atMs));
    events.runDue(nowMs);
    assert.equal(ran, times.filter((atMs) => atMs <= nowMs).toSorted((a, b) => a - b));
    assert.is(events.nextAtMs, times.filter((atMs) => atMs > nowMs).toSorted((a, b) => a - b)[0]);
    events.runDue(100);
    assert.is(ran.length, times.length);
  }));
});

heap('what is cancelled does not run, and what an event adds for the past does', () => {
  const events = new EventHeap();
  const ran: string[] = [];
  const cancelled = events.add(1, () => ran.push('cancelled'));
  events.add(2, () => {
    ran.push('first');
    events.add(0, () => ran.push('added'));
  });
  cancelled.run = undefined;
  events.runDue(5);
  assert.equal(ran, ['first', 'added']);
});

heap.run();
