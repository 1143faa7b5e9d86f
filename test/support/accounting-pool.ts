/**
 * An accounting under the simulator: a memory store whose writes the test holds, fails or counts, and a chain that says
 * what the test wants. Questions are asked as others ask them.
 */
import * as assert from 'uvu/assert';
import {accountingActor} from '../../src/actors/accounting/actor.js';
import type {AccountingInbox, AccountingOptions} from '../../src/actors/accounting/actor.js';
import type {AccountingMessage, AccountView, FoundBlockView, GetAccount, ListFoundBlocks, PoolTotals, GetPoolTotals, RecordBlock, RecordShares} from '../../src/actors/accounting/messages.js';
import type {AccountingStore, FoundBlockRow} from '../../src/actors/accounting/ports.js';
import type {ChainMessage} from '../../src/actors/chain/messages.js';
import type {RewardTerms} from '../../src/protocol/payout/schemes.js';
import type {AcceptedShare} from '../../src/protocol/stratum/share.js';
import type {ActorRef, ActorSpec, Query, ReplyOf} from '../../src/runtime/actor.js';
import {createSimulation} from '../../src/runtime/sim/simulation.js';
import type {Simulation} from '../../src/runtime/sim/simulation.js';
import {createMemoryAccountingStore} from '../../src/storage/accounting-memory-store.js';

export const TARGET = 0xffffn << 208n;
export const NETWORK_TARGET = TARGET >> 3n;
export const REWARD_SATS = 5_000_000_001n;
export const TERMS: RewardTerms = {scheme: 'PPLNS', feePpm: 10_000, donationPpm: 0, donationAccount: ''};

/** A memory store whose writes wait for `release` while held, or fail. */
export class HeldStore implements AccountingStore {
  readonly inner = createMemoryAccountingStore();
  readonly ledger = this.inner.ledger;
  readonly pps = this.inner.pps;
  readonly sums = this.inner.sums;
  readonly found = this.inner.found;
  appendCount = 0;
  isHeld = false;
  isFailing = false;
  #released: (() => void)[] = [];
  firstShareSeq = (): number => this.inner.firstShareSeq();
  lastShareSeq = (): number => this.inner.lastShareSeq();
  sharesBackwards = (fromSeq: number): ReturnType<AccountingStore['sharesBackwards']> => this.inner.sharesBackwards(fromSeq);
  sharesFrom = (seq: number, limit: number): ReturnType<AccountingStore['sharesFrom']> => this.inner.sharesFrom(seq, limit);
  split = (hash: Uint8Array): ReturnType<AccountingStore['split']> => this.inner.split(hash);
  treeChunk = (number: number): ReturnType<AccountingStore['treeChunk']> => this.inner.treeChunk(number);

