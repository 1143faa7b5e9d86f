// Proves that a client that comes back goes on where it was, and that nothing counts twice by coming back: its jobs, the
// shares that counted, its extranonce1 and its difficulty move to the new session; its work does not repeat.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {shareDifficulty} from '../../../../src/protocol/stratum/difficulty.js';
import type {EarlierSessions, SessionMemory} from '../../../../src/protocol/stratum/session-memory.js';
import type {SessionConfig} from '../../../../src/protocol/stratum/session-types.js';
import type {StratumJob} from '../../../../src/protocol/stratum/stratum-job.js';
import {freshWork} from '../../../../src/protocol/stratum/stratum-job.js';
import {aHash} from '../../../support/ledger-builder.js';
import {aJob, aTemplate} from '../../../support/mining-fixtures.js';
import {Machine, solve} from '../../../support/stratum-machine.js';

const resume = suite('protocol / stratum / session-resume');
const HARD = aTemplate({bits: 0x1d00ffff, target: 0xffffn << 208n});
const VARDIFF = {targetIntervalMs: 10_000, startExponent: -22, exponentMin: -32, exponentMax: 60};
const EASY_TARGET = shareDifficulty(-22).target;
const OLD_EXTRANONCE1 = Uint8Array.of(0, 0, 0, 1);

function memoryPort(memory: SessionMemory | undefined, claimed: string[] = []): EarlierSessions {
  return {
    claim: (text) => {
      claimed.push(text);
      return memory;
    },
    recallExponent: () => undefined, keep: () => undefined,
  };
}

function comeBack(memory: SessionMemory | undefined, job: StratumJob, options: {awayMs?: number; config?: Partial<SessionConfig>; user?: string} = {}): Machine {
  const machine = new Machine({config: {vardiff: VARDIFF, extranonce1: Uint8Array.of(0, 0, 0, 2), earlier: memoryPort(memory), ...options.config}});
  machine.nowMs += options.awayMs ?? 0;
  machine.offer(job);
  machine.send({id: 1, method: 'mining.subscribe', params: ['test/1', '00000001']}, {id: 2, method: 'mining.authorize', params: [options.user ?? 'alice.rig', 'x']});
  return machine;
}

function leave(machine: Machine): SessionMemory {
  machine.step({type: 'connectionLost'});
  return machine.session.memory(machine.nowMs)!;
}

function firstSession(job: StratumJob): Machine {
  return new Machine({config: {vardiff: VARDIFF}}).start(job);
}

resume('a share that counted before counts no second time, and one that did not still counts', () => {
  const job = aJob({number: 1, template: HARD});
  const first = firstSession(job);
  const [counted, late] = [solve(job, {target: EASY_TARGET}), solve(job, {target: EASY_TARGET, extranonce2: 5})];
  assert.is(first.request('mining.submit', counted)?.result, true);
  const second = comeBack(leave(first), job, {awayMs: 2_000});
  assert.is(second.request('mining.submit', counted)?.error?.[0], 22);
  assert.is(second.request('mining.submit', late)?.result, true);
  assert.is(second.request('mining.submit', late)?.error?.[0], 22);
});

resume('it has its extranonce1 again, and work that it never had: other id, other coinbase', () => {
  const job = aJob({number: 1, template: HARD});
  const second = comeBack(leave(firstSession(job)), job);
  const [subscribed] = second.lines;
  assert.is((subscribed!.result as unknown[])[1], '00000001');
  const notify = second.lines.find(({method}) => method === 'mining.notify')!;
  assert.is(notify.params![0], '1v1');
  assert.is(notify.params![8], true);
  const fresh = freshWork(job, {number: 1, nextJobKey: () => 7});
  assert.is(second.request('mining.submit', solve(fresh, {target: EASY_TARGET, extranonce1: OLD_EXTRANONCE1}))?.result, true);
});

resume('coming back again and again to one job never repeats work', () => {
  const job = aJob({number: 1, template: HARD});
  let memory = leave(firstSession(job));
  const ids: unknown[] = [];
  for (let times = 0; times < 5; times++) {
    const machine = comeBack(memory, job);
    ids.push(machine.lines.find(({method}) => method === 'mining.notify')!.params![0]);
    memory = leave(machine);
  }
  assert.equal(ids, ['1v1', '1v2', '1v3', '1v4', '1v5']);
});

resume('what the tip left behind meanwhile is stale without a grace', () => {
  const job = aJob({number: 1, template: HARD});
  const first = firstSession(job);
  const late = solve(job, {target: EASY_TARGET});
  const second = comeBack(leave(first), aJob({number: 2, template: {...HARD, previousHash: aHash(77)}}), {awayMs: 5_000});
  assert.is(second.request('mining.submit', late)?.error?.[0], 21);
  assert.is(second.lines.find(({method}) => method === 'mining.notify')!.params![0], '2');
});

