// Proves that no request makes the port crash, hang or answer anything but JSON: random bytes, broken JSON, every method
// with random parameters, and mutations of good requests. A method that throws would be in the log as a bug.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import * as fc from 'fast-check';
import {RPC_METHODS} from '../../../../src/http/rpc/method-table.js';
import {startRpcNode} from '../../../support/rpc-node.js';

const node = startRpcNode();
const fuzz = suite('http / rpc / fuzz');
fuzz.after(() => node.close());

/** `stop` is harmless here; the miner would only take long. */
const METHODS = [...RPC_METHODS.keys()].filter((name) => name !== 'generatetoaddress');
const HASH = '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206';

async function staysSound(body: string): Promise<void> {
  const answer = await node.post(body);
  if (answer.status === 204) assert.is(answer.body, '');
  else assert.type(JSON.parse(answer.body), 'object');
  assert.equal(node.logged, [], `a method threw on ${body.slice(0, 500)}`);
}

const value = fc.oneof(
  fc.jsonValue({maxDepth: 2}), fc.constantFrom<unknown>(0, 1, 2, -1, 1e300, 2 ** 53, '', '0', HASH, HASH.toUpperCase(), `0x${HASH}`, null, true, [], {}, [HASH], {rules: ['segwit']}, {mode: 'proposal', data: HASH}),
  fc.string({unit: fc.constantFrom(...'0123456789abcdef'), maxLength: 400}),
);

fuzz('random text', async () => {
  await fc.assert(fc.asyncProperty(fc.oneof(fc.string({maxLength: 300}), fc.string({unit: 'binary', maxLength: 100}), fc.json({maxDepth: 4})), staysSound), {numRuns: 400});
});

fuzz('every method with random parameters, positional and named', async () => {
  for (const method of METHODS) {
    const names = RPC_METHODS.get(method)!.params;
    const named = fc.record(Object.fromEntries(names.map((name) => [name, value])), {requiredKeys: []});
    await fc.assert(fc.asyncProperty(fc.oneof(fc.array(value, {maxLength: 4}), named), async (params) => {
      await staysSound(JSON.stringify({id: 1, method, params}));
    }), {numRuns: 40});
  }
});

fuzz('mutations of a good request', async () => {
  const good = JSON.stringify([{jsonrpc: '2.0', id: 1, method: 'getblock', params: [HASH, 2]}, {id: 'x', method: 'gettxout', params: {txid: HASH, n: 0}}]);
  const edit = fc.record({at: fc.nat(good.length), cut: fc.nat(3), insert: fc.string({unit: fc.constantFrom(...'[]{}",:0e-\\u\u0000n'), maxLength: 3})});
  await fc.assert(fc.asyncProperty(fc.array(edit, {minLength: 1, maxLength: 4}), async (edits) => {
    const body = edits.reduce((text, {at, cut, insert}) => text.slice(0, at) + insert + text.slice(at + cut), good);
    await staysSound(body);
  }), {numRuns: 400});
});

fuzz('deep nesting and long numbers', async () => {
  await staysSound('['.repeat(200_000));
  await staysSound(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
  await staysSound(`{"id":1,"method":"getblockhash","params":[${'9'.repeat(5_000)}]}`);
  await staysSound(`{"id":1,"method":"getblockhash","params":[${'['.repeat(50_000)}${']'.repeat(50_000)}]}`);
  await staysSound(`{"id":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)},"method":"help"}`);
});

fuzz.run();
