/**
 * @module The pool under the load harness beside a bare server under the same: how fast 1,000 miners hear of a new block,
 * how long the event loop is held for it, what an idle miner costs in memory, and shares with honest miners' pauses between.
 *
 * `ours` is the whole pool over sockets (sessions, job factory, accounting on LMDB); `bare` answers without looking and
 * broadcasts in a plain write loop (bare-pool.ts). Both run in this process in turn, the miners in another one. A new block
 * counts from the moment at which the template source announces it to the moment at which the last miner has read its job.
 */
import {fork, type ChildProcess} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {monitorEventLoopDelay} from 'node:perf_hooks';
import {fileURLToPath} from 'node:url';
import type {CrowdSnapshot} from '../src/load/crowd-counts.js';
import {LatencyHistogram} from '../src/load/latency-histogram.js';
import {sharedNowMs} from '../src/load/shared-clock.js';
import {createAccountingStore} from '../src/storage/accounting-store.js';
import {openDatabase} from '../src/storage/open-database.js';
import {ALICE, startFakePool} from '../test/support/fake-miner-pool.js';
import {startBarePool} from './bare-pool.js';
import {median, type BenchRow} from './bench-row.js';
import type {CrowdOrder} from './pool-load-crowd.js';

const MINERS = 1_000;
const TIPS = 20;
const TIP_PAUSE_MS = 150;
/** On a machine that has other things to do. */
const TIP_TIMEOUT_MS = 20_000;
/** One share per miner and two seconds: what a crowd on vardiff sends. */
const EXPONENT = -26;
const HASHRATE_MEAN = 2 ** (32 + EXPONENT) / 2;
const SHARES_MS = 4_000;
const SETTLE_MS = 400;
const LOOP_SAMPLE_MS = 1;

/** A server under test, in this process. */
interface Contestant {
  readonly port: number;
  newTip(): void;
  close(): Promise<void>;
}

interface Figures {
  readonly kbPerMiner: number;
  readonly rssKbPerMiner: number;
  readonly toMedianMs: number;
  readonly toLastMs: number;
  readonly toLastMaxMs: number;
  readonly heldMaxMs: number;
  readonly answerP50Ms: number;
  readonly answerP99Ms: number;
}

export async function run(): Promise<BenchRow[]> {
  // The first of each warms the compiler up and is not counted; then in turn, so that a slow moment falls on both.
  await measure(startPool);
  await measure(() => startBarePool(2 ** EXPONENT));
  const [ours, bare]: [Figures[], Figures[]] = [[], []];
  for (let round = 0; round < 3; round += 1) {
    ours.push(await measure(startPool));
    bare.push(await measure(() => startBarePool(2 ** EXPONENT)));
  }
  const row = (name: string, unit: string, of: (figures: Figures) => number): BenchRow =>
    ({suite: 'pool-load', name, unit, higherIsBetter: false, ours: median(ours.map(of)), peers: {bare: median(bare.map(of))}});
  return [
    row(`new block to the last of ${MINERS} miners, p50 of ${TIPS}`, 'ms', ({toLastMs}) => toLastMs),
    row('the same, the slowest', 'ms', ({toLastMaxMs}) => toLastMaxMs),
    row('new block to the median miner', 'ms', ({toMedianMs}) => toMedianMs),
    row('event loop late, worst while blocks come', 'ms', ({heldMaxMs}) => heldMaxMs),
    row('heap and buffers of an idle miner', 'kB', ({kbPerMiner}) => kbPerMiner),
    row('resident memory of an idle miner', 'kB', ({rssKbPerMiner}) => rssKbPerMiner),
    row('submit to answer at 500 shares/s, p50', 'ms', ({answerP50Ms}) => answerP50Ms),
    row('submit to answer at 500 shares/s, p99', 'ms', ({answerP99Ms}) => answerP99Ms),
  ];
}

async function startPool(): Promise<Contestant> {
  const directory = mkdtempSync(join(tmpdir(), 'pithead-bench-'));
  const database = openDatabase({directory, kind: 'accounting', chainName: 'regtest', formatVersion: 1});
  const pool = await startFakePool({
    store: createAccountingStore(database), vardiff: {startExponent: EXPONENT, exponentMin: EXPONENT, exponentMax: EXPONENT},
  });
  return {
    port: pool.server.port,
    newTip: () => pool.newTip(),
    async close() {
      await pool.stop();
      await database.close();
      rmSync(directory, {recursive: true, force: true});
    },
  };
}

