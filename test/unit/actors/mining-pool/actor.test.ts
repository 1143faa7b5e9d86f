// Proves the front desk's promises: limits hold, an extranonce1 is never given twice (neither live nor over restarts),
// jobs reach every session in slices with no demand for clean work lost, and a drain ends when the last session has.
// Sessions are dummies that note what they hear.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {miningPoolActor} from '../../../../src/actors/mining-pool/actor.js';
import type {MiningPoolInbox, MiningPoolOptions, SessionFacts} from '../../../../src/actors/mining-pool/actor.js';
import type {BanNetwork, DrainMiningPool, EndOneSession, GetConnectionCounts, GetSessionCount, ListBans, ListSessions, UnbanNetwork} from '../../../../src/actors/mining-pool/messages.js';
import type {Connection, ExtranonceCounterStore} from '../../../../src/actors/mining-pool/ports.js';
import type {JobFactoryMessage} from '../../../../src/actors/job-factory/messages.js';
import type {ConnectionMessage, StratumSessionMessage} from '../../../../src/actors/stratum-session/messages.js';
import type {StratumJob} from '../../../../src/protocol/stratum/stratum-job.js';
import type {ActorRef, ActorSpec, ReplyOf} from '../../../../src/runtime/actor.js';
import {parseIpNetwork} from '../../../../src/protocol/endpoint/ip-network.js';
import {createSimulation} from '../../../../src/runtime/sim/simulation.js';
import type {Simulation} from '../../../../src/runtime/sim/simulation.js';
import {createMemoryBanStore} from '../../../../src/storage/ban-store.js';
import {createMemoryExtranonceCounterStore} from '../../../../src/storage/accounting-memory-store.js';

class FakeConnection implements Connection {
  readonly id: number;
  readonly remoteAddress: string;
  readonly remoteEndpoint: string;
  receiver: ActorRef<ConnectionMessage> | undefined;
  closedAs: string | undefined;

  constructor(id: number, remoteAddress = '127.0.0.1') {
    this.id = id;
    this.remoteAddress = remoteAddress;
    this.remoteEndpoint = `${remoteAddress}:${id}`;
  }

  deliverTo(ref: ActorRef<ConnectionMessage>): void {
    this.receiver = ref;
  }

  sent = '';

  send(text: string): void {
    this.sent += text;
  }

  bufferedBytes(): number {
    return 0;
  }
  pause(): void {}
  resume(): void {}
  close(mode: 'flush' | 'now'): void {
    this.closedAs = mode;
  }
}

interface Desk {
  readonly sim: Simulation;
  readonly pool: ActorRef<MiningPoolInbox>;
  readonly sessions: SessionFacts[];
  /** What sessions heard: `id type detail`. */
  readonly heard: string[];
  open(count: number, remoteAddress?: string): Promise<FakeConnection[]>;
  publish(jobId: string, cleanJobs: boolean): void;
  ask<Q extends MiningPoolInbox>(query: Q): Promise<ReplyOf<Q>>;
}

/** Ends when its connection is gone; `stubborn` ones ignore a farewell; ids in `failing` throw on a job. */
function aSession(facts: SessionFacts, heard: string[], habits: {stubborn: boolean; failing: Set<number>}): ActorSpec<StratumSessionMessage> {
  return {
    protocol: {kind: 'stratum-session', mailbox: {capacity: 64, policy: 'refuse'}},
    create: () => ({
      receive(message, ctx) {
        heard.push(`${facts.id} ${message.type}${message.type === 'stratumSession.offerJob' ? ` ${message.job.jobId} ${message.cleanJobs}` : ''}`);
        if (message.type === 'stratumSession.offerJob' && habits.failing.has(facts.id)) throw new Error('a bug');
        if (message.type === 'stratumSession.connectionClosed' || (message.type === 'stratumSession.end' && !habits.stubborn)) ctx.stop(ctx.self);
        if (message.type === 'stratumSession.describe') ctx.reply({id: facts.id});
      },
    }),
  };
}

