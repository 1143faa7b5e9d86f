// Proves raw base58 in both directions on Bitcoin Core's base58_encode_decode.json: leading zeros are leading ones.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {bytesToHex} from '../../src/protocol/bytes/hex.js';
import {decodeBase58, decodeBase58Check, encodeBase58, encodeBase58Check} from '../../src/protocol/address/base58check.js';
import {hex} from '../support/script-assembler.js';
import {readSharedText} from '../support/shared-vectors.js';

const OWN_ROWS: readonly (readonly [string, string])[] = [['', ''], ['61', '2g'], ['0000287fb4cd', '11233QC4']];

function check([bytes, text]: readonly [string, string]): void {
  assert.is(encodeBase58(hex(bytes)), text);
  assert.is(bytesToHex(decodeBase58(text)!), bytes);
}

const base58 = suite('vectors / base58');

base58('own cases, and characters that are none', () => {
  for (const row of OWN_ROWS) check(row);
  for (const text of ['0', 'O', 'I', 'l', ' 2g', '2g\n', 'é']) assert.is(decodeBase58(text), undefined);
});

base58('one changed character breaks the checksum', () => {
  const text = encodeBase58Check(hex('00'.repeat(21)));
  assert.is(bytesToHex(decodeBase58Check(text)!), '00'.repeat(21));
  for (let i = 0; i < text.length; i++) {
    const changed = text.slice(0, i) + (text[i] === '2' ? '3' : '2') + text.slice(i + 1);
    assert.is(decodeBase58Check(changed), undefined, changed);
  }
});

base58('base58_encode_decode.json: every row', () => {
  const text = readSharedText('bitcoin-core/base58_encode_decode.json');
  if (text === undefined) return;
  const rows = JSON.parse(text) as [string, string][];
  for (const row of rows) check(row);
  process.stdout.write(`\nnote: base58_encode_decode.json: ${rows.length} run, ${rows.length} passed\n`);
  assert.ok(rows.length >= 14);
});

base58.run();
