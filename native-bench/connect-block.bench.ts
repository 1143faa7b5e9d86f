/**
 * @module What connecting a block costs beside the LMDB writes that it needs. Goal: at most 1.5 times.
 *
 * The block has 2,000 spends and 2,000 outputs on a set of 200,000 coins, and comes as bytes to the whole chain actor:
 * decoding, hashing, merkle roots, coin reads, rules, undo, commit, flush, answer. Its scripts were proved before, as they
 * are when the transactions came through the mempool; what they cost otherwise is a row of the phases. `rawLmdb` writes
 * rows of the same tables and sizes, encoded beforehand, in one batch, reads nothing, and waits for the same flush.
 *
 * The first blocks of a process run in code that is not yet compiled: a row of its own tells what the very first costs,
 * and the medians begin when both sides have done five.
 */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {monitorEventLoopDelay, performance} from 'node:perf_hooks';
import {chainActor} from '../src/actors/chain/actor.js';
import type {AcceptBlock, ChainMessage} from '../src/actors/chain/messages.js';
import {BatchedScriptVerifier} from '../src/actors/chain/script-verifier.js';
import {MANDATORY_FLAGS} from '../src/protocol/script/script-flags.js';
import {outpointKey} from '../src/protocol/bytes/hash-key.js';
import {WireOutPoint} from '../src/protocol/bytes/wire-outpoint.js';
import {encodeCoin} from '../src/protocol/primitives/coin-codec.js';
import {decodeBlock} from '../src/protocol/primitives/block-codec.js';
import type {Block} from '../src/protocol/primitives/block.js';
import type {Coin} from '../src/protocol/primitives/transaction.js';
import {encodeUndo} from '../src/protocol/primitives/undo-codec.js';
import type {ActorRef} from '../src/runtime/actor.js';
import {SeededRandom} from '../src/runtime/seeded-random.js';
import {createActorSystem} from '../src/runtime/system.js';
import {openChainStore} from '../src/storage/chain-store.js';
import type {OwnedChainStore} from '../src/storage/chain-store.js';
import {openDatabase} from '../src/storage/open-database.js';
import type {Database} from '../src/storage/open-database.js';
import {median, type BenchRow} from './bench-row.js';
import {phaseRows} from './connect-block-phases.js';
import {aChainOfSpends, benchCoin, SPEC, SPENDS} from './connect-block-shapes.js';

const OTHER_COINS = 200_000;
const WARM_UP_ROUNDS = 5;
/** Blocks whose scripts are proved at a time: the verifier remembers 20,000 transactions. */
const PROVED_AHEAD = 7;
const ROUNDS = 9;

function yieldTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function randomBytes(random: SeededRandom, size: number): Uint8Array {
  return Uint8Array.from({length: size}, () => random.below(256));
}

function otherCoins(): {readonly key: Uint8Array; readonly coin: Coin}[] {
  const random = new SeededRandom([1, 2, 3, 4]);
  return Array.from({length: OTHER_COINS}, () => ({
    key: randomBytes(random, 36), coin: benchCoin(1),
  }));
}

/** The same rows as one block's commit, ready to write. */
class RawRows {
  readonly #database: Database;
  readonly #names = ['headers', 'bodies', 'undo', 'coins', 'log', 'meta'] as const;

  constructor(database: Database) {
    this.#database = database;
  }

  async fill(coins: readonly {readonly key: Uint8Array; readonly coin: Coin}[]): Promise<void> {
    const table = this.#database.table('coins');
    await this.#database.batch((writer) => coins.forEach(({key, coin}) => writer.put(table, key, encodeCoin(coin))));
    await this.#database.flushed();
  }

  /** Everything encoded and every key made. @returns the write: milliseconds from the first put to the flush. */
  prepare(block: Block, height: number): () => Promise<number> {
    const [headers, bodies, undo, coins, log, meta] = this.#names.map((name) => this.#database.table(name));
    const coin = benchCoin(height);
    const coinBytes = encodeCoin(coin);
    const others = block.transactions.slice(1);
    const removed = others.flatMap(({inputs}) => inputs.map(({prevout}) => outpointKey(prevout)));
    const added = block.transactions.flatMap(({txid, outputs}) => outputs.map((_, vout) => outpointKey({txid, vout})));
    const undoBytes = encodeUndo({spentByTx: others.map(({inputs}) => inputs.map(() => coin))});
    const {bytes} = block;
    const {hash} = block.header;
    return async () => {
      const startedMs = performance.now();
      await this.#database.batch((writer) => {
        writer.put(headers!, Uint8Array.of(0, 0, 0, height, ...hash), new Uint8Array(91));
        writer.put(bodies!, hash, bytes);
        writer.put(undo!, hash, undoBytes);
        for (const key of removed) writer.remove(coins!, key);
        for (const key of added) writer.put(coins!, key, coinBytes);
        writer.put(meta!, Uint8Array.of(1), new Uint8Array(36));
        writer.put(meta!, Uint8Array.of(2), new Uint8Array(16));
        writer.put(log!, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, height), new Uint8Array(37));
      });
      await this.#database.flushed();
      return performance.now() - startedMs;
    };
  }
}

