// Proves that the wheel fires what a sorted list would, in the same order, at the same millisecond, however time jumps;
// and that keyed timers replace, cancel and coalesce as their contract says.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import * as fc from 'fast-check';
import type {ActorContext, ActorSpec} from '../../../src/runtime/actor.js';
import {createSimulation} from '../../../src/runtime/sim/simulation.js';
import {TimerWheel, WheelTimer} from '../../../src/runtime/timer-wheel.js';

class Probe extends WheelTimer {
  private readonly act: () => void;
  constructor(act: () => void) {
    super();
    this.act = act;
  }
  fire(): void {
    this.act();
  }
}

const test = suite('runtime / timer-wheel');

test('fires like a sorted list, never early, for delays from nothing to months', () => {
  const delay = fc.oneof(fc.nat(3), fc.nat(600), fc.nat(70_000), fc.nat(20_000_000), fc.nat(6_000_000_000));
  fc.assert(fc.property(
    fc.nat(1_000_000), fc.array(fc.tuple(delay, fc.boolean()), {maxLength: 40}), fc.array(delay, {maxLength: 20}),
    (startMs, timers, jumps) => {
      const wheel = new TimerWheel(startMs, () => undefined);
      const fired: number[] = [];
      const expected: {due: number; index: number}[] = [];
      const probes = timers.map(([delayMs], index) => {
        const probe = new Probe(() => fired.push(index));
        wheel.arm(probe, startMs + delayMs);
        return probe;
      });
      for (const [index, [delayMs, isCancelled]] of timers.entries()) {
        if (isCancelled) wheel.cancel(probes[index]!);
        else expected.push({due: Math.max(startMs + delayMs, startMs + 1), index});
      }
      let nowMs = startMs;
      for (const jump of [...jumps, 7_000_000_000]) {
        nowMs += jump;
        wheel.advanceTo(nowMs);
        const due = expected.filter((timer) => timer.due <= nowMs);
        assert.is(fired.length, due.length, `at ${nowMs}`);
      }
      // Timers due at once count from the next tick, in order of due time, then of arming.
      const order = expected.sort((a, b) => a.due - b.due || timers[a.index]![0] - timers[b.index]![0] || a.index - b.index);
      assert.equal(fired, order.map((timer) => timer.index));
      assert.is(wheel.size, 0);
      assert.is(wheel.nextWakeMs(), undefined);
    },
  ), {numRuns: 300});
});

test('a timer cancelled by one that fires with it does not fire; one armed again does', () => {
  const wheel = new TimerWheel(0, () => undefined);
  const fired: string[] = [];
  const second = new Probe(() => fired.push('second'));
  const third = new Probe(() => fired.push('third'));
  wheel.arm(new Probe(() => {
    fired.push('first');
    wheel.cancel(second);
    wheel.arm(third, 20);
  }), 10);
  wheel.arm(second, 10);
  wheel.arm(third, 10);
  wheel.advanceTo(19);
  assert.equal(fired, ['first']);
  wheel.advanceTo(20);
  assert.equal(fired, ['first', 'third']);
  assert.is(wheel.size, 0);
});

test('never asks to be woken later than something is due', () => {
  fc.assert(fc.property(fc.nat(100_000_000), fc.nat(100_000_000), (startMs, delayMs) => {
    const wheel = new TimerWheel(startMs, () => undefined);
    let firedAtMs = -1;
    let nowMs = startMs;
    wheel.after(startMs + delayMs, () => { firedAtMs = nowMs; });
    for (let wake = wheel.nextWakeMs(); wake !== undefined; wake = wheel.nextWakeMs()) {
      nowMs = wake;
      wheel.advanceTo(wake);
    }
    assert.is(firedAtMs, startMs + Math.max(1, delayMs));
  }));
});

type Tick = {readonly type: 'tick.tick'; readonly n: number} | {readonly type: 'tick.hold'; readonly until: Promise<void>};

function ticker(seen: number[], create: (ctx: ActorContext<Tick>) => void): ActorSpec<Tick> {
  return {
    protocol: {kind: 'ticker', mailbox: {capacity: 1, policy: 'refuse'}},
    create: (ctx) => {
      create(ctx);
      return {
        receive: (message) => {
          if (message.type === 'tick.hold') return message.until;
          seen.push(message.n);
          return undefined;
        },
      };
    },
  };
}

test('setting a key again replaces its timer, also when its message waits already', async () => {
  const simulation = createSimulation({seed: 1});
  const seen: number[] = [];
  let context: ActorContext<Tick> | undefined;
  let release = (): void => undefined;
  const ref = simulation.system.spawn(ticker(seen, (ctx) => { context = ctx; }), {name: 't'});
  ref.tell({type: 'tick.hold', until: new Promise((resolve) => { release = resolve; })});
  await simulation.runUntilIdle();
  context!.timers.once('k', 10, {type: 'tick.tick', n: 1});
  await simulation.advance(10);
  assert.ok(context!.timers.has('k'));
  context!.timers.once('k', 10, {type: 'tick.tick', n: 2});
  release();
  await simulation.advance(9);
  assert.equal(seen, []);
  await simulation.advance(1);
  assert.equal(seen, [2]);
  assert.not(context!.timers.has('k'));
});

test('an interval does not drift, does not pile up before a busy actor, and stops when cancelled', async () => {
  const simulation = createSimulation({seed: 1});
  const seen: number[] = [];
  let context: ActorContext<Tick> | undefined;
  let release = (): void => undefined;
  const ref = simulation.system.spawn(ticker(seen, (ctx) => {
    context = ctx;
    ctx.timers.every('k', 10, {type: 'tick.tick', n: 1});
  }), {name: 't'});
  await simulation.advance(1000);
  assert.is(seen.length, 100);
  ref.tell({type: 'tick.hold', until: new Promise((resolve) => { release = resolve; })});
  await simulation.advance(500);
  assert.is(seen.length, 100);
  release();
  await simulation.runUntilIdle();
  assert.is(seen.length, 101);
  context!.timers.cancel('k');
  await simulation.advance(500);
  assert.is(seen.length, 101);
});

test('a full mailbox does not cost a timer', async () => {
  const simulation = createSimulation({seed: 1});
  const seen: number[] = [];
  let release = (): void => undefined;
  const ref = simulation.system.spawn(ticker(seen, (ctx) => { ctx.timers.once('k', 5, {type: 'tick.tick', n: 7}); }), {name: 't'});
  ref.tell({type: 'tick.hold', until: new Promise((resolve) => { release = resolve; })});
  await simulation.runUntilIdle();
  ref.tell({type: 'tick.tick', n: 1});
  assert.is(ref.tell({type: 'tick.tick', n: 2}), 'refused');
  await simulation.advance(5);
  release();
  await simulation.runUntilIdle();
  assert.equal(seen, [1, 7]);
});

test.run();
