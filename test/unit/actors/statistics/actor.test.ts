// Proves the history of hashrates: buckets hold what was done in their time and nothing else, survive a restart, show a
// time that nobody watched as a gap, and stay bounded by ring and by number of accounts. Under the simulator; the
// accounting is a counter that the test turns, the disk the memory twin (its LMDB form: storage/statistics-store).
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {statisticsActor, type StatisticsInbox} from '../../../../src/actors/statistics/actor.js';
import {History} from '../../../../src/actors/statistics/behaviour.js';
import type {GetHistory, GetWindows, HistoryView, Resolution, WindowsView} from '../../../../src/actors/statistics/messages.js';
import type {StatisticsStore} from '../../../../src/actors/statistics/ports.js';
import {RINGS, slotRanges} from '../../../../src/actors/statistics/rings.js';
import type {AccountingMessage, WorkSums} from '../../../../src/actors/accounting/messages.js';
import type {ActorRef} from '../../../../src/runtime/actor.js';
import {createSimulation, type Simulation} from '../../../../src/runtime/sim/simulation.js';
import {createMemoryStatisticsStore} from '../../../../src/storage/statistics-store.js';

const WALL_START_MS = 1_767_225_600_000;
const NONE: WorkSums = {hashes: 0, sharesAccepted: 0, sharesRejected: 0, connected: 0};

interface Scene {
  readonly sim: Simulation;
  readonly statistics: ActorRef<StatisticsInbox>;
  isSilent: boolean;
  share(account: string, hashes: number, shares?: number): void;
  history(resolution: Resolution, account?: string): Promise<HistoryView | null>;
  windows(account?: string): Promise<WindowsView | null>;
}

async function aScene(store: StatisticsStore = createMemoryStatisticsStore(), wallStartMs = WALL_START_MS): Promise<Scene> {
  const sim = createSimulation({seed: 3, wallStartMs});
  const sums = new Map<string, WorkSums>();
  let pool = NONE;
  const scene: {isSilent: boolean} = {isSilent: false};
  const accounting = sim.system.spawn<AccountingMessage>({
    protocol: {kind: 'accounting', mailbox: {capacity: 64, policy: 'refuse'}},
    create: () => ({
      receive(message, ctx) {
        if (message.type === 'accounting.getWorkSums' && !scene.isSilent) ctx.reply({pool, accounts: [...sums].map(([account, of]) => ({account, ...of}))});
      },
    }),
  }, {name: 'accounting'});
  const statistics = sim.system.spawn(statisticsActor({store, accounting}), {name: 'statistics'});
  await sim.runUntilIdle();
  const asking = async <T>(promise: Promise<T>): Promise<T> => {
    await sim.runUntilIdle();
    return promise;
  };
  const add = (of: WorkSums, hashes: number, shares: number): WorkSums => ({...of, hashes: of.hashes + hashes, sharesAccepted: of.sharesAccepted + shares, connected: 1});
  return Object.assign(scene, {
    sim, statistics,
    share(account: string, hashes: number, shares = 1) {
      sums.set(account, add(sums.get(account) ?? NONE, hashes, shares));
      pool = add(pool, hashes, shares);
    },
    history: (resolution: Resolution, account?: string) =>
      asking(sim.system.ask<StatisticsInbox, GetHistory>(statistics, {type: 'statistics.getHistory', resolution, ...(account === undefined ? {} : {account})}, {timeoutMs: 1_000})),
    windows: (account?: string) =>
      asking(sim.system.ask<StatisticsInbox, GetWindows>(statistics, {type: 'statistics.getWindows', ...(account === undefined ? {} : {account})}, {timeoutMs: 1_000})),
  });
}

const MINUTE_MS = 60_000;
const statistics = suite('actors / statistics / actor');

statistics('a minute holds the work of its time, for the pool and for each account', async () => {
  const scene = await aScene();
  await scene.sim.advance(1_000);
  scene.share('alice', 6_000, 3);
  await scene.sim.advance(MINUTE_MS);
  scene.share('alice', 1_000);
  scene.share('bob', 500);
  await scene.sim.advance(2 * MINUTE_MS);
  const pool = await scene.history('1m');
  assert.equal(pool!.buckets.slice(0, 3).map(({startSec, hashes, sharesAccepted}) => [startSec - WALL_START_MS / 1000, hashes, sharesAccepted]), [[0, 6_000, 3], [60, 1_500, 2], [120, 0, 0]]);
  for (const {coveredSec} of pool!.buckets.slice(0, 3)) assert.is(coveredSec, 60);
  const alice = await scene.history('1m', 'alice');
  assert.equal(alice!.buckets.slice(0, 3).map(({hashes}) => hashes), [6_000, 1_000, 0]);
  const bob = await scene.history('1m', 'bob');
  assert.equal(bob!.buckets.slice(0, 2).map(({hashes}) => hashes), [500, 0], 'his history begins with his first share');
  assert.is(await scene.history('1m', 'mallory'), null);
});

