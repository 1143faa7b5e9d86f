// Proves every script error code by one smallest spend that meets it and, where there is a rule to keep, a valid
// neighbour. Spends are built through one small table; signatures are real, so the digests are exercised too.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {schnorr, secp256k1} from '@noble/curves/secp256k1.js';
import {concatBytes} from '../../../../src/protocol/bytes/compare.js';
import {hash160} from '../../../../src/protocol/bytes/hash160.js';
import {buildTransaction} from '../../../../src/protocol/primitives/transaction-codec.js';
import {buildScript, multisig, p2pk, p2pkh, p2shOf, p2tr, p2wpkh, p2wshOf, pushData} from '../../../../src/protocol/script/build-script.js';
import {nobleOracle} from '../../../../src/protocol/script/noble-oracle.js';
import {SCRIPT_ERROR_CODES} from '../../../../src/protocol/script/script-error.js';
import {MANDATORY_FLAGS, SCRIPT_FLAG, STANDARD_FLAGS} from '../../../../src/protocol/script/script-flags.js';
import {signInput} from '../../../../src/protocol/script/sign-input.js';
import type {InputKeys} from '../../../../src/protocol/script/sign-input.js';
import {legacySighash} from '../../../../src/protocol/script/sighash-legacy.js';
import {NO_CODE_SEPARATOR, taprootSighash} from '../../../../src/protocol/script/sighash-taproot.js';
import {SIGHASH} from '../../../../src/protocol/script/sighash-type.js';
import {encodeSignature} from '../../../../src/protocol/script/signature-encoding.js';
import {leafHash, tweakPublicKey} from '../../../../src/protocol/script/taproot-tree.js';
import {TransactionDigests} from '../../../../src/protocol/script/transaction-digests.js';
import {verifyScript} from '../../../../src/protocol/script/verify-script.js';
import {assembleScript, hex} from '../../../support/script-assembler.js';

const SECRET = hex('11'.repeat(32));
const OTHER_SECRET = hex('22'.repeat(32));
const KEY = secp256k1.getPublicKey(SECRET, true);
const OTHER_KEY = secp256k1.getPublicKey(OTHER_SECRET, true);
const FULL_KEY = secp256k1.getPublicKey(SECRET, false);
const X_KEY = KEY.subarray(1);
const NOTHING = new Uint8Array(0);
const {P2SH, WITNESS, TAPROOT} = SCRIPT_FLAG;

interface Spend {
  readonly scriptPubKey: Uint8Array;
  readonly scriptSig?: Uint8Array;
  readonly witness?: readonly Uint8Array[];
  readonly sequence?: number;
  readonly lockTime?: number;
  readonly flags?: number;
}

const seen = new Set<string>();

function digestsFor({scriptPubKey, scriptSig = NOTHING, witness = [], sequence = 0xfffffffe, lockTime = 0}: Spend): TransactionDigests {
  const transaction = buildTransaction({
    inputs: [{prevout: {txid: hex('aa'.repeat(32)), vout: 3}, scriptSig, witness, sequence}],
    outputs: [{valueSats: 900n, scriptPubKey: assembleScript('1')}],
    lockTime,
  });
  return new TransactionDigests(transaction, [{valueSats: 1000n, scriptPubKey}]);
}

function outcome(spend: Spend): string {
  const verdict = verifyScript({digests: digestsFor(spend), inputIndex: 0, flags: spend.flags ?? MANDATORY_FLAGS, oracle: nobleOracle});
  if (!verdict.ok) seen.add(verdict.code);
  return verdict.ok ? 'OK' : verdict.code;
}

/** An output script of plain opcodes, with nothing before it. */
function bare(text: string, flags?: number): Spend {
  return {scriptPubKey: assembleScript(text), ...(flags !== undefined && {flags})};
}

function signed(scriptPubKey: Uint8Array, keys: Partial<InputKeys> = {}): Spend {
  const unlock = signInput(digestsFor({scriptPubKey}), 0, {secrets: [SECRET], ...keys});
  if (!unlock.ok) throw new Error(unlock.detail);
  return {scriptPubKey, ...unlock.value};
}

