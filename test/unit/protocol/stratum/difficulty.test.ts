// Proves difficulties at their borders: text, target and number are the same thing; extranonces never meet; user names
// and passwords read as miners write them.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import {DIFFICULTY_ONE_TARGET} from '../../../../src/protocol/consensus/pow/work.js';
import {exponentAtLeast, exponentAtMost, exponentForTarget, shareDifficulty, targetOfDifficultyText} from '../../../../src/protocol/stratum/difficulty.js';
import {ExtranonceAllocator} from '../../../../src/protocol/stratum/extranonce.js';
import {LineReader} from '../../../../src/protocol/stratum/line-codec.js';
import {fixedDifficultyOf, splitUserName} from '../../../../src/protocol/stratum/user-name.js';
import {grantVersionMask, rollVersion} from '../../../../src/protocol/stratum/version-rolling.js';

const parts = suite('protocol / stratum / difficulty');

parts('the announced text is exactly the enforced target, for every power of two', () => {
  for (let exponent = -32; exponent <= 160; exponent++) {
    const {text, target, value} = shareDifficulty(exponent);
    assert.is(targetOfDifficultyText(text), target);
    assert.is(Number(text), value);
    assert.not.match(text, /e/i);
    assert.is(text.includes('.'), exponent < 0);
    assert.ok(target > 0n && target < 1n << 256n);
  }
  assert.is(shareDifficulty(0).target, DIFFICULTY_ONE_TARGET);
  assert.is(shareDifficulty(-12).text, '0.000244140625');
  assert.is(shareDifficulty(500).exponent, 160);
  assert.is(shareDifficulty(-500).exponent, -32);
});

parts('rounding to a power of two goes the stated way, also at the powers', () => {
  for (let exponent = -32; exponent < 160; exponent++) {
    const value = 2 ** exponent;
    assert.is(exponentAtMost(value), exponent);
    assert.is(exponentAtLeast(value), exponent);
    assert.is(exponentAtMost(value * 1.999), exponent);
    assert.is(exponentAtLeast(value * 1.001), exponent + 1);
  }
  for (const bad of [0, -1, Number.NaN]) assert.is(exponentAtMost(bad), undefined);
});

parts('a hash that meets a target is always a share of its difficulty, and of no needlessly easy one', () => {
  fc.assert(fc.property(fc.bigInt({min: 1n, max: (1n << 256n) - 1n}), fc.nat({max: 255}), (value, shift) => {
    const target = (value >> BigInt(shift)) || 1n;
    const exponent = exponentForTarget(target);
    if (exponent > -32) assert.ok(shareDifficulty(exponent).target >= target);
    if (exponent < 160) assert.ok(shareDifficulty(exponent + 1).target < target);
  }));
  for (let exponent = -32; exponent <= 160; exponent++) assert.is(exponentForTarget(shareDifficulty(exponent).target), exponent);
});

parts('decimal difficulties that are none are refused', () => {
  for (const text of ['', '.', '1.', '.5', '-1', '1e3', '0', '0.0', ' 1', '1 ']) assert.is(targetOfDifficultyText(text), undefined, text);
});

parts('extranonces: no two held are equal, freed ones come back last, a restart does not overlap', () => {
  const first = new ExtranonceAllocator({instancePrefix: Uint8Array.of(7), size: 2, firstCounter: 250});
  const handed = Array.from({length: 256}, () => first.allocate()!.join());
  assert.is(new Set(handed).size, 256);
  assert.is(first.allocate(), undefined);
  first.release(Uint8Array.of(7, 3));
  assert.equal(first.allocate(), Uint8Array.of(7, 3));
  const before = new ExtranonceAllocator({instancePrefix: new Uint8Array(0), size: 4, firstCounter: 0});
  const old = [before.allocate()!, before.allocate()!];
  const after = new ExtranonceAllocator({instancePrefix: new Uint8Array(0), size: 4, firstCounter: before.nextCounter});
  assert.equal(after.allocate(), Uint8Array.of(0, 0, 0, 2));
  assert.ok(after.claim(old[0]!));
  assert.not.ok(after.claim(old[0]!), 'it is held now');
  assert.not.ok(after.claim(Uint8Array.of(0, 0, 0, 9)), 'it was never handed out');
  assert.not.ok(after.claim(Uint8Array.of(1)));
});

