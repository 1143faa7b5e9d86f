// Proves what the operator's part keeps on disk: a token drawn once, for this user's eyes only, and a record of changes
// that is only appended to and survives half a line.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {appendFileSync, chmodSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {openOperatorAudit} from '../../../src/roles/operator-audit.js';
import {operatorToken} from '../../../src/roles/operator-token.js';
import {publicSettings} from '../../../src/config.js';
import {loadConfig} from '../../../src/config/load-config.js';
import {SETTINGS} from '../../../src/config/setting-keys.js';
import {aTemporaryDirectory} from '../../support/temporary-directory.js';

const files = suite('roles / operator-files');

files('the token is made at the first start, kept, and readable by its owner only', () => {
  const folder = aTemporaryDirectory();
  const file = `${folder.path}/operator-token`;
  const token = operatorToken(folder.path, '');
  assert.match(token, /^[\w-]{43}$/);
  assert.is(statSync(file).mode & 0o777, 0o600);
  chmodSync(file, 0o644);
  assert.is(operatorToken(folder.path, ''), token);
  assert.is(statSync(file).mode & 0o777, 0o600);
  assert.is(operatorToken(folder.path, 'a-configured-token'), 'a-configured-token');
  writeFileSync(file, 'short\n');
  assert.throws(() => operatorToken(folder.path, ''), (error: {code?: string}) => error.code === 'operator-token-unreadable');
  folder.dispose();
});

files('the record of changes is appended to, newest shown first, also behind half a line', async () => {
  const folder = aTemporaryDirectory();
  const audit = openOperatorAudit(folder.path, () => 1_767_225_600_000);
  assert.equal(await audit.recent(5), []);
  const entry = (action: string): Parameters<typeof audit.record>[0] => ({action, from: '127.0.0.1', detail: {isPaused: true}, outcome: 'asked'});
  await Promise.all(['a', 'b', 'c'].map((action) => audit.record(entry(action))));
  assert.equal((await audit.recent(2)).map(({action}) => action), ['c', 'b']);
  appendFileSync(`${folder.path}/operator-audit.jsonl`, '{"atSec":17');
  const again = openOperatorAudit(folder.path, () => 1_767_225_601_000);
  assert.equal((await again.recent(9)).map(({action}) => action), ['c', 'b', 'a']);
  assert.is(statSync(`${folder.path}/operator-audit.jsonl`).mode & 0o777, 0o600);
  assert.is(readFileSync(`${folder.path}/operator-audit.jsonl`, 'utf8').split('\n').length, 4);
  await Promise.all(['d', 'e'].map((action) => again.record(entry(action))));
  assert.equal((await again.recent(9)).map(({action}) => action), ['e', 'd', 'c', 'b', 'a'], 'what comes next is no part of it');
  folder.dispose();
});

files('no secret of the configuration is shown, every other setting is', () => {
  const config = loadConfig({environment: {}, sets: ['rpc.user=me', 'rpc.password=hunter2hunter2', 'http.operatorToken=0123456789abcdef'], flags: {}});
  const shown = publicSettings(config);
  const text = JSON.stringify(shown);
  assert.not.match(text, /hunter2|0123456789abcdef/);
  assert.equal([shown['rpc.password'], shown['http.operatorToken'], shown['rpc.user'], shown['stratum.port']], ['(set)', '(set)', 'me', 3333]);
  assert.is(publicSettings(loadConfig({environment: {}, sets: [], flags: {}}))['rpc.password'], '(empty)');
  assert.equal(SETTINGS.filter(({key, preset}) => preset !== undefined && !Array.isArray(preset) && !(key in shown)).map(({key}) => key), []);
  assert.equal(publicSettings({alerts: {webhooks: [{url: 'https://example.org/secret'}]}, pool: {upstream: [{rpcUrl: 'http://user:pw@10.0.0.1:8332', rpcPassword: 'x'}]}}),
    {'alerts.webhooks': '(set)', 'pool.upstream.0.rpcUrl': 'http://(set)@10.0.0.1:8332', 'pool.upstream.0.rpcPassword': '(set)'});
});

files.run();
