/**
 * @module What connecting a block costs beside the LMDB writes that it needs. Goal: at most 1.5 times.
 *
 * The block has 2,000 spends and 2,000 outputs on a set of 200,000 coins, and comes as bytes to the whole chain actor:
 * decoding, hashing, merkle roots, coins, undo, commit, flush, answer. Its scripts were proved before, as they are when
 * the transactions came through the mempool; what signatures cost has a suite of its own. `rawLmdb` writes rows of the
 * same tables and sizes, encoded beforehand, in one batch, and waits for the same flush.
 */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {monitorEventLoopDelay, performance} from 'node:perf_hooks';
import {chainActor} from '../src/actors/chain/actor.js';
import type {AcceptBlock, ChainMessage} from '../src/actors/chain/messages.js';
import {BatchedScriptVerifier} from '../src/actors/chain/script-verifier.js';
import {MANDATORY_FLAGS} from '../src/protocol/script/script-flags.js';
import {REGTEST} from '../src/protocol/chain/presets.js';
import type {ChainSpec} from '../src/protocol/chain/chain-spec.js';
import {outpointKey} from '../src/protocol/bytes/hash-key.js';
import {encodeCoin} from '../src/protocol/primitives/coin-codec.js';
import type {Block} from '../src/protocol/primitives/block.js';
import {buildTransaction} from '../src/protocol/primitives/transaction-codec.js';
import type {Coin, Transaction} from '../src/protocol/primitives/transaction.js';
import {encodeUndo} from '../src/protocol/primitives/undo-codec.js';
import type {ActorRef} from '../src/runtime/actor.js';
import {SeededRandom} from '../src/runtime/seeded-random.js';
import {createActorSystem} from '../src/runtime/system.js';
import {openChainStore} from '../src/storage/chain-store.js';
import type {OwnedChainStore} from '../src/storage/chain-store.js';
import {openDatabase} from '../src/storage/open-database.js';
import type {Database} from '../src/storage/open-database.js';
import {aBlock, aKey, coinOf, MinedChain} from '../test/support/mined-chain.js';
import type {SpendableCoin} from '../test/support/mined-chain.js';
import {median, type BenchRow} from './bench-row.js';

const SPENDS = 2_000;
const OTHER_COINS = 200_000;
const ROUNDS = 7;
const MATURITY = 1;
const COIN_SATS = 1_000_000n;
/** A well-formed signature and key: nobody checks them here, but their format is checked as always. */
const DER_SIGNATURE = Uint8Array.of(0x30, 0x44, 2, 0x20, ...new Uint8Array(32).fill(0x11), 2, 0x20, ...new Uint8Array(32).fill(0x22), 1);
const KEY = aKey('bench');
/** Regtest but for the wait: a bench needs no hundred blocks before it can begin. */
const SPEC: ChainSpec = {...REGTEST, coinbaseMaturityBlocks: MATURITY, initialSubsidySats: COIN_SATS * BigInt(SPENDS)};

function yieldTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function randomBytes(random: SeededRandom, size: number): Uint8Array {
  return Uint8Array.from({length: size}, () => random.below(256));
}

function otherCoins(): {readonly key: Uint8Array; readonly coin: Coin}[] {
  const random = new SeededRandom([1, 2, 3, 4]);
  return Array.from({length: OTHER_COINS}, () => ({
    key: randomBytes(random, 36), coin: {valueSats: COIN_SATS, scriptPubKey: KEY.scriptPubKey, height: 1, isCoinbase: false},
  }));
}

function spendOf(coins: readonly SpendableCoin[]): Transaction {
  return buildTransaction({
    inputs: coins.map(({outpoint}) => ({prevout: outpoint, witness: [DER_SIGNATURE, KEY.publicKey]})),
    outputs: coins.map(() => ({valueSats: COIN_SATS, scriptPubKey: KEY.scriptPubKey})),
  });
}