async function measure(start: () => Promise<Contestant>): Promise<Figures> {
  const contestant = await start();
  try {
    return {...await measureIdle(contestant), ...await measureShares(contestant)};
  } finally {
    await contestant.close();
  }
}

async function measureIdle(contestant: Contestant): Promise<Omit<Figures, 'answerP50Ms' | 'answerP99Ms'>> {
  const before = await memory();
  const crowd = await Crowd.start({port: contestant.port, miners: MINERS, profile: 'idle', account: ALICE, hashrateMean: 1});
  await crowd.until((snapshot) => snapshot.firstJobTime.count === MINERS);
  const after = await memory();
  const histogram = monitorEventLoopDelay({resolution: LOOP_SAMPLE_MS});
  const [toMedian, toLast]: [number[], number[]] = [[], []];
  await crowd.snapshot();
  histogram.enable();
  for (let tip = 0; tip < TIPS; tip += 1) {
    const startedAtMs = sharedNowMs();
    contestant.newTip();
    const arrivals: number[] = [];
    while (arrivals.length < MINERS) {
      if (sharedNowMs() - startedAtMs > TIP_TIMEOUT_MS) throw new Error(`${arrivals.length} of ${MINERS} miners heard of a block within ${TIP_TIMEOUT_MS} ms`);
      await pause(TIP_PAUSE_MS);
      arrivals.push(...(await crowd.snapshot()).tips.flatMap(({arrivalsMs}) => arrivalsMs));
    }
    arrivals.sort((a, b) => a - b);
    toMedian.push(arrivals[MINERS / 2]! - startedAtMs);
    toLast.push(arrivals.at(-1)! - startedAtMs);
  }
  histogram.disable();
  await crowd.finish();
  return {
    kbPerMiner: (after.usedBytes - before.usedBytes) / MINERS / 1_000, rssKbPerMiner: (after.rssBytes - before.rssBytes) / MINERS / 1_000,
    toMedianMs: median(toMedian), toLastMs: median(toLast), toLastMaxMs: Math.max(...toLast), heldMaxMs: Math.max(0, histogram.max / 1e6 - LOOP_SAMPLE_MS),
  };
}

async function measureShares(contestant: Contestant): Promise<Pick<Figures, 'answerP50Ms' | 'answerP99Ms'>> {
  const crowd = await Crowd.start({port: contestant.port, miners: MINERS, profile: 'steady', account: ALICE, hashrateMean: HASHRATE_MEAN});
  await crowd.until((snapshot) => snapshot.firstJobTime.count === MINERS);
  const before = await crowd.snapshot();
  await pause(SHARES_MS);
  const after = await crowd.finish();
  const answers = new LatencyHistogram(after.accepted).since(before.accepted);
  if (answers.count < SHARES_MS / 5) throw new Error(`only ${answers.count} shares were answered`);
  if (after.rejected.count > 0) throw new Error(`${after.rejected.count} shares were refused`);
  return {answerP50Ms: answers.percentileMs(50), answerP99Ms: answers.percentileMs(99)};
}

class Crowd {
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(order: CrowdOrder): Promise<Crowd> {
    const crowd = new Crowd(fork(fileURLToPath(new URL('./pool-load-crowd.js', import.meta.url)), {serialization: 'advanced', execArgv: []}));
    await crowd.#next();
    crowd.#child.send(order);
    return crowd;
  }

  async until(holds: (snapshot: CrowdSnapshot) => boolean): Promise<void> {
    while (!holds(await this.snapshot())) await pause(50);
  }

  snapshot(): Promise<CrowdSnapshot> {
    this.#child.send('snapshot');
    return this.#next() as Promise<CrowdSnapshot>;
  }

  finish(): Promise<CrowdSnapshot> {
    this.#child.send('finish');
    return this.#next() as Promise<CrowdSnapshot>;
  }

  #next(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null): void => reject(new Error(`the miners ended with ${code}`));
      this.#child.once('exit', onExit);
      this.#child.once('message', (message) => {
        this.#child.off('exit', onExit);
        resolve(message);
      });
    });
  }
}

/** After everything that is garbage has gone. */
async function memory(): Promise<{readonly usedBytes: number; readonly rssBytes: number}> {
  for (let i = 0; i < 3; i += 1) {
    await pause(SETTLE_MS / 3);
    global.gc?.();
  }
  const {heapUsed, external, rss} = process.memoryUsage();
  return {usedBytes: heapUsed + external, rssBytes: rss};
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
