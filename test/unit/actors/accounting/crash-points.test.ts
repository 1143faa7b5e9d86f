// Proves that a found block is credited exactly once wherever the process dies: a life of two blocks (credit, maturity, a
// reorg, a payout) is run once for every write, cut before the write and cut after it, before anybody hears of it. What comes
// after the cut is a new process on the same disk, to which others say again what was not answered. And that a reorg of any
// depth takes back what it takes off the chain, and nothing else.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {AccountingChange, AccountingStore, FoundBlockRow} from '../../../../src/actors/accounting/ports.js';
import type {PostEntry, RecordBlock} from '../../../../src/actors/accounting/messages.js';
import {PAYOUT_SCHEMES, type PayoutScheme} from '../../../../src/protocol/payout/schemes.js';
import {auditLedger} from '../../../../src/storage/audit-ledger.js';
import {auditPps} from '../../../../src/storage/audit-pps.js';
import {auditSplits} from '../../../../src/storage/audit-splits.js';
import {verifyAccounting} from '../../../../src/storage/verify-accounting.js';
import {aPool, hashOf, HeldStore, TERMS, type Pool} from '../../../support/accounting-pool.js';

const MATURITY = 3;

/** Dies at its n-th write: as a killed process, it never answers that one and does no other. */
class MortalStore extends HeldStore {
  writesLeft = Infinity;
  isCutAfterWriting = false;
  isDead = false;

  override async append(change: AccountingChange): Promise<void> {
    if (this.isDead) return new Promise(() => undefined);
    if (this.writesLeft === 0) {
      this.isDead = true;
      if (this.isCutAfterWriting) await this.inner.append(change);
      return new Promise(() => undefined);
    }
    this.writesLeft -= 1;
    return super.append(change);
  }
}

/** What the world around the accounting does; told again to each new process where it was not answered. */
class World {
  readonly store: MortalStore;
  readonly chain = {activeHashes: new Set<number>(), sideHashes: new Set<number>(), tipHeight: 4};
  readonly #options: NonNullable<Parameters<typeof aPool>[0]>['options'];
  pool!: Pool;
  deaths = 0;

  constructor(store: MortalStore, scheme: PayoutScheme) {
    this.store = store;
    this.#options = {terms: {...TERMS, scheme, donationPpm: 1_000, donationAccount: 'charity'}, maturityBlocks: MATURITY};
  }

  async start(): Promise<void> {
    this.pool = await aPool({store: this.store, chain: this.chain, options: this.#options!});
    this.#tell({type: 'jobs.published', job: {template: {target: 0xffffn << 207n, height: 1}}});
    await this.#settle();
  }

  /** @returns undefined when the process died before it answered. */
  async #answer<T>(asked: Promise<T>): Promise<T | undefined> {
    let answer: T | undefined;
    asked.then((value) => (answer = value), () => undefined);
    await this.pool.sim.runUntilIdle();
    await this.pool.sim.advance(2_100);
    return answer;
  }

  async #settle(): Promise<void> {
    await this.pool.sim.advance(100);
    if (!this.store.isDead) return;
    this.deaths += 1;
    this.store.isDead = false;
    this.store.writesLeft = Infinity;
    await this.start();
  }

  #tell(event: object): void {
    this.pool.sim.system.events.publish(event as {type: string});
  }

  async work(...accounts: readonly string[]): Promise<void> {
    for (const account of accounts) await this.#answer(this.pool.record({account}));
    await this.#settle();
  }

  /** The job factory asks until it is answered: the candidate is on its disk. */
  async find(value: number): Promise<void> {
    this.chain.activeHashes.add(value);
    this.chain.tipHeight = value;
    await this.#answer(this.pool.record({account: 'alice', hash: hashOf(value), isBlock: true}));
    await this.#settle();
    const facts: Partial<RecordBlock> = {hash: hashOf(value), height: value};
    for (let tries = 0; tries < 3; tries += 1) {
      const answer = await this.#answer(this.pool.recordBlock(facts));
      await this.#settle();
      if (answer?.ok === true) break;
    }
    await this.tip(value);
  }

  async tip(height: number): Promise<void> {
    this.chain.tipHeight = height;
    this.#tell({type: 'chain.tipChanged', tip: {height}});
    await this.#settle();
  }

  async reorg(value: number, isActive: boolean): Promise<void> {
    if (isActive) this.chain.activeHashes.add(value);
    else this.chain.activeHashes.delete(value);
    this.chain.sideHashes.add(value);
    this.#tell({type: isActive ? 'chain.blockConnected' : 'chain.blockDisconnected', height: value, block: {header: {hash: hashOf(value)}}});
    await this.#settle();
  }

  /** The payouts post until they are answered, under the same name. */
  async pay(id: string, account: string, sats: bigint): Promise<void> {
    const entry: PostEntry['entry'] = {id, kind: 'payout-planned', atMs: 1, postings: [{account: `payable/${account}`, sats}, {account: `paying/${account}`, sats: -sats}]};
    for (let tries = 0; tries < 3; tries += 1) {
      const answer = await this.#answer(this.pool.ask<PostEntry>({type: 'accounting.postEntry', entry}));
      await this.#settle();
      if (answer?.ok === true) break;
    }
  }

  async minute(): Promise<void> {
    const deathsBefore = this.deaths;
    await this.pool.sim.advance(60_000);
    await this.#settle();
    // The next process has a minute of its own.
    if (this.deaths > deathsBefore) await this.minute();
  }
}

