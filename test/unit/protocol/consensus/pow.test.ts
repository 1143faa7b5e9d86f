/** Compact targets, work, both retarget rules, and subsidy, at their borders. */
import * as fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {displayHexToHash} from '../../../../src/protocol/bytes/hex.js';
import {DEVNET, REGTEST} from '../../../../src/protocol/chain/presets.js';
import type {PowEngine} from '../../../../src/protocol/chain/chain-spec.js';
import {checkProofOfWork} from '../../../../src/protocol/consensus/pow/check-pow.js';
import {compactToTarget, decodeCompact, targetToCompact} from '../../../../src/protocol/consensus/pow/compact.js';
import {nextRequiredBits} from '../../../../src/protocol/consensus/pow/retarget.js';
import {difficultyOfBits, workOfBits} from '../../../../src/protocol/consensus/pow/work.js';
import {blockSubsidy} from '../../../../src/protocol/consensus/subsidy.js';

const test = suite('protocol / consensus / pow');

test('compact: the worked cases of Bitcoin', () => {
  const cases: [number, bigint, number][] = [
    [0x01123456, 0x12n, 0x01120000], [0x02123456, 0x1234n, 0x02123400], [0x03123456, 0x123456n, 0x03123456],
    [0x04123456, 0x12345600n, 0x04123456], [0x05009234, 0x92340000n, 0x05009234],
    [0x1d00ffff, 0xffffn << 208n, 0x1d00ffff], [0x20123456, 0x123456n << 232n, 0x20123456],
  ];
  for (const [bits, target, back] of cases) {
    assert.is(compactToTarget(bits), target, bits.toString(16));
    assert.is(targetToCompact(target), back, bits.toString(16));
  }
  assert.is(targetToCompact(0n), 0);
  assert.is(targetToCompact(0x80n), 0x02008000);
});

test('compact: zero, negative and overflow name no target', () => {
  for (const bits of [0, 0x00123456, 0x01003456, 0x01fedcba, 0x04923456, 0xff123456, 0x22010000, 0x23000100, 0x23000001]) {
    assert.is(compactToTarget(bits), undefined, bits.toString(16));
  }
  assert.ok(decodeCompact(0x04923456).isNegative);
  assert.not.ok(decodeCompact(0x04800000).isNegative, 'a negative zero is zero');
  assert.ok(decodeCompact(0x22010000).isOverflow && !decodeCompact(0x220000ff).isOverflow);
  assert.ok(decodeCompact(0x21010000).isOverflow && !decodeCompact(0x2100ffff).isOverflow);
});

test('compact: encoding loses only what lies below 16 bits of mantissa', () => {
  fc.assert(fc.property(fc.bigInt({min: 1n, max: (1n << 256n) - 1n}), (target) => {
    const back = compactToTarget(targetToCompact(target))!;
    assert.ok(back <= target && target - back < (target >> 15n) + 1n);
    assert.is(targetToCompact(back), targetToCompact(target));
  }));
});

test('work and difficulty of known bits', () => {
  assert.is(workOfBits(0x1d00ffff), 0x100010001n);
  assert.is(workOfBits(0x207fffff), 2n);
  assert.is(workOfBits(0), 0n);
  assert.is(difficultyOfBits(0x1d00ffff), 1);
  assert.is(difficultyOfBits(0x1e0ffff0), 2 ** -12);
  assert.is(difficultyOfBits(0x1b0404cb).toFixed(6), '16307.420939');
  assert.ok(Math.abs(difficultyOfBits(0x207fffff) - 4.6565423739069247e-10) < 1e-25);
});

test('high-hash: one above the target, bits above the limit, bits without a target', () => {
  const at = displayHexToHash(`00000000ffff${'0'.repeat(52)}`)!;
  const above = displayHexToHash(`00000000ffff${'0'.repeat(51)}1`)!;
  const limit = 0xffffn << 208n;
  assert.ok(checkProofOfWork(at, 0x1d00ffff, limit).ok);
  assert.is(code(checkProofOfWork(above, 0x1d00ffff, limit)), 'high-hash');
  assert.is(code(checkProofOfWork(new Uint8Array(32), 0x1d010000, limit)), 'high-hash');
  assert.is(code(checkProofOfWork(new Uint8Array(32), 0, limit)), 'high-hash');
});

