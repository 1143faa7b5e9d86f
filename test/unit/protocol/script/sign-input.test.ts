// Proves that a signed transaction of every standard kind passes under the mempool's rules, that its signatures hold for
// it alone, that signing twice gives the same bytes, and that keys which do not fit are refused by name.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {secp256k1} from '@noble/curves/secp256k1.js';
import {hash160} from '../../../../src/protocol/bytes/hash160.js';
import {bytesToHex} from '../../../../src/protocol/bytes/hex.js';
import {encodeTransaction} from '../../../../src/protocol/primitives/transaction-codec.js';
import type {TransactionParts} from '../../../../src/protocol/primitives/transaction-codec.js';
import {multisig, p2pk, p2pkh, p2shOf, p2tr, p2wpkh, p2wshOf} from '../../../../src/protocol/script/build-script.js';
import {nobleOracle} from '../../../../src/protocol/script/noble-oracle.js';
import {STANDARD_FLAGS} from '../../../../src/protocol/script/script-flags.js';
import {signTransaction} from '../../../../src/protocol/script/sign-input.js';
import type {InputKeys} from '../../../../src/protocol/script/sign-input.js';
import {tweakPublicKey} from '../../../../src/protocol/script/taproot-tree.js';
import {TransactionDigests} from '../../../../src/protocol/script/transaction-digests.js';
import {checkAllNow, inputsOf} from '../../../../src/protocol/script/verify-inputs.js';
import {hex} from '../../../support/script-assembler.js';

const SECRETS = [hex('31'.repeat(32)), hex('32'.repeat(32)), hex('33'.repeat(32))] as const;
const KEYS = SECRETS.map((secret) => secp256k1.getPublicKey(secret, true));
const [KEY] = KEYS as [Uint8Array];
const TWO_OF_THREE = multisig(2, KEYS);
const ROOT = hex('44'.repeat(32));
const secrets = [SECRETS[0]];
const two = [SECRETS[2], SECRETS[1]];

const KINDS: readonly (readonly [scriptPubKey: Uint8Array, keys: InputKeys])[] = [
  [p2pk(KEY), {secrets}],
  [p2pkh(hash160(KEY)), {secrets, hashType: 0x82}],
  [p2wpkh(hash160(KEY)), {secrets}],
  [p2shOf(p2wpkh(hash160(KEY))), {secrets}],
  [TWO_OF_THREE, {secrets: two}],
  [p2shOf(TWO_OF_THREE), {secrets: two, redeemScript: TWO_OF_THREE}],
  [p2wshOf(TWO_OF_THREE), {secrets: two, witnessScript: TWO_OF_THREE}],
  [p2shOf(p2wshOf(TWO_OF_THREE)), {secrets: two, redeemScript: p2wshOf(TWO_OF_THREE), witnessScript: TWO_OF_THREE}],
  [p2tr(tweakPublicKey(KEY.subarray(1))!.outputKey), {secrets}],
  [p2tr(tweakPublicKey(KEY.subarray(1), ROOT)!.outputKey), {secrets, merkleRoot: ROOT, hashType: 0x81}],
];

const spent = KINDS.map(([scriptPubKey], index) => ({scriptPubKey, valueSats: BigInt(1000 + index)}));
const parts: TransactionParts = {
  version: 2, lockTime: 0,
  inputs: KINDS.map((_, vout) => ({prevout: {txid: hex('55'.repeat(32)), vout}, scriptSig: hex(''), sequence: 0xfffffffd, witness: []})),
  outputs: [{valueSats: 9000n, scriptPubKey: p2wpkh(hash160(KEY))}],
};

function signAll(): ReturnType<typeof signTransaction> {
  return signTransaction(parts, spent, KINDS.map(([, keys]) => keys));
}

const sign = suite('protocol / script / sign-input');

sign('one transaction that spends every standard kind passes under the rules of the mempool', () => {
  const signed = signAll();
  assert.ok(signed.ok);
  if (!signed.ok) return;
  const verdicts = checkAllNow(inputsOf(new TransactionDigests(signed.value, spent), STANDARD_FLAGS), nobleOracle);
  assert.equal(verdicts, KINDS.map(() => ({ok: true})));
  const again = signAll();
  assert.ok(again.ok && bytesToHex(again.value.bytes) === bytesToHex(signed.value.bytes), 'deterministic');
});

sign('a changed sequence breaks every signature', () => {
  const signed = signAll();
  if (!signed.ok) throw new Error(signed.detail);
  const inputs = signed.value.inputs.map((input) => ({...input, sequence: input.sequence - 1}));
  const changed = encodeTransaction({...signed.value, inputs});
  const verdicts = checkAllNow(inputsOf(new TransactionDigests(changed, spent), STANDARD_FLAGS), nobleOracle);
  assert.is(verdicts.filter(({ok}) => ok).length, 0);
});

sign('sign-not-possible: keys or scripts that do not fit the output', () => {
  const misfits: readonly (readonly [Uint8Array, InputKeys])[] = [
    [p2pkh(hash160(KEY)), {secrets: [SECRETS[1]]}], [p2pk(KEY), {secrets: [SECRETS[1]]}], [p2wpkh(hash160(KEY)), {secrets: [SECRETS[1]]}],
    [p2shOf(TWO_OF_THREE), {secrets: two}], [TWO_OF_THREE, {secrets}], [p2wshOf(TWO_OF_THREE), {secrets: two}],
    [p2wshOf(TWO_OF_THREE), {secrets: two, witnessScript: p2pk(KEY)}], [hex('6a'), {secrets}], [hex('51'), {secrets}],
  ];
  for (const [scriptPubKey, keys] of misfits) {
    const outcome = signTransaction({...parts, inputs: parts.inputs.slice(0, 1)}, [{scriptPubKey, valueSats: 1n}], [keys]);
    assert.is(outcome.ok ? 'signed' : outcome.code, 'sign-not-possible', bytesToHex(scriptPubKey));
  }
});

sign.run();