resume('jobs of before expire by the clock, too', () => {
  const job = aJob({number: 1, template: HARD});
  const next = aJob({number: 2, template: HARD});
  const first = firstSession(job);
  const late = solve(job, {target: EASY_TARGET});
  const second = comeBack(leave(first), next, {awayMs: 1_000});
  second.tick(100_000);
  assert.is(second.request('mining.submit', late)?.result, true);
  second.tick(100_000);
  assert.is(second.request('mining.submit', late)?.error?.[0], 21);
});

resume('an older job than the last one before is not taken: the newer one is on its way', () => {
  const older = aJob({number: 1, template: HARD});
  const newer = aJob({number: 2, template: HARD});
  const first = firstSession(older);
  first.offer(newer);
  const second = comeBack(leave(first), older);
  assert.not.ok(second.lines.some(({method}) => method === 'mining.notify'));
  second.offer(newer);
  assert.is(second.lines.find(({method}) => method === 'mining.notify')!.params![0], '2v1');
});

resume('the difficulty goes on from what it was', () => {
  const job = aJob({number: 1, template: HARD});
  const first = firstSession(job);
  for (let count = 0; count < 8; count++) {
    first.nowMs += 100;
    assert.is(first.request('mining.submit', solve(job, {target: EASY_TARGET, extranonce2: count}))?.result, true);
  }
  const risen = first.session.vardiff.exponent;
  assert.ok(risen > -22);
  const newest = first.lines.filter(({method}) => method === 'mining.notify').at(-1)!;
  const fresh = freshWork(job, {number: 1, nextJobKey: () => 7});
  assert.is(newest.params![0], fresh.jobId);
  assert.is(first.request('mining.submit', solve(fresh, {target: shareDifficulty(risen).target}))?.result, true);
  // A connection that dies slowly is given less and less; what counts is what it could do.
  for (let seconds = 0; seconds < 600; seconds++) first.tick(1_000);
  assert.ok(first.session.vardiff.exponent < risen);
  const memory = leave(first);
  assert.is(memory.exponent, risen);
  const second = comeBack(memory, job);
  assert.equal(second.lines.find(({method}) => method === 'mining.set_difficulty')!.params, [2 ** memory.exponent]);
});

resume('a name is remembered without a session id; what the client asks for goes before', () => {
  const job = aJob({number: 1, template: HARD});
  const earlier: EarlierSessions = {claim: () => undefined, recallExponent: (userName, userAgent) => (userName === 'alice.rig' && userAgent === 'm/2' ? -12 : undefined), keep: () => undefined};
  const announced = (userAgent: string, before: object[], password = 'x'): unknown => {
    const machine = new Machine({config: {vardiff: VARDIFF, earlier}});
    machine.offer(job);
    machine.send({id: 1, method: 'mining.subscribe', params: [userAgent]}, ...before, {id: 2, method: 'mining.authorize', params: ['alice.rig', password]});
    return machine.lines.find(({method}) => method === 'mining.set_difficulty')!.params![0];
  };
  assert.is(announced('m/2', []), 2 ** -12);
  assert.is(announced('m/1', []), 2 ** -22);
  assert.is(announced('m/2', [{id: 3, method: 'mining.suggest_difficulty', params: [2 ** -15]}]), 2 ** -15);
  assert.is(announced('m/2', [], `d=${(2 ** -10).toFixed(10)}`), 2 ** -10);
});

resume('where the coinbase pays the miner, another account gets nothing of the first one\'s jobs', () => {
  const job = aJob({number: 1, template: HARD});
  const first = new Machine({config: {vardiff: VARDIFF, isJobPerAccount: true}});
  first.send({id: 1, method: 'mining.subscribe', params: ['test/1']}, {id: 2, method: 'mining.authorize', params: ['alice.rig', 'x']});
  first.offer(job);
  const late = solve(job, {target: EASY_TARGET, userName: 'bob.rig'});
  const second = new Machine({config: {vardiff: VARDIFF, isJobPerAccount: true, earlier: memoryPort(leave(first))}});
  second.send({id: 1, method: 'mining.subscribe', params: ['test/1', '00000001']}, {id: 2, method: 'mining.authorize', params: ['bob.rig', 'x']});
  assert.is(second.request('mining.submit', late)?.error?.[0], 21);
  assert.equal(second.of('requestJob').map(({account}) => account), ['bob']);
});

resume('who never had work leaves nothing; who names nobody known gets a session like any other', () => {
  const idle = new Machine();
  idle.send({id: 1, method: 'mining.subscribe', params: []});
  idle.step({type: 'connectionLost'});
  assert.is(idle.session.memory(0), undefined);
  const claimed: string[] = [];
  const machine = new Machine({config: {earlier: memoryPort(undefined, claimed)}});
  const answer = machine.request('mining.subscribe', ['x', 'feedbeef'])?.result as unknown[];
  assert.is(answer[1], '00000001');
  machine.request('mining.subscribe', ['x', 'feedbeef']);
  assert.equal(claimed, ['feedbeef'], 'asked once');
});

resume.run();
