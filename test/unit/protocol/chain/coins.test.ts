// Proves that the facts of the coins are those of their networks: Bitcoin's first blocks are made again from the published
// fields (the same coinbase as regtest's), and addresses published for each network decode there and nowhere else.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {decodeAddress} from '../../../../src/protocol/address/address.js';
import {hashToDisplayHex} from '../../../../src/protocol/bytes/hex.js';
import {BTQ_REGTEST, COIN_NAMES, COIN_SPECS, MAIN, TESTNET} from '../../../../src/protocol/chain/coins.js';
import {GENESIS_PLANS} from '../../../../src/protocol/chain/presets.js';
import {buildGenesis} from '../../../../src/protocol/chain/genesis.js';

const test = suite('protocol / chain / coins');

test('the first blocks of Bitcoin and its test network', () => {
  const main = buildGenesis({...GENESIS_PLANS.regtest, timeSec: 1_231_006_505, bits: 0x1d00ffff}, 2_083_236_893);
  assert.is(hashToDisplayHex(main.header.hash), hashToDisplayHex(MAIN.genesisHash));
  const testnet = buildGenesis({...GENESIS_PLANS.regtest, timeSec: 1_296_688_602, bits: 0x1d00ffff}, 414_098_458);
  assert.is(hashToDisplayHex(testnet.header.hash), hashToDisplayHex(TESTNET.genesisHash));
});

test('addresses of one network are none of another', () => {
  const samples: Readonly<Record<string, readonly string[]>> = {
    'main': ['1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', '3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'],
    'testnet': ['tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx'],
    'regtest': ['bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'],
  };
  for (const [network, addresses] of Object.entries(samples)) {
    for (const address of addresses) {
      const takers = COIN_NAMES.filter((name) => decodeAddress(address, COIN_SPECS[name].address).ok);
      const expected = COIN_NAMES.filter((name) => COIN_SPECS[name].address.bech32 === COIN_SPECS[network as 'main'].address.bech32);
      assert.equal(takers, expected, address);
    }
  }
  // Made by BTQ Core 0.1 (`validateaddress`).
  assert.ok(decodeAddress('qcrt1qh9rl6jrvhzrl2u9mcm35038552vvdetrql2l8w', BTQ_REGTEST.address).ok);
});

test('only chains for trying out count as such', () => {
  assert.equal(COIN_NAMES.filter((name) => !COIN_SPECS[name].isTestChain), ['main', 'btq']);
});

test.run();