interface Measured {
  readonly oursMs: readonly number[];
  readonly rawMs: readonly number[];
  /** The event loop's longest delay while each of our blocks was connected. */
  readonly holdMs: readonly number[];
}

/** @returns a figure per round, warm-up included. */
async function measure(folder: string, inputsPerTransaction: number): Promise<Measured> {
  const {first, spending} = aChainOfSpends({inputsPerTransaction, blocks: WARM_UP_ROUNDS + ROUNDS});
  const store: OwnedChainStore = openChainStore({dataDirectory: join(folder, `ours-${inputsPerTransaction}`), chainName: 'regtest'});
  const rawDatabase = openDatabase({directory: join(folder, `raw-${inputsPerTransaction}`), kind: 'bench', chainName: 'none', formatVersion: 1});
  const raw = new RawRows(rawDatabase);
  await fillBoth(store, raw);
  const system = createActorSystem();
  const scripts = new BatchedScriptVerifier({
    signatures: {verify: async (checks) => ({ok: true, valid: checks.map(() => true)})}, clock: system.clock, yieldTurn,
  });
  const chain = system.spawn(chainActor({spec: SPEC}, {store, scripts, yieldTurn}), {name: 'chain', onFailure: 'escalate'});
  for (const blockBytes of first) await accept(chain, blockBytes);
  const rawWrites = spending.map((blockBytes, round) => raw.prepare(decoded(blockBytes), round + 3));
  const measured = {oursMs: [] as number[], rawMs: [] as number[], holdMs: [] as number[]};
  for (const [round, blockBytes] of spending.entries()) {
    if (round % PROVED_AHEAD === 0) await proveAhead(scripts, spending.slice(round, round + PROVED_AHEAD));
    const writeRaw = async (): Promise<void> => { measured.rawMs.push(await rawWrites[round]!()); };
    // By turns first: neither side always finds the disk busy with what the other left.
    if (round % 2 === 0) await writeRaw();
    const delay = monitorEventLoopDelay({resolution: 1});
    delay.enable();
    const startedMs = performance.now();
    await accept(chain, blockBytes);
    measured.oursMs.push(performance.now() - startedMs);
    delay.disable();
    measured.holdMs.push(delay.max / 1e6);
    if (round % 2 === 1) await writeRaw();
  }
  await system.terminate();
  await store.close();
  await rawDatabase.close();
  return measured;
}

async function fillBoth(store: OwnedChainStore, raw: RawRows): Promise<void> {
  const coins = otherCoins();
  await store.commit({addedCoins: coins.map(({key, coin}) => ({outpoint: new WireOutPoint(key, 0, key[32]!), coin}))});
  await store.flushed();
  await raw.fill(coins);
}

/** As the mempool does before the blocks come. What it leaves behind is collected here, so that no round pays for it. */
async function proveAhead(scripts: BatchedScriptVerifier, blocks: readonly Uint8Array[]): Promise<void> {
  const spent = benchCoin(1);
  for (const blockBytes of blocks) {
    const spends = decoded(blockBytes).transactions.slice(1).map((transaction) => ({transaction, spentCoins: transaction.inputs.map(() => spent)}));
    await scripts.verify(spends, MANDATORY_FLAGS);
  }
  globalThis.gc?.();
}

function decoded(blockBytes: Uint8Array): Block {
  const block = decodeBlock(blockBytes);
  if (!block.ok) throw new Error(block.code);
  return block.value;
}

async function accept(chain: ActorRef<ChainMessage>, blockBytes: Uint8Array): Promise<void> {
  const outcome = await chain.ask<AcceptBlock>({type: 'chain.acceptBlock', blockBytes, source: {kind: 'rpc'}}, {timeoutMs: 60_000});
  if (!outcome.ok || outcome.status !== 'connected') throw new Error(`the bench block was not connected: ${JSON.stringify(outcome)}`);
}

export async function run(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'pithead-bench-'));
  try {
    const rows: BenchRow[] = [];
    const add = (name: string, ours: number, peers: BenchRow['peers'] = {}): void => {
      rows.push({suite: 'connect-block', name, unit: 'ms', higherIsBetter: false, ours, peers});
    };
    for (const inputsPerTransaction of [1, 100]) {
      const {oursMs, rawMs, holdMs} = await measure(folder, inputsPerTransaction);
      const shape = inputsPerTransaction === 1 ? '2,000 transactions' : `${SPENDS / inputsPerTransaction} transactions of ${inputsPerTransaction} inputs`;
      const holds = holdMs.slice(WARM_UP_ROUNDS);
      add(`2,000 spends and outputs, ${shape}`, median(oursMs.slice(WARM_UP_ROUNDS)), {rawLmdb: median(rawMs.slice(WARM_UP_ROUNDS))});
      if (inputsPerTransaction === 1) add('the same, first block of the process', oursMs[0]!, {rawLmdb: rawMs[0]!});
      add(`longest hold of the event loop, ${shape}`, median(holds));
      add(`longest hold of the event loop, ${shape}, worst of ${ROUNDS} rounds`, Math.max(...holds));
    }
    return [...rows, ...await phaseRows()];
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}
