// Proves what the job factory promises: every job is unique work and outlives refreshes by the clock; a solved block is
// on disk before the chain hears of it, and the chain has answered before the miner does; nothing is lost over failures
// and restarts, nothing handed over twice is counted twice; a solo job pays its account and no other.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {AccountingMessage} from '../../../../src/actors/accounting/messages.js';
import type {ChainMessage, CheckProposal} from '../../../../src/actors/chain/messages.js';
import {jobFactoryActor} from '../../../../src/actors/job-factory/actor.js';
import type {JobFactoryInbox, JobFactoryOptions} from '../../../../src/actors/job-factory/actor.js';
import type {GetCurrentJob, GetJobForAccount, JobEvent, JobsPaused, SubmitCandidate} from '../../../../src/actors/job-factory/messages.js';
import type {CandidateStore} from '../../../../src/actors/job-factory/ports.js';
import type {TemplateMessage} from '../../../../src/actors/template/messages.js';
import type {BlockTemplate} from '../../../../src/protocol/mining/block-template.js';
import {decodeBlock} from '../../../../src/protocol/primitives/block-codec.js';
import type {StratumJob} from '../../../../src/protocol/stratum/stratum-job.js';
import type {ActorRef, ActorSpec, Message, ReplyOf} from '../../../../src/runtime/actor.js';
import type {Log} from '../../../../src/runtime/log.js';
import {bytesEqual} from '../../../../src/protocol/bytes/compare.js';
import {merkleRoot} from '../../../../src/protocol/consensus/merkle.js';
import {createSimulation} from '../../../../src/runtime/sim/simulation.js';
import type {Simulation} from '../../../../src/runtime/sim/simulation.js';
import {createMemoryCandidateStore} from '../../../../src/storage/candidate-store.js';

const OK = {ok: true, status: 'connected', height: 200};

function aTemplate(facts: Partial<BlockTemplate> = {}): BlockTemplate {
  return {
    height: 200, previousHash: new Uint8Array(32).fill(1), version: 0x20000000, bits: 0x207fffff, target: 0x7fffffn << 232n, curTimeSec: 1_767_225_700,
    minTimeSec: 1_767_225_600, coinbaseValueSats: 5_000_000_000n, transactions: [], witnessCommitment: new Uint8Array(38).fill(0xaa), longpollId: 'a',
    weightLimitWu: 4_000_000, sigopLimit: 80_000, sizeLimit: 4_000_000, ...facts,
  };
}

/** An actor that answers by a function; undefined leaves the question open. */
function answering<M extends Message>(kind: string, answer: (message: M) => unknown): ActorSpec<M> {
  return {
    protocol: {kind, mailbox: {capacity: 1_024, policy: 'refuse'}},
    create: () => ({
      receive(message, ctx) {
        const reply = answer(message);
        if (reply !== undefined) ctx.reply(reply);
      },
    }),
  };
}

interface World {
  template: BlockTemplate | undefined;
  outcome: unknown;
  isRecorded: boolean;
  isDiskFull: boolean;
}

interface Factory {
  readonly sim: Simulation;
  readonly published: Extract<JobEvent, {type: 'jobs.published'}>[];
  readonly store: CandidateStore;
  readonly handed: Uint8Array[];
  /** What happened, in order: stored, asked, recorded, removed. */
  readonly trace: string[];
  readonly world: World;
  publish(template: BlockTemplate): Promise<StratumJob>;
  submit(job?: StratumJob): Promise<ReplyOf<SubmitCandidate>>;
  ask<Q extends JobFactoryInbox>(query: Q): Promise<ReplyOf<Q>>;
}

function aWorld(sim: Simulation, facts: {world: World; trace: string[]; handed: Uint8Array[]; published: Factory['published']}): Pick<JobFactoryOptions, 'template' | 'chain' | 'accounting'> {
  const {world, trace, handed, published} = facts;
  const template = answering<TemplateMessage>('template', () => world.template ?? {ok: false, code: 'template-not-ready', detail: ''});
  const chain = answering<ChainMessage>('chain', (message) => {
    trace.push('asked');
    if (message.type === 'chain.acceptBlock') handed.push(message.blockBytes);
    return world.outcome;
  });
  const accounting = answering<AccountingMessage>('accounting', (message) => {
    if (message.type === 'accounting.recordBlock') trace.push(`recorded ${message.accepted}`);
    return {ok: world.isRecorded};
  });
  const listener = sim.system.spawn(answering<JobEvent>('listener', (event) => void published.push(event)), {name: 'listener'});
  sim.system.events.subscribe<JobEvent>(['jobs.published'], listener);
  return {
    template: sim.system.spawn(template, {name: 'template'}),
    chain: sim.system.spawn(chain, {name: 'chain'}),
    accounting: sim.system.spawn(accounting, {name: 'accounting'}),
  };
}

