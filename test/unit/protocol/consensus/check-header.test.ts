/** Each header code at its border. */
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {REGTEST} from '../../../../src/protocol/chain/presets.js';
import {checkHeader, checkHeaderContext} from '../../../../src/protocol/consensus/check-header.js';
import type {BlockHeader} from '../../../../src/protocol/primitives/block.js';
import {buildHeader} from '../../../../src/protocol/primitives/block-codec.js';
import {aHash} from '../../../support/ledger-builder.js';

const test = suite('protocol / consensus / check-header');
const NOW = 1_700_000_000;
const CONTEXT = {spec: REGTEST, height: 1, requiredBits: 0x207fffff, parentMedianTimeSec: NOW - 100, nowSec: NOW};

function headerWith(fields: Partial<BlockHeader>): BlockHeader {
  return buildHeader({version: 4, previousHash: aHash(1), merkleRoot: aHash(2), timeSec: NOW, bits: 0x207fffff, nonce: 0, ...fields});
}
function codeOf(fields: Partial<BlockHeader>, context: Partial<typeof CONTEXT> = {}): string {
  const verdict = checkHeaderContext(headerWith(fields), {...CONTEXT, ...context});
  return verdict.ok ? 'ok' : verdict.code;
}

test('high-hash comes first and half of all nonces have it on regtest', () => {
  const verdicts = Array.from({length: 64}, (_, nonce) => checkHeader(headerWith({nonce}), CONTEXT));
  const refused = verdicts.filter((verdict) => !verdict.ok);
  assert.ok(refused.length > 10 && refused.length < 54);
  assert.ok(refused.every((verdict) => !verdict.ok && verdict.code === 'high-hash'));
});
test('bad-diffbits', () => {
  assert.is(codeOf({}), 'ok');
  assert.is(codeOf({bits: 0x207ffffe}), 'bad-diffbits');
});
test('time-too-old: the median time past must be exceeded', () => {
  assert.is(codeOf({timeSec: NOW - 100}), 'time-too-old');
  assert.is(codeOf({timeSec: NOW - 99}), 'ok');
});
test('time-too-new: two hours ahead is the last second', () => {
  assert.is(codeOf({timeSec: NOW + 7200}), 'ok');
  assert.is(codeOf({timeSec: NOW + 7201}), 'time-too-new');
});
test('bad-version: below 4 once BIP 65 binds; negative ones are too low', () => {
  for (const version of [-1, 0, 1, 2, 3]) assert.is(codeOf({version}), 'bad-version', `${version}`);
  assert.is(codeOf({version: 4}), 'ok');
  assert.is(codeOf({version: 1}, {height: 0}), 'ok');
});

test.run();
