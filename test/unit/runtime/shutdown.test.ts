// Proves the way down: phases in order, deadlines under virtual time, what is reported, and that a second call skips to
// the essential phases without losing them.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {CoordinatedShutdown, type ShutdownPhase} from '../../../src/runtime/shutdown.js';
import {createSimulation} from '../../../src/runtime/sim/simulation.js';

const PHASES: readonly ShutdownPhase[] = [
  {name: 'unbind', deadlineMs: 100},
  {name: 'drain', deadlineMs: 200},
  {name: 'persist', deadlineMs: 300, isEssential: true},
];
const never = (): Promise<void> => new Promise(() => undefined);
const test = suite('runtime / shutdown');

test('phases run in order, the tasks of one together', async () => {
  const simulation = createSimulation({seed: 1});
  const shutdown = new CoordinatedShutdown(simulation.system, PHASES);
  const log: string[] = [];
  shutdown.add('persist', 'p', () => { log.push('p'); });
  shutdown.add('drain', 'd1', async () => {
    log.push('d1 begins');
    await Promise.resolve();
    log.push('d1 ends');
  });
  shutdown.add('drain', 'd2', () => { log.push('d2'); });
  shutdown.add('unbind', 'u', () => { log.push('u'); });
  const report = await shutdown.run('test');
  assert.equal(log, ['u', 'd1 begins', 'd2', 'd1 ends', 'p']);
  assert.ok(report.isClean);
  assert.equal(report.phases.map((phase) => phase.outcome), ['done', 'done', 'done']);
  assert.is(simulation.system.stats().timersArmed, 0);
});

test('deadline: the next phase begins, the report names what was abandoned, and its signal is told', async () => {
  const simulation = createSimulation({seed: 1});
  const shutdown = new CoordinatedShutdown(simulation.system, PHASES);
  let wasTold = false;
  let isPersisted = false;
  shutdown.add('drain', 'hangs', (signal) => {
    signal.addEventListener('abort', () => { wasTold = true; });
    return never();
  });
  shutdown.add('drain', 'throws', () => { throw new Error('broken'); });
  shutdown.add('persist', 'p', () => { isPersisted = true; });
  const running = shutdown.run('test');
  await simulation.advance(199);
  assert.not(isPersisted);
  await simulation.advance(1);
  const report = await running;
  assert.ok(isPersisted && wasTold);
  assert.not(report.isClean);
  const drain = report.phases[1]!;
  assert.is(drain.outcome, 'deadline');
  assert.is(drain.tookMs, 200);
  assert.equal(drain.abandoned, ['hangs']);
  assert.equal(drain.failed.map((failure) => failure.task), ['throws']);
});

test('a second call cuts the phase in hand short, skips the rest, and still waits for the essential', async () => {
  const simulation = createSimulation({seed: 1});
  const shutdown = new CoordinatedShutdown(simulation.system, PHASES);
  let persist = (): void => undefined;
  shutdown.add('unbind', 'u', never);
  shutdown.add('drain', 'd', never);
  shutdown.add('persist', 'p', () => new Promise((resolve) => { persist = resolve; }));
  const running = shutdown.run('first');
  await simulation.advance(10);
  assert.is(shutdown.run('second'), running);
  await simulation.runUntilIdle();
  void shutdown.run('third');
  await simulation.advance(10);
  persist();
  const report = await running;
  assert.equal(report.phases.map(({outcome, abandoned}) => [outcome, ...abandoned]), [['hurried', 'u'], ['skipped', 'd'], ['done']]);
  assert.is(report.reason, 'first');
});

test('an unknown phase and two phases of one name are bugs', () => {
  const {system} = createSimulation({seed: 1});
  assert.throws(() => new CoordinatedShutdown(system, PHASES).add('nap', 'n', never), /no shutdown phase nap/);
  assert.throws(() => new CoordinatedShutdown(system, [PHASES[0]!, PHASES[0]!]), /same name/);
});

test.run();
