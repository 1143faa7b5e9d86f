/**
 * @module How long the event loop is held while the whole program works: 1,000 miners connected and sending shares, and
 * a block of 2,000 signature inputs, none of them seen before, is verified and connected. Goal: p99 at most 10 ms.
 *
 * The real composition (roles), real sockets from another process, real signatures, real LMDB. The delay is that of a
 * 1 ms timer over its due time, as `monitorEventLoopDelay` counts it; "miners only" is the same crowd without the block.
 */
import {fork, type ChildProcess} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {monitorEventLoopDelay, performance} from 'node:perf_hooks';
import {fileURLToPath} from 'node:url';
import type {AcceptBlock} from '../src/actors/chain/messages.js';
import {readConfig} from '../src/config.js';
import {encodeAddress} from '../src/protocol/address/address.js';
import type {ChainSpec} from '../src/protocol/chain/chain-spec.js';
import {sha256d} from '../src/protocol/bytes/sha256.js';
import {targetToCompact} from '../src/protocol/consensus/pow/compact.js';
import {REGTEST} from '../src/protocol/chain/presets.js';
import type {Block} from '../src/protocol/primitives/block.js';
import {createProgramLog} from '../src/roles/program-log.js';
import {startRoles, type RunningRoles} from '../src/roles/start-roles.js';
import {aKey, aSpend, coinOf, MinedChain} from '../test/support/mined-chain.js';
import {median, type BenchRow} from './bench-row.js';

const MINERS = 1_000;
/** One share per miner and three seconds: what vardiff steers to. */
const SHARES_PER_SECOND = 333;
const INPUTS = 2_000;
const ROUNDS = 5;
const FEE_SATS = 400n;
const KEY = aKey('loop delay');
/**
 * Regtest's rules, but a block takes half a million hashes, so that no miner of the crowd finds one, and coins need not
 * ripen, so that few blocks must be mined beforehand.
 */
const SPEC: ChainSpec = {...REGTEST, coinbaseMaturityBlocks: 1, ...withPowLimit(0xffffn << 221n)};

function withPowLimit(powLimit: bigint): Pick<ChainSpec, 'engine' | 'genesisBytes' | 'genesisHash'> {
  const powLimitBits = targetToCompact(powLimit);
  const genesisBytes = REGTEST.genesisBytes.slice();
  new DataView(genesisBytes.buffer).setUint32(72, powLimitBits, true);
  return {engine: {...REGTEST.engine, powLimit, powLimitBits}, genesisBytes, genesisHash: sha256d(genesisBytes.subarray(0, 80))};
}

interface Delay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly tookMs: number;
}

/** Blocks up to the first that can be spent, one that fans a coinbase out into 2,000 coins, and one that spends them all. */
function fundedChain(): {readonly before: Block[]; readonly heavy: Block[]} {
  const mined = new MinedChain(SPEC);
  mined.mineMany(ROUNDS + 1);
  const heavy: Block[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const {outpoint, coin} = mined.coinbaseCoin(round);
    const valueSats = (coin.valueSats - 1_000_000n) / BigInt(INPUTS);
    const fan = aSpend({key: aKey('miner'), from: [{outpoint, coin}], outputs: Array.from({length: INPUTS}, () => ({valueSats, scriptPubKey: KEY.scriptPubKey}))});
    const fanned = mined.mine({transactions: [fan]});
    const spends = fan.outputs.map((_, vout) => aSpend({
      key: KEY, from: [coinOf(fan, vout, mined.height)], outputs: [{valueSats: valueSats - FEE_SATS, scriptPubKey: KEY.scriptPubKey}],
    }));
    heavy.push(fanned, mined.mine({transactions: spends}));
  }
  const all = Array.from({length: mined.height}, (_, index) => mined.block(index + 1));
  return {before: all.slice(0, all.length - heavy.length), heavy};
}