statistics('a window is over the time that was watched, and says how many shares it rests on', async () => {
  const scene = await aScene();
  for (let i = 0; i < 120; i += 1) {
    scene.share('alice', 60_000);
    await scene.sim.advance(MINUTE_MS);
  }
  const {last5m, last1h, last24h} = (await scene.windows('alice'))!;
  for (const window of [last5m, last1h, last24h]) assert.ok(Math.abs(window.hashesPerSec / 1_000 - 1) < 0.2, JSON.stringify(window));
  assert.equal([last5m.windowSec, last1h.windowSec, last24h.windowSec], [300, 3_600, 86_400]);
  assert.ok(last5m.coveredSec >= 300 && last5m.coveredSec <= 360);
  assert.ok(Math.abs(last24h.coveredSec - 7_200) <= 60, 'it does not claim a day');
  assert.is(last5m.sharesAccepted, 5);
  assert.equal((await scene.windows())!.last1h, last1h, 'a pool of one account is that account');
  assert.is(await scene.windows('mallory'), null);
});

statistics('a restart loses nothing that was written, and the time between is a gap', async () => {
  const store = createMemoryStatisticsStore();
  const first = await aScene(store);
  first.share('alice', 7_000);
  await first.sim.advance(90_000);
  first.sim.system.stop(first.statistics, 'now');
  await first.sim.runUntilIdle();
  const second = await aScene(store, WALL_START_MS + 10 * MINUTE_MS);
  second.share('alice', 100);
  await second.sim.advance(2 * MINUTE_MS);
  const minutes = (await second.history('1m', 'alice'))!.buckets;
  assert.equal(minutes.map(({startSec}) => (startSec - WALL_START_MS / 1000) / 60), [0, 1, 10, 11]);
  assert.equal(minutes.map(({hashes}) => hashes), [7_000, 0, 100, 0]);
  const [hour] = (await second.history('1h', 'alice'))!.buckets;
  assert.is(hour!.hashes, 7_100, 'the hour goes on where it was');
  assert.ok(Math.abs(hour!.coveredSec - 210) < 20);
});

statistics('what was counted before this process watched is not work of its first minute', async () => {
  const sim = await aScene();
  sim.isSilent = true;
  const {statistics: known} = sim;
  assert.ok(known);
  const history = new History({known: [], stored: () => undefined});
  const old = {account: 'alice', hashes: 9e9, sharesAccepted: 200_000, sharesRejected: 5, connected: 1};
  history.take({pool: old, accounts: [old], isComplete: true}, 1_000_000, 0);
  history.take({pool: old, accounts: [old], isComplete: true}, 1_000_010, 10);
  assert.is(history.growing('alice', 0), undefined);
  assert.is(history.growing(undefined, 0)!.hashes, 0);
});

statistics('an accounting that does not answer is asked again, and nothing is counted twice or lost', async () => {
  const scene = await aScene();
  await scene.sim.advance(MINUTE_MS);
  scene.share('alice', 1_000);
  scene.isSilent = true;
  await scene.sim.advance(3 * MINUTE_MS);
  scene.isSilent = false;
  await scene.sim.advance(MINUTE_MS);
  const {buckets} = (await scene.history('1m'))!;
  assert.is(buckets.reduce((sum, {hashes}) => sum + hashes, 0), 1_000);
  assert.ok(Math.abs(buckets.reduce((sum, {coveredSec}) => sum + coveredSec, 0) - 300) <= 20);
});

statistics('newcomers take the place of the silent only', () => {
  const history = new History({known: [], stored: () => undefined, seriesMax: 2});
  const reading = (...names: string[]): Parameters<History['take']>[0] => ({
    pool: NONE, accounts: names.map((account, index) => ({account, ...NONE, sharesAccepted: index + 1})), isComplete: true,
  });
  history.take({pool: NONE, accounts: [], isComplete: true}, 1_000_000, 0);
  history.take(reading('alice', 'bob', 'carol'), 1_000_010, 10);
  assert.equal([history.accountCount, history.refusedCount, history.series('carol')], [2, 1, undefined]);
  history.take(reading('dave'), 1_000_000 + 4_000, 10);
  assert.is(history.series('alice'), undefined, 'silent for an hour');
  assert.ok(history.series('dave'));
  const {forgotten} = history.flush();
  assert.equal(forgotten, [1]);
});

statistics('a clock that steps back adds to the bucket in hand', () => {
  const history = new History({known: [], stored: () => undefined});
  const at = (sec: number, hashes: number): unknown => history.take({pool: {...NONE, hashes}, accounts: [], isComplete: true}, sec, 10);
  at(1_000_020, 0);
  at(1_000_030, 10);
  at(990_000, 30);
  assert.is(history.growing(undefined, 0)!.startSec, 1_000_020);
  assert.is(history.growing(undefined, 0)!.hashes, 30);
});

statistics('a ring closes: a day of minutes lies in two ranges, a full turn is read once', () => {
  const [minutes] = RINGS;
  const length = minutes!.length;
  for (const toSec of [60 * length * 5, 60 * length * 5 + 60 * 7, 60 * length * 5 + 59]) {
    const ranges = slotRanges(minutes!, 0, toSec);
    assert.is(ranges.reduce((sum, {from, to}) => sum + to - from, 0), length);
  }
  assert.equal(slotRanges(minutes!, 60 * length - 60, 60 * length), [{from: length - 1, to: length}, {from: 0, to: 1}]);
  assert.equal(slotRanges(minutes!, 120, 240), [{from: 2, to: 5}]);
});

statistics.run();