async function aDesk(facts: {options?: Partial<MiningPoolOptions>; counter?: ExtranonceCounterStore; stubborn?: boolean; failing?: number[]} = {}): Promise<Desk> {
  const sim = createSimulation({seed: 11});
  const sessions: SessionFacts[] = [];
  const heard: string[] = [];
  const habits = {stubborn: facts.stubborn ?? false, failing: new Set(facts.failing)};
  const jobFactory = sim.system.spawn<JobFactoryMessage>({
    protocol: {kind: 'job-factory', mailbox: {capacity: 8, policy: 'refuse'}}, create: () => ({receive: (_message, ctx) => ctx.reply(null)}),
  }, {name: 'job-factory'});
  const pool: ActorRef<MiningPoolInbox> = sim.system.spawn(miningPoolActor({
    jobFactory, extranonceCounter: facts.counter ?? createMemoryExtranonceCounterStore(), instancePrefix: new Uint8Array(0), extranonce1Size: 4, sessionsMax: 5_000,
    sessionsPerAddressMax: 5_000,
    admission: {allow: [], deny: [], bans: {durationMs: 600_000, offencesMax: 3}},
    bans: createMemoryBanStore(),
    session: (session, spawn) => {
      sessions.push(session);
      return spawn(aSession(session, heard, habits));
    },
    ...facts.options,
  }), {name: 'mining-pool'});
  await sim.runUntilIdle();
  let nextId = 1;
  return {
    sim, pool, sessions, heard,
    async open(count, remoteAddress) {
      const opened = Array.from({length: count}, () => new FakeConnection(nextId++, remoteAddress));
      for (const connection of opened) pool.tell({type: 'miningPool.connectionOpened', connection});
      await sim.runUntilIdle();
      return opened;
    },
    publish(jobId, cleanJobs) {
      sim.system.events.publish({type: 'jobs.published', job: {jobId} as StratumJob, cleanJobs});
    },
    async ask(query) {
      const asked = pool.ask(query, {timeoutMs: 60_000});
      await sim.runUntilIdle();
      return asked;
    },
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

const desk = suite('actors / mining-pool / actor');

desk('every session has an extranonce1 of its own', async () => {
  const pool = await aDesk();
  await pool.open(500);
  assert.is(new Set(pool.sessions.map((session) => hex(session.extranonce1))).size, 500);
});

desk('a restart gives none again that was given before', async () => {
  const counter = createMemoryExtranonceCounterStore();
  const given = new Set<string>();
  for (let run = 0; run < 3; run += 1) {
    const pool = await aDesk({counter});
    await pool.open(100);
    for (const session of pool.sessions) given.add(hex(session.extranonce1));
  }
  assert.is(given.size, 300);
});

desk('nothing is given out before its reservation is on disk', async () => {
  const saves: (() => void)[] = [];
  const pool = await aDesk({counter: {load: () => 7, save: () => new Promise((resolve) => saves.push(resolve))}});
  await pool.open(1);
  assert.is(pool.sessions.length, 0);
  saves[0]!();
  await pool.sim.runUntilIdle();
  assert.equal(pool.sessions.map((session) => hex(session.extranonce1)), ['00000007']);
});

desk('a disk that refuses the reservation refuses connections, and only until it takes it', async () => {
  let isFailing = true;
  const pool = await aDesk({counter: {load: () => 0, save: () => (isFailing ? Promise.reject(new Error('disk full')) : Promise.resolve())}});
  isFailing = false;
  const [early] = await pool.open(1);
  await pool.sim.advance(1_500);
  const [late] = await pool.open(1);
  assert.is(pool.sessions.length, 2);
  assert.equal([early!.closedAs, late!.closedAs], [undefined, undefined]);
});

desk('the prefix of the instance stands in front', async () => {
  const pool = await aDesk({options: {instancePrefix: Uint8Array.of(0xab)}});
  await pool.open(2);
  assert.equal(pool.sessions.map((session) => hex(session.extranonce1)), ['ab000000', 'ab000001']);
});

desk('more connections than allowed are closed, in all and per address, and room is given back', async () => {
  const pool = await aDesk({options: {sessionsMax: 3, sessionsPerAddressMax: 2}});
  const fromOne = await pool.open(3, '10.0.0.1');
  assert.equal(fromOne.map(({closedAs}) => closedAs), [undefined, undefined, 'now']);
  const fromOthers = [...await pool.open(1, '10.0.0.2'), ...await pool.open(1, '10.0.0.3')];
  assert.equal(fromOthers.map(({closedAs}) => closedAs), [undefined, 'flush']);
  assert.match(fromOthers[1]!.sent, /client\.show_message.*The pool is full/);
  fromOne[0]!.receiver!.tell({type: 'stratumSession.connectionClosed', reason: 'ended'});
  await pool.sim.runUntilIdle();
  assert.equal((await pool.open(1, '10.0.0.1'))[0]!.closedAs, undefined);
  assert.equal(await pool.ask<GetSessionCount>({type: 'miningPool.getSessionCount'}), {connected: 3, authorised: 0, max: 3});
});

desk('counts authorised sessions once each, and forgets them with their end', async () => {
  const pool = await aDesk();
  const [first] = await pool.open(2);
  for (const sessionId of [1, 1, 2, 99]) pool.pool.tell({type: 'miningPool.sessionAuthorised', sessionId});
  assert.is((await pool.ask<GetSessionCount>({type: 'miningPool.getSessionCount'})).authorised, 2);
  first!.receiver!.tell({type: 'stratumSession.connectionClosed', reason: 'ended'});
  await pool.sim.runUntilIdle();
  assert.equal(await pool.ask<GetSessionCount>({type: 'miningPool.getSessionCount'}), {connected: 1, authorised: 1, max: 5_000});
});

desk('a job reaches every session, and a new session gets it with its birth', async () => {
  const pool = await aDesk();
  await pool.open(600);
  pool.publish('a', true);
  await pool.sim.runUntilIdle();
  assert.is(pool.heard.filter((line) => line.endsWith('offerJob a true')).length, 600);
  await pool.open(1);
  assert.is(pool.sessions.at(-1)!.job?.jobId, 'a');
});

desk('a job that overtakes a clean one is clean for those who missed it', async () => {
  const pool = await aDesk();
  await pool.open(600);
  pool.publish('a', true);
  pool.publish('b', false);
  await pool.sim.runUntilIdle();
  for (let id = 1; id <= 600; id += 1) {
    const own = pool.heard.filter((line) => line.startsWith(`${id} `));
    assert.ok(own.at(-1)!.includes('offerJob b'), `${id}: ${own.join(', ')}`);
    assert.ok(own.some((line) => line.endsWith('true')), `${id}: ${own.join(', ')}`);
  }
});

desk('a session that fails ends alone', async () => {
  const pool = await aDesk({failing: [2]});
  await pool.open(3);
  pool.publish('a', true);
  await pool.sim.runUntilIdle();
  assert.is((await pool.ask<GetSessionCount>({type: 'miningPool.getSessionCount'})).connected, 2);
  assert.equal((await pool.ask<ListSessions>({type: 'miningPool.listSessions', limit: 10})).map(({id}) => id), [1, 3]);
});

desk('a drain says farewell, takes nobody new, and settles with the last session', async () => {
  const pool = await aDesk();
  await pool.open(3);
  assert.equal(await pool.ask<DrainMiningPool>({type: 'miningPool.drain', text: 'restart', reconnectWaitSec: 5, timeoutMs: 10_000}), {abandonedSessions: 0});
  assert.is(pool.heard.filter((line) => line.endsWith('stratumSession.end')).length, 3);
  assert.is((await pool.open(1))[0]!.closedAs, 'now');
});

desk('a drain names what it had to abandon', async () => {
  const pool = await aDesk({stubborn: true});
  await pool.open(2);
  const drained = pool.pool.ask<DrainMiningPool>({type: 'miningPool.drain', text: '', reconnectWaitSec: 5, timeoutMs: 10_000}, {timeoutMs: 60_000});
  await pool.sim.advance(11_000);
  assert.equal(await drained, {abandonedSessions: 2});
});

desk('offences of an address ban it, on disk, and a restart knows', async () => {
  const bans = createMemoryBanStore();
  const pool = await aDesk({options: {bans}});
  for (let i = 0; i < 3; i += 1) {
    const [hostile] = await pool.open(1, '192.0.2.1');
    assert.is(hostile!.closedAs, undefined);
    pool.pool.tell({type: 'miningPool.sessionEnding', sessionId: hostile!.id, reason: 'line-too-long'});
    hostile!.receiver!.tell({type: 'stratumSession.connectionClosed', reason: 'ended'});
    await pool.sim.runUntilIdle();
  }
  assert.is((await pool.open(1, '192.0.2.1'))[0]!.closedAs, 'now');
  assert.is((await pool.open(1, '192.0.2.2'))[0]!.closedAs, undefined);
  const [ban] = await pool.ask<ListBans>({type: 'miningPool.listBans', limit: 10});
  assert.equal([ban!.network, ban!.reason, ban!.strikes], ['192.0.2.1', 'malformed', 1]);
  const restarted = await aDesk({options: {bans}});
  assert.is((await restarted.open(1, '192.0.2.1'))[0]!.closedAs, 'now');
  await restarted.sim.advance(600_001);
  assert.is((await restarted.open(1, '192.0.2.1'))[0]!.closedAs, undefined);
  const counts = await pool.ask<GetConnectionCounts>({type: 'miningPool.getConnectionCounts'});
  assert.equal([counts.refused.banned, counts.ended['line-too-long'], counts.offences.malformed, counts.bansMade.malformed, counts.bansInForce, counts.pending], [1, 3, 3, 1, 1, 1]);
});

desk('an operator bans a network, its sessions end, and lifts it again', async () => {
  const bans = createMemoryBanStore();
  const pool = await aDesk({options: {bans, admission: {allow: [parseIpNetwork('10.9.9.9')!], deny: [], bans: {durationMs: 0, offencesMax: 3}}}});
  await pool.open(2, '10.9.1.1');
  await pool.open(1, '10.9.9.9');
  await pool.open(1, '10.8.1.1');
  const answer = await pool.ask<BanNetwork>({type: 'miningPool.ban', network: ' 10.9.0.0/16 ', durationSec: 60, note: 'resells our work'});
  assert.ok(answer.ok && answer.endedSessions === 2 && answer.ban.untilMs! - answer.ban.sinceMs === 60_000);
  await pool.sim.runUntilIdle();
  assert.is((await pool.ask<GetSessionCount>({type: 'miningPool.getSessionCount'})).connected, 2);
  assert.equal(bans.load().map(({network, note}) => [network, note]), [['10.9.0.0/16', 'resells our work']]);
  assert.equal((await Promise.all(['10.9.7.7', '10.9.9.9', '10.8.0.1'].map(async (from) => (await pool.open(1, from))[0]!.closedAs))), ['now', undefined, undefined]);
  assert.equal(await pool.ask<UnbanNetwork>({type: 'miningPool.unban', network: '10.9.0.0/16'}), {ok: true});
  assert.equal(bans.load(), []);
  assert.equal(await pool.ask<UnbanNetwork>({type: 'miningPool.unban', network: '10.9.0.0/16'}), {ok: false, code: 'ban-not-found'});
  assert.equal(await pool.ask<BanNetwork>({type: 'miningPool.ban', network: '10.9.0.1/16', note: ''}), {ok: false, code: 'ban-network-malformed'});
  assert.is((await pool.open(1, '10.9.7.7'))[0]!.closedAs, undefined);
});

desk('a full pool makes room for a newcomer where somebody only sits there', async () => {
  const pool = await aDesk({options: {sessionsMax: 3}});
  const [sitting, miner] = await pool.open(3);
  pool.pool.tell({type: 'miningPool.sessionAuthorised', sessionId: miner!.id});
  pool.pool.tell({type: 'miningPool.sessionProved', sessionId: miner!.id});
  assert.is((await pool.open(1))[0]!.closedAs, 'flush', 'all came just now');
  await pool.sim.advance(2_500);
  const [newcomer] = await pool.open(1);
  assert.equal([sitting!.closedAs, miner!.closedAs, newcomer!.closedAs], ['now', undefined, undefined]);
  sitting!.receiver!.tell({type: 'stratumSession.connectionClosed', reason: 'ended'});
  await pool.sim.runUntilIdle();
  assert.is((await pool.ask<GetConnectionCounts>({type: 'miningPool.getConnectionCounts'})).ended['made-room'], 1);
});

desk('handshakes that never end are a flood, by the hundreds and from strangers', async () => {
  const pool = await aDesk();
  const knock = async (remoteAddress: string, reason: 'tls-handshake' | 'proxy-header'): Promise<void> => {
    for (let i = 0; i < 900; i += 1) pool.pool.tell({type: 'miningPool.connectionTurnedAway', remoteAddress, reason});
    await pool.sim.runUntilIdle();
  };
  await knock('192.0.2.1', 'tls-handshake');
  await knock('192.0.2.2', 'proxy-header');
  assert.equal((await pool.ask<ListBans>({type: 'miningPool.listBans', limit: 9})).map(({network, reason}) => [network, reason]), [['192.0.2.1', 'flood']]);
  const {refused} = await pool.ask<GetConnectionCounts>({type: 'miningPool.getConnectionCounts'});
  assert.equal([refused['tls-handshake'], refused['proxy-header']], [900, 900]);
});

desk('sessions are listed page by page, and one can be sent away', async () => {
  const pool = await aDesk();
  await pool.open(5);
  const first = await pool.ask<ListSessions>({type: 'miningPool.listSessions', limit: 2});
  const second = await pool.ask<ListSessions>({type: 'miningPool.listSessions', limit: 9, afterId: first.at(-1)!.id});
  assert.equal([...first, ...second].map(({id}) => id), [1, 2, 3, 4, 5]);
  assert.equal(await pool.ask<EndOneSession>({type: 'miningPool.endSession', sessionId: 3, text: 'bye'}), {ok: true});
  assert.equal(await pool.ask<EndOneSession>({type: 'miningPool.endSession', sessionId: 99, text: 'bye'}), {ok: false});
  await pool.sim.runUntilIdle();
  assert.equal((await pool.ask<ListSessions>({type: 'miningPool.listSessions', limit: 9})).map(({id}) => id), [1, 2, 4, 5]);
});

desk('when jobs pause, all sessions are told and stay; who connects meanwhile has no job until the next one', async () => {
  const desk = await aDesk();
  await desk.open(3);
  desk.publish('a', true);
  await desk.sim.runUntilIdle();
  desk.sim.system.events.publish({type: 'jobs.paused', text: 'wait'});
  await desk.sim.runUntilIdle();
  assert.is(desk.heard.filter((line) => line.endsWith('stratumSession.showMessage')).length, 3);
  await desk.open(1);
  assert.is(desk.sessions.at(-1)!.job, undefined);
  desk.publish('b', true);
  await desk.sim.runUntilIdle();
  assert.is(desk.heard.filter((line) => line.includes('offerJob b')).length, 4);
});

desk.run();
