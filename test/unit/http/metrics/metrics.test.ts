// Proves the text format of the metrics, and that counters added up by kind never fall when actors end.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {ActorSnapshot} from '../../../../src/runtime/snapshot.js';
import {ActorTotals} from '../../../../src/http/metrics/actor-totals.js';
import {Exposition} from '../../../../src/http/metrics/exposition.js';
import {RequestCounts} from '../../../../src/http/metrics/request-counts.js';

function anActor(id: number, facts: Partial<ActorSnapshot>): ActorSnapshot {
  return {
    id, path: `/a${id}`, kind: 'stratum-session', parentPath: '/', phase: 'running', stopReason: undefined,
    mailbox: {user: 0, priority: 0, stash: 0, waiting: 2, capacity: 10}, received: 0, processed: 0, dropped: {}, failures: 0, restarts: 0,
    lastError: undefined, longestTurnMs: id, samples: 0, sampledWaitMs: 0, sampledRunMs: 0, timers: 0, openAsks: 1, children: 0, ...facts,
  };
}

const metrics = suite('http / metrics');

metrics('a family has one HELP, one TYPE and a line for each sample, with labels escaped', () => {
  const out = new Exposition();
  out.family('counter', 'pithead_x_total', {help: 'Two\nlines \\ one.', samples: [[{reason: 'a"b\\c\nd', n: 1}, 2], [{}, Infinity], [{}, NaN]]});
  assert.is(out.text(), [
    '# HELP pithead_x_total Two\\nlines \\\\ one.', '# TYPE pithead_x_total counter',
    'pithead_x_total{reason="a\\"b\\\\c\\nd",n="1"} 2', 'pithead_x_total +Inf', 'pithead_x_total NaN', '',
  ].join('\n'));
});

metrics('a histogram has its steps, all of them together, the sum and the count', () => {
  const out = new Exposition();
  out.histogram('pithead_h_seconds', {help: 'h', buckets: [[0.1, 1], [0.2, 3]], count: 4, sum: 1.5});
  assert.is(out.text(), [
    '# HELP pithead_h_seconds h', '# TYPE pithead_h_seconds histogram', 'pithead_h_seconds_bucket{le="0.1"} 1', 'pithead_h_seconds_bucket{le="0.2"} 3',
    'pithead_h_seconds_bucket{le="+Inf"} 4', 'pithead_h_seconds_sum 1.5', 'pithead_h_seconds_count 4', '',
  ].join('\n'));
});

metrics('a value that is not known is left out', () => {
  const out = new Exposition();
  out.value('gauge', 'pithead_y', {help: 'y', value: undefined});
  assert.is(out.text(), '\n');
});

metrics('the same name twice is our own mistake', () => {
  const out = new Exposition();
  out.value('gauge', 'pithead_y', {help: 'y', value: 1});
  assert.throws(() => out.value('gauge', 'pithead_y', {help: 'y', value: 1}), /written twice/);
});

metrics('totals of a kind keep what its ended actors did', () => {
  const totals = new ActorTotals();
  totals.look([anActor(1, {received: 10, dropped: {'mailbox-full': 3}}), anActor(2, {received: 5})]);
  totals.look([anActor(2, {received: 8, dropped: {'mailbox-full': 1}}), anActor(3, {received: 1})]);
  const kind = totals.look([anActor(3, {received: 4})]).get('stratum-session')!;
  assert.is(kind.received, 10 + 8 + 4);
  assert.equal([...kind.dropped], [['mailbox-full', 4]]);
  assert.is(kind.living, 1);
  assert.is(kind.waiting, 2);
  assert.is(kind.longestTurnMs, 3);
});

metrics('the same snapshot twice counts once; a kind without actors stays at its totals', () => {
  const totals = new ActorTotals();
  const actors = [anActor(1, {received: 10})];
  totals.look(actors);
  assert.is(totals.look(actors).get('stratum-session')!.received, 10);
  const gone = totals.look([]).get('stratum-session')!;
  assert.equal([gone.received, gone.living, gone.openAsks], [10, 0, 0]);
});

metrics('answers are counted by route pattern and status class', () => {
  const counts = new RequestCounts();
  counts.count('/api/v1/accounts/:address', 404, 250);
  counts.count('/api/v1/accounts/:address', 400, 250);
  counts.count(undefined, 200, 1_000);
  assert.equal(counts.samples('answers'), [[{route: '/api/v1/accounts/:address', status: '4xx'}, 2], [{route: 'page', status: '2xx'}, 1]]);
  assert.equal(counts.samples('seconds').map(([, seconds]) => seconds), [0.5, 1]);
});

metrics.run();
