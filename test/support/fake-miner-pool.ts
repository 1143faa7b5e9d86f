// A whole pool for fake miners: real sockets, sessions, job factory and accounting over a chain and a template source
// that the test plays itself. What the chain was handed is kept, decoded by the codec of the ledger.
import {accountingActor} from '../../src/actors/accounting/actor.js';
import type {AccountingInbox} from '../../src/actors/accounting/actor.js';
import type {AccountingMessage, AccountView, FoundBlockView, GetAccount, GetPoolTotals, ListFoundBlocks, PoolTotals} from '../../src/actors/accounting/messages.js';
import type {AccountingStore} from '../../src/actors/accounting/ports.js';
import type {ChainMessage} from '../../src/actors/chain/messages.js';
import {jobFactoryActor} from '../../src/actors/job-factory/actor.js';
import {miningPoolActor} from '../../src/actors/mining-pool/actor.js';
import type {MiningPoolInbox, MiningPoolOptions} from '../../src/actors/mining-pool/actor.js';
import type {GetSessionCount} from '../../src/actors/mining-pool/messages.js';
import {DEFAULT_CONNECTION_LIMITS, stratumSessionActor} from '../../src/actors/stratum-session/actor.js';
import type {ConnectionLimits} from '../../src/actors/stratum-session/actor.js';
import type {TemplateMessage} from '../../src/actors/template/messages.js';
import {startStratumServer} from '../../src/net/stratum-server.js';
import type {StratumServer} from '../../src/net/stratum-server.js';
import {decodeAddress, encodeAddress} from '../../src/protocol/address/address.js';
import {REGTEST} from '../../src/protocol/chain/presets.js';
import {compactToTarget} from '../../src/protocol/consensus/pow/compact.js';
import type {BlockTemplate} from '../../src/protocol/mining/block-template.js';
import type {Block} from '../../src/protocol/primitives/block.js';
import {decodeBlock} from '../../src/protocol/primitives/block-codec.js';
import type {ActorRef, ActorSpec, Message} from '../../src/runtime/actor.js';
import {DEFAULT_SESSION_LIMITS} from '../../src/protocol/stratum/session-types.js';
import type {SessionLimits} from '../../src/protocol/stratum/session-types.js';
import type {VardiffOptions} from '../../src/protocol/stratum/vardiff.js';
import {createActorSystem} from '../../src/runtime/system.js';
import type {ActorSystem} from '../../src/runtime/system.js';
import {createMemoryAccountingStore, createMemoryExtranonceCounterStore} from '../../src/storage/accounting-memory-store.js';
import {createMemoryBanStore} from '../../src/storage/ban-store.js';
import {createMemoryCandidateStore} from '../../src/storage/candidate-store.js';
import {createInlineShareHasher} from '../../src/workers/inline.js';
import type {ShareHasher} from '../../src/workers/tasks.js';
import {StratumClient} from './stratum-client.js';

/** Difficulty 1: nobody finds a block by accident. */
export const HARD_BITS = 0x1d00ffff;
/** 256 hashes in the mean: 2^-24, below the difficulty that sessions start with. */
export const EASY_BITS = 0x2000ffff;
/** 1,024 hashes in the mean. */
export const START_EXPONENT = -22;

function anAddress(seed: number): string {
  return encodeAddress(Uint8Array.of(0, 20, ...new Uint8Array(20).fill(seed)), REGTEST.address)!;
}

export const ALICE = anAddress(1);
export const BOB = anAddress(2);
export const POOL_SCRIPT = Uint8Array.of(0, 20, ...new Uint8Array(20).fill(99));

export interface FakePoolOptions {
  readonly scheme?: 'SOLO' | 'PPLNS';
  readonly bits?: number;
  readonly limits?: Partial<SessionLimits>;
  readonly connectionLimits?: Partial<ConnectionLimits>;
  readonly vardiff?: Partial<VardiffOptions>;
  readonly pool?: Partial<MiningPoolOptions>;
  readonly store?: AccountingStore;
  /** Default: hashed on this thread. */
  readonly hasher?: ShareHasher;
  /** Plays the chain's part; default: every block connects. */
  readonly acceptBlock?: (block: Block) => unknown;
}

