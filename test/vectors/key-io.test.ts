// Proves addresses and private keys in both directions on Bitcoin Core's key_io_valid.json, and that a text of one chain
// is refused under another. Own cases are the addresses of the secret key 1 and the examples of BIP 173 and BIP 350.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {bytesToHex} from '../../src/protocol/bytes/hex.js';
import {decodeAddress, encodeAddress} from '../../src/protocol/address/address.js';
import {addressesOf, decodePrivateKey, encodePrivateKey} from '../../src/protocol/address/private-key.js';
import {BITCOIN_PREFIXES} from '../support/address-prefixes.js';
import type {BitcoinChain} from '../support/address-prefixes.js';
import {hex} from '../support/script-assembler.js';
import {readSharedText} from '../support/shared-vectors.js';

interface Facts {
  readonly chain: BitcoinChain;
  readonly isPrivkey: boolean;
  readonly isCompressed?: boolean;
  readonly tryCaseFlip?: boolean;
}
type Row = readonly [string, string, Facts];

const OWN_ROWS: readonly Row[] = [
  ['BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4', '0014751e76e8199196d454941c45d1b3a323f1433bd6', {chain: 'main', isPrivkey: false, tryCaseFlip: true}],
  ['bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0', '512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798', {chain: 'main', isPrivkey: false}],
  ['1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH', '76a914751e76e8199196d454941c45d1b3a323f1433bd688ac', {chain: 'main', isPrivkey: false}],
  ['KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn', '1'.padStart(64, '0'), {chain: 'main', isPrivkey: true, isCompressed: true}],
];

function flipCase(text: string): string {
  return text === text.toLowerCase() ? text.toUpperCase() : text.toLowerCase();
}

function checkAddress([text, script, {chain, tryCaseFlip}]: Row): void {
  const prefixes = BITCOIN_PREFIXES[chain];
  for (const spelling of tryCaseFlip === true ? [text, flipCase(text)] : [text]) {
    const decoded = decodeAddress(spelling, prefixes);
    assert.ok(decoded.ok, `${spelling} ${decoded.ok ? '' : decoded.code}`);
    if (decoded.ok) assert.is(bytesToHex(decoded.value.scriptPubKey), script);
  }
  const encoded = encodeAddress(hex(script), prefixes);
  assert.is(encoded, /^[a-z]+1/i.test(text) && tryCaseFlip === true ? text.toLowerCase() : text);
  const elsewhere = decodeAddress(text, BITCOIN_PREFIXES[chain === 'main' ? 'test' : 'main']);
  assert.is(elsewhere.ok ? 'accepted' : elsewhere.code, 'address-other-chain');
}

function checkPrivateKey([text, secret, {chain, isCompressed}]: Row): void {
  const decoded = decodePrivateKey(text, BITCOIN_PREFIXES[chain]);
  assert.ok(decoded.ok);
  if (!decoded.ok) return;
  assert.is(bytesToHex(decoded.value.secret), secret);
  assert.is(decoded.value.isCompressed, isCompressed);
  assert.is(encodePrivateKey(decoded.value, BITCOIN_PREFIXES[chain]), text);
  const elsewhere = decodePrivateKey(text, BITCOIN_PREFIXES[chain === 'main' ? 'test' : 'main']);
  assert.is(elsewhere.ok ? 'accepted' : elsewhere.code, 'private-key-other-chain');
}

function check(row: Row): void {
  if (row[2].isPrivkey) checkPrivateKey(row);
  else checkAddress(row);
}

const keyIo = suite('vectors / key-io');

keyIo('own cases decode and encode', () => {
  for (const row of OWN_ROWS) check(row);
});

keyIo('the addresses of the secret key 1 are the published ones', () => {
  const secret = hex('1'.padStart(64, '0'));
  assert.equal(addressesOf({secret, isCompressed: true}, BITCOIN_PREFIXES.main), {
    p2pkh: '1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH',
    p2shP2wpkh: '3JvL6Ymt8MVWiCNHC7oWU6nLeHNJKLZGLN',
    p2wpkh: 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
    p2tr: 'bc1pmfr3p9j00pfxjh0zmgp99y8zftmd3s5pmedqhyptwy6lm87hf5sspknck9',
  });
});

keyIo('key_io_valid.json: every address and key decodes and encodes', () => {
  const text = readSharedText('bitcoin-core/key_io_valid.json');
  if (text === undefined) return;
  const rows = JSON.parse(text) as Row[];
  for (const row of rows) check(row);
  process.stdout.write(`\nnote: key_io_valid.json: ${rows.length} run, ${rows.length} passed\n`);
  assert.ok(rows.length >= 70);
});

keyIo.run();
