// Proves that a latency stands in the step whose bound is the first at or above it, whatever it is.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import {LATENCY_BOUNDS_MS, LatencyHistogram} from '../../../src/runtime/latency-histogram.js';

const histogram = suite('runtime / latency-histogram');

histogram('counts by step, with the shorter ones included, and keeps the sum', () => {
  const latency = new LatencyHistogram();
  for (const tookMs of [0, 0.1, 0.11, 0.2, 3, 1e6]) latency.observe(tookMs);
  latency.observe(5, 1_000);
  const {cumulative, count, sumMs} = latency.read();
  assert.is(count, 1_006);
  assert.is(sumMs, 0.1 + 0.11 + 0.2 + 3 + 1e6 + 5_000);
  assert.equal(cumulative.slice(0, 2), [2, 4]);
  assert.is(cumulative.at(-1), 1_005, 'a quarter of an hour is beyond the last step');
});

histogram('each latency is at most the bound of its step and above the one before', () => {
  fc.assert(fc.property(fc.double({min: 0, max: 26_000, noNaN: true}), (tookMs) => {
    const latency = new LatencyHistogram();
    latency.observe(tookMs);
    const at = latency.read().cumulative.indexOf(1);
    assert.ok(tookMs <= LATENCY_BOUNDS_MS[at]! * (1 + 1e-12), `${tookMs} is in step ${at}`);
    assert.ok(at === 0 || tookMs > LATENCY_BOUNDS_MS[at - 1]! * (1 - 1e-12));
  }));
});

histogram.run();
