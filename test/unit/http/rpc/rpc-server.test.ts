// Proves who may call, what a request must look like in JSON-RPC 1.0 and 2.0, and every bound of the port.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {bytesToHex} from '../../../../src/protocol/bytes/hex.js';
import {MinedChain} from '../../../support/mined-chain.js';
import {startRpcNode} from '../../../support/rpc-node.js';

const server = suite('http / rpc / rpc-server');
const node = startRpcNode({maxBatch: 3, maxBodyBytes: 2_000});
server.after(() => node.close());

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

server('only the cookie or the configured pair is let in', async () => {
  const body = '{"id":1,"method":"getblockcount"}';
  assert.is((await node.post(body)).status, 200);
  assert.is((await node.post(body, basic('__cookie__:secret').toLowerCase().replace('basic', 'BASIC'))).status, 401, 'base64 has case');
  for (const wrong of ['', 'Bearer x', 'Basic', basic(''), basic('__cookie__:secre'), basic('__cookie__:secret '), basic(':')]) {
    const answer = await node.post(body, wrong);
    assert.is(answer.status, 401, wrong);
    assert.is(answer.body, '');
  }
});

server('version 1 answers result, error and id; errors have a status', async () => {
  assert.equal(await node.post('{"id":"x","method":"getblockcount"}'), {status: 200, body: '{"result":0,"error":null,"id":"x"}\n'});
  assert.equal(await node.post('{"id":7,"method":"nosuchmethod","params":[]}'),
    {status: 404, body: '{"result":null,"error":{"code":-32601,"message":"Method not found"},"id":7}\n'});
  assert.is((await node.post('{"id":7,"method":"getblockhash","params":[-1]}')).status, 500);
});

server('version 2 answers 200 and only one of result and error; a notification is not answered', async () => {
  assert.equal(await node.post('{"jsonrpc":"2.0","id":1,"method":"getblockcount"}'), {status: 200, body: '{"jsonrpc":"2.0","result":0,"id":1}\n'});
  const failed = await node.post('{"jsonrpc":"2.0","id":1,"method":"nosuchmethod"}');
  assert.is(failed.status, 200);
  assert.equal(Object.keys(JSON.parse(failed.body) as object), ['jsonrpc', 'error', 'id']);
  assert.equal(await node.post('{"jsonrpc":"2.0","method":"getblockcount"}'), {status: 204, body: ''});
});

server('what is no request is named', async () => {
  const codeOf = async (body: string): Promise<number> => (JSON.parse((await node.post(body)).body) as {error: {code: number}}).error.code;
  assert.is(await codeOf('{"id":1,'), -32_700);
  assert.is(await codeOf(''), -32_700);
  assert.is(await codeOf('7'), -32_600);
  assert.is(await codeOf('null'), -32_600);
  assert.is(await codeOf('{"id":1}'), -32_600);
  assert.is(await codeOf('{"id":1,"method":7}'), -32_600);
  assert.is(await codeOf('{"id":1,"method":"help","params":"x"}'), -32_600);
  assert.is(await codeOf('{"id":1,"method":"help","jsonrpc":"3.0"}'), -32_600);
  assert.is(await codeOf('{"id":1,"method":"__proto__"}'), -32_601);
});

server('a batch is answered in order and bounded', async () => {
  const one = '{"id":1,"method":"getblockcount"}';
  const answer = await node.post(`[${one},{"jsonrpc":"2.0","method":"uptime"},7]`);
  assert.is(answer.status, 200);
  const replies = JSON.parse(answer.body) as {result: unknown; error: {code: number} | null}[];
  assert.is(replies.length, 2, 'the notification is left out');
  assert.is(replies[0]?.result, 0);
  assert.is(replies[1]?.error?.code, -32_600);
  assert.match((await node.post(`[${one},${one},${one},${one}]`)).body, /at most 3 calls/);
  assert.equal(await node.post('[]'), {status: 200, body: '[]\n'});
});

server('named and positional parameters are checked against the method', async () => {
  assert.equal(await node.post('{"id":1,"method":"getblockhash","params":{"height":0}}'),
    {status: 200, body: '{"result":"0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206","error":null,"id":1}\n'});
  assert.match((await node.post('{"id":1,"method":"getblockhash","params":{"heigth":0}}')).body, /-8,"message":"Unknown named parameter heigth/);
  assert.match((await node.post('{"id":1,"method":"getblockhash","params":[0,1]}')).body, /too many parameters/);
  assert.match((await node.post('{"id":1,"method":"getblockhash"}')).body, /parameter height is missing/);
  assert.match((await node.post('{"id":1,"method":"getblockhash","params":["0"]}')).body, /-3,"message":"JSON value of type string for height/);
  assert.match((await node.post('{"id":1,"method":"getblockhash","params":[0.5]}')).body, /-3/);
});

server('a request above the bound is refused with its bound', async () => {
  const answer = await node.post(`{"id":1,"method":"${'x'.repeat(2_000)}"}`);
  assert.is(answer.status, 413);
  assert.match(answer.body, /at most 2000 bytes/);
});

server('only POST to / is served', async () => {
  const headers = {authorization: basic('__cookie__:secret')};
  assert.is((await node.server.app.inject({method: 'GET', url: '/', headers})).statusCode, 405);
  assert.is((await node.server.app.inject({method: 'POST', url: '/x', headers, payload: '{}'})).statusCode, 405);
});

server('work beyond the bound is refused at once; a longpoll counts as work', async () => {
  const busy = startRpcNode({maxInFlight: 2});
  const longpoll = JSON.stringify({id: 1, method: 'getblocktemplate', params: [{rules: ['segwit'], longpollid: 'hold'}]});
  const waiting = [busy.post(longpoll), busy.post(longpoll)];
  while (busy.held() < 2) await new Promise((resolve) => setImmediate(resolve));
  assert.is(busy.server.inFlight(), 2);
  assert.is((await busy.post('{"id":1,"method":"getblockcount"}')).status, 503);
  assert.is(busy.server.counters().refused, 1);
  busy.release();
  for (const answer of await Promise.all(waiting)) assert.match(answer.body, /-28,"message":"no template yet: held/);
  assert.is(busy.server.inFlight(), 0);
  assert.is((await busy.post('{"id":1,"method":"getblockcount"}')).status, 200);
  await busy.close();
});

server('a longpoll ends when the server closes', async () => {
  const closing = startRpcNode();
  const waiting = closing.post(JSON.stringify({id: 1, method: 'getblocktemplate', params: [{rules: ['segwit'], longpollid: 'hold'}]}));
  while (closing.held() < 1) await new Promise((resolve) => setImmediate(resolve));
  await closing.close();
  assert.match((await waiting).body, /-32603/);
});

server('a block that was handed in is still answered when the server closes', async () => {
  const closing = startRpcNode();
  // A batch runs in order: the block's turn comes when the closing server has ended the longpoll before it.
  const longpoll = {id: 1, method: 'getblocktemplate', params: [{rules: ['segwit'], longpollid: 'hold'}]};
  const waiting = closing.post(JSON.stringify([longpoll, {id: 2, method: 'submitblock', params: [bytesToHex(new MinedChain().mine().bytes)]}]));
  while (closing.held() < 1) await new Promise((resolve) => setImmediate(resolve));
  await closing.server.close();
  const answers = JSON.parse((await waiting).body) as unknown[];
  assert.equal(answers[1], {result: null, error: null, id: 2});
  await closing.close();
});

server.run();
