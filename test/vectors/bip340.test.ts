// Proves that the reference oracle answers BIP 340's vectors as published, messages of odd lengths included.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {nobleOracle} from '../../src/protocol/script/noble-oracle.js';
import {hex} from '../support/script-assembler.js';
import {readSharedText} from '../support/shared-vectors.js';

const ROW_0 = [
  '0', '', 'F9308A019258C31049344F85F89D5229B531C845836F99B08601F113BCE036F9', '', '00'.repeat(32),
  'E907831F80848D1069A5371B402410364BDF1C5F8307B0084C55F1CE2DCA821525F66A4A85EA8B71E482A74F382D2CE5EBEEE8FDB2172F477DF4900D310536C0', 'TRUE',
];

function isValid(row: readonly string[]): boolean {
  const [, , publicKey, , message, signature] = row;
  return nobleOracle.isValid({scheme: 'schnorr', publicKey: hex(publicKey!), message: hex(message!), signature: hex(signature!)});
}

const bip340 = suite('vectors / bip340');

bip340('a published signature is valid, and not for another message', () => {
  assert.ok(isValid(ROW_0));
  assert.not.ok(isValid(ROW_0.with(4, '01'.repeat(32))));
});

bip340('test-vectors.csv: every verdict', () => {
  const text = readSharedText('bip340/test-vectors.csv');
  if (text === undefined) return;
  const rows = text.trim().split(/\r?\n/).slice(1).map((line) => line.split(','));
  for (const row of rows) assert.is(isValid(row), row[6] === 'TRUE', row.join(','));
  process.stdout.write(`\nnote: bip340 test-vectors.csv: ${rows.length} run, ${rows.length} passed\n`);
  assert.ok(rows.length >= 19);
});

bip340.run();
