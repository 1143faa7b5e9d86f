// Proves that the probe sees a held loop. The one place that reads real time, since that is what it measures; the
// assertion is a lower bound, so a slow machine cannot fail it.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {performance} from 'node:perf_hooks';
import {LoopDelayProbe} from '../../../src/runtime/loop-delay.js';

const test = suite('runtime / loop-delay');

test('a loop held for 40 ms shows in the maximum, and a reset forgets it', async () => {
  const probe = new LoopDelayProbe();
  assert.equal(probe.read(), {p50Ms: 0, p99Ms: 0, maxMs: 0, meanMs: 0});
  probe.start();
  const turn = (): Promise<void> => new Promise((resolve) => { setTimeout(resolve, 12); });
  await turn();
  const untilMs = performance.now() + 40;
  while (performance.now() < untilMs) { /* held on purpose */ }
  await turn();
  assert.ok(probe.read().maxMs >= 25, `${probe.read().maxMs}`);
  probe.reset();
  assert.is(probe.read().maxMs, 0);
  probe.stop();
});

test.run();
