// Proves which names a request may be addressed to, and which pages may open the WebSocket: the two doors of DNS rebinding
// and of a stranger's page.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {CallerPolicy} from '../../../src/http/caller-policy.js';

const policy = new CallerPolicy({host: 'node.lan', allowedHosts: ['pool.example.org', 'Other.Example:8080']});
const callers = suite('http / caller-policy');

for (const host of ['localhost', 'LOCALHOST:8420', '127.0.0.1:8420', '127.0.0.1', '[::1]:8420', '192.168.1.7:8420', 'node.lan:8420', 'pool.example.org', 'pool.example.org.:443', 'other.example', 'a.localhost:1']) {
  callers(`serves ${host}`, () => assert.ok(policy.allowsHost(host)));
}

for (const host of [undefined, '', 'evil.example', 'evil.example:8420', 'localhost.evil.example', '127.0.0.1.evil.example', 'pool.example.org.evil', 'user@localhost', 'localhost:8420:1', 'localhost:', '[::1', '[::1]x', 'a b', '127.1.evil', '[evil.example]']) {
  callers(`refuses ${String(host)}`, () => assert.not.ok(policy.allowsHost(host)));
}

callers('a page of the same host and port may open the WebSocket, another port may not', () => {
  assert.ok(policy.allowsOrigin('http://localhost:8420', 'localhost:8420'));
  assert.ok(policy.allowsOrigin('https://LOCALHOST:8420', 'localhost:8420'));
  assert.not.ok(policy.allowsOrigin('http://localhost:3000', 'localhost:8420'));
  assert.not.ok(policy.allowsOrigin('http://127.0.0.1:8420', 'localhost:8420'));
});

callers('a page of a name that the operator added may, whatever Host its proxy sends', () => {
  assert.ok(policy.allowsOrigin('https://pool.example.org', '127.0.0.1:8420'));
  assert.not.ok(policy.allowsOrigin('https://pool.example.org.evil', '127.0.0.1:8420'));
});

callers('an opaque or foreign origin may not; a program without one may', () => {
  for (const origin of ['null', '', 'file://', 'https://evil.example', 'ws://localhost:8420', 'http://localhost:8420/x', 'http://evil@localhost:8420']) {
    assert.not.ok(policy.allowsOrigin(origin, 'localhost:8420'), origin);
  }
  assert.ok(policy.allowsOrigin(undefined, 'localhost:8420'));
});

callers.run();
