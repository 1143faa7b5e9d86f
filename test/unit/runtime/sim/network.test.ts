/** The simulated network does what its settings say, and only that. */
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {LinkQuality} from '../../../../src/runtime/sim/network.js';
import {createSimulation} from '../../../../src/runtime/sim/simulation.js';

const test = suite('runtime / sim / network');

function pair(quality: Partial<LinkQuality>, seed = 1) {
  const simulation = createSimulation({seed});
  const network = simulation.network<number>(quality);
  const arrived: {n: number; atMs: number}[] = [];
  network.join('a', () => undefined);
  network.join('b', (_from, n) => arrived.push({n, atMs: simulation.clock.nowMs()}));
  return {simulation, network, arrived};
}
const numbers = (count: number) => Array.from({length: count}, (_, i) => i);

test('an ordered link keeps the order and its delays; an unordered one reorders', async () => {
  const ordered = pair({delayMs: {min: 5, max: 50}});
  for (const n of numbers(100)) ordered.network.send('a', 'b', n);
  await ordered.simulation.advance(1_000);
  assert.equal(ordered.arrived.map(({n}) => n), numbers(100));
  assert.ok(ordered.arrived.every(({atMs}) => atMs >= 5 && atMs <= 51));
  const unordered = pair({delayMs: {min: 5, max: 50}, isOrdered: false});
  for (const n of numbers(100)) unordered.network.send('a', 'b', n);
  await unordered.simulation.advance(1_000);
  assert.not.equal(unordered.arrived.map(({n}) => n), numbers(100));
  assert.equal(unordered.arrived.map(({n}) => n).sort((x, y) => x - y), numbers(100));
});

test('loss and duplication come as often as asked for, and every message is accounted for', async () => {
  const {simulation, network, arrived} = pair({lossPpm: 200_000, duplicatePpm: 100_000});
  for (const n of numbers(2_000)) network.send('a', 'b', n);
  await simulation.advance(1_000);
  const {sent, lost, duplicated, delivered, cut} = network.counts;
  assert.equal([sent, cut], [2_000, 0]);
  assert.ok(lost > 300 && lost < 500 && duplicated > 100 && duplicated < 230, `${lost} lost, ${duplicated} doubled`);
  assert.is(delivered, sent - lost + duplicated);
  assert.is(arrived.length, delivered);
});

test('a partition cuts what is sent and what is under way, and heals', async () => {
  const {simulation, network, arrived} = pair({delayMs: {min: 10, max: 10}});
  network.send('a', 'b', 1);
  await simulation.advance(5);
  network.partition([['a'], ['b']]);
  network.send('a', 'b', 2);
  await simulation.advance(100);
  network.heal();
  network.send('a', 'b', 3);
  await simulation.advance(100);
  assert.equal(arrived.map(({n}) => n), [3]);
  assert.is(network.counts.cut, 2);
});

test('a slow link sends its bytes one after the other', async () => {
  const {simulation, network, arrived} = pair({delayMs: {min: 1, max: 1}, bytesPerMs: 10});
  for (const n of numbers(3)) network.send('a', 'b', n, 100);
  await simulation.advance(1_000);
  assert.equal(arrived.map(({atMs}) => Math.round(atMs)), [11, 21, 31]);
});

test('nobody hears a machine that left, and it hears nothing', async () => {
  const {simulation, network, arrived} = pair({});
  network.send('a', 'b', 1);
  network.leave('b');
  network.leave('a');
  network.send('a', 'b', 2);
  await simulation.advance(100);
  assert.equal([arrived.length, network.counts.cut], [0, 2]);
  assert.throws(() => { network.join('c', () => undefined); network.join('c', () => undefined); }, /already/);
});

test.run();
