// Proves that the way down ends, whatever hangs on it: a part that never closes is abandoned at its deadline, also in the
// phases after the actors and their timers are gone.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {join} from 'node:path';
import {readConfig} from '../../../src/config.js';
import {startRoles} from '../../../src/roles/start-roles.js';
import type {Log} from '../../../src/runtime/log.js';
import {aTemporaryDirectory} from '../../support/temporary-directory.js';

const temporary = aTemporaryDirectory();
const log: Log = {debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, child: () => log};

const start = suite('roles / start-roles');

start('a store that never closes is abandoned at its deadline', async () => {
  const config = readConfig({
    file: undefined, sets: ['rpc.port=0', 'workers.threads=0', 'shutdown.deadlineMs=1000'],
    flags: {dataDir: join(temporary.path, 'data'), chain: 'regtest', roles: ['full']},
  });
  const running = await startRoles(config, {log, version: '0.0.0', onFatal: () => undefined, onStopRequested: () => undefined});
  running.site.shutdown.add('close-storage', 'a store that hangs', () => new Promise(() => undefined));
  const report = await running.stop('test');
  const phase = report.phases.find((entry) => entry.phase === 'close-storage');
  assert.is(phase?.outcome, 'deadline');
  assert.equal(phase?.abandoned, ['a store that hangs']);
  assert.is(report.phases.at(-1)?.phase, 'stop-threads');
  assert.is(report.phases.at(-1)?.outcome, 'done');
});

start.run();