/** A taproot output with one leaf, and its spend by script. */
function byLeaf(script: Uint8Array, items: readonly Uint8Array[], {version = 0xc0, annex = [] as Uint8Array[]} = {}): Spend {
  const tweaked = tweakPublicKey(X_KEY, leafHash(version, script))!;
  const controlBlock = concatBytes(Uint8Array.of(version | (tweaked.isOdd ? 1 : 0)), X_KEY);
  return {scriptPubKey: p2tr(tweaked.outputKey), witness: [...items, script, controlBlock, ...annex]};
}

function tapscriptSignature(script: Uint8Array, hashType = 0, codeSeparatorIndex = NO_CODE_SEPARATOR): Uint8Array {
  const {scriptPubKey} = byLeaf(script, []);
  const tapscript = {leafHash: leafHash(0xc0, script), codeSeparatorIndex};
  const message = taprootSighash(digestsFor({scriptPubKey}), {inputIndex: 0, hashType, tapscript})!;
  const signature = schnorr.sign(message, SECRET, new Uint8Array(32));
  return hashType === 0 ? signature : concatBytes(signature, Uint8Array.of(hashType));
}

const TAP_CHECKSIG = buildScript([X_KEY, ...assembleScript('CHECKSIG')]);
const HASHTYPE_LAST = (signature: Uint8Array, hashType: number): Uint8Array => concatBytes(signature.subarray(0, -1), Uint8Array.of(hashType));