/** Blocks that each spend every output of the one before, `inputsPerTransaction` at a time. */
function aChainOfSpends(inputsPerTransaction: number): {readonly first: Block[]; readonly spending: Block[]} {
  const mined = new MinedChain(SPEC);
  const funding = mined.mine({payTo: Uint8Array.of(0x51)});
  const split = buildTransaction({
    inputs: [{prevout: {txid: funding.transactions[0]!.txid, vout: 0}}],
    outputs: Array.from({length: SPENDS}, () => ({valueSats: COIN_SATS, scriptPubKey: KEY.scriptPubKey})),
  });
  const splitting = aBlock({block: mined.tip, height: 1}, {transactions: [split]}, SPEC);
  let parent = {block: splitting, height: 2};
  let coins = Array.from({length: SPENDS}, (_, vout) => coinOf(split, vout, 2));
  const spending: Block[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const transactions: Transaction[] = [];
    for (let at = 0; at < coins.length; at += inputsPerTransaction) transactions.push(spendOf(coins.slice(at, at + inputsPerTransaction)));
    const block = aBlock(parent, {transactions}, SPEC);
    parent = {block, height: parent.height + 1};
    coins = transactions.flatMap((transaction) => transaction.outputs.map((_, vout) => coinOf(transaction, vout, parent.height)));
    spending.push(block);
  }
  return {first: [funding, splitting], spending};
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

  /** @returns milliseconds from the first put to the flush. */
  async write(block: Block, height: number): Promise<number> {
    const [headers, bodies, undo, coins, log, meta] = this.#names.map((name) => this.#database.table(name));
    const coin = {valueSats: COIN_SATS, scriptPubKey: KEY.scriptPubKey, height, isCoinbase: false};
    const coinBytes = encodeCoin(coin);
    const others = block.transactions.slice(1);
    const removed = others.flatMap(({inputs}) => inputs.map(({prevout}) => outpointKey(prevout)));
    const added = block.transactions.flatMap(({txid, outputs}) => outputs.map((_, vout) => outpointKey({txid, vout})));
    const undoBytes = encodeUndo({spentByTx: others.map(({inputs}) => inputs.map(() => coin))});
    const {hash} = block.header;
    const startedMs = performance.now();
    await this.#database.batch((writer) => {
      writer.put(headers!, Uint8Array.of(0, 0, 0, height, ...hash), new Uint8Array(91));
      writer.put(bodies!, hash, block.bytes);
      writer.put(undo!, hash, undoBytes);
      for (const key of removed) writer.remove(coins!, key);
      for (const key of added) writer.put(coins!, key, coinBytes);
      writer.put(meta!, Uint8Array.of(1), new Uint8Array(36));
      writer.put(meta!, Uint8Array.of(2), new Uint8Array(16));
      writer.put(log!, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, height), new Uint8Array(37));
    });
    await this.#database.flushed();
    return performance.now() - startedMs;
  }
}

interface Measured {
  readonly oursMs: number;
  readonly rawMs: number;
  readonly longestHoldMs: number;
}

async function measure(folder: string, inputsPerTransaction: number): Promise<Measured> {
  const {first, spending} = aChainOfSpends(inputsPerTransaction);
  const store: OwnedChainStore = openChainStore({dataDirectory: join(folder, `ours-${inputsPerTransaction}`), chainName: 'regtest'});
  const rawDatabase = openDatabase({directory: join(folder, `raw-${inputsPerTransaction}`), kind: 'bench', chainName: 'none', formatVersion: 1});
  const raw = new RawRows(rawDatabase);
  const coins = otherCoins();
  await store.commit({addedCoins: coins});
  await raw.fill(coins);
  const system = createActorSystem();
  const scripts = new BatchedScriptVerifier({
    signatures: {verify: async (checks) => ({ok: true, valid: checks.map(() => true)})}, clock: system.clock, yieldTurn,
  });
  const chain = system.spawn(chainActor({spec: SPEC}, {store, scripts, yieldTurn}), {name: 'chain', onFailure: 'escalate'});
  for (const block of first) await accept(chain, block);
  const ours: number[] = [];
  const raws: number[] = [];
  const holds: number[] = [];
  for (const [round, block] of spending.entries()) {
    // Known from the mempool.
    const spent = {valueSats: COIN_SATS, scriptPubKey: KEY.scriptPubKey, height: 1, isCoinbase: false};
    await scripts.verify(block.transactions.slice(1).map((transaction) => ({transaction, spentCoins: transaction.inputs.map(() => spent)})), MANDATORY_FLAGS);
    const rawMs = await raw.write(block, round + 3);
    const delay = monitorEventLoopDelay({resolution: 1});
    delay.enable();
    const startedMs = performance.now();
    await accept(chain, block);
    const oursMs = performance.now() - startedMs;
    delay.disable();
    // The first warms the compiler up.
    if (round === 0) continue;
    ours.push(oursMs);
    raws.push(rawMs);
    holds.push(delay.max / 1e6);
  }
  await system.terminate();
  await store.close();
  await rawDatabase.close();
  return {oursMs: median(ours), rawMs: median(raws), longestHoldMs: median(holds)};
}

async function accept(chain: ActorRef<ChainMessage>, block: Block): Promise<void> {
  const outcome = await chain.ask<AcceptBlock>({type: 'chain.acceptBlock', blockBytes: block.bytes, source: {kind: 'rpc'}}, {timeoutMs: 60_000});
  if (!outcome.ok || outcome.status !== 'connected') throw new Error(`the bench block was not connected: ${JSON.stringify(outcome)}`);
}

export async function run(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'pithead-bench-'));
  try {
    const rows: BenchRow[] = [];
    for (const inputsPerTransaction of [1, 100]) {
      const {oursMs, rawMs, longestHoldMs} = await measure(folder, inputsPerTransaction);
      const shape = inputsPerTransaction === 1 ? '2,000 transactions' : `${SPENDS / inputsPerTransaction} transactions of ${inputsPerTransaction} inputs`;
      rows.push(
        {suite: 'connect-block', name: `2,000 spends and outputs, ${shape}`, unit: 'ms', higherIsBetter: false, ours: oursMs, peers: {rawLmdb: rawMs}},
        {suite: 'connect-block', name: `longest hold of the event loop, ${shape}`, unit: 'ms', higherIsBetter: false, ours: longestHoldMs, peers: {}},
      );
    }
    return rows;
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}