async function measured(work: () => Promise<void>): Promise<Delay> {
  const histogram = monitorEventLoopDelay({resolution: 1});
  const startedMs = performance.now();
  histogram.enable();
  await work();
  histogram.disable();
  // The histogram holds the timer's whole interval; what is over 1 ms is delay.
  const delayMs = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - 1);
  return {p50Ms: delayMs(histogram.percentile(50)), p99Ms: delayMs(histogram.percentile(99)), maxMs: delayMs(histogram.max), tookMs: performance.now() - startedMs};
}

async function accept(roles: RunningRoles, block: Block): Promise<void> {
  const outcome = await roles.node!.chain.ask<AcceptBlock>({type: 'chain.acceptBlock', blockBytes: block.bytes, source: {kind: 'import'}}, {timeoutMs: 60_000});
  if (!outcome.ok || outcome.status !== 'connected') throw new Error(`block refused: ${JSON.stringify(outcome)}`);
}

function startMiners(stratumEndpoint: string): Promise<ChildProcess> {
  const user = `${encodeAddress(KEY.scriptPubKey, REGTEST.address)}.load`;
  const child = fork(fileURLToPath(new URL('./miners-load.js', import.meta.url)), [stratumEndpoint.split(':').at(-1)!, String(MINERS), String(SHARES_PER_SECOND), user]);
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve(child));
    child.once('exit', (code) => reject(new Error(`the miners ended with ${code}`)));
  });
}

function stopMiners(child: ChildProcess): Promise<{answered: number; refused: number}> {
  return new Promise((resolve) => {
    child.once('message', (counts) => resolve(counts as {answered: number; refused: number}));
    child.send('stop');
  });
}

export async function run(): Promise<BenchRow[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'pithead-bench-'));
  const log = createProgramLog({level: 'error', json: false, isColoured: false, write: (text) => {
    process.stderr.write(text);
  }});
  const config = readConfig({file: undefined, flags: {roles: ['full', 'mining-pool'], chain: 'regtest', dataDir}, sets: [
    'stratum.port=0', 'http.port=0', 'rpc.port=0', 'pool.payoutScheme=PPLNS', 'pool.startDifficulty=0.0000000001', 'pool.minDifficulty=0.0000000001', 'pool.maxDifficulty=0.0000000001',
  ]});
  const roles = await startRoles(config, {log, spec: SPEC, version: 'bench', onFatal: (path, error) => {
    throw new Error(`fatal in ${path}`, {cause: error});
  }, onStopRequested: () => undefined});
  try {
    const {before, heavy} = fundedChain();
    for (const block of before) await accept(roles, block);
    const miners = await startMiners(roles.endpoints.stratum!);
    const alone = await measured(() => new Promise((resolve) => {
      setTimeout(resolve, 3_000);
    }));
    const rounds: Delay[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await accept(roles, heavy[2 * round]!);
      await new Promise((resolve) => {
        setTimeout(resolve, 500);
      });
      rounds.push(await measured(() => accept(roles, heavy[2 * round + 1]!)));
    }
    const counts = await stopMiners(miners);
    if (counts.answered < 1_000) throw new Error(`only ${counts.answered} shares were answered: the miners did not mine`);
    const of = (pick: (delay: Delay) => number): number => median(rounds.map(pick));
    const row = (name: string, ours: number, peer?: number): BenchRow => ({
      suite: 'loop-delay', name, unit: 'ms', higherIsBetter: false, ours, peers: peer === undefined ? {} : {'miners only': peer},
    });
    return [
      row(`p50, ${MINERS} miners, a block of ${INPUTS} inputs verified`, of((delay) => delay.p50Ms), alone.p50Ms),
      row('p99', of((delay) => delay.p99Ms), alone.p99Ms),
      row('max', of((delay) => delay.maxMs), alone.maxMs),
      row('block verified and connected in', of((delay) => delay.tookMs)),
    ];
  } finally {
    await roles.stop('bench ends');
    rmSync(dataDir, {recursive: true, force: true});
  }
}