async function live(store: MortalStore, scheme: PayoutScheme): Promise<World> {
  const world = new World(store, scheme);
  await world.start();
  await world.work('bob', 'carol');
  await world.minute();
  await world.find(5);
  await world.tip(7);
  await world.pay('payout/1', 'bob', 1_000n);
  await world.reorg(5, false);
  await world.tip(8);
  await world.find(9);
  await world.reorg(5, true);
  await world.tip(12);
  await world.minute();
  return world;
}

function balancesOf(store: AccountingStore): Record<string, bigint> {
  return Object.fromEntries([...store.ledger.balances({prefix: ''})].map(({account, sats}) => [account, sats]));
}

function problemsOf(store: AccountingStore): unknown {
  return [verifyAccounting(store), auditLedger(store), auditSplits(store), auditPps(store)].filter(({ok}) => !ok);
}

const crash = suite('actors / accounting / crash-points');

for (const scheme of PAYOUT_SCHEMES) {
  crash(`${scheme}: cut at any write, before it or after, the end is the same`, async () => {
    const whole = await live(new MortalStore(), scheme);
    const expected = balancesOf(whole.store);
    const shares = whole.store.lastShareSeq();
    assert.equal(whole.store.found.all().map(({status}) => status), ['confirmed', 'confirmed']);
    let compared = 0;
    for (let cut = 0; cut < whole.store.appendCount; cut += 1) {
      for (const isCutAfterWriting of [false, true]) {
        const store = new MortalStore();
        store.writesLeft = cut;
        store.isCutAfterWriting = isCutAfterWriting;
        const world = await live(store, scheme);
        const name = `cut ${isCutAfterWriting ? 'after' : 'before'} write ${cut}`;
        assert.is(world.deaths, 1, name);
        assert.equal(problemsOf(store), [], name);
        assert.equal(store.found.all().map(({status}) => status), ['confirmed', 'confirmed'], name);
        // A share that died with its write was never answered; the window is then another one.
        if (store.lastShareSeq() !== shares) continue;
        compared += 1;
        assert.equal(balancesOf(store), expected, name);
      }
    }
    assert.ok(compared > whole.store.appendCount, `only ${compared} of ${2 * whole.store.appendCount} ends could be compared`);
  });
}

crash('a reorg of any depth takes back the credits of the blocks it takes off, and the way back restores them', async () => {
  const maturityBlocks = 6;
  const heights = Array.from({length: 10}, (_, index) => index + 11);
  for (let depth = 1; depth <= heights.length; depth += 1) {
    const chain = {activeHashes: new Set<number>(), tipHeight: 10};
    const pool = await aPool({chain, options: {maturityBlocks}});
    const say = async (event: object): Promise<void> => {
      pool.sim.system.events.publish(event as {type: string});
      await pool.sim.runUntilIdle();
    };
    const move = (value: number, isActive: boolean): Promise<void> => {
      if (isActive) chain.activeHashes.add(value);
      else chain.activeHashes.delete(value);
      return say({type: isActive ? 'chain.blockConnected' : 'chain.blockDisconnected', height: value, block: {header: {hash: hashOf(value)}}});
    };
    // Every other block is ours.
    const ours = heights.filter((height) => height % 2 === 1);
    for (const height of heights) {
      if (ours.includes(height)) {
        chain.activeHashes.add(height);
        const share = pool.record({account: `miner${height}`, hash: hashOf(height), isBlock: true});
        await pool.sim.runUntilIdle();
        await share;
        const recorded = pool.recordBlock({hash: hashOf(height), height, account: `miner${height}`});
        await pool.sim.runUntilIdle();
        await recorded;
      }
      chain.tipHeight = height;
      await say({type: 'chain.tipChanged', tip: {height}});
    }
    const before = balancesOf(pool.store);
    const statuses = (): readonly (readonly [number, FoundBlockRow['status']])[] => pool.store.found.all().map(({height, status}) => [height, status] as const);
    const statusesBefore = statuses();
    const tip = heights.at(-1)!;
    const gone = heights.slice(heights.length - depth);
    for (const height of [...gone].reverse()) await move(height, false);
    await say({type: 'chain.tipChanged', tip: {height: tip + 1}});
    assert.equal(statuses(), ours.map((height) => [height, gone.includes(height) ? 'orphaned' : tip + 1 - height + 1 >= maturityBlocks ? 'confirmed' : 'pending']), `depth ${depth}`);
    assert.equal(problemsOf(pool.store), [], `depth ${depth}`);
    assert.is(pool.store.ledger.totals().debtSats, 0n);
    const standing = pool.store.found.all().filter(({status}) => status !== 'orphaned').reduce((sum, {rewardSats}) => sum + rewardSats, 0n);
    const {coinbaseImmatureSats, walletAvailableSats} = pool.store.ledger.totals();
    assert.is(coinbaseImmatureSats + walletAvailableSats, standing, `depth ${depth}`);
    for (const height of gone) await move(height, true);
    await say({type: 'chain.tipChanged', tip: {height: tip}});
    // What was confirmed on the other branch stays so: confirmed is not taken back while a block is on the chain.
    const back = new Map(statusesBefore);
    assert.ok(statuses().every(([height, status]) => status === back.get(height) || (status === 'confirmed' && !gone.includes(height))), `depth ${depth}`);
    assert.equal(problemsOf(pool.store), [], `depth ${depth}`);
    if (statuses().every(([height, status]) => status === back.get(height))) assert.equal(balancesOf(pool.store), before, `depth ${depth}`);
  }
});

crash.run();
