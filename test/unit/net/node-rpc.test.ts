// Proves that the JSON-RPC client names every fault of a node by its code, reads the cookie again when the node has a new
// one, keeps its connections, and never grows beyond its bound. Over real sockets to a node that does as it is told.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {writeFileSync} from 'node:fs';
import {createServer, type AddressInfo} from 'node:net';
import {join} from 'node:path';
import type {NodeError, NodeRpc} from '../../../src/actors/upstream/ports.js';
import {createNodeRpc, type NodeRpcOptions} from '../../../src/net/node-rpc.js';
import {FakeRpcError, startFakeNode, type FakeNode} from '../../support/fake-node.js';
import {aTemporaryDirectory} from '../../support/temporary-directory.js';

const PATIENCE = {timeoutMs: 5_000};

const test = suite<{node: FakeNode; rpc: NodeRpc; client: (options?: Partial<NodeRpcOptions>) => NodeRpc; open: NodeRpc[]}>('net / node-rpc');

test.before.each(async (context) => {
  context.open = [];
  context.node = await startFakeNode({
    echo: (params) => params,
    fail: () => {
      throw new FakeRpcError(-28, 'Loading block index…');
    },
  });
  context.client = (options = {}) => {
    const rpc = createNodeRpc({url: context.node.url, user: 'user', password: 'secret', ...options});
    context.open.push(rpc);
    return rpc;
  };
  context.rpc = context.client();
});

test.after.each(async ({node, open}) => {
  for (const rpc of open) rpc.close();
  await node.stop().catch(() => undefined);
});

async function errorOf(call: Promise<unknown>): Promise<NodeError> {
  try {
    await call;
  } catch (error) {
    return error as NodeError;
  }
  throw new Error('the call did not fail');
}

test('gives the result, and uses one connection for calls that follow each other', async ({rpc, node}) => {
  assert.equal(await rpc.call('echo', [1, 'two', {three: 3}], PATIENCE), [1, 'two', {three: 3}]);
  assert.equal(await rpc.call('echo', [], PATIENCE), []);
  assert.is(node.connections(), 1);
});

test('node-rpc-error carries the number of the node', async ({rpc}) => {
  const error = await errorOf(rpc.call('fail', [], PATIENCE));
  assert.equal([error.code, error.rpcCode], ['node-rpc-error', -28]);
  assert.match(error.message, /Loading block index/);
  const unknown = await errorOf(rpc.call('nosuchmethod', [], PATIENCE));
  assert.equal([unknown.code, unknown.rpcCode], ['node-rpc-error', -32601]);
});

test('node-unauthorised: a wrong password; a cookie file that is not there', async ({client}) => {
  assert.is((await errorOf(client({password: 'guess'}).call('echo', [], PATIENCE))).code, 'node-unauthorised');
  assert.is((await errorOf(client({cookieFile: '/nowhere/.cookie'}).call('echo', [], PATIENCE))).code, 'node-unauthorised');
});

test('a new cookie is read when the node refuses the old one', async ({client, node}) => {
  const folder = aTemporaryDirectory();
  const cookieFile = join(folder.path, '.cookie');
  writeFileSync(cookieFile, '__cookie__:first\n');
  node.credential = '__cookie__:first';
  const rpc = client({cookieFile});
  assert.equal(await rpc.call('echo', [1], PATIENCE), [1]);
  node.credential = '__cookie__:second';
  assert.is((await errorOf(rpc.call('echo', [2], PATIENCE))).code, 'node-unauthorised');
  writeFileSync(cookieFile, '__cookie__:second');
  assert.equal(await rpc.call('echo', [3], PATIENCE), [3]);
  folder.dispose();
});

test('node-unreachable: nobody listens, and the same client goes on when the node is back', async ({rpc, node}) => {
  assert.equal(await rpc.call('echo', [1], PATIENCE), [1]);
  await node.stop();
  assert.is((await errorOf(rpc.call('echo', [], PATIENCE))).code, 'node-unreachable');
  await node.start();
  assert.equal(await rpc.call('echo', [2], PATIENCE), [2]);
});

test('node-timeout: a node that is silent; the connection is given up', async ({rpc, node}) => {
  node.methods.set('silence', (_params, {closed}) => closed);
  const error = await errorOf(rpc.call('silence', [], {timeoutMs: 30}));
  assert.is(error.code, 'node-timeout');
});

test('node-call-aborted: by its signal, and by the end of the client', async ({rpc, node}) => {
  node.methods.set('silence', (_params, {closed}) => closed);
  const giving = new AbortController();
  const given = errorOf(rpc.call('silence', [], {...PATIENCE, signal: giving.signal}));
  const ended = errorOf(rpc.call('silence', [], PATIENCE));
  giving.abort();
  assert.is((await given).code, 'node-call-aborted');
  rpc.close();
  assert.is((await ended).code, 'node-call-aborted');
  assert.is((await errorOf(rpc.call('echo', [], PATIENCE))).code, 'node-call-aborted');
});

test('node-busy: the node has no place for one more call', async ({rpc, node}) => {
  node.intercept = (_request, response) => {
    response.writeHead(503).end('Work queue depth exceeded');
    return true;
  };
  assert.is((await errorOf(rpc.call('echo', [], PATIENCE))).code, 'node-busy');
});

test('node-answer-malformed: text that is no JSON-RPC, whatever its status', async ({rpc, node}) => {
  for (const [status, text] of [[200, '<html>'], [200, '[]'], [200, '{}'], [500, ''], [200, '{"error":"no"}'], [500, '{"error":{"message":"no number"}}']] as const) {
    node.intercept = (_request, response) => {
      response.writeHead(status).end(text);
      return true;
    };
    assert.is((await errorOf(rpc.call('echo', [], PATIENCE))).code, 'node-answer-malformed', `${status} ${text}`);
  }
});

test('node-answer-too-large: one byte more than allowed', async ({client, node}) => {
  const rpc = client({answerBytesMax: 1_000});
  const answer = (length: number): string => `{"result":"${'x'.repeat(length - 13)}"}`;
  let text = answer(1_000);
  node.intercept = (_request, response) => {
    response.writeHead(200).end(text);
    return true;
  };
  assert.is((await rpc.call('echo', [], PATIENCE) as string).length, 987);
  text = answer(1_001);
  assert.is((await errorOf(rpc.call('echo', [], PATIENCE))).code, 'node-answer-too-large');
});

test('a kept connection that breaks at the moment of a call is no fault of the node, unless the call must not be repeated', async ({rpc, node}) => {
  let isBroken = false;
  node.intercept = (request) => {
    if (!isBroken) return false;
    isBroken = false;
    request.socket.destroy();
    return true;
  };
  await rpc.call('echo', [], PATIENCE);
  isBroken = true;
  assert.equal(await rpc.call('echo', [1], PATIENCE), [1]);
  isBroken = true;
  assert.is((await errorOf(rpc.call('echo', [2], {...PATIENCE, isRepeatable: false}))).code, 'node-unreachable');
});

test('another program on the port is told apart from a node', async () => {
  const other = createServer((socket) => socket.end('SSH-2.0-other\r\n'));
  await new Promise<void>((resolve) => {
    other.listen(0, '127.0.0.1', resolve);
  });
  const rpc = createNodeRpc({url: `http://127.0.0.1:${(other.address() as AddressInfo).port}`, user: 'a', password: 'b'});
  assert.is((await errorOf(rpc.call('echo', [], PATIENCE))).code, 'node-unreachable');
  rpc.close();
  other.close();
});

test.run();
