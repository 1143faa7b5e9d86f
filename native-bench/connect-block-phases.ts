/**
 * @module What the parts of connecting a block of 2,000 one-input transactions cost, each alone, with the coins in memory.
 *
 * The row of the scripts answers the question that docs/decisions/signatures-by-assumption.md leaves open: `ours` is the
 * evaluation on the main thread, signature hashes included, the peer is the wait for the signatures alone, checked by the
 * thread pool with its default threads and without its cache. A ratio above 1 would refute that decision.
 */
import {performance} from 'node:perf_hooks';
import {BatchedScriptVerifier} from '../src/actors/chain/script-verifier.js';
import {outpointMapKey} from '../src/protocol/bytes/hash-key.js';
import {checkBlock, checkBlockContext} from '../src/protocol/consensus/check-block.js';
import {connectBlock} from '../src/protocol/consensus/connect-block.js';
import type {BlockConnection} from '../src/protocol/consensus/connect-block.js';
import {decodeBlock} from '../src/protocol/primitives/block-codec.js';
import type {Block} from '../src/protocol/primitives/block.js';
import {encodeCoin} from '../src/protocol/primitives/coin-codec.js';
import {encodeUndo} from '../src/protocol/primitives/undo-codec.js';
import {MANDATORY_FLAGS} from '../src/protocol/script/script-flags.js';
import type {SignatureCheck} from '../src/protocol/script/signature-check.js';
import {createThreadPool, defaultThreads} from '../src/workers/thread-pool.js';
import {interleaved, type BenchRow} from './bench-row.js';
import {aChainOfSpends, benchCoin, SPEC, SPENDS} from './connect-block-shapes.js';

const HEIGHT = 3;
const ROUNDS = 9;

export async function phaseRows(): Promise<BenchRow[]> {
  const blockBytes = aChainOfSpends({inputsPerTransaction: 1, blocks: 1}).spending[0]!;
  const pool = createThreadPool({signatureCacheMax: 0});
  try {
    const {connection, checks} = await evaluated(decoded(blockBytes));
    const ms = await interleaved({
      decode: () => timed(() => decoded(blockBytes)),
      rules: () => {
        const block = decoded(blockBytes);
        return timed(() => judged(block));
      },
      coins: () => {
        const block = decoded(blockBytes);
        return timed(() => connected(block));
      },
      encoding: () => timed(() => [encodeUndo(connection.undo), connection.added.map(({coin}) => encodeCoin(coin))]),
      evaluation: async () => (await evaluated(decoded(blockBytes))).evaluationMs,
      signatures: async () => {
        const startedMs = performance.now();
        const outcome = await pool.signatures.verify(checks);
        if (!outcome.ok || outcome.valid.length !== SPENDS) throw new Error('the pool did not check the signatures');
        return performance.now() - startedMs;
      },
    }, ROUNDS);
    const row = (name: string, ours: number, peers: BenchRow['peers'] = {}): BenchRow =>
      ({suite: 'connect-block', name: `phase: ${name}`, unit: 'ms', higherIsBetter: false, ours, peers});
    const threads = defaultThreads();
    return [
      row('decoding and hashing', ms['decode']!),
      row('rules that need no coins, both merkle roots', ms['rules']!),
      row('rules that need coins', ms['coins']!),
      row('encoding of undo and coins', ms['encoding']!),
      row(`scripts not proved before: evaluation, beside signatures on ${threads} thread${threads === 1 ? '' : 's'}`, ms['evaluation']!, {signatures: ms['signatures']!}),
    ];
  } finally {
    await pool.close();
  }
}

function timed(work: () => unknown): number {
  const startedMs = performance.now();
  work();
  return performance.now() - startedMs;
}

function decoded(blockBytes: Uint8Array): Block {
  const block = decodeBlock(blockBytes);
  if (!block.ok) throw new Error(block.code);
  return block.value;
}

function judged(block: Block): void {
  const context = {spec: SPEC, height: HEIGHT, parentMedianTimeSec: block.header.timeSec - 1};
  for (const verdict of [checkBlock(block, SPEC), checkBlockContext(block, context)]) if (!verdict.ok) throw new Error(verdict.code);
}

let coinsByKey: ReadonlyMap<string, ReturnType<typeof benchCoin>> | undefined;

function connected(block: Block): BlockConnection {
  const coins = coinsByKey ??= new Map(block.transactions.slice(1).flatMap(({inputs}) =>
    inputs.map(({prevout}) => [outpointMapKey(prevout), benchCoin(HEIGHT - 1)] as const)));
  const verdict = connectBlock(block, {
    spec: SPEC, height: HEIGHT, coin: (outpoint) => coins.get(outpointMapKey(outpoint)), medianTimePastAt: () => block.header.timeSec - 1,
  });
  if (!verdict.ok) throw new Error(verdict.code);
  return verdict.value;
}

/** Evaluates with signatures that are all answered at once, and keeps what was asked. */
async function evaluated(block: Block): Promise<{connection: BlockConnection; checks: readonly SignatureCheck[]; evaluationMs: number}> {
  const connection = connected(block);
  const checks: SignatureCheck[] = [];
  const signatures = {
    verify: async (asked: readonly SignatureCheck[]) => {
      checks.push(...asked);
      return {ok: true, valid: asked.map(() => true)} as const;
    },
  };
  const clock = {nowMs: () => performance.now(), wallMs: () => Date.now()};
  const scripts = new BatchedScriptVerifier({signatures, clock, yieldTurn: () => new Promise((resolve) => setImmediate(resolve))});
  const spends = connection.undo.spentByTx.map((spentCoins, i) => ({transaction: block.transactions[i + 1]!, spentCoins}));
  const startedMs = performance.now();
  const verdict = await scripts.verify(spends, MANDATORY_FLAGS);
  if (!verdict.ok) throw new Error(verdict.code);
  return {connection, checks, evaluationMs: performance.now() - startedMs};
}
