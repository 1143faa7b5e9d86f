// Proves that difficulty finds every miner from an ESP32 to a farm, follows a lost hashboard, and then stays where it
// is. Shares arrive as a Poisson process from seeded generators; time is virtual. Limits are those of notes, section 10.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {Vardiff} from '../../../../src/protocol/stratum/vardiff.js';
import {HASHES_PER_DIFFICULTY_ONE} from '../../../../src/protocol/stratum/difficulty.js';

const vardiff = suite('protocol / stratum / vardiff');
/** As the pool has it by default. */
const INTERVAL_MS = 5_000;
const NO_NETWORK_LIMIT = 160;
const SEEDS = 40;
/** A pool refreshes its job about so often; moves that are not urgent wait for it. */
const JOB_MS = 30_000;
const TICK_MS = 1_000;

/** mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Run {
  readonly machine: Vardiff;
  nowMs: number;
  nextTickMs: number;
  nextJobMs: number;
  readonly changesMs: number[];
  readonly random: () => number;
}

function start(seed: number, startExponent: number): Run {
  const machine = new Vardiff({targetIntervalMs: INTERVAL_MS, startExponent, exponentMin: -32, exponentMax: 60}, 0);
  return {machine, nowMs: 0, nextTickMs: TICK_MS, nextJobMs: JOB_MS, changesMs: [], random: seeded(seed)};
}

function consider(run: Run, isJob: boolean): void {
  const move = run.machine.decide(run.nowMs, NO_NETWORK_LIMIT);
  if (move === undefined || !(isJob || move.isUrgent)) return;
  run.machine.announce(move.exponent, run.nowMs);
  run.changesMs.push(run.nowMs);
}

/** At most 2,000 shares a second get through the socket: a flood before the first rise is cut there. */
function mine(run: Run, hashrate: number, untilMs: number): void {
  while (run.nowMs < untilMs) {
    const meanMs = HASHES_PER_DIFFICULTY_ONE * 2 ** run.machine.exponent / hashrate * 1000;
    const shareMs = run.nowMs + Math.max(0.5, -Math.log(1 - run.random()) * meanMs);
    const next = Math.min(shareMs, run.nextTickMs, run.nextJobMs, untilMs);
    run.nowMs = next;
    // Memoryless: a share that has not come by the next event may be drawn again.
    if (next === shareMs) {
      run.machine.creditShare(run.machine.exponent, next);
      consider(run, false);
    } else if (next === run.nextJobMs) {
      run.nextJobMs += JOB_MS;
      consider(run, true);
    } else if (next === run.nextTickMs) {
      run.nextTickMs += TICK_MS;
      consider(run, false);
    }
  }
}

/** Expected interval now, over the wanted one. */
function slowness(run: Run, hashrate: number): number {
  return HASHES_PER_DIFFICULTY_ONE * 2 ** run.machine.exponent / hashrate * 1000 / INTERVAL_MS;
}

function fractionWithin(values: readonly number[], low: number, high: number): number {
  return values.filter((value) => value >= low && value <= high).length / values.length;
}

const RATES: readonly (readonly [string, number])[] = [
  ['0.05 MH/s (ESP32)', 5e4], ['1 MH/s (CPU)', 1e6], ['500 GH/s (Bitaxe)', 5e11], ['200 TH/s (S21)', 2e14], ['40 PH/s (farm proxy)', 4e16],
];

for (const [name, hashrate] of RATES) {
  vardiff(`settles within two minutes to the wanted rate +- 50 %, and stays: ${name}`, () => {
    const early: number[] = [];
    const settled: number[] = [];
    let changesLate = 0;
    let restlessWindows = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      // From an easy start, as the pool's, and from one that is far too hard for the small ones; any place between two powers of two.
      const own = hashrate * (1 + (seed % 16) / 16);
      const run = start(seed, seed % 2 === 0 ? -14 : 0);
      mine(run, own, 120_000);
      early.push(slowness(run, own));
      mine(run, own, 900_000);
      for (let window = 0; window < 8; window += 1) {
        const before = run.changesMs.length;
        for (let minutes = 0; minutes < 5; minutes += 1) {
          mine(run, own, run.nowMs + 60_000);
          settled.push(slowness(run, own));
        }
        changesLate += run.changesMs.length - before;
        restlessWindows += Number(run.changesMs.length - before > 1);
      }
    }
    // Two minutes hold 24 shares at the wanted rate: by themselves they say it to 20 %, and one seed in twelve is misled.
    assert.ok(fractionWithin(early, 0.5, 1.5) >= 0.85, `two minutes: ${fractionWithin(early, 0.5, 1.5)} within T +- 50 %`);
    assert.ok(fractionWithin(early, 0.25, 4) >= 0.97, `two minutes: ${fractionWithin(early, 0.25, 4)} within 4x`);
    assert.ok(fractionWithin(settled, 0.5, 1.5) >= 0.95, `later: ${fractionWithin(settled, 0.5, 1.5)} within T +- 50 %`);
    const windows = SEEDS * 8;
    assert.ok(changesLate / windows <= 0.25, `${changesLate / windows} changes in five minutes`);
    assert.ok(restlessWindows / windows <= 0.03, `${restlessWindows} of ${windows} times more than one change in five minutes`);
  });
}

