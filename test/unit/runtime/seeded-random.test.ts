// Proves that the generator is the same everywhere for one seed, other for another, and fair enough for choices.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {SeededRandom} from '../../../src/runtime/seeded-random.js';
import {systemRandom} from '../../../src/runtime/system-clock.js';

const draw = (random: {uint32(): number}, count: number): number[] => Array.from({length: count}, () => random.uint32());
const test = suite('runtime / seeded-random');

test('one seed, one sequence; neighbouring seeds share nothing', () => {
  assert.equal(draw(new SeededRandom(7), 100), draw(new SeededRandom(7), 100));
  const shared = new Set(draw(new SeededRandom(7), 1_000));
  assert.is(draw(new SeededRandom(8), 1_000).filter((word) => shared.has(word)).length, 0);
  assert.is.not(draw(new SeededRandom(2 ** 40), 1)[0], draw(new SeededRandom(0), 1)[0]);
  assert.is.not(draw(systemRandom(), 1)[0], draw(systemRandom(), 1)[0]);
});

test('below is in range and even: chi-squared of ten cells over 100 000 draws', () => {
  const random = new SeededRandom(1);
  const cells = Array.from({length: 10}, () => 0);
  for (let i = 0; i < 100_000; i += 1) cells[random.below(10)]! += 1;
  const chiSquared = cells.reduce((sum, seen) => sum + (seen - 10_000) ** 2 / 10_000, 0);
  // 9 degrees of freedom: 27.9 is exceeded once in a thousand.
  assert.ok(chiSquared < 27.9, `${chiSquared}`);
});

test('below: the bounds of the bound', () => {
  const random = new SeededRandom(1);
  assert.is(random.below(1), 0);
  assert.ok(random.below(2 ** 32) < 2 ** 32);
  for (const bound of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN]) assert.throws(() => random.below(bound), /random below/);
  for (let i = 0; i < 1_000; i += 1) {
    const drawn = random.next();
    assert.ok(drawn >= 0 && drawn < 1);
  }
});

test.run();