export interface FakePool {
  readonly system: ActorSystem;
  readonly server: StratumServer;
  readonly pool: ActorRef<MiningPoolInbox>;
  readonly accounting: ActorRef<AccountingMessage>;
  readonly store: AccountingStore;
  /** Blocks that the chain was handed, in order. */
  readonly blocks: Block[];
  connect(): Promise<StratumClient>;
  /** Connects, subscribes, authorises and waits for the first job. */
  miner(userName?: string): Promise<StratumClient>;
  /** The tip moves: clean jobs. */
  newTip(facts?: Partial<BlockTemplate>): void;
  /** The mempool moves: a job that leaves the old ones valid. */
  refresh(facts?: Partial<BlockTemplate>): void;
  totals(): Promise<PoolTotals>;
  account(account: string): Promise<AccountView | null>;
  foundBlocks(): Promise<readonly FoundBlockView[]>;
  sessionCount(): Promise<number>;
  /** Asks again until it holds; the file's deadline ends what never comes. */
  eventually(condition: () => boolean | Promise<boolean>): Promise<void>;
  stop(): Promise<void>;
}

function answering<M extends Message>(kind: string, answer: (message: M) => unknown): ActorSpec<M> {
  return {
    protocol: {kind, mailbox: {capacity: 4_096, policy: 'refuse'}},
    create: () => ({
      receive(message, ctx) {
        ctx.reply(answer(message));
      },
    }),
  };
}

function firstTemplate(bits: number): BlockTemplate {
  return {
    height: 200, previousHash: new Uint8Array(32).fill(1), version: 0x20000000, bits, target: compactToTarget(bits)!,
    curTimeSec: Math.floor(performance.timeOrigin / 1000), minTimeSec: 1_700_000_000, coinbaseValueSats: 5_000_000_000n, transactions: [],
    witnessCommitment: Uint8Array.of(0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed, ...new Uint8Array(32)), longpollId: '0', weightLimitWu: 4_000_000,
    sigopLimit: 80_000, sizeLimit: 4_000_000,
  };
}

function aHasher(): ReturnType<typeof createInlineShareHasher> {
  return createInlineShareHasher({}, {
    timers: {set: (delayMs: number, run: () => void) => setTimeout(run, delayMs), clear: (handle: unknown) => clearTimeout(handle as NodeJS.Timeout)},
    nowMs: () => performance.now(), yieldTurn: (resume) => void setImmediate(resume), defer: (run) => void setImmediate(run),
  });
}