vardiff('a miner that keeps a twentieth of its hashrate is followed within two minutes', () => {
  const after: number[] = [];
  for (let seed = 1; seed <= 4 * SEEDS; seed++) {
    const own = 1e13 * (1 + (seed % 16) / 16);
    const run = start(seed, 0);
    mine(run, own, 1_200_000);
    mine(run, own / 20, 1_200_000 + 120_000);
    after.push(slowness(run, own / 20));
  }
  // It sends a share in a hundred seconds now: what is known after two minutes is known from one or two.
  assert.ok(fractionWithin(after, 0.5, 1.5) >= 0.65, `${fractionWithin(after, 0.5, 1.5)} within T +- 50 %`);
  assert.ok(fractionWithin(after, 0.2, 4) >= 0.9, `${fractionWithin(after, 0.2, 4)} within 4x: ${after.map((value) => value.toFixed(2)).join(' ')}`);
});

vardiff('single shares in a silence do not begin it anew', () => {
  const machine = new Vardiff({targetIntervalMs: INTERVAL_MS, startExponent: 0, exponentMin: -32, exponentMax: 60}, 0);
  let nowMs = 0;
  for (let count = 0; count < 200; count++) machine.creditShare(0, nowMs += INTERVAL_MS);
  assert.is(machine.decide(nowMs, NO_NETWORK_LIMIT), undefined);
  const lastMs = nowMs;
  let movedAfterMs: number | undefined;
  for (nowMs = lastMs; movedAfterMs === undefined; nowMs += 1_000) {
    if ([20_000, 40_000].includes(nowMs - lastMs)) machine.creditShare(0, nowMs);
    const move = machine.decide(nowMs, NO_NETWORK_LIMIT);
    if (move !== undefined) movedAfterMs = move.exponent < -2 && move.isUrgent ? nowMs - lastMs : Infinity;
  }
  // Nine intervals of nothing would do; begun anew with each share, it would be 86 seconds.
  assert.ok(movedAfterMs > 45_000 && movedAfterMs <= 82_000, String(movedAfterMs));
});

vardiff('a miner that becomes a hundred times faster is followed within half a minute', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const run = start(seed, 0);
    mine(run, 1e12, 1_200_000);
    mine(run, 1e14, 1_230_000);
    assert.ok(slowness(run, 1e14) > 0.2, `seed ${seed}: ${slowness(run, 1e14)}`);
  }
});

vardiff('a silent session descends to the minimum and no further', () => {
  const machine = new Vardiff({targetIntervalMs: INTERVAL_MS, startExponent: 10, exponentMin: -10, exponentMax: 60}, 0);
  for (let nowMs = 0; nowMs < 3_600_000; nowMs += 1000) {
    const move = machine.decide(nowMs, NO_NETWORK_LIMIT);
    if (move !== undefined) machine.announce(move.exponent, nowMs);
  }
  assert.is(machine.exponent, -10);
});

vardiff('a share is never harder than a block, whatever minimum is set', () => {
  const machine = new Vardiff({targetIntervalMs: INTERVAL_MS, startExponent: 0, exponentMin: 0, exponentMax: 60}, 0);
  machine.setFloor(20);
  assert.equal(machine.decide(0, -12), {exponent: -12, isUrgent: false});
  machine.want(30);
  assert.equal(machine.decide(0, 8), {exponent: 8, isUrgent: false});
  assert.equal(machine.decide(0, 40), {exponent: 30, isUrgent: false});
});

