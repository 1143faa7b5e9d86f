/** The genesis blocks are made again from their plans; regtest's numbers are Bitcoin Core's. */
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {bytesToHex, hashToDisplayHex} from '../../../../src/protocol/bytes/hex.js';
import {buildGenesis, findGenesisNonce} from '../../../../src/protocol/chain/genesis.js';
import {CHAIN_SPECS, DEVNET, GENESIS_PLANS, REGTEST} from '../../../../src/protocol/chain/presets.js';
import {checkBlock} from '../../../../src/protocol/consensus/check-block.js';
import {checkProofOfWork} from '../../../../src/protocol/consensus/pow/check-pow.js';
import {compactToTarget, targetToCompact} from '../../../../src/protocol/consensus/pow/compact.js';
import {difficultyOfTarget} from '../../../../src/protocol/consensus/pow/work.js';
import {decodeBlock} from '../../../../src/protocol/primitives/block-codec.js';

const test = suite('protocol / chain / presets');

test('regtest is Bitcoin Core\'s', () => {
  assert.is(hashToDisplayHex(REGTEST.genesisHash), '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206');
  assert.is(bytesToHex(REGTEST.magic), 'fabfb5da');
  assert.equal(REGTEST.address, {pubKeyHash: 111, scriptHash: 196, wif: 239, bech32: 'bcrt'});
  const genesis = decodeBlock(REGTEST.genesisBytes);
  assert.ok(genesis.ok);
  assert.is(hashToDisplayHex(genesis.value.transactions[0]!.txid), '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b');
  assert.is(REGTEST.halvingIntervalBlocks, 150);
});

for (const name of ['regtest', 'devnet'] as const) {
  test(`${name}: the plan, mined from nonce 0, gives the genesis bytes`, () => {
    const plan = GENESIS_PLANS[name];
    assert.is(findGenesisNonce(plan), name === 'regtest' ? 0 : plan.nonce, 'regtest carries nonce 2 although 0 would do');
    const block = buildGenesis(plan, plan.nonce);
    const spec = CHAIN_SPECS[name];
    assert.is(bytesToHex(block.bytes), bytesToHex(spec.genesisBytes));
    assert.equal(block.header.hash, spec.genesisHash);
    assert.ok(checkProofOfWork(block.header.hash, block.header.bits, spec.engine.powLimit).ok);
    assert.ok(checkBlock(block, spec).ok);
    assert.is(block.header.bits, spec.engine.powLimitBits);
  });
}

test('limits in compact form name the limits; devnet\'s is difficulty 2^-12', () => {
  for (const {engine} of Object.values(CHAIN_SPECS)) {
    assert.is(targetToCompact(engine.powLimit), engine.powLimitBits);
    assert.ok(compactToTarget(engine.powLimitBits)! <= engine.powLimit);
  }
  assert.is(difficultyOfTarget(DEVNET.engine.powLimit), 2 ** -12);
  assert.is.not(bytesToHex(DEVNET.magic), bytesToHex(REGTEST.magic));
});

test.run();
