// Proves that addresses and private keys are refused by the right name: malformed, another chain's, or a witness program
// that its version does not allow. What is accepted is proved by the vectors; here decode and encode are inverse.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {bech32, bech32m} from '@scure/base';
import {bytesToHex} from '../../../../src/protocol/bytes/hex.js';
import {decodeAddress, encodeAddress} from '../../../../src/protocol/address/address.js';
import {encodeBase58Check} from '../../../../src/protocol/address/base58check.js';
import {addressesOf, decodePrivateKey, encodePrivateKey, privateKeyFromRandom} from '../../../../src/protocol/address/private-key.js';
import {multisig, nullData, p2pk, witnessProgramScript} from '../../../../src/protocol/script/build-script.js';
import {BITCOIN_PREFIXES} from '../../../support/address-prefixes.js';
import {hex} from '../../../support/script-assembler.js';

const REGTEST = BITCOIN_PREFIXES.regtest;
const SECRET = hex('11'.repeat(32));
const KEY = {secret: SECRET, isCompressed: true};

function outcome(text: string): string {
  const verdict = decodeAddress(text, REGTEST);
  return verdict.ok ? bytesToHex(verdict.value.scriptPubKey) : verdict.code;
}

function segwit(codec: typeof bech32, version: number, program: string, prefix = 'bcrt'): string {
  return codec.encode(prefix as 'bcrt', [version, ...codec.toWords(hex(program))]);
}

const address = suite('protocol / address / address');

address('every kind of output that has an address comes back as it was', () => {
  const scripts = [
    `76a914${'01'.repeat(20)}88ac`, `a914${'02'.repeat(20)}87`, `0014${'03'.repeat(20)}`, `0020${'04'.repeat(32)}`,
    `5120${'05'.repeat(32)}`, '60020607', `5228${'08'.repeat(40)}`,
  ];
  for (const script of scripts) assert.is(outcome(encodeAddress(hex(script), REGTEST)!), script);
});

address('outputs without an address have none', () => {
  const publicKey = hex(`02${'11'.repeat(32)}`);
  for (const script of [p2pk(publicKey), multisig(1, [publicKey]), nullData(SECRET), hex(''), hex(`0003aabbcc`)]) {
    assert.is(encodeAddress(script, REGTEST), undefined);
  }
});

address('address-malformed', () => {
  const good = addressesOf(KEY, REGTEST);
  const text = good.p2wpkh;
  for (const broken of ['', '1', 'bcrt1', text.slice(0, -1), `${text}q`, text.replace(/.$/, text.endsWith('q') ? 'p' : 'q'),
    text.slice(0, 8) + text.slice(8).toUpperCase(), ` ${text}`, good.p2pkh.slice(1), '\u0000'.repeat(30), '1'.repeat(5000),
    encodeBase58Check(hex(`6f${'00'.repeat(19)}`)), encodeBase58Check(hex(''))]) {
    assert.is(outcome(broken), 'address-malformed', JSON.stringify(broken));
  }
  assert.is(outcome(text.toUpperCase()), outcome(text), 'all capitals are allowed');
});

address('address-other-chain', () => {
  for (const text of Object.values(addressesOf(KEY, BITCOIN_PREFIXES.main))) assert.is(outcome(text), 'address-other-chain');
  assert.is(outcome(addressesOf(KEY, BITCOIN_PREFIXES.test).p2tr), 'address-other-chain');
});

address('address-bad-program', () => {
  const wrong = [
    segwit(bech32m, 0, '03'.repeat(20)), segwit(bech32, 1, '05'.repeat(32)), segwit(bech32, 0, '03'.repeat(21)),
    segwit(bech32m, 17, '0102'), segwit(bech32m, 1, '01'), segwit(bech32m, 1, '01'.repeat(41)), bech32.encode('bcrt', []),
    bech32m.encode('bcrt', [1, 0, 0, 0, 1]),
  ];
  for (const text of wrong) assert.is(outcome(text), 'address-bad-program', text);
  assert.is(outcome(segwit(bech32m, 1, '01'.repeat(40))), bytesToHex(witnessProgramScript(1, hex('01'.repeat(40)))));
});

address('private keys come back as they were, in both forms', () => {
  for (const isCompressed of [true, false]) {
    const key = {secret: SECRET, isCompressed};
    assert.equal(decodePrivateKey(encodePrivateKey(key, REGTEST), REGTEST), {ok: true, value: key});
  }
});

address('private-key-malformed, private-key-other-chain, private-key-out-of-range', () => {
  const code = (text: string): string => {
    const verdict = decodePrivateKey(text, REGTEST);
    return verdict.ok ? 'accepted' : verdict.code;
  };
  const text = encodePrivateKey(KEY, REGTEST);
  assert.is(code(text.replace(/.$/, '1')), 'private-key-malformed');
  assert.is(code(encodeBase58Check(hex(`ef${'11'.repeat(32)}02`))), 'private-key-malformed');
  assert.is(code(encodeBase58Check(hex(`ef${'11'.repeat(31)}`))), 'private-key-malformed');
  assert.is(code(encodePrivateKey(KEY, BITCOIN_PREFIXES.main)), 'private-key-other-chain');
  assert.is(code(encodeBase58Check(hex(`ef${'00'.repeat(32)}01`))), 'private-key-out-of-range');
  const order = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';
  assert.is(code(encodeBase58Check(hex(`ef${order}01`))), 'private-key-out-of-range');
  assert.is(code(encodeBase58Check(hex(`ef${order.replace(/41$/, '40')}01`))), 'accepted');
  assert.equal(privateKeyFromRandom(hex(order)), {ok: false, code: 'private-key-out-of-range'});
  assert.equal(privateKeyFromRandom(SECRET), {ok: true, value: KEY});
});

address.run();