function watched(inner: CandidateStore, trace: string[], world: World): CandidateStore {
  return {
    pending: () => inner.pending(),
    async put(row) {
      if (world.isDiskFull) throw new Error('disk full');
      await inner.put(row);
      trace.push('stored');
    },
    async remove(hash) {
      await inner.remove(hash);
      trace.push('removed');
    },
  };
}

async function aFactory(facts: {options?: Partial<JobFactoryOptions>; store?: CandidateStore; world?: Partial<World>} = {}): Promise<Factory> {
  const sim = createSimulation({seed: 3, strategy: 'fifo'});
  const world: World = {template: aTemplate(), outcome: OK, isRecorded: true, isDiskFull: false, ...facts.world};
  const seen = {trace: [] as string[], handed: [] as Uint8Array[], published: [] as Factory['published']};
  const store = watched(facts.store ?? createMemoryCandidateStore(), seen.trace, world);
  let jobKey = 0;
  const factory: ActorRef<JobFactoryInbox> = sim.system.spawn(jobFactoryActor({
    ...aWorld(sim, {world, ...seen}), candidates: store, scheme: 'PPLNS', poolScript: Uint8Array.of(0x51), feePpm: 0, tag: new TextEncoder().encode('/pithead/'),
    extranonceSize: 12, lifetimeMs: 300_000, refreshMs: 30_000, nextJobKey: () => (jobKey += 1), scriptOfAccount: (account) => (account.startsWith('addr') ? new TextEncoder().encode(account) : undefined),
    ...facts.options,
  }), {name: 'job-factory'});
  await sim.runUntilIdle();
  return {
    sim, store, world, ...seen,
    async publish(next) {
      sim.system.events.publish({type: 'template.changed', template: next, isNewTip: false});
      await sim.runUntilIdle();
      return seen.published.at(-1)!.job;
    },
    submit: (job = seen.published[0]!.job) => factory.ask<SubmitCandidate>({
      type: 'jobs.submitCandidate', job, extranonce1: new Uint8Array(4).fill(4), extranonce2: new Uint8Array(8).fill(8), header: new Uint8Array(80).fill(1),
      hash: new Uint8Array(32).fill(1), account: 'addr-1', minerName: 'rig',
    }, {timeoutMs: 60_000}),
    async ask(query) {
      const asked = factory.ask(query, {timeoutMs: 1_000});
      await sim.runUntilIdle();
      return asked;
    },
  };
}

/** The coinbase of the block that was handed to the chain. */
function coinbaseOf(pool: Factory): {readonly witness: readonly Uint8Array[]; readonly outputs: readonly {readonly valueSats: bigint; readonly scriptPubKey: Uint8Array}[]} {
  const block = decodeBlock(pool.handed[0]!);
  if (!block.ok) throw new Error(block.code);
  const [coinbase] = block.value.transactions;
  return {witness: coinbase!.inputs[0]!.witness, outputs: coinbase!.outputs};
}

const jobs = suite('actors / job-factory / actor');

jobs('every job is unique work, also from the same template', async () => {
  const pool = await aFactory();
  const made = [pool.published[0]!.job, await pool.publish(aTemplate()), await pool.publish(aTemplate())];
  assert.is(new Set(made.map((job) => job.jobId)).size, 3);
  assert.is(new Set(made.map((job) => job.jobKey)).size, 3);
  assert.is(new Set(made.map((job) => job.coinbase1.join())).size, 3);
});

jobs('asks for clean jobs on a new tip and on no other change', async () => {
  const pool = await aFactory();
  await pool.publish(aTemplate({longpollId: 'b'}));
  await pool.publish(aTemplate({previousHash: new Uint8Array(32).fill(2), height: 201}));
  assert.equal(pool.published.map(({cleanJobs, job}) => [cleanJobs, job.cleanJobs]), [[true, true], [false, false], [true, true]]);
});

jobs('waits for a node that has no template yet', async () => {
  const pool = await aFactory({world: {template: undefined}});
  assert.is(await pool.ask<GetCurrentJob>({type: 'jobs.getCurrent'}), null);
  pool.world.template = aTemplate();
  await pool.sim.advance(1_000);
  assert.is(pool.published.length, 1);
});

jobs('refreshes an old job, so that header times keep up', async () => {
  const pool = await aFactory();
  await pool.sim.advance(31_000);
  assert.equal(pool.published.map(({cleanJobs}) => cleanJobs), [true, false]);
});

jobs('keeps a job by the clock and not by count', async () => {
  const pool = await aFactory({options: {scheme: 'SOLO'}});
  const {jobKey} = pool.published[0]!.job;
  for (let i = 0; i < 500; i += 1) await pool.publish(aTemplate());
  const find = (): Promise<StratumJob | null> => pool.ask<GetJobForAccount>({type: 'jobs.getForAccount', jobKey, account: 'addr-1'});
  assert.ok(await find());
  await pool.sim.advance(301_000);
  await pool.publish(aTemplate());
  assert.is(await find(), null);
});