parts('with a granted mask, replacing, OR and XOR give the same version', () => {
  fc.assert(fc.property(fc.integer(), fc.integer(), fc.integer(), fc.integer(), (jobVersion, server, client, wish) => {
    const mask = grantVersionMask({server, client, jobVersion});
    const bits = wish & mask;
    const {version, isGranted} = rollVersion({jobVersion, mask, bits});
    assert.ok(isGranted);
    assert.is(version, jobVersion | bits);
    assert.is(version, jobVersion ^ bits);
    assert.is(rollVersion({jobVersion, mask, bits: wish}).isGranted, (wish & ~mask) === 0);
  }));
});

parts('lines come out the same however they are cut', () => {
  fc.assert(fc.property(fc.array(fc.string({maxLength: 30}).map((text) => text.replace(/[\r\n]/g, '')), {maxLength: 20}), fc.array(fc.integer({min: 1, max: 7})), (lines, cuts) => {
    const text = lines.map((line, index) => line + (index % 2 === 0 ? '\n' : '\r\n')).join('');
    const reader = new LineReader();
    const seen: string[] = [];
    let at = 0;
    for (const cut of [...cuts, text.length]) {
      const chunk = text.slice(at, at + cut);
      seen.push(...reader.push(chunk).lines);
      at += cut;
    }
    assert.equal(seen, lines.filter((line) => line.length > 0));
    assert.is(reader.pendingLength, 0);
  }));
});

parts('a line reader holds no more than its limit and stays broken', () => {
  const reader = new LineReader(10);
  assert.equal(reader.push(`${'a'.repeat(10)}\n`), {lines: ['a'.repeat(10)], overflow: false});
  assert.equal(reader.push(new TextEncoder().encode(`ok\n${'b'.repeat(11)}`)), {lines: ['ok'], overflow: true});
  assert.equal(reader.push('fine\n'), {lines: [], overflow: true});
  assert.is(reader.pendingLength, 0);
});

parts('user names', () => {
  const none = {difficulty: undefined};
  assert.equal(splitUserName('addr'), {addressText: 'addr', minerName: '', ...none});
  assert.equal(splitUserName('addr.rig.2'), {addressText: 'addr', minerName: 'rig.2', ...none});
  assert.equal(splitUserName('addr.a\u0007\u00e9'), {addressText: 'addr', minerName: 'a??', ...none});
  assert.is(splitUserName(`a.${'x'.repeat(200)}`).minerName.length, 64);
});

parts('a difficulty in the user name is no part of the name', () => {
  assert.equal(splitUserName('addr.rig+1024'), {addressText: 'addr', minerName: 'rig', difficulty: 1024});
  assert.equal(splitUserName('addr+0.001'), {addressText: 'addr', minerName: '', difficulty: 0.001});
  assert.equal(splitUserName('addr.a+b+500K'), {addressText: 'addr', minerName: 'a+b', difficulty: 500_000});
  for (const name of ['rig+', 'rig+x', 'rig+0', 'rig+1e9', 'rig+1024 ', 'rig-1024']) {
    assert.equal(splitUserName(`addr.${name}`), {addressText: 'addr', minerName: name, difficulty: undefined});
  }
});

parts('password options', () => {
  for (const [password, value] of [['d=1024', 1024], ['x,diff=0.5', 0.5], ['x;D=8,y', 8], ['d=500k', 500_000], ['diff=2M z', 2_000_000], ['d=1g', 1e9],
    ['d=', undefined], ['', undefined], ['d=0', undefined], ['id=5', undefined], ['d=1e9', undefined], ['d=5x', undefined]] as const) {
    assert.is(fixedDifficultyOf(password), value, password);
  }
});

parts.run();