  async append(change: Parameters<AccountingStore['append']>[0]): Promise<void> {
    this.appendCount += 1;
    if (this.isHeld) await new Promise<void>((resolve) => this.#released.push(resolve));
    if (this.isFailing) throw new Error('disk full');
    await this.inner.append(change);
  }

  release(): void {
    this.isHeld = false;
    for (const resolve of this.#released.splice(0)) resolve();
  }
}

export interface Pool {
  readonly sim: Simulation;
  readonly store: HeldStore;
  readonly accounting: ActorRef<AccountingInbox>;
  /** `sideHashes`: blocks that the chain knows and has left. */
  readonly chain: {activeHashes: Set<number>; tipHeight: number; isSilent?: boolean; sideHashes?: Set<number>};
  record(facts?: Partial<AcceptedShare>): Promise<ReplyOf<RecordShares>>;
  recordBlock(facts?: Partial<RecordBlock>): Promise<ReplyOf<RecordBlock>>;
  totals(): Promise<PoolTotals>;
  account(account: string): Promise<AccountView | null>;
  blocks(): Promise<readonly FoundBlockView[]>;
  ask<Q extends AccountingMessage & Query<string, object, unknown>>(query: Q): Promise<ReplyOf<Q>>;
}

/** The found blocks as the test says, for checks of a whole store. */
export function foundAs(rows: readonly FoundBlockRow[]): Pick<AccountingStore, 'found'> {
  const memory = createMemoryAccountingStore();
  void memory.append({blocks: rows});
  return {found: memory.found};
}

export function hashOf(value: number): Uint8Array {
  return new Uint8Array(32).fill(value);
}

/** Worth more than any work here, and each another one. */
function shareHash(number: number): Uint8Array {
  const hash = new Uint8Array(32);
  new DataView(hash.buffer).setUint32(0, number, true);
  return hash;
}

export function aChain(state: Pool['chain']): ActorSpec<ChainMessage> {
  return {
    protocol: {kind: 'chain', mailbox: {capacity: 64, policy: 'refuse'}},
    create: () => ({
      receive(message, ctx) {
        if (state.isSilent === true) return;
        if (message.type === 'chain.getTip') ctx.reply({height: state.tipHeight});
        if (message.type === 'chain.getHeader') {
          const isActive = state.activeHashes.has(message.hash[0]!);
          ctx.reply(isActive || state.sideHashes?.has(message.hash[0]!) ? {isActive} : null);
        }
      },
    }),
  };
}

export async function aPool(facts: {store?: HeldStore; seed?: number; options?: Partial<AccountingOptions>; chain?: Pool['chain']} = {}): Promise<Pool> {
  const sim = createSimulation({seed: facts.seed ?? 1});
  const store = facts.store ?? new HeldStore();
  const chain = facts.chain ?? {activeHashes: new Set<number>(), tipHeight: 0};
  const chainRef = sim.system.spawn(aChain(chain), {name: 'chain'});
  const accounting = sim.system.spawn(accountingActor({
    store, chain: chainRef, terms: TERMS, subsidyOf: () => 5_000_000_000n, maturityBlocks: 3, windowFactorPpm: 2_000_000, shareLogMs: 604_800_000, ...facts.options,
  }), {name: 'accounting'});
  await sim.runUntilIdle();
  let share = 0;
  const ask = async <R>(asked: Promise<R>): Promise<R> => {
    await sim.runUntilIdle();
    return asked;
  };
  return {
    sim, store, accounting, chain,
    record: (own = {}) => {
      share += 1;
      const recorded: AcceptedShare = {
        account: 'alice', minerName: 'rig', target: TARGET, height: 1, hash: shareHash(share), isBlock: false, sessionId: 1, userAgent: 'test', ...own,
      };
      return accounting.ask<RecordShares>({type: 'accounting.recordShares', shares: [recorded]}, {timeoutMs: 60_000});
    },
    recordBlock: (own = {}) => accounting.ask<RecordBlock>({
      type: 'accounting.recordBlock', hash: hashOf(7), height: 5, target: NETWORK_TARGET, account: 'alice', minerName: 'rig', rewardSats: REWARD_SATS,
      accepted: true, paysFinderDirectly: false, ...own,
    }, {timeoutMs: 60_000}),
    totals: () => ask(accounting.ask<GetPoolTotals>({type: 'accounting.getTotals'}, {timeoutMs: 1_000})),
    account: (account) => ask(accounting.ask<GetAccount>({type: 'accounting.getAccount', account}, {timeoutMs: 1_000})),
    ask: (query) => ask(accounting.ask(query, {timeoutMs: 60_000})),
    blocks: () => ask(accounting.ask<ListFoundBlocks>({type: 'accounting.listBlocks', limit: 10}, {timeoutMs: 1_000})),
  };
}

/** A block found by alice after bob and she have worked one to three. */
export async function aPoolWithBlock(facts: Parameters<typeof aPool>[0] = {}): Promise<Pool> {
  const pool = await aPool(facts);
  pool.chain.activeHashes.add(7);
  const shares = [pool.record({account: 'bob'}), pool.record(), pool.record(), pool.record({hash: hashOf(7), isBlock: true})];
  await pool.sim.runUntilIdle();
  await Promise.all(shares);
  const recorded = pool.recordBlock();
  await pool.sim.runUntilIdle();
  assert.equal(await recorded, {ok: true});
  return pool;
}
