// Proves that a judgement compares hash and target as 256-bit integers, whichever word of them differs.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {judgeShare} from '../../../../src/protocol/stratum/judge-share.js';

function hashOf(value: bigint): Uint8Array {
  return Uint8Array.from({length: 32}, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
}

function judged(value: bigint, target: bigint) {
  return judgeShare({
    hash: hashOf(value), networkTarget: target, shareTarget: target, isStale: false, isCounted: false, hasGrantedVersion: true, hasTimeInRange: true,
  });
}

const test = suite('protocol / stratum / judge-share');

test('a hash at the target meets it, one above does not, at every bit', () => {
  for (let bit = 0n; bit < 256n; bit += 1n) {
    for (const target of [1n << bit, (1n << bit) - 1n, (0x80000001n << bit) % (1n << 256n)]) {
      for (const value of [target - 1n, target, target + 1n, target ^ (1n << 255n), target ^ (1n << 31n)]) {
        if (value < 0n || value >= 1n << 256n) continue;
        assert.equal(judged(value, target), {isBlock: value <= target, rejection: value <= target ? undefined : 'low-difficulty'}, `${value} of ${target}`);
      }
    }
  }
});

test('a target beyond 256 bits is met by the greatest hash', () => {
  assert.is(judged((1n << 256n) - 1n, 1n << 256n).isBlock, true);
});

test.run();
