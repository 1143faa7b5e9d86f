// Proves that generatetoaddress mines valid blocks on the tip, pays the address, and lets the event loop run meanwhile.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
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

generate('the event loop has its turns while a hundred blocks are mined', async () => {
  // Counted, not timed: a slower machine has more turns, not fewer. In one piece there would be none.
  let turns = 0;
  let isMining = true;
  const count = (): void => {
    turns += 1;
    if (isMining) setImmediate(count);
  };
  setImmediate(count);
  await node.call('generatetoaddress', 100, ADDRESS);
  isMining = false;
  assert.is(await node.call('getblockcount'), 103);
  assert.ok(turns >= 5, `${turns} turns`);
});

generate.run();