const CASES: readonly (readonly [string, Spend])[] = [
  ['OK', bare('1')],
  ['EVAL_FALSE', bare('0')],
  ['EVAL_FALSE', bare('0x01 0x80')],
  ['OP_RETURN', bare('RETURN')],
  ['OK', bare('1 '.concat('NOP '.repeat(201)))],
  ['OP_COUNT', bare('1 '.concat('NOP '.repeat(202)))],
  ['OP_COUNT', bare('0 0 '.concat('NOP '.repeat(190), '1 '.repeat(11), '11 CHECKMULTISIG'))],
  ['OK', {scriptPubKey: concatBytes(...Array.from({length: 19}, () => hex(`4d0802${'00'.repeat(520)}`)), hex(`4d0300${'01'.repeat(3)}`.concat('51'.repeat(10_000 - 19 * 523 - 6))))}],
  ['SCRIPT_SIZE', {scriptPubKey: concatBytes(...Array.from({length: 19}, () => hex(`4d0802${'00'.repeat(520)}`)), hex(`4d0300${'01'.repeat(3)}`.concat('51'.repeat(10_001 - 19 * 523 - 6))))}],
  ['OK', {scriptPubKey: pushData(new Uint8Array(520).fill(1))}],
  ['PUSH_SIZE', {scriptPubKey: pushData(new Uint8Array(521).fill(1))}],
  ['OK', bare('1 '.repeat(1000))],
  ['STACK_SIZE', bare('1 '.repeat(1001))],
  ['SIG_COUNT', bare('0 2 0 1 CHECKMULTISIG')],
  ['PUBKEY_COUNT', bare('0 0 21 CHECKMULTISIG')],
  ['VERIFY', bare('0 VERIFY 1')],
  ['EQUALVERIFY', bare('1 2 EQUALVERIFY 1')],
  ['NUMEQUALVERIFY', bare('1 2 NUMEQUALVERIFY 1')],
  ['CHECKSIGVERIFY', bare('0 0 CHECKSIGVERIFY 1')],
  ['CHECKMULTISIGVERIFY', bare('0 0 1 0 1 CHECKMULTISIGVERIFY 1')],
  ['BAD_OPCODE', bare('1 VER')],
  ['BAD_OPCODE', bare('1 RESERVED')],
  ['BAD_OPCODE', bare('1 0xba')],
  ['OK', bare('0 IF VER RESERVED 0xba ENDIF 1')],
  ['DISABLED_OPCODE', bare('0 IF MUL ENDIF 1')],
  ['INVALID_STACK_OPERATION', bare('DUP')],
  ['INVALID_STACK_OPERATION', bare('1 1 PICK')],
  ['INVALID_ALTSTACK_OPERATION', bare('FROMALTSTACK')],
  ['UNBALANCED_CONDITIONAL', bare('1 IF 1')],
  ['UNBALANCED_CONDITIONAL', bare('1 ENDIF')],
  ['UNKNOWN_ERROR', bare('0x05 0x0100000000 1ADD')],
  ['OK', {...bare('5 CHECKLOCKTIMEVERIFY'), lockTime: 5}],
  ['UNSATISFIED_LOCKTIME', {...bare('6 CHECKLOCKTIMEVERIFY'), lockTime: 5}],
  ['UNSATISFIED_LOCKTIME', {...bare('5 CHECKLOCKTIMEVERIFY'), lockTime: 5, sequence: 0xffffffff}],
  ['UNSATISFIED_LOCKTIME', {...bare('5 CHECKLOCKTIMEVERIFY'), lockTime: 500_000_000}],
  ['NEGATIVE_LOCKTIME', bare('-1 CHECKLOCKTIMEVERIFY')],
  ['OK', {...bare('4294967295 CHECKLOCKTIMEVERIFY'), lockTime: 0xffffffff}],
  ['OK', {...bare('5 CHECKSEQUENCEVERIFY'), sequence: 5}],
  ['UNSATISFIED_LOCKTIME', {...bare('6 CHECKSEQUENCEVERIFY'), sequence: 5}],
  ['OK', {...bare('2147483648 CHECKSEQUENCEVERIFY'), sequence: 0}],
  ['OK', {...bare('6442450944 CHECKSEQUENCEVERIFY'), sequence: 0}],
  ['UNSATISFIED_LOCKTIME', {...bare('4194309 CHECKSEQUENCEVERIFY'), sequence: 5}],
  ['OK', signed(p2pk(KEY))],
  ['OK', {...signed(p2pkh(hash160(KEY))), flags: STANDARD_FLAGS}],
  ['OK', {...signed(p2pkh(hash160(FULL_KEY)), {isUncompressed: true}), flags: STANDARD_FLAGS}],
  ['OK', {...signed(p2wpkh(hash160(KEY))), flags: STANDARD_FLAGS}],
  ['OK', {...signed(p2shOf(p2wpkh(hash160(KEY)))), flags: STANDARD_FLAGS}],
  ['OK', {...signed(multisig(2, [OTHER_KEY, KEY]), {secrets: [SECRET, OTHER_SECRET]}), flags: STANDARD_FLAGS}],
  ['OK', {...signed(p2shOf(multisig(1, [OTHER_KEY, KEY])), {redeemScript: multisig(1, [OTHER_KEY, KEY])}), flags: STANDARD_FLAGS}],
  ['OK', {...signed(p2wshOf(multisig(2, [KEY, FULL_KEY, OTHER_KEY])), {secrets: [OTHER_SECRET, SECRET], witnessScript: multisig(2, [KEY, FULL_KEY, OTHER_KEY])})}],
  ['OK', {...signed(p2wshOf(p2pk(KEY)), {witnessScript: p2pk(KEY)}), flags: STANDARD_FLAGS}],
  ['OK', {...signed(p2tr(tweakPublicKey(X_KEY)!.outputKey)), flags: STANDARD_FLAGS}],
  ['OK', {...signed(p2tr(tweakPublicKey(X_KEY)!.outputKey), {hashType: 0x83}), flags: STANDARD_FLAGS}],
  ['EVAL_FALSE', {...signed(p2pk(KEY)), sequence: 7}],
  ['NULLFAIL', {...signed(p2pk(KEY)), sequence: 7, flags: STANDARD_FLAGS}],
  ['SIG_DER', bare(`0x01 0x01 0x21 0x${Buffer.from(KEY).toString('hex')} CHECKSIG`)],
  ['SIG_HASHTYPE', {scriptPubKey: p2pk(KEY), scriptSig: pushData(HASHTYPE_LAST(signed(p2pk(KEY)).scriptSig!.subarray(1), 4)), flags: STANDARD_FLAGS}],
  ['PUBKEYTYPE', {scriptPubKey: p2pk(hex(`05${'11'.repeat(32)}`)), scriptSig: assembleScript('0'), flags: STANDARD_FLAGS}],
  ['MINIMALDATA', bare('0x01 0x01', STANDARD_FLAGS)],
  ['SIG_PUSHONLY', {scriptPubKey: assembleScript('1'), scriptSig: assembleScript('NOP'), flags: SCRIPT_FLAG.SIGPUSHONLY}],
  ['SIG_PUSHONLY', {scriptPubKey: p2shOf(assembleScript('1')), scriptSig: concatBytes(assembleScript('NOP'), pushData(assembleScript('1'))), flags: P2SH}],
  ['SIG_NULLDUMMY', bare('1 0 0 CHECKMULTISIG')],
  ['CLEANSTACK', bare('1 1', STANDARD_FLAGS)],
  ['DISCOURAGE_UPGRADABLE_NOPS', bare('1 NOP10', STANDARD_FLAGS)],
  ['OP_CODESEPARATOR', bare('0 IF CODESEPARATOR ENDIF 1', STANDARD_FLAGS)],
  ['SIG_FINDANDDELETE', bare('0 0 CHECKSIG', STANDARD_FLAGS)],
  ['WITNESS_PROGRAM_WRONG_LENGTH', bare('0 0x02 0x0001')],
  ['WITNESS_PROGRAM_WITNESS_EMPTY', {scriptPubKey: p2wshOf(assembleScript('1'))}],
  ['WITNESS_PROGRAM_WITNESS_EMPTY', {scriptPubKey: p2tr(X_KEY)}],
  ['WITNESS_PROGRAM_MISMATCH', {scriptPubKey: p2wshOf(assembleScript('1')), witness: [assembleScript('2')]}],
  ['WITNESS_PROGRAM_MISMATCH', {scriptPubKey: p2wpkh(hash160(KEY)), witness: [KEY]}],
  ['WITNESS_MALLEATED', {scriptPubKey: p2wshOf(assembleScript('1')), scriptSig: assembleScript('1'), witness: [assembleScript('1')]}],
  ['WITNESS_MALLEATED_P2SH', {scriptPubKey: p2shOf(p2wshOf(assembleScript('1'))), scriptSig: concatBytes(assembleScript('1'), pushData(p2wshOf(assembleScript('1')))), witness: [assembleScript('1')]}],
  ['WITNESS_UNEXPECTED', {scriptPubKey: assembleScript('1'), witness: [KEY]}],
  ['WITNESS_PUBKEYTYPE', {...signed(p2wshOf(p2pk(FULL_KEY)), {witnessScript: p2pk(FULL_KEY), isUncompressed: true}), flags: STANDARD_FLAGS}],
  ['MINIMALIF', {scriptPubKey: p2wshOf(assembleScript('IF 1 ENDIF')), witness: [hex('02'), assembleScript('IF 1 ENDIF')], flags: STANDARD_FLAGS}],
  ['CLEANSTACK', {scriptPubKey: p2wshOf(assembleScript('1 1')), witness: [assembleScript('1 1')]}],
  ['OK', bare('16 0x02 0x0001')],
  ['DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM', bare('16 0x02 0x0001', STANDARD_FLAGS)],
  ['OK', {scriptPubKey: p2tr(X_KEY), flags: P2SH | WITNESS}],
  ['SCHNORR_SIG_SIZE', {scriptPubKey: p2tr(X_KEY), witness: [new Uint8Array(63)]}],
  ['SCHNORR_SIG_HASHTYPE', {scriptPubKey: p2tr(X_KEY), witness: [new Uint8Array(65)]}],
  ['SCHNORR_SIG_HASHTYPE', {scriptPubKey: p2tr(X_KEY), witness: [new Uint8Array(65).fill(4)]}],
  ['SCHNORR_SIG', {scriptPubKey: p2tr(X_KEY), witness: [new Uint8Array(64)]}],
  ['SCHNORR_SIG', {...signed(p2tr(tweakPublicKey(X_KEY)!.outputKey)), lockTime: 1}],
  ['TAPROOT_WRONG_CONTROL_SIZE', {scriptPubKey: p2tr(X_KEY), witness: [assembleScript('1'), new Uint8Array(34)]}],
  ['WITNESS_PROGRAM_MISMATCH', {scriptPubKey: p2tr(X_KEY), witness: [assembleScript('1'), concatBytes(hex('c0'), X_KEY)]}],
  ['OK', byLeaf(assembleScript('1'), [])],
  ['OK', byLeaf(assembleScript('1'), [], {annex: [hex('50')]})],
  ['OK', byLeaf(assembleScript('1'), [], {version: 0xfa})],
  ['DISCOURAGE_UPGRADABLE_TAPROOT_VERSION', {...byLeaf(assembleScript('1'), [], {version: 0xfa}), flags: STANDARD_FLAGS}],
  ['OK', byLeaf(hex('0050'), [])],
  ['DISCOURAGE_OP_SUCCESS', {...byLeaf(hex('0050'), []), flags: STANDARD_FLAGS}],
  ['BAD_OPCODE', byLeaf(hex('4c'), [])],
  ['OK', byLeaf(TAP_CHECKSIG, [tapscriptSignature(TAP_CHECKSIG)])],
  ['OK', byLeaf(TAP_CHECKSIG, [tapscriptSignature(TAP_CHECKSIG, 2)])],
  ['SCHNORR_SIG', byLeaf(TAP_CHECKSIG, [tapscriptSignature(TAP_CHECKSIG, 0, 0)])],
  ['EVAL_FALSE', byLeaf(TAP_CHECKSIG, [NOTHING])],
  ['PUBKEYTYPE', byLeaf(assembleScript('0 CHECKSIG'), [NOTHING])],
  ['OK', byLeaf(assembleScript('1 CHECKSIG'), [hex('01')])],
  ['DISCOURAGE_UPGRADABLE_PUBKEYTYPE', {...byLeaf(assembleScript('1 CHECKSIG'), [hex('01')]), flags: STANDARD_FLAGS}],
  ['TAPSCRIPT_VALIDATION_WEIGHT', byLeaf(assembleScript('1 2DUP CHECKSIGVERIFY 2DUP CHECKSIGVERIFY 2DUP CHECKSIGVERIFY CHECKSIG'), [hex('01')])],
  ['TAPSCRIPT_CHECKMULTISIG', byLeaf(assembleScript('0 0 CHECKMULTISIG'), [NOTHING])],
  ['TAPSCRIPT_MINIMALIF', byLeaf(assembleScript('IF 1 ENDIF'), [hex('02')])],
  ['OK', byLeaf(assembleScript('0 5 1 CHECKSIGADD 5 NUMEQUAL'), [])],
  ['OK', byLeaf(assembleScript('5 1 CHECKSIGADD 6 NUMEQUAL'), [hex('01')])],
  ['BAD_OPCODE', bare('0 5 1 CHECKSIGADD')],
  ['OK', byLeaf(concatBytes(assembleScript('NOP '.repeat(300)), assembleScript('1')), [])],
  ['STACK_SIZE', byLeaf(assembleScript('1'), Array.from({length: 1001}, () => NOTHING))],
  ['PUSH_SIZE', byLeaf(assembleScript('1'), [new Uint8Array(521)])],
];

