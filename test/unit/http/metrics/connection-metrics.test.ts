// Proves that what the front desk counts stands in /metrics under the names that docs/limits.md gives, and that a desk that
// does not answer leaves them out and does not hold the scrape.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {readFileSync} from 'node:fs';
import {ConnectionCounters} from '../../../../src/actors/mining-pool/connection-counts.js';
import {askConnectionCounts, writeConnections} from '../../../../src/http/metrics/connection-metrics.js';
import {Exposition} from '../../../../src/http/metrics/exposition.js';
import type {HttpPool} from '../../../../src/http/http-parts.js';
import {PROJECT_ROOT} from '../../../support/source-tree.js';

const metrics = suite('http / metrics / connection-metrics');

metrics('every counter has its line, and the page of limits names only such', () => {
  const counters = new ConnectionCounters();
  counters.refused.banned = 3;
  counters.ended['made-room'] = 2;
  const out = new Exposition();
  writeConnections(out, counters.view({bansInForce: 5, pending: 6, proved: 7, resumed: 8}));
  const text = out.text();
  for (const line of ['pithead_pool_connections_refused_total{reason="banned"} 3', 'pithead_pool_sessions_ended_total{reason="made-room"} 2', 'pithead_pool_bans 5',
    'pithead_pool_sessions_pending 6', 'pithead_pool_sessions_proved 7', 'pithead_pool_sessions_resumed_total 8']) assert.ok(text.includes(`${line}\n`), line);
  const page = readFileSync(`${PROJECT_ROOT}docs/limits.md`, 'utf8');
  const named = [...page.matchAll(/pithead_pool_(?:connections|sessions_ended|offences|bans|sessions_resumed)\w*/g)].map(([name]) => name);
  assert.ok(named.length >= 5);
  for (const name of named) assert.ok(text.includes(`# TYPE ${name} `), name);
});

metrics('a desk that is gone leaves the families out', async () => {
  assert.is(await askConnectionCounts(undefined), undefined);
  assert.is(await askConnectionCounts({miningPool: {ask: () => Promise.reject(new Error('dead'))}} as unknown as HttpPool), undefined);
});

metrics.run();