export async function startFakePool(options: FakePoolOptions = {}): Promise<FakePool> {
  const system = createActorSystem();
  const store = options.store ?? createMemoryAccountingStore();
  const blocks: Block[] = [];
  let template = firstTemplate(options.bits ?? HARD_BITS);
  const acceptBlock = options.acceptBlock ?? ((block: Block) => ({ok: true, status: 'connected', hash: block.header.hash, height: template.height}));
  const chain = system.spawn(answering<ChainMessage>('chain', (message) => {
    if (message.type === 'chain.getTip') return {height: template.height - 1};
    if (message.type !== 'chain.acceptBlock') return null;
    const block = decodeBlock(message.blockBytes);
    if (!block.ok) throw new Error(`the pool handed over bytes that are no block: ${block.code}`);
    blocks.push(block.value);
    return acceptBlock(block.value);
  }), {name: 'chain'});
  const templates = system.spawn(answering<TemplateMessage>('template', () => template), {name: 'template'});
  const scheme = options.scheme ?? 'PPLNS';
  const accounting: ActorRef<AccountingInbox> = system.spawn(accountingActor({
    store, chain, terms: {scheme, feePpm: 0, donationPpm: 0, donationAccount: ''}, subsidyOf: () => template.coinbaseValueSats, maturityBlocks: 100, windowFactorPpm: 2_000_000, shareLogMs: 604_800_000,
  }), {name: 'accounting'});
  const scriptOfAccount = (account: string): Uint8Array | undefined => {
    const decoded = decodeAddress(account, REGTEST.address);
    return decoded.ok ? decoded.value.scriptPubKey : undefined;
  };
  let lastJobKey = 0;
  const nextJobKey = (): number => (lastJobKey += 1);
  const jobFactory = system.spawn(jobFactoryActor({
    template: templates, chain, accounting, candidates: createMemoryCandidateStore(), scheme, poolScript: POOL_SCRIPT, feePpm: 0,
    tag: new TextEncoder().encode('/pithead/'), extranonceSize: 12, lifetimeMs: 300_000, refreshMs: 3_600_000, scriptOfAccount, nextJobKey,
  }), {name: 'job-factory'});
  const hasher = options.hasher ?? aHasher();
  const pool: ActorRef<MiningPoolInbox> = system.spawn(miningPoolActor({
    jobFactory, extranonceCounter: createMemoryExtranonceCounterStore(), instancePrefix: new Uint8Array(0), extranonce1Size: 4, sessionsMax: 2_000,
    sessionsPerAddressMax: 2_000,
    admission: {allow: [], deny: [], bans: {durationMs: 0, offencesMax: 3}},
    bans: createMemoryBanStore(),
    session: (facts, spawn) => spawn(stratumSessionActor({
      accounting, jobFactory, hasher, limits: {...DEFAULT_CONNECTION_LIMITS, ...options.connectionLimits},
      session: {
        extranonce2Size: 8, versionMask: 0x1fffe000, limits: {...DEFAULT_SESSION_LIMITS, staleGraceMs: 0, ...options.limits}, isJobPerAccount: scheme === 'SOLO',
        vardiff: {targetIntervalMs: 10_000, startExponent: START_EXPONENT, exponentMin: -32, exponentMax: 40, ...options.vardiff},
        decodeAccount: (account) => (scriptOfAccount(account) === undefined ? {ok: false} : {ok: true, account}), nextJobKey, serverName: 'pithead',
      },
    }, facts)),
    ...options.pool,
  }), {name: 'mining-pool'});
  const server = await startStratumServer({host: '127.0.0.1', port: 0, miningPool: pool, connectionsMax: 5_000, flushTimeoutMs: 100});
  const clients: StratumClient[] = [];
  const change = (facts: Partial<BlockTemplate>, isNewTip: boolean): void => {
    template = {...template, ...facts};
    system.events.publish({type: 'template.changed', template, isNewTip});
  };
  const eventually: FakePool['eventually'] = async (condition) => {
    while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
  };
  const connect = async (): Promise<StratumClient> => {
    const client = await StratumClient.connect(server.port);
    clients.push(client);
    return client;
  };
  return {
    system, server, pool, accounting, store, blocks, connect, eventually,
    miner: async (userName = `${ALICE}.rig`) => (await connect()).start(userName),
    newTip: (facts = {}) => change({height: template.height + 1, previousHash: new Uint8Array(32).fill((template.height + 1) % 251), ...facts}, true),
    refresh: (facts = {}) => change(facts, false),
    totals: () => accounting.ask<GetPoolTotals>({type: 'accounting.getTotals'}, {timeoutMs: 5_000}),
    account: (account) => accounting.ask<GetAccount>({type: 'accounting.getAccount', account}, {timeoutMs: 5_000}),
    foundBlocks: () => accounting.ask<ListFoundBlocks>({type: 'accounting.listBlocks', limit: 100}, {timeoutMs: 5_000}),
    sessionCount: async () => (await pool.ask<GetSessionCount>({type: 'miningPool.getSessionCount'}, {timeoutMs: 5_000})).connected,
    async stop() {
      for (const client of clients) client.end();
      await server.close();
      await system.terminate('now');
    },
  };
}