const verify = suite('protocol / script / verify-script');

for (const [expected, spend] of CASES) {
  verify(`${expected}: ${Buffer.from(spend.scriptPubKey.subarray(0, 24)).toString('hex')}`, () => {
    assert.is(outcome(spend), expected);
  });
}

verify('SIG_HIGH_S is policy: without it a high S verifies', () => {
  const spend = signed(p2pk(KEY));
  const der = spend.scriptSig!.subarray(1, -1);
  const compact = secp256k1.Signature.fromBytes(der, 'der');
  const high = new secp256k1.Signature(compact.r, secp256k1.Point.CURVE().n - compact.s).toBytes('der');
  const scriptSig = pushData(concatBytes(high, Uint8Array.of(1)));
  assert.is(outcome({...spend, scriptSig}), 'OK');
  assert.is(outcome({...spend, scriptSig, flags: STANDARD_FLAGS}), 'SIG_HIGH_S');
});

verify('a hybrid key is legal outside STRICTENC, where its parity is right', () => {
  const parity = FULL_KEY[64]! & 1;
  for (const [form, expected] of [[6 | parity, 'OK'], [6 | (parity ^ 1), 'EVAL_FALSE']] as const) {
    const hybrid = concatBytes(Uint8Array.of(form), FULL_KEY.subarray(1));
    const scriptPubKey = p2pk(hybrid);
    const {transaction} = digestsFor({scriptPubKey});
    const message = legacySighash(transaction, {inputIndex: 0, scriptCode: scriptPubKey, hashType: SIGHASH.ALL});
    const signature = encodeSignature(secp256k1.sign(message, SECRET, {prehash: false, lowS: true}));
    const spend = {scriptPubKey, scriptSig: pushData(signature)};
    assert.is(outcome({...spend, flags: P2SH | WITNESS | TAPROOT}), expected);
    assert.is(outcome({...spend, flags: STANDARD_FLAGS}), 'PUBKEYTYPE');
  }
});

verify('every error code was met', () => {
  assert.equal(SCRIPT_ERROR_CODES.filter((code) => !seen.has(code)), []);
});

verify.run();