jobs('a solo job pays its account, and the pool its fee', async () => {
  const pool = await aFactory({options: {scheme: 'SOLO', feePpm: 10_000}});
  const base = pool.published[0]!.job;
  const ask = (account: string): Promise<StratumJob | null> => pool.ask<GetJobForAccount>({type: 'jobs.getForAccount', jobKey: base.jobKey, account});
  const mine = (await ask('addr-1'))!;
  const theirs = (await ask('addr-2'))!;
  assert.is(mine.jobId, base.jobId);
  assert.is(new Set([base.jobKey, mine.jobKey, theirs.jobKey]).size, 3);
  assert.not.equal(mine.coinbase2, theirs.coinbase2);
  assert.is(await ask('addr-1'), mine);
  assert.is(await ask('no address'), null);
  const outcome = pool.submit(mine);
  await pool.sim.runUntilIdle();
  await outcome;
  const {outputs} = coinbaseOf(pool);
  assert.equal(outputs.map(({valueSats}) => valueSats), [4_950_000_000n, 50_000_000n, 0n]);
  assert.equal(outputs[0]!.scriptPubKey, new TextEncoder().encode('addr-1'));
});

jobs('where the pool is paid, every account has the same job', async () => {
  const pool = await aFactory();
  const {job} = pool.published[0]!;
  assert.is(await pool.ask<GetJobForAccount>({type: 'jobs.getForAccount', jobKey: job.jobKey, account: 'addr-1'}), job);
});

jobs('a candidate is on disk before the chain is asked, and answered after it has judged', async () => {
  const pool = await aFactory();
  const outcome = pool.submit();
  await pool.sim.runUntilIdle();
  assert.equal(await outcome, OK);
  assert.equal(pool.trace, ['stored', 'asked', 'recorded true', 'removed']);
  assert.equal(pool.store.pending(), []);
});

jobs('the block handed over carries the coinbase witness and the commitment', async () => {
  const pool = await aFactory();
  const outcome = pool.submit();
  await pool.sim.runUntilIdle();
  await outcome;
  const {witness, outputs} = coinbaseOf(pool);
  assert.equal(witness.map((item) => Uint8Array.from(item)), [new Uint8Array(32)]);
  assert.equal(outputs.map(({valueSats}) => valueSats), [5_000_000_000n, 0n]);
});

jobs('the same candidate twice is handed over once', async () => {
  const pool = await aFactory();
  const both = [pool.submit(), pool.submit()];
  await pool.sim.runUntilIdle();
  assert.equal((await Promise.all(both)).map(({ok}) => ok), [true, true]);
  const later = pool.submit();
  await pool.sim.runUntilIdle();
  assert.ok((await later).ok);
  assert.is(pool.handed.length, 1);
});

jobs('a full disk does not keep a block from the chain', async () => {
  const pool = await aFactory({world: {isDiskFull: true}});
  const outcome = pool.submit();
  await pool.sim.runUntilIdle();
  assert.ok((await outcome).ok);
});

jobs('chain-unavailable: the miner is answered, the block is tried again until the chain has judged it', async () => {
  const pool = await aFactory({world: {outcome: undefined}});
  const outcome = pool.submit();
  await pool.sim.advance(11_000);
  assert.equal(await outcome, {ok: false, code: 'chain-unavailable', status: 'invalid'});
  assert.is(pool.store.pending().length, 1);
  pool.world.outcome = OK;
  await pool.sim.advance(60_000);
  assert.equal(pool.trace.slice(-2), ['recorded true', 'removed']);
  assert.equal(pool.store.pending(), []);
});

jobs('a block that no node could judge is offered again as soon as one is back, not after its pause', async () => {
  const pool = await aFactory({world: {outcome: undefined}});
  void pool.submit().catch(() => undefined);
  await pool.sim.advance(150_000);
  pool.world.outcome = OK;
  const before = pool.handed.length;
  pool.sim.system.events.publish({type: 'upstream.nodeUp', node: 'a'});
  await pool.sim.runUntilIdle();
  assert.is(pool.handed.length, before + 1);
  assert.equal(pool.trace.slice(-2), ['recorded true', 'removed']);
});

