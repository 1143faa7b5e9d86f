// Proves the small parts that scripts are made of and told apart by: numbers at their borders, pushes in their shortest
// form, templates and their near misses, text as JSON-RPC prints it, flags by height, FindAndDelete at boundaries.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {bytesToHex} from '../../../../src/protocol/bytes/hex.js';
import {buildScript, multisig, nullData, p2pk, p2pkh, p2sh, p2tr, p2wpkh, p2wsh, pushData, pushNumber, witnessProgramScript} from '../../../../src/protocol/script/build-script.js';
import {classifyScript, isUnspendable, witnessProgram} from '../../../../src/protocol/script/classify-script.js';
import {findAndDelete, withoutCodeSeparators} from '../../../../src/protocol/script/find-and-delete.js';
import {isOpSuccess, opcodeByName, opcodeName} from '../../../../src/protocol/script/opcodes.js';
import {disassembleScript, isMinimalPush, isPushOnly, ScriptCursor} from '../../../../src/protocol/script/parse-script.js';
import {mandatoryReject, policyReject} from '../../../../src/protocol/script/script-error.js';
import {consensusFlags, MANDATORY_FLAGS, SCRIPT_FLAG, STANDARD_FLAGS} from '../../../../src/protocol/script/script-flags.js';
import {castToBoolean, decodeScriptNumber, encodeScriptNumber} from '../../../../src/protocol/script/script-number.js';
import {compactSignature, isStrictDer} from '../../../../src/protocol/script/signature-encoding.js';
import {assembleScript, hex} from '../../../support/script-assembler.js';

const KEY = hex(`02${'11'.repeat(32)}`);
const HASH_20 = hex('22'.repeat(20));
const HASH_32 = hex('33'.repeat(32));

const forms = suite('protocol / script / script-forms');

forms('numbers go through their bytes and back at every border', () => {
  for (const value of [0, 1, -1, 127, 128, -127, -128, 255, 256, 32767, 32768, -32768, 2 ** 31 - 1, -(2 ** 31) + 1]) {
    assert.is(decodeScriptNumber(encodeScriptNumber(value), true), value, String(value));
  }
  assert.is(bytesToHex(encodeScriptNumber(-128)), '8080');
  assert.is(decodeScriptNumber(encodeScriptNumber(2 ** 31), true), undefined, 'five bytes are no operand');
  assert.is(decodeScriptNumber(encodeScriptNumber(2 ** 32 - 1), true, 5), 2 ** 32 - 1);
});

forms('a number that is not in its shortest form is one only where that is allowed', () => {
  for (const [text, value] of [['00', 0], ['80', 0], ['0100', 1], ['0180', -1], ['ff00', 255]] as const) {
    assert.is(Object.is(decodeScriptNumber(hex(text), false), value), true, text);
    assert.is(decodeScriptNumber(hex(text), true), text === 'ff00' ? value : undefined, text);
  }
});

forms('false is empty, zeros, and negative zero', () => {
  for (const text of ['', '00', '0000', '80', '0080']) assert.is(castToBoolean(hex(text)), false, text);
  for (const text of ['01', '8000', '0001', '81']) assert.is(castToBoolean(hex(text)), true, text);
});

forms('pushes take the shortest form, at each border of length', () => {
  for (const [size, prefix] of [[1, '01'], [75, '4b'], [76, '4c4c'], [255, '4cff'], [256, '4d0001'], [65535, '4dffff'], [65536, '4e00000100']] as const) {
    const script = pushData(new Uint8Array(size).fill(0x42));
    assert.is(bytesToHex(script).slice(0, prefix.length), prefix);
    const cursor = new ScriptCursor(script);
    assert.ok(cursor.next() && cursor.atEnd && isMinimalPush(cursor.opcode, cursor.data));
    assert.is(cursor.data.length, size);
  }
  assert.equal([...pushData(hex('05')), ...pushData(hex('81')), ...pushNumber(17)], [0x55, 0x4f, 1, 17]);
});

