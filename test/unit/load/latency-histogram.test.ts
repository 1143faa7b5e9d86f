// Proves that the buckets are as fine as they promise: against a sorted list, whatever the values, and that parts add up.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import {LatencyHistogram} from '../../../src/load/latency-histogram.js';

const latencies = fc.array(fc.oneof(fc.integer({min: 0, max: 1_000}), fc.integer({min: 0, max: 2 ** 31 - 1})), {minLength: 1, maxLength: 200});

function of(values: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const us of values) histogram.addMs(us / 1_000);
  return histogram;
}

const histogram = suite('load / latency-histogram');

histogram('a percentile is that of the sorted list, to 0.8 per cent and never below', () => {
  fc.assert(fc.property(latencies, fc.double({min: 0, max: 100, noNaN: true}), (values, percent) => {
    const sorted = values.toSorted((a, b) => a - b);
    const exact = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]!;
    const us = of(values).percentileMs(percent) * 1_000;
    assert.ok(us >= exact - 0.001 && us <= exact * (1 + 1 / 128) + 0.001, `${us} for ${exact}`);
  }));
});

histogram('two parts add up to the whole, and the whole less one part is the other', () => {
  fc.assert(fc.property(latencies, latencies, (one, two) => {
    const sum = of(one);
    const before = sum.data();
    sum.add(of(two).data());
    assert.equal(sum.data(), of([...one, ...two]).data());
    const rest = sum.since(before);
    assert.equal(rest.data().counts, of(two).data().counts);
    assert.is(rest.count, two.length);
  }));
});

histogram('extremes and the mean are exact, and of nothing all is 0', () => {
  const three = of([1, 500_000, 2_000_003]);
  assert.equal([three.minMs, three.maxMs, three.count], [0.001, 2_000.003, 3]);
  assert.ok(Math.abs(three.meanMs - 2_500.004 / 3) < 1e-9);
  const none = new LatencyHistogram();
  assert.equal([none.percentileMs(50), none.minMs, none.maxMs, none.meanMs], [0, 0, 0, 0]);
});

histogram('a clock that went backwards counts as 0, and the longest as the longest', () => {
  const odd = new LatencyHistogram();
  odd.addMs(-5);
  odd.addMs(1e12);
  assert.equal([odd.minMs, odd.maxMs], [0, (2 ** 31 - 1) / 1_000]);
});

histogram.run();