jobs('a stalled upstream pauses jobs: nothing for newcomers, what is out stays valid, and the next job is clean', async () => {
  const pool = await aFactory();
  const texts: string[] = [];
  const listener = pool.sim.system.spawn(answering<JobsPaused>('pause-listener', ({text}) => void texts.push(text)), {name: 'pause-listener'});
  pool.sim.system.events.subscribe<JobsPaused>(['jobs.paused'], listener);
  const job = pool.published[0]!.job;
  for (let times = 0; times < 2; times += 1) {
    pool.sim.system.events.publish({type: 'upstream.stalled', sinceMs: 60_000, detail: ''});
    await pool.sim.runUntilIdle();
  }
  assert.is(texts.length, 1, 'said once');
  assert.is(await pool.ask<GetCurrentJob>({type: 'jobs.getCurrent'}), null);
  assert.ok(await pool.ask<GetJobForAccount>({type: 'jobs.getForAccount', jobKey: job.jobKey, account: 'addr-1'}));
  const outcome = pool.submit(job);
  await pool.sim.runUntilIdle();
  assert.ok((await outcome).ok, 'a block of it is still a block');
  await pool.publish(aTemplate({longpollId: 'b'}));
  assert.equal(pool.published.map(({cleanJobs}) => cleanJobs), [true, true]);
});

jobs('job-refused-in-advance: the node is asked about a job some time after it went out, and seldom', async () => {
  const said: string[] = [];
  const quiet = {debug: () => undefined, info: () => undefined, warn: () => undefined, child: () => log};
  const log: Log = {...quiet, error: (facts) => void said.push(`${facts.code} ${String(facts['reason'])}`)};
  const proposals: Uint8Array[] = [];
  let verdict: object = {ok: false, code: 'bad-cb-amount'};
  const sim = createSimulation({seed: 3, strategy: 'fifo', system: {log}});
  const node = sim.system.spawn(answering<CheckProposal>('rehearsal', ({blockBytes}) => {
    proposals.push(blockBytes);
    return verdict;
  }), {name: 'rehearsal'});
  const facts = {world: {template: aTemplate(), outcome: OK, isRecorded: true, isDiskFull: false}, trace: [], handed: [], published: []};
  let jobKey = 0;
  sim.system.spawn(jobFactoryActor({
    ...aWorld(sim, facts), candidates: createMemoryCandidateStore(), rehearsal: node, scheme: 'PPLNS', poolScript: Uint8Array.of(0x51), feePpm: 0, tag: new Uint8Array(0),
    extranonceSize: 12, lifetimeMs: 300_000, refreshMs: 30_000, nextJobKey: () => (jobKey += 1), scriptOfAccount: () => undefined,
  }), {name: 'job-factory'});
  await sim.advance(2_900);
  assert.is(proposals.length, 0, 'miners come first');
  await sim.advance(200);
  assert.equal(said, ['job-refused-in-advance bad-cb-amount']);
  const block = decodeBlock(proposals[0]!);
  assert.ok(block.ok && bytesEqual(block.value.header.merkleRoot, merkleRoot(block.value.transactions.map(({txid}) => txid)).root));
  verdict = {ok: false, code: 'inconclusive-not-best-prevblk'};
  await sim.advance(599_000);
  assert.is(proposals.length, 1);
  await sim.advance(2_000);
  assert.equal([proposals.length, said.length], [2, 1]);
});

jobs('a candidate leaves the disk only when the accounting has it', async () => {
  const pool = await aFactory({world: {isRecorded: false}});
  const outcome = pool.submit();
  await pool.sim.advance(2_000);
  assert.ok((await outcome).ok);
  assert.is(pool.store.pending().length, 1);
  pool.world.isRecorded = true;
  await pool.sim.advance(60_000);
  assert.equal(pool.store.pending(), []);
});

jobs('what is on disk at the start is handed over again', async () => {
  const store = createMemoryCandidateStore();
  const crashed = await aFactory({store, world: {outcome: undefined}});
  void crashed.submit().catch(() => undefined);
  await crashed.sim.runUntilIdle();
  assert.is(store.pending().length, 1);
  const restarted = await aFactory({store, world: {outcome: {ok: true, status: 'duplicate', height: 200}}});
  assert.equal(restarted.trace, ['asked', 'recorded true', 'removed']);
  assert.equal(store.pending(), []);
});

jobs('a refused candidate is recorded as refused and not tried again', async () => {
  const pool = await aFactory({world: {outcome: {ok: false, code: 'bad-cb-amount', status: 'invalid'}}});
  const outcome = pool.submit();
  await pool.sim.advance(60_000);
  assert.equal(await outcome, {ok: false, code: 'bad-cb-amount', status: 'invalid'});
  assert.equal(pool.trace, ['stored', 'asked', 'recorded false', 'removed']);
});

jobs('a block whose parent the chain does not know yet is tried again', async () => {
  const pool = await aFactory({world: {outcome: {ok: false, code: 'prev-blk-not-found', status: 'orphan'}}});
  void pool.submit();
  await pool.sim.runUntilIdle();
  pool.world.outcome = OK;
  await pool.sim.advance(60_000);
  assert.equal(pool.trace.slice(-2), ['recorded true', 'removed']);
});

jobs.run();