forms('a push that announces too much is no operation', () => {
  for (const text of ['02aa', '4c', '4c02aa', '4d01', '4dffff00', '4e010000', '4effffffff00']) {
    assert.is(new ScriptCursor(hex(text)).next(), false, text);
    assert.is(isPushOnly(hex(text)), false, text);
    assert.is(disassembleScript(hex(text)), '[error]');
  }
});

forms('every standard script is recognised', () => {
  assert.is(classifyScript(p2pk(KEY)).type, 'pubkey');
  assert.is(classifyScript(p2pkh(HASH_20)).type, 'pubkeyhash');
  assert.is(classifyScript(p2sh(HASH_20)).type, 'scripthash');
  assert.is(classifyScript(p2wpkh(HASH_20)).type, 'witness_v0_keyhash');
  assert.is(classifyScript(p2wsh(HASH_32)).type, 'witness_v0_scripthash');
  assert.is(classifyScript(p2tr(HASH_32)).type, 'witness_v1_taproot');
  assert.equal(classifyScript(witnessProgramScript(16, hex('0102'))), {type: 'witness_unknown', version: 16, program: hex('0102')});
  assert.equal(classifyScript(multisig(1, [KEY, KEY])), {type: 'multisig', required: 1, publicKeys: [KEY, KEY]});
  assert.is(classifyScript(nullData(HASH_32)).type, 'nulldata');
});

forms('near misses are nonstandard', () => {
  const longPushHash = assembleScript(`HASH160 0x4c14 0x${'22'.repeat(20)} EQUAL`);
  for (const script of [
    hex(''), longPushHash, hex(`0013${'00'.repeat(19)}`), hex(`6a02aa`), hex(`23${'05'.repeat(35)}ac`),
    hex(`52 21 ${bytesToHex(KEY)} 51 ae`.replaceAll(' ', '')), hex('51ae'), hex('5151ae'), hex('ae'),
  ]) assert.is(classifyScript(script).type, 'nonstandard', bytesToHex(script));
});

forms('a witness program has 2 to 40 bytes in one direct push', () => {
  assert.is(witnessProgram(hex('5101aa')), undefined);
  assert.equal(witnessProgram(hex('5102aabb')), {version: 1, program: hex('aabb')});
  assert.ok(witnessProgram(hex(`6028${'00'.repeat(40)}`)));
  for (const text of [`6029${'00'.repeat(41)}`, '514c02aabb', '5102aabbcc', '4f02aabb', '6102aabb']) assert.is(witnessProgram(hex(text)), undefined, text);
});

forms('what can never be spent never becomes a coin', () => {
  assert.ok(isUnspendable(hex('6a')) && isUnspendable(new Uint8Array(10_001)));
  assert.not.ok(isUnspendable(hex('')) || isUnspendable(new Uint8Array(10_000)) || isUnspendable(hex('516a')));
});

forms('text is what Bitcoin Core prints', () => {
  assert.is(disassembleScript(p2pkh(HASH_20)), `OP_DUP OP_HASH160 ${'22'.repeat(20)} OP_EQUALVERIFY OP_CHECKSIG`);
  assert.is(disassembleScript(buildScript([0x00, 0x4f, 0x60, hex('ff00'), hex('0102030405'), 0x50, 0xb1, 0xff])),
    '0 -1 16 255 0102030405 OP_RESERVED OP_CHECKLOCKTIMEVERIFY OP_UNKNOWN');
});

forms('opcodes have one name each, read with and without OP_', () => {
  for (let opcode = 0x4f; opcode <= 0xba; opcode++) {
    const name = opcodeName(opcode);
    assert.is(opcodeByName(name), opcode, name);
    assert.is(opcodeByName(name.slice(3)), opcode, name);
  }
  assert.is(opcodeByName('NOP2'), 0xb1);
  assert.is(opcodeByName('OP_NOP3'), 0xb2);
});