const mainLike: PowEngine = {
  kind: 'pow', powLimit: 0xffffn << 208n, powLimitBits: 0x1d00ffff,
  retarget: {kind: 'bitcoin', intervalBlocks: 2016, spacingSec: 600, noRetarget: false, allowMinDifficulty: false},
};
function mainBits(parentHeight: number, first: number, last: number, bits: number): number {
  return nextRequiredBits({
    engine: mainLike, parentHeight, timeSec: 0,
    ancestorAt: (height) => ({timeSec: height === parentHeight ? last : height === parentHeight - 2015 ? first : -1e9, bits}),
  });
}

test('bitcoin retarget: the first four known changes of the main chain', () => {
  assert.is(mainBits(32255, 1261130161, 1262152739, 0x1d00ffff), 0x1d00d86a);
  assert.is(mainBits(2015, 1231006505, 1233061996, 0x1d00ffff), 0x1d00ffff, 'not easier than the limit');
  assert.is(mainBits(68543, 1279008237, 1279297671, 0x1c05a3f4), 0x1c0168fd, 'clamped to a quarter');
  assert.is(mainBits(46367, 1263163443, 1269211443, 0x1c387f6f), 0x1d00e1fd, 'clamped to four times');
  assert.is(mainBits(2016, 0, 1, 0x1c05a3f4), 0x1c05a3f4, 'between intervals nothing changes');
});

test('regtest never retargets', () => {
  for (const parentHeight of [0, 1, 2015, 4031]) {
    const ancestorAt = (height: number) => ({timeSec: height * 10_000, bits: 0x207fffff});
    assert.is(nextRequiredBits({engine: REGTEST.engine, parentHeight, ancestorAt, timeSec: 1e9}), 0x207fffff);
  }
});

test('test networks give the easiest target after two spacings', () => {
  const engine: PowEngine = {...mainLike, retarget: {kind: 'bitcoin', intervalBlocks: 2016, spacingSec: 600, noRetarget: false, allowMinDifficulty: true}};
  const ancestorAt = (height: number) => ({timeSec: height * 600, bits: height >= 2020 ? 0x1d00ffff : 0x1c05a3f4});
  const at = (timeSec: number) => nextRequiredBits({engine, parentHeight: 2025, ancestorAt, timeSec});
  assert.is(at(2025 * 600 + 1201), 0x1d00ffff);
  assert.is(at(2025 * 600 + 1200), 0x1c05a3f4, 'back to the last real one');
});

function devnetBits(timesSec: readonly number[], bits: number): number {
  return nextRequiredBits({
    engine: DEVNET.engine, parentHeight: timesSec.length - 1, timeSec: 0,
    ancestorAt: (height) => ({timeSec: timesSec[height]!, bits}),
  });
}

test('devnet: on schedule the target stays, a half-life late it doubles, early it halves', () => {
  const bits = 0x1d00ffff;
  assert.is(devnetBits([0, 10], bits), bits);
  assert.is(devnetBits([0, 310], bits), targetToCompact(2n * (0xffffn << 208n)));
  assert.is(devnetBits([0, -290], bits), targetToCompact((0xffffn << 208n) / 2n));
});

test('devnet: a night without blocks leads to the easiest target and no further', () => {
  assert.is(devnetBits([0, 10, 40_000], 0x1a00ffff), DEVNET.engine.powLimitBits);
  assert.is(devnetBits([0], DEVNET.engine.powLimitBits), DEVNET.engine.powLimitBits, 'the block after genesis');
  assert.is(devnetBits([0, 10, 20], DEVNET.engine.powLimitBits), DEVNET.engine.powLimitBits, 'the night is forgotten');
});

test('subsidy halves at each interval, to nothing', () => {
  assert.is(blockSubsidy(149, REGTEST), 50_00000000n);
  assert.is(blockSubsidy(150, REGTEST), 25_00000000n);
  assert.is(blockSubsidy(150 * 33, REGTEST), 0n);
  assert.is(blockSubsidy(150 * 64, REGTEST), 0n);
  assert.is(blockSubsidy(2_100_000, DEVNET), 2_50000000n);
  let total = 0n;
  for (let era = 0; era < 64; era++) total += blockSubsidy(era * 2_100_000, DEVNET) * 2_100_000n;
  assert.ok(total <= DEVNET.maxMoneySats && total > 20_999_000n * 100_000_000n);
});

function code(verdict: {ok: boolean; code?: string}): string | undefined {
  return verdict.code;
}

test.run();
