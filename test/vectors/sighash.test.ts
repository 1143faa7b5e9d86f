// Proves the legacy signature digest on Bitcoin Core's sighash.json. The hash type is any signed 32-bit number there,
// and the scripts carry OP_CODESEPARATORs. One own case, SIGHASH_SINGLE beyond the outputs, needs no file.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {hashToDisplayHex} from '../../src/protocol/bytes/hex.js';
import {buildTransaction, decodeTransaction} from '../../src/protocol/primitives/transaction-codec.js';
import {legacySighash} from '../../src/protocol/script/sighash-legacy.js';
import {SIGHASH} from '../../src/protocol/script/sighash-type.js';
import {hex} from '../support/script-assembler.js';
import {readSharedText} from '../support/shared-vectors.js';

const sighash = suite('vectors / sighash');

sighash('SINGLE beyond the outputs signs the number one, little-endian', () => {
  const outpoint = (vout: number) => ({txid: new Uint8Array(32).fill(7), vout});
  const transaction = buildTransaction({
    inputs: [{prevout: outpoint(0)}, {prevout: outpoint(1)}],
    outputs: [{valueSats: 1n, scriptPubKey: new Uint8Array(0)}],
  });
  const request = {scriptCode: hex('51'), hashType: SIGHASH.SINGLE};
  assert.is(hashToDisplayHex(legacySighash(transaction, {...request, inputIndex: 1})), '1'.padStart(64, '0'));
  assert.is.not(hashToDisplayHex(legacySighash(transaction, {...request, inputIndex: 0})), '1'.padStart(64, '0'));
});

sighash('sighash.json: every digest is the one that Core computes', () => {
  const text = readSharedText('bitcoin-core/sighash.json');
  if (text === undefined) return;
  const rows = (JSON.parse(text) as [string, string, number, number, string][]).filter((row) => row.length > 1);
  let passed = 0;
  for (const [raw, scriptCode, inputIndex, hashType, expected] of rows) {
    const decoded = decodeTransaction(hex(raw));
    if (!decoded.ok) throw new Error(`${decoded.code}: ${raw}`);
    assert.is(hashToDisplayHex(legacySighash(decoded.value, {inputIndex, scriptCode: hex(scriptCode), hashType})), expected);
    passed++;
  }
  process.stdout.write(`\nnote: sighash.json: ${rows.length} run, ${passed} passed\n`);
  assert.ok(rows.length >= 500);
});

sighash.run();