forms('OP_SUCCESS is exactly the 87 numbers of BIP 342', () => {
  const all = Array.from({length: 256}, (_, opcode) => opcode).filter(isOpSuccess);
  assert.is(all.length, 87);
  assert.equal([all[0], all[1], all.at(-1)], [80, 98, 254]);
  assert.not.ok(isOpSuccess(0xba) || isOpSuccess(0x89 - 1) || isOpSuccess(255));
});

forms('FindAndDelete cuts whole operations and never into a push', () => {
  assert.is(bytesToHex(findAndDelete(hex('02aabb51'), hex('02aabb'))), '51');
  assert.is(bytesToHex(findAndDelete(hex('51510051'), hex('51'))), '00');
  // The pattern's bytes inside another push stay.
  assert.is(bytesToHex(findAndDelete(hex('0402aabb5151'), hex('02aabb'))), '0402aabb5151');
  // After a cut, matching goes on at once; a broken push at the end is kept.
  assert.is(bytesToHex(findAndDelete(hex('02aabb02aabb02aa'), hex('02aabb'))), '02aa');
  const untouched = hex('5152');
  assert.is(findAndDelete(untouched, hex('53')), untouched);
  assert.is(findAndDelete(untouched, hex('')), untouched);
  assert.is(bytesToHex(withoutCodeSeparators(hex('ab51ab02abab'))), '5102abab');
});

forms('flags bind from their heights on', () => {
  const activation = {bip65: 4, bip66: 3, csv: 5, segwit: 6, taproot: 7};
  assert.is(consensusFlags(activation, 2), SCRIPT_FLAG.P2SH);
  assert.is(consensusFlags(activation, 3), SCRIPT_FLAG.P2SH | SCRIPT_FLAG.DERSIG);
  assert.is(consensusFlags(activation, 6) & SCRIPT_FLAG.TAPROOT, 0);
  assert.is(consensusFlags(activation, 7), MANDATORY_FLAGS);
  assert.is(MANDATORY_FLAGS & STANDARD_FLAGS, MANDATORY_FLAGS);
});

forms('reject strings are those that RPC callers match on', () => {
  assert.is(mandatoryReject('EVAL_FALSE'), 'mandatory-script-verify-flag-failed (Script evaluated without error but finished with a false/empty top stack element)');
  assert.is(policyReject('CLEANSTACK'), 'non-mandatory-script-verify-flag (Stack size must be exactly one after execution)');
});

forms('DER is strict in every byte, and lax reading takes what OpenSSL took', () => {
  const strict = hex('300602010102010101');
  assert.ok(isStrictDer(strict));
  for (const broken of ['3006020101020101', '310602010102010101', '300702010102010101', '300602018102010101', '30070202000102010101', '300602010103010101']) {
    assert.not.ok(isStrictDer(hex(broken)), broken);
  }
  const compact = `${'1'.padStart(64, '0')}${'2'.padStart(64, '0')}`;
  for (const lax of ['3006020101020102', '307f020101020102', '308106020101020102', '30080202000102020002', '300602010102010299', '30800281010102820001'.concat('02')]) {
    assert.is(bytesToHex(compactSignature(hex(lax)) ?? hex('')), compact, lax);
  }
  for (const unreadable of ['', '30', '3006', '30ff020101020102', '300602010102', '3006020001020101'.slice(0, 10), '30068502']) {
    assert.is(compactSignature(hex(unreadable)), undefined, unreadable);
  }
});

forms('a compact signature has s in the lower half, and none is made of values out of range', () => {
  const order = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';
  const withS = (s: string): Uint8Array => hex(`3025020101022000${s}`.replace('022000', '022100'));
  const high = compactSignature(withS(order.replace(/41$/, '40')))!;
  assert.is(bytesToHex(high.subarray(32)), '1'.padStart(64, '0'));
  assert.is(compactSignature(withS(order)), undefined);
  assert.is(compactSignature(hex('3006020100020101')), undefined);
});

forms.run();
