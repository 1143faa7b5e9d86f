/**
 * A crash of a simulated machine: nothing of the old life runs, speaks or writes any more, and the disk keeps what was
 * flushed, some beginning of what was not, and at worst half of the write after it.
 */
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {DiskError, type DiskFaults} from '../../../../src/runtime/sim/disk.js';
import type {MachineLife} from '../../../../src/runtime/sim/machine.js';
import {createSimulation} from '../../../../src/runtime/sim/simulation.js';

const test = suite('runtime / sim / machine');
const bytes = (length: number, value = 1) => new Uint8Array(length).fill(value);

function machineWith(seed: number, disk: Partial<DiskFaults> = {}) {
  const simulation = createSimulation({seed});
  const lives: MachineLife<string>[] = [];
  const network = simulation.network<string>();
  const machine = simulation.machine(network, {name: 'm', disk, program: (life) => lives.push(life)});
  machine.start();
  return {simulation, network, machine, lives};
}

test('what was flushed survives, what was not survives as a beginning, under every seed', async () => {
  const kept = new Set<number>();
  for (let seed = 1; seed <= 60; seed += 1) {
    const {simulation, machine, lives} = machineWith(seed);
    const {disk} = lives[0]!;
    for (const key of ['a', 'b']) disk.write(key, bytes(4));
    let isFlushed = false;
    void disk.flush().then(() => { isFlushed = true; });
    await simulation.advance(10);
    assert.ok(isFlushed);
    disk.remove('a');
    for (const key of ['c', 'd', 'e']) disk.write(key, bytes(4));
    assert.equal(disk.keys(), ['b', 'c', 'd', 'e'], 'seen at once');
    machine.crash();
    machine.start();
    const after = lives[1]!.disk.keys();
    const beginnings = [['a', 'b'], ['b'], ['b', 'c'], ['b', 'c', 'd'], ['b', 'c', 'd', 'e']];
    const index = beginnings.findIndex((keys) => keys.join() === after.join());
    assert.ok(index >= 0, `seed ${seed}: ${after.join()}`);
    kept.add(index);
  }
  assert.is(kept.size, 5, 'every beginning was met');
});

test('a disk that can tear leaves half of a write at times', () => {
  const lengths = new Set<number>();
  for (let seed = 1; seed <= 60; seed += 1) {
    const {machine, lives} = machineWith(seed, {canTear: true});
    lives[0]!.disk.write('log', bytes(100));
    machine.crash();
    machine.start();
    lengths.add(lives[1]!.disk.read('log')?.length ?? 0);
  }
  assert.equal([...lengths].sort((a, b) => a - b), [0, 50, 100]);
});

test('a full disk refuses the write and takes it after something was removed', () => {
  const {disk} = machineWith(1, {capacityBytes: 10}).lives[0]!;
  disk.write('a', bytes(8));
  assert.throws(() => { disk.write('b', bytes(3)); }, (error: unknown) => error instanceof DiskError && error.code === 'disk-full');
  disk.write('a', bytes(10));
  disk.remove('a');
  disk.write('b', bytes(10));
  assert.equal(disk.keys(), ['b']);
});

test('the old life cannot write, speak or be told anything after the crash', async () => {
  const {simulation, network, machine, lives} = machineWith(1);
  const heard: string[] = [];
  let stops = 0;
  network.join('other', (_from, message) => heard.push(message));
  const [old] = lives;
  const actor = old!.system.spawn({
    protocol: {kind: 'talker', mailbox: {capacity: 9, policy: 'refuse'}},
    create: (ctx) => {
      ctx.timers.every('talk', 10, {type: 'talker.talk'});
      return {
        receive: async () => {
          old!.send('other', 'alive');
          await Promise.resolve();
        },
        onStop: () => { stops += 1; },
      };
    },
  }, {name: 'talker'});
  let wasAnswered = false;
  await simulation.advance(35);
  const before = heard.length;
  assert.ok(before > 0);
  void old!.disk.flush().then(() => { wasAnswered = true; });
  machine.crash();
  old!.send('other', 'ghost');
  assert.throws(() => { old!.disk.write('a', bytes(1)); }, /disk-gone/);
  assert.is(actor.tell({type: 'talker.talk'}), 'dead');
  machine.start();
  old!.send('other', 'ghost');
  await simulation.advance(200);
  assert.is(heard.filter((message) => message === 'ghost').length, 0);
  assert.equal([wasAnswered, stops], [false, 0], 'no flush is confirmed and no onStop runs');
  assert.is(old!.system.stats().actorCount, 0);
  assert.is(lives[1]!.life, 2);
});

test.run();