vardiff('a wanted difficulty that cannot be had only says where to start: vardiff goes on', () => {
  for (const [wanted, start] of [[-10, -10], [-15, -10], [21, 20]] as const) {
    const machine = new Vardiff({targetIntervalMs: INTERVAL_MS, startExponent: 0, exponentMin: -10, exponentMax: 20}, 0);
    machine.want(wanted);
    assert.not.ok(machine.isFixed);
    assert.is(machine.decide(0, NO_NETWORK_LIMIT)!.exponent, start);
    machine.announce(start, 0);
    for (let i = 1; i <= 8; i++) machine.creditShare(start, i * 100);
    const move = machine.decide(800, NO_NETWORK_LIMIT);
    assert.is(move?.isUrgent ?? false, start !== 20, `from ${start}`);
  }
});

vardiff('a fixed difficulty stays for a fast miner and for a silent one, and gives way to a flood', () => {
  const machine = new Vardiff({targetIntervalMs: INTERVAL_MS, startExponent: 0, exponentMin: -10, exponentMax: 60}, 0);
  machine.want(5);
  machine.announce(5, 0);
  let nowMs = 0;
  // A hundred times the wanted rate, in bursts of thirty, for ten minutes; then nothing for ten.
  for (; nowMs < 600_000; nowMs += 3_000) {
    for (let i = 0; i < 30; i++) machine.creditShare(5, nowMs);
    assert.is(machine.decide(nowMs, NO_NETWORK_LIMIT), undefined);
  }
  for (; nowMs < 1_200_000; nowMs += 1_000) assert.is(machine.decide(nowMs, NO_NETWORK_LIMIT), undefined);
  for (let i = 0; i < 40_000; i++) machine.creditShare(5, nowMs += 5);
  const move = machine.decide(nowMs, NO_NETWORK_LIMIT)!;
  assert.ok(move.isUrgent && move.exponent >= 13, JSON.stringify(move));
  assert.not.ok(machine.isFixed);
});

vardiff('a client minimum holds against a lower estimate', () => {
  const machine = new Vardiff({targetIntervalMs: INTERVAL_MS, startExponent: 12, exponentMin: -10, exponentMax: 60}, 0);
  machine.setFloor(9);
  for (let nowMs = 0; nowMs < 600_000; nowMs += 1000) {
    const move = machine.decide(nowMs, NO_NETWORK_LIMIT);
    if (move !== undefined) machine.announce(move.exponent, nowMs);
  }
  assert.is(machine.exponent, 9);
});

vardiff('a suggestion is taken once and then left to the estimate', () => {
  const machine = new Vardiff({targetIntervalMs: INTERVAL_MS, startExponent: 0, exponentMin: -10, exponentMax: 20}, 0);
  machine.suggest(100);
  assert.equal(machine.decide(0, NO_NETWORK_LIMIT), {exponent: 20, isUrgent: false});
  machine.announce(20, 0);
  assert.is(machine.decide(0, NO_NETWORK_LIMIT), undefined);
});

vardiff('a suggestion of what is already announced, or of what a limit makes that, does not stop later moves', () => {
  for (const suggested of [0, -20]) {
    const machine = new Vardiff({targetIntervalMs: INTERVAL_MS, startExponent: 0, exponentMin: 0, exponentMax: 20}, 0);
    machine.suggest(suggested);
    assert.is(machine.decide(0, NO_NETWORK_LIMIT), undefined);
    for (let i = 1; i <= 8; i++) machine.creditShare(0, i * 100);
    assert.ok(machine.decide(800, NO_NETWORK_LIMIT)!.exponent >= 4);
  }
});

vardiff('repeated suggestions of an easy difficulty cannot hold a flood of shares', () => {
  const machine = new Vardiff({targetIntervalMs: INTERVAL_MS, startExponent: 0, exponentMin: -10, exponentMax: 20}, 0);
  for (let i = 1; i <= 8; i++) {
    machine.creditShare(0, i * 100);
    machine.suggest(-10);
  }
  const move = machine.decide(800, NO_NETWORK_LIMIT);
  assert.ok(move!.exponent >= 4 && move!.isUrgent, JSON.stringify(move));
});

vardiff('a clock that stands still or steps back changes nothing by itself', () => {
  const machine = new Vardiff({targetIntervalMs: INTERVAL_MS, startExponent: 0, exponentMin: -10, exponentMax: 20}, 1_000_000);
  machine.creditShare(0, 1_000_000);
  assert.is(machine.decide(0, NO_NETWORK_LIMIT), undefined);
  assert.ok(Number.isFinite(machine.hashrate(0)));
});

vardiff.run();
