// Proves the loop of assumed answers: each question is asked once, a wrong assumption runs again and ends as asking at
// once would, and nothing is settled on an assumption that did not come true.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {buildTransaction} from '../../../../src/protocol/primitives/transaction-codec.js';
import {SCRIPT_FLAG} from '../../../../src/protocol/script/script-flags.js';
import {TransactionDigests} from '../../../../src/protocol/script/transaction-digests.js';
import {beginVerification, continueVerification, firstRejection, inputsOf} from '../../../../src/protocol/script/verify-inputs.js';
import {assembleScript} from '../../../support/script-assembler.js';

const SIGNATURE_1 = `0x09 0x300602010102010101`;
const SIGNATURE_2 = `0x09 0x300602010202010101`;
const KEY_1 = `0x21 0x02${'11'.repeat(32)}`;
const KEY_2 = `0x21 0x02${'22'.repeat(32)}`;
const KEY_3 = `0x21 0x02${'33'.repeat(32)}`;

function spendOf(...scripts: readonly (readonly [scriptSig: string, scriptPubKey: string])[]): TransactionDigests {
  const transaction = buildTransaction({
    inputs: scripts.map(([scriptSig], vout) => ({prevout: {txid: new Uint8Array(32).fill(1), vout}, scriptSig: assembleScript(scriptSig)})),
    outputs: [],
  });
  return new TransactionDigests(transaction, scripts.map(([, script]) => ({valueSats: 1n, scriptPubKey: assembleScript(script)})));
}

const begin = (digests: TransactionDigests, flags = 0) => beginVerification(inputsOf(digests, flags));
const TWO_OF_THREE = [`0 ${SIGNATURE_1} ${SIGNATURE_2}`, `2 ${KEY_1} ${KEY_2} ${KEY_3} 3 CHECKMULTISIG`] as const;

const verifyInputs = suite('protocol / script / verify-inputs');

verifyInputs('inputs without signatures are settled at once', () => {
  const round = begin(spendOf(['', '1'], ['', '0']));
  assert.equal(round.verdicts, [{ok: true}, {ok: false, code: 'EVAL_FALSE'}]);
  assert.is(round.questions.length, 0);
  assert.equal(firstRejection(round), {index: 1, code: 'EVAL_FALSE'});
});

verifyInputs('a signature is open until it is answered, and then final', () => {
  const first = begin(spendOf([SIGNATURE_1, `${KEY_1} CHECKSIG`], ['', '1']));
  assert.equal(first.verdicts, [undefined, {ok: true}]);
  assert.is(first.questions.length, 1);
  const good = continueVerification(first, [true]);
  assert.equal([good.verdicts[0], good.questions.length, firstRejection(good)], [{ok: true}, 0, undefined]);
  const bad = continueVerification(first, [false]);
  assert.equal([bad.verdicts[0], bad.questions.length], [{ok: false, code: 'EVAL_FALSE'}, 0]);
});

verifyInputs('a script that wants a signature to fail is not settled by the assumption', () => {
  const first = begin(spendOf([SIGNATURE_1, `${KEY_1} CHECKSIG NOT`]));
  assert.equal(first.verdicts, [undefined]);
  assert.equal(continueVerification(first, [false]).verdicts, [{ok: true}]);
  assert.equal(continueVerification(first, [true]).verdicts, [{ok: false, code: 'EVAL_FALSE'}]);
});

verifyInputs('the same question twice in one script is asked once', () => {
  const round = begin(spendOf([`${SIGNATURE_1} ${SIGNATURE_1}`, `${KEY_1} CHECKSIGVERIFY ${KEY_1} CHECKSIG`]));
  assert.is(round.questions.length, 1);
  assert.equal(continueVerification(round, [true]).verdicts, [{ok: true}]);
});

verifyInputs('a multisig goes on to the next key where an assumption was wrong', () => {
  const first = begin(spendOf(TWO_OF_THREE));
  assert.is(first.questions.length, 2);
  const second = continueVerification(first, [true, false]);
  assert.is(second.verdicts[0], undefined);
  assert.is(second.questions.length, 1, 'only what is not known yet');
  assert.equal(continueVerification(second, [true]).verdicts, [{ok: true}]);
  assert.equal(continueVerification(second, [false]).verdicts, [{ok: false, code: 'EVAL_FALSE'}]);
});

verifyInputs('a known answer is used in the next run and not asked again', () => {
  const first = begin(spendOf(TWO_OF_THREE), SCRIPT_FLAG.NULLFAIL);
  const second = continueVerification(first, [false, false]);
  const asked = [...first.questions, ...second.questions].map(({publicKey, signature}) => `${publicKey[1]}/${signature[31]}`);
  assert.is(new Set(asked).size, asked.length);
});

verifyInputs('as many answers as questions, else it is our own bug', () => {
  assert.throws(() => continueVerification(begin(spendOf(TWO_OF_THREE)), [true]), /invariant/);
});

verifyInputs.run();
