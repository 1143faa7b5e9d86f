/**
 * A chain actor in a seeded simulation, on a memory store unless another is given, with signatures checked in this
 * thread by noble. Everything that the actor says is kept.
 */
import {schnorr, secp256k1} from '@noble/curves/secp256k1.js';
import type {ActorRef, ReplyOf} from '../../src/runtime/actor.js';
import {createSimulation, type Simulation} from '../../src/runtime/sim/simulation.js';
import type {SignatureVerifier} from '../../src/workers/tasks.js';
import {chainActor} from '../../src/actors/chain/actor.js';
import type {BlockOutcome, ChainEvent, ChainMessage, CoinSetTotals, TipView} from '../../src/actors/chain/messages.js';
import type {ChainStore} from '../../src/actors/chain/ports.js';
import {BatchedScriptVerifier} from '../../src/actors/chain/script-verifier.js';
import {REGTEST} from '../../src/protocol/chain/presets.js';
import type {ChainSpec} from '../../src/protocol/chain/chain-spec.js';
import type {Block} from '../../src/protocol/primitives/block.js';
import {MemoryChainStore} from '../../src/storage/memory-chain-store.js';

/** In this thread, counting what it was asked. */
export class CountingSignatureVerifier implements SignatureVerifier {
  checks = 0;

  async verify(checks: Parameters<SignatureVerifier['verify']>[0]): ReturnType<SignatureVerifier['verify']> {
    this.checks += checks.length;
    return {ok: true, valid: checks.map(({scheme, publicKey, signature, message}) => (scheme === 'schnorr'
      ? schnorr.verify(signature, message, publicKey) : secp256k1.verify(signature, message, publicKey, {prehash: false})))};
  }
}

export interface ChainHarnessOptions {
  readonly store?: ChainStore;
  readonly spec?: ChainSpec;
  readonly seed?: number;
  readonly signatures?: SignatureVerifier;
  /** Wall clock of the simulation, seconds; far after the blocks that tests mine by default. */
  readonly nowSec?: number;
  readonly isStopping?: () => boolean;
  readonly onEscalation?: (path: string, error: unknown) => void;
}

type MessageOf<T> = Extract<ChainMessage, {readonly type: T}>;

export const ASK_TIMEOUT_MS = 60_000;
/** 2026-01-01: later than any header that a test makes without saying so. */
const NOW_SEC = 1_767_225_600;

export class ChainHarness {
  readonly simulation: Simulation;
  readonly chain: ActorRef<ChainMessage>;
  readonly store: ChainStore;
  readonly scripts: BatchedScriptVerifier;
  readonly events: ChainEvent[] = [];

  constructor(options: ChainHarnessOptions = {}) {
    const {onEscalation} = options;
    this.simulation = createSimulation({
      seed: options.seed ?? 1, wallStartMs: (options.nowSec ?? NOW_SEC) * 1000,
      system: onEscalation === undefined ? {} : {onEscalation},
    });
    this.store = options.store ?? new MemoryChainStore();
    const {system, clock} = this.simulation;
    const yieldTurn = (): Promise<void> => Promise.resolve();
    this.scripts = new BatchedScriptVerifier({signatures: options.signatures ?? new CountingSignatureVerifier(), clock, yieldTurn});
    const listener = system.spawn<ChainEvent>({
      protocol: {kind: 'chain-listener', mailbox: {capacity: 10_000, policy: 'refuse'}},
      create: () => ({receive: (event) => { this.events.push(event); }}),
    }, {name: 'chain-listener'});
    system.events.subscribe<ChainEvent>(['chain.blockConnected', 'chain.blockDisconnected', 'chain.tipChanged'], listener);
    this.chain = system.spawn(chainActor({spec: options.spec ?? REGTEST}, {store: this.store, scripts: this.scripts, yieldTurn, isStopping: options.isStopping ?? (() => false)}),
      {name: 'chain', onFailure: 'escalate'});
  }

  /** Runs the simulation until the question is answered. */
  ask<T extends ChainMessage['type']>(query: MessageOf<T> & {readonly type: T}): Promise<ReplyOf<MessageOf<T>>> {
    return this.settle(this.chain.ask<MessageOf<T>>(query, {timeoutMs: ASK_TIMEOUT_MS}));
  }

  /** Runs the simulation, and real input and output with it, until `promise` settles. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    const state = {isSettled: false};
    const watched = promise.finally(() => { state.isSettled = true; });
    watched.catch(() => undefined);
    while (!state.isSettled) {
      await this.simulation.runUntilIdle();
      // LMDB commits on a thread of its own: real time, which the simulation does not see.
      if (!state.isSettled) await new Promise((resolve) => setImmediate(resolve));
    }
    return watched;
  }

  accept(block: Block | Uint8Array, kind: 'rpc' | 'peer' = 'rpc'): Promise<BlockOutcome> {
    return this.ask({type: 'chain.acceptBlock', blockBytes: block instanceof Uint8Array ? block : block.bytes, source: {kind}});
  }

  async acceptAll(blocks: readonly Block[]): Promise<BlockOutcome[]> {
    const outcomes: BlockOutcome[] = [];
    for (const block of blocks) outcomes.push(await this.accept(block));
    return outcomes;
  }

  tip(): Promise<TipView> {
    return this.ask({type: 'chain.getTip'});
  }

  totals(): Promise<CoinSetTotals> {
    return this.ask({type: 'chain.getCoinSetTotals'});
  }

  /** Stops all actors; the store stays as it is. */
  async stop(mode: 'drain' | 'now' = 'drain'): Promise<void> {
    await this.settle(this.simulation.system.terminate(mode));
  }
}
