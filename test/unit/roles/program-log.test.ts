// Proves that the log is one line of JSON for machines and one readable line for people, with the code and the facts.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {createProgramLog} from '../../../src/roles/program-log.js';

function listen(options: {json: boolean; level?: 'debug' | 'info'}) {
  const lines: string[] = [];
  const log = createProgramLog({level: options.level ?? 'info', json: options.json, isColoured: false, write: (text) => lines.push(text)});
  return {log, lines};
}

const programLog = suite('roles / program-log');

programLog('machines get one JSON object a line', () => {
  const {log, lines} = listen({json: true});
  log.child({actor: '/chain'}).info({code: 'tip-changed', height: 7}, 'a new tip');
  assert.is(lines.length, 1);
  const entry = JSON.parse(lines[0]!) as Record<string, unknown>;
  assert.is(entry.code, 'tip-changed');
  assert.is(entry.height, 7);
  assert.is(entry.actor, '/chain');
  assert.is(entry.msg, 'a new tip');
});

programLog('people get time, level, text, code and facts', () => {
  const {log, lines} = listen({json: false});
  log.warn({code: 'disk-slow', tookMs: 120, table: 'coins'}, 'a write took long');
  assert.match(lines[0]!, /^\d\d:\d\d:\d\d WARN {2}a write took long {2}\(disk-slow, tookMs=120, table=coins\)\n$/);
});

programLog('an error shows its stack below its line', () => {
  const {log, lines} = listen({json: false});
  log.error({code: 'actor-failed', err: new Error('broken')}, 'an actor failed');
  assert.match(lines[0]!, /an actor failed {2}\(actor-failed\)\n {4}Error: broken\n/);
});

programLog('what is below the level is not written', () => {
  const {log, lines} = listen({json: false});
  log.debug({code: 'detail'}, 'a detail');
  assert.is(lines.length, 0);
});

programLog.run();
