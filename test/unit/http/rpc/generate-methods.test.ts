// Proves that generatetoaddress mines valid blocks on the tip, pays the address, and lets the event loop run meanwhile.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {monitorEventLoopDelay} from 'node:perf_hooks';
import {startRpcNode} from '../../../support/rpc-node.js';

const ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
const node = startRpcNode();
const generate = suite('http / rpc / generate-methods');
generate.after(() => node.close());

generate('mines blocks on the tip that pay the address', async () => {
  const hashes = await node.call('generatetoaddress', 3, ADDRESS) as string[];
  assert.is(hashes.length, 3);
  assert.is(await node.call('getbestblockhash'), hashes[2]);
  assert.match(await node.text('getblock', hashes[2], 2), new RegExp(`"value":50\\.00000000,"n":0,"scriptPubKey":.*${ADDRESS}`));
  assert.equal(await node.call('generatetoaddress', 0, ADDRESS), []);
});

generate('a wrong address or count is refused', async () => {
  assert.match(await node.errorOf('generatetoaddress', 1, 'nonsense'), /^-5/);
  assert.match(await node.errorOf('generatetoaddress', -1, ADDRESS), /^-8/);
});

generate('a hundred blocks do not hold the event loop', async () => {
  const delay = monitorEventLoopDelay({resolution: 1});
  delay.enable();
  await node.call('generatetoaddress', 100, ADDRESS);
  delay.disable();
  assert.is(await node.call('getblockcount'), 103);
  // Generous: the machine is shared. Without slices the whole call would be one delay.
  assert.ok(delay.percentile(90) / 1e6 < 25, `p90 ${delay.percentile(90) / 1e6} ms`);
});

generate.run();
