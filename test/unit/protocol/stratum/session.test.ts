// Proves the session machine as a miner meets it: order of answers, what is announced before what, which share counts
// and why another does not. Shares here are really mined, at difficulties where that takes milliseconds.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {bytesToHex} from '../../../../src/protocol/bytes/hex.js';
import {sha256d} from '../../../../src/protocol/bytes/sha256.js';
import {shareDifficulty} from '../../../../src/protocol/stratum/difficulty.js';
import {hex32} from '../../../../src/protocol/stratum/response.js';
import {shareHeader} from '../../../../src/protocol/stratum/share-header.js';
import {aHash} from '../../../support/ledger-builder.js';
import {aJob, aTemplate, NOW_SEC} from '../../../support/mining-fixtures.js';
import {Machine, solve} from '../../../support/stratum-machine.js';
import type {Line} from '../../../support/stratum-machine.js';

const session = suite('protocol / stratum / session');
/** Hard enough that no share here is a block. */
const HARD = aTemplate({bits: 0x1d00ffff, target: 0xffffn << 208n});
const TARGET = shareDifficulty(-32).target;
/** Difficulty 2^-22: a thousand hashes. */
const VARDIFF = {targetIntervalMs: 10_000, startExponent: -22, exponentMin: -32, exponentMax: 60};
const EASY_TARGET = shareDifficulty(-22).target;

function started(number = 1): {machine: Machine; job: ReturnType<typeof aJob>} {
  const job = aJob({number, template: HARD});
  return {machine: new Machine({config: {vardiff: VARDIFF}}).start(job), job};
}

const codeOf = (line: Line | undefined): number | undefined => line?.error?.[0];

session('pipelined configure, subscribe, authorize: answers in order, then difficulty, then the notify', () => {
  const machine = new Machine();
  machine.offer(aJob({number: 1}));
  machine.send(
    {id: 1, method: 'mining.configure', params: [['version-rolling'], {'version-rolling.mask': 'ffffffff'}]},
    {id: 2, method: 'mining.subscribe', params: ['bitaxe/BM1366/v2.1']},
    {id: 3, method: 'mining.authorize', params: ['alice.rig', 'x']},
  );
  assert.equal(machine.lines.map(({id, method}) => method ?? id), [1, 2, 3, 'mining.set_difficulty', 'mining.notify']);
  assert.equal(machine.lines[0]!.result, {'version-rolling': true, 'version-rolling.mask': '1fffe000'});
  assert.equal(machine.lines[1]!.result, [[['mining.set_difficulty', '00000001'], ['mining.notify', '00000001']], '00000001', 8]);
  assert.is(machine.lines[4]!.params![8], true);
  assert.is(machine.session.describe(machine.nowMs).userAgent, 'bitaxe/BM1366/v2.1');
});

session('no work before subscribe, authorize and a job, in whatever order they come', () => {
  const machine = new Machine();
  machine.send({id: 1, method: 'mining.authorize', params: ['alice', '']});
  assert.is(machine.lines.length, 1);
  machine.send({id: 2, method: 'mining.subscribe', params: []});
  assert.is(machine.lines.length, 2);
  machine.offer(aJob({number: 1}));
  assert.equal(machine.lines.slice(2).map(({method}) => method), ['mining.set_difficulty', 'mining.notify']);
});

session('a good share is hashed, recorded, and only then answered', () => {
  const job = aJob({number: 1, template: HARD});
  const machine = new Machine({isServed: false, config: {vardiff: VARDIFF}}).start(job);
  assert.equal(machine.ask({id: 9, method: 'mining.submit', params: solve(job, {target: EASY_TARGET})}), []);
  machine.serve(machine.of('hashShare')[0]!);
  const [record] = machine.of('recordShare');
  assert.is(record!.share.target, EASY_TARGET);
  assert.is(record!.share.account, 'alice');
  assert.is(record!.share.minerName, 'rig');
  assert.equal(machine.newLines(), []);
  machine.serve(record!);
  assert.equal(machine.newLines(), [{id: 9, result: true, error: null}]);
});

session('22: the same share again, in other hex case or under another id', () => {
  const {machine, job} = started();
  const params = solve(job, {target: EASY_TARGET});
  assert.is(machine.request('mining.submit', params)?.result, true);
  assert.is(codeOf(machine.request('mining.submit', params)), 22);
  assert.is(codeOf(machine.request('mining.submit', params.map((value, at) => (at === 0 ? value : value.toUpperCase())), 'other')), 22);
  assert.is(machine.of('recordShare').length, 1);
});

session('22 also while the first copy is on its way to the disk', () => {
  const job = aJob({number: 1, template: HARD});
  const machine = new Machine({isServed: false, config: {vardiff: VARDIFF}}).start(job);
  const params = solve(job, {target: EASY_TARGET});
  machine.send({id: 1, method: 'mining.submit', params}, {id: 2, method: 'mining.submit', params});
  for (const effect of machine.of('hashShare')) machine.serve(effect);
  assert.equal(machine.newLines(), []);
  machine.serve(machine.of('recordShare')[0]!);
  assert.equal(machine.newLines().map((line) => line.result ?? codeOf(line)), [true, 22]);
});

session('a retransmitted line gets the first verdict when that is switched on, and counts once', () => {
  const job = aJob({number: 1, template: HARD});
  const machine = new Machine({config: {vardiff: VARDIFF}, limits: {retransmitWindowMs: 5_000}}).start(job);
  const params = solve(job, {target: EASY_TARGET});
  for (let repeat = 0; repeat < 3; repeat++) assert.is(machine.request('mining.submit', params)?.result, true);
  assert.is(machine.of('recordShare').length, 1);
  machine.nowMs += 6_000;
  assert.is(codeOf(machine.request('mining.submit', params)), 22);
});

session('a share that the disk refused is answered 20 and may be sent again', () => {
  const job = aJob({number: 1, template: HARD});
  const machine = new Machine({isServed: false, config: {vardiff: VARDIFF}}).start(job);
  const params = solve(job, {target: EASY_TARGET});
  machine.send({id: 1, method: 'mining.submit', params});
  machine.serve(machine.of('hashShare')[0]!);
  machine.step({type: 'shareRecorded', shareId: 1, ok: false});
  assert.is(codeOf(machine.newLines()[0]), 20);
  machine.isServed = true;
  assert.is(machine.request('mining.submit', params)?.result, true);
});

session('23: a hash above the announced target, and at a higher work the neighbour below passes', () => {
  const {machine, job} = started();
  const low = machine.request('mining.submit', solve(job, {target: TARGET, above: EASY_TARGET}));
  assert.is(codeOf(low), 23);
  assert.match(low!.error![1], /0\.0000002384185791015625$/);
  assert.is(machine.request('mining.submit', solve(job, {target: EASY_TARGET, extranonce2: 5}))?.result, true);
});

session('24 and 25: who is not known does not mine', () => {
  const {machine, job} = started();
  assert.is(codeOf(machine.request('mining.submit', solve(job, {target: EASY_TARGET, userName: 'bob.rig'}))), 24);
  assert.is(machine.request('mining.submit', solve(job, {target: EASY_TARGET, userName: 'alice.another'}))?.result, true);
  assert.is(machine.of('recordShare')[0]!.share.minerName, 'another');
  const stranger = new Machine();
  assert.is(codeOf(stranger.request('mining.submit', solve(job, {target: EASY_TARGET}))), 25);
  assert.is(codeOf(stranger.request('mining.authorize', ['carol', 'x'])), 24);
});

session('21: a job of an older tip once the grace is over; a replaced job of the same tip stays good for minutes', () => {
  const {machine, job} = started();
  machine.offer(aJob({number: 2, template: {...HARD, curTimeSec: NOW_SEC + 30}}));
  machine.tick(150_000);
  assert.is(machine.request('mining.submit', solve(job, {target: EASY_TARGET}))?.result, true);
  machine.offer(aJob({number: 3, template: {...HARD, previousHash: aHash(2)}}), true);
  assert.is(machine.newLines().at(-1)!.params![8], true);
  machine.nowMs += 900;
  assert.is(machine.request('mining.submit', solve(job, {target: EASY_TARGET, extranonce2: 1}))?.result, true);
  machine.nowMs += 200;
  assert.is(codeOf(machine.request('mining.submit', solve(job, {target: EASY_TARGET, extranonce2: 2}))), 21);
  machine.tick(200_000);
  machine.offer(aJob({number: 4, template: {...HARD, previousHash: aHash(2)}}));
  machine.tick(10_000);
  assert.equal(machine.request('mining.submit', solve(job, {target: EASY_TARGET, extranonce2: 3}))?.error, [21, 'Job not found', null]);
});

session('a job that was never replaced is good however old it is', () => {
  const {machine, job} = started();
  machine.tick(1_000_000);
  assert.is(machine.request('mining.submit', solve(job, {target: EASY_TARGET}))?.result, true);
});

session('a reorg back to the old tip makes its jobs good again', () => {
  const {machine, job} = started();
  machine.offer(aJob({number: 2, template: {...HARD, previousHash: aHash(2)}}), true);
  machine.nowMs += 5_000;
  machine.offer(aJob({number: 3, template: HARD, createdAtMs: 3}), true);
  assert.is(machine.request('mining.submit', solve(job, {target: EASY_TARGET}))?.result, true);
});

session('a block reaches the chain before its answer, and before its share is recorded', () => {
  const job = aJob({number: 1});
  const machine = new Machine({isServed: false}).start(job);
  machine.send({id: 7, method: 'mining.submit', params: solve(job, {target: job.template.target})});
  machine.serve(machine.of('hashShare')[0]!);
  assert.equal(machine.effects.slice(-2).map(({type}) => type), ['submitCandidate', 'recordShare']);
  const [candidate] = machine.of('submitCandidate');
  machine.step({type: 'shareRecorded', shareId: candidate!.shareId, ok: true});
  assert.equal(machine.newLines(), []);
  machine.step({type: 'candidateSettled', shareId: candidate!.shareId, isAccepted: true});
  assert.is(machine.newLines().find(({id}) => id === 7)!.result, true);
  assert.is(machine.of('recordShare')[0]!.share.isBlock, true);
});

session('where no other thread hashes, a block is on its way to the chain within the step that reads it', () => {
  const job = aJob({number: 1});
  const machine = new Machine({isServed: false, config: {hashNow: (task) => sha256d(shareHeader(task))}}).start(job);
  machine.send({id: 7, method: 'mining.submit', params: solve(job, {target: job.template.target})});
  assert.equal(machine.effects.slice(-2).map(({type}) => type), ['submitCandidate', 'recordShare']);
  assert.is(machine.of('hashShare').length, 0);
  const [candidate] = machine.of('submitCandidate');
  assert.equal([...sha256d(candidate!.header)], [...candidate!.hash]);
  machine.step({type: 'shareRecorded', shareId: candidate!.shareId, ok: true});
  assert.equal(machine.newLines().filter(({id}) => id === 7), []);
  machine.step({type: 'candidateSettled', shareId: candidate!.shareId, isAccepted: true});
  assert.is(machine.newLines().find(({id}) => id === 7)!.result, true);
});

for (const [name, change] of [
  ['stale', (machine: Machine) => {
    machine.offer(aJob({number: 2, template: aTemplate({previousHash: aHash(2)})}), true);
    machine.nowMs += 60_000;
  }],
  ['out of our range of ntime', (machine: Machine) => { machine.nowMs += 0; }],
] as const) {
  session(`a block that is ${name} goes to the chain all the same, and counts if the chain takes it`, () => {
    const job = aJob({number: 1});
    const machine = new Machine({isServed: false}).start(job);
    change(machine);
    const timeSec = name === 'stale' ? NOW_SEC : NOW_SEC + 7_100;
    machine.send({id: 7, method: 'mining.submit', params: solve(job, {target: job.template.target, timeSec})});
    machine.send({id: 8, method: 'mining.submit', params: solve(job, {target: job.template.target, timeSec, extranonce2: 1})});
    for (const effect of machine.of('hashShare')) machine.serve(effect);
    assert.is(machine.of('submitCandidate').length, 2);
    assert.is(machine.of('recordShare').length, 0);
    machine.newLines();
    machine.step({type: 'candidateSettled', shareId: 1, isAccepted: true});
    machine.step({type: 'candidateSettled', shareId: 2, isAccepted: false});
    machine.serve(machine.of('recordShare')[0]!);
    const answers = machine.newLines().filter(({id}) => typeof id === 'number').map((line) => line.result ?? codeOf(line));
    assert.equal(answers, [true, name === 'stale' ? 21 : 20]);
  });
}

session('a duplicate block is offered to the chain again and credited once', () => {
  const job = aJob({number: 1});
  const machine = new Machine().start(job);
  const params = solve(job, {target: job.template.target});
  assert.is(machine.request('mining.submit', params)?.result, true);
  assert.is(codeOf(machine.request('mining.submit', params)), 22);
  assert.is(machine.of('submitCandidate').length, 2);
  assert.is(machine.of('recordShare').length, 1);
});

session('when the threads refuse, the session hashes the share itself', () => {
  const job = aJob({number: 1});
  const machine = new Machine({isServed: false}).start(job);
  machine.send({id: 7, method: 'mining.submit', params: solve(job, {target: job.template.target})});
  machine.step({type: 'shareHashed', shareId: 1, outcome: {ok: false}});
  assert.is(machine.of('submitCandidate').length, 1);
});

session('a share in hand outlives its connection', () => {
  const job = aJob({number: 1});
  const machine = new Machine({isServed: false}).start(job);
  machine.send({id: 7, method: 'mining.submit', params: solve(job, {target: job.template.target})});
  machine.step({type: 'connectionLost'});
  assert.not.ok(machine.session.isFinished);
  machine.isServed = true;
  machine.serve(machine.of('hashShare')[0]!);
  assert.is(machine.of('submitCandidate').length, 1);
  assert.is(machine.of('recordShare').length, 1);
  assert.ok(machine.session.isFinished);
  assert.equal(machine.newLines(), []);
});

session('20: ntime before the template allows it or too far ahead; the borders pass', () => {
  const {machine, job} = started();
  const latest = machine.time.wallSec + 7_000;
  const at = (timeSec: number) => machine.request('mining.submit', solve(job, {target: EASY_TARGET, timeSec}));
  assert.is(at(HARD.minTimeSec)?.result, true);
  assert.is(codeOf(at(HARD.minTimeSec - 1)), 20);
  assert.is(at(latest)?.result, true);
  assert.is(codeOf(at(latest + 1)), 20);
});

session('malformed submits are answered 20 and never hashed', () => {
  const {machine, job} = started();
  const [user, jobId, extranonce2, time, nonce] = solve(job, {target: EASY_TARGET}) as [string, string, string, string, string];
  for (const params of [
    [], [user], [user, jobId, 'zz'.repeat(8), time, nonce], [user, jobId, extranonce2.slice(1), time, nonce], [user, jobId, `${extranonce2}00`, time, nonce],
    [user, jobId, extranonce2, time.slice(1), nonce], [user, jobId, extranonce2, time, `0x${nonce.slice(2)}`], [user, jobId, extranonce2, time, `${nonce}0`],
    [user, jobId, extranonce2, time, nonce, 'xyz'], [user, jobId, extranonce2, 7, nonce], [user, jobId, `${extranonce2.slice(0, 14)}0g`, time, nonce], [user, 5, extranonce2, time, nonce],
  ]) assert.is(codeOf(machine.request('mining.submit', params)), 20, JSON.stringify(params));
  assert.is(machine.of('hashShare').length, 0);
});

session('a nonce without its leading zeros is the same share, and is counted as a defect', () => {
  const {machine, job} = started();
  for (let extranonce2 = 0; ; extranonce2++) {
    const params = solve(job, {target: EASY_TARGET, extranonce2});
    const short = params[4]!.replace(/^0+/, '');
    if (short.length >= 8) continue;
    assert.is(machine.request('mining.submit', [...params.slice(0, 4), short])?.result, true);
    assert.is(codeOf(machine.request('mining.submit', params)), 22);
    break;
  }
  assert.is(machine.session.describe(machine.nowMs).paddedNonces, 1);
});

session('version bits: the mask leaves out what the template sets; inside counts, outside is 20, absent is zero', () => {
  const template = {...HARD, version: 0x20800000 | 0x4000};
  const job = aJob({number: 1, template});
  const machine = new Machine({config: {vardiff: VARDIFF}});
  machine.offer(job);
  const configured = machine.request('mining.configure', [['version-rolling', 'nonsense'], {'version-rolling.mask': 'ffffffff', 'version-rolling.min-bit-count': 2}]);
  assert.equal(configured?.result, {'version-rolling': true, 'version-rolling.mask': '1f7fa000', nonsense: false});
  machine.start(job);
  const roll = (bits: number, extranonce2: number) => machine.request('mining.submit', solve(job, {target: EASY_TARGET, version: template.version | bits, versionBits: hex32(bits), extranonce2}));
  assert.is(roll(0x2000, 1)?.result, true);
  assert.is(roll(0x1f7fa000, 1)?.result, true);
  assert.is(roll(0, 1)?.result, true);
  assert.is(codeOf(roll(0x1000, 2)), 20);
  assert.is(machine.request('mining.submit', solve(job, {target: EASY_TARGET, extranonce2: 3}))?.result, true);
});

session('a template that sets a granted bit is announced by a new mask before its notify; old jobs keep theirs', () => {
  const job = aJob({number: 1, template: HARD});
  const machine = new Machine({config: {vardiff: VARDIFF}});
  machine.request('mining.configure', [['version-rolling'], {'version-rolling.mask': '1fffe000'}]);
  machine.start(job);
  machine.offer(aJob({number: 2, template: {...HARD, version: HARD.version | 0x2000}}));
  const lines = machine.newLines();
  assert.equal(lines.map(({method}) => method), ['mining.set_version_mask', 'mining.notify']);
  assert.equal(lines[0]!.params, ['1fffc000']);
  const params = solve(job, {target: EASY_TARGET, version: HARD.version | 0x2000, versionBits: '00002000'});
  assert.is(machine.request('mining.submit', params)?.result, true);
});

session('without negotiation the sixth field may only be zero', () => {
  const {machine, job} = started();
  assert.is(machine.request('mining.submit', solve(job, {target: EASY_TARGET, versionBits: '00000000'}))?.result, true);
  assert.is(codeOf(machine.request('mining.submit', solve(job, {target: EASY_TARGET, version: HARD.version | 0x2000, versionBits: '00002000'}))), 20);
});

session('a harder difficulty binds from the next job, an easier one at once', () => {
  const {machine, job} = started();
  machine.request('mining.suggest_difficulty', [2 ** -20]);
  const next = aJob({number: 2, template: HARD});
  machine.offer(next);
  assert.equal(machine.newLines().map(({method, params}) => [method, params?.[0]]), [['mining.set_difficulty', 2 ** -20], ['mining.notify', '2']]);
  const between = {target: EASY_TARGET, above: shareDifficulty(-20).target};
  assert.is(machine.request('mining.submit', solve(job, between))?.result, true);
  assert.is(codeOf(machine.request('mining.submit', solve(next, between))), 23);
  machine.request('mining.suggest_difficulty', [2 ** -22]);
  machine.offer(aJob({number: 3, template: HARD}));
  assert.is(machine.request('mining.submit', solve(next, {...between, extranonce2: 1}))?.result, true);
  assert.is(machine.of('recordShare').at(-1)!.share.target, EASY_TARGET);
});

session('difficulty from the password is fixed, from the extension a minimum; both announced as enforced', () => {
  const fixed = new Machine();
  fixed.offer(aJob({number: 1, template: HARD}));
  fixed.send({id: 1, method: 'mining.subscribe', params: []}, {id: 2, method: 'mining.authorize', params: ['alice', 'x,d=0.3']});
  assert.equal(fixed.lines.find(({method}) => method === 'mining.set_difficulty')!.params, [0.25]);
  const floor = new Machine();
  assert.equal(floor.request('mining.configure', [['minimum-difficulty'], {'minimum-difficulty.value': 0.3}])?.result, {'minimum-difficulty': true});
  floor.start(aJob({number: 1, template: HARD}));
  assert.equal(floor.lines.find(({method}) => method === 'mining.set_difficulty')!.params, [0.5]);
});

session('a difficulty above the network is never announced, so that no block is a low share', () => {
  const machine = new Machine({config: {vardiff: {...VARDIFF, startExponent: 20, exponentMin: 10}}});
  const job = aJob({number: 1, template: HARD});
  machine.start(job);
  assert.equal(machine.lines.find(({method}) => method === 'mining.set_difficulty')!.params, [1]);
  machine.offer(aJob({number: 2, template: aTemplate()}));
  assert.equal(machine.newLines().map(({method}) => method), ['mining.set_difficulty', 'mining.notify']);
});

session('an urgent move brings work of its own: another id, another coinbase, and it can be solved', () => {
  const {machine, job} = started();
  for (let extranonce2 = 0; extranonce2 < 8; extranonce2++) machine.send({id: 4, method: 'mining.submit', params: solve(job, {target: EASY_TARGET, extranonce2})});
  const [difficulty, notify] = machine.lines.slice(-2);
  assert.is(difficulty!.method, 'mining.set_difficulty');
  assert.ok((difficulty!.params![0] as number) >= 2 ** -20);
  assert.is(notify!.params![0], '1v1');
  assert.is.not(notify!.params![2], bytesToHex(job.coinbase1));
  assert.is(machine.request('mining.submit', solve(job, {target: EASY_TARGET, extranonce2: 100}))?.result, true);
});

session('a job offered twice is sent once', () => {
  const {machine, job} = started();
  machine.offer(job);
  assert.equal(machine.newLines(), []);
});

session('SOLO: the form of the job is asked for, and a second account is refused', () => {
  const machine = new Machine({config: {isJobPerAccount: true}});
  machine.send({id: 1, method: 'mining.subscribe', params: []}, {id: 2, method: 'mining.authorize', params: ['alice.a', '']});
  assert.equal(machine.of('requestJob'), [{type: 'requestJob', account: 'alice'}]);
  assert.is(codeOf(machine.request('mining.authorize', ['bob.b', ''])), 24);
  assert.is(machine.request('mining.authorize', ['alice.c', ''])?.result, true);
  machine.offer(aJob({number: 1}));
  assert.is(machine.newLines().at(-1)!.method, 'mining.notify');
});

session('a moved extranonce1 binds from the next job, for clients that follow', () => {
  const {machine, job} = started();
  machine.step({type: 'extranonceMoved', extranonce1: Uint8Array.of(5, 5, 5, 5)});
  machine.offer(aJob({number: 2, template: HARD}));
  assert.equal(machine.newLines().map(({method}) => method), ['mining.notify']);
  assert.is(machine.request('mining.extranonce.subscribe', [])?.result, true);
  machine.step({type: 'extranonceMoved', extranonce1: Uint8Array.of(5, 5, 5, 5)});
  const next = aJob({number: 3, template: HARD});
  machine.offer(next);
  assert.equal(machine.newLines().map(({method}) => method), ['mining.set_extranonce', 'mining.notify']);
  assert.is(machine.request('mining.submit', solve(next, {target: EASY_TARGET, extranonce1: Uint8Array.of(5, 5, 5, 5)}))?.result, true);
  assert.is(machine.request('mining.submit', solve(job, {target: EASY_TARGET}))?.result, true);
});

session('the rest of the vocabulary', () => {
  const {machine} = started();
  assert.is(machine.request('mining.ping', [])?.result, 'pong');
  assert.is(machine.request('client.get_version', [])?.result, 'pithead/test');
  assert.is(machine.request('mining.multi_version', [1])?.result, false);
  assert.equal(machine.request('mining.get_transactions', ['1'])?.result, []);
  assert.is(codeOf(machine.request('mining.get_transactions', ['77'])), 21);
  assert.is(machine.request('mining.suggest_target', ['00000000ffff0000000000000000000000000000000000000000000000000000'])?.result, true);
  assert.is(codeOf(machine.request('mining.suggest_target', ['00'])), 20);
  assert.is(codeOf(machine.request('mining.no_such_method', [])), 20);
  assert.equal(machine.ask({id: 5, result: true, error: null}), []);
  assert.equal(machine.ask({method: 'mining.ping', params: []}), []);
  assert.equal(machine.ask({id: null, method: 'mining.ping', params: []}), [{id: null, result: 'pong', error: null}]);
  assert.equal(machine.ask({id: 'a"b', method: 'mining.ping'}), [{id: 'a"b', result: 'pong', error: null}]);
});

session('patience ends: subscribe, authorize, idle, only rejects', () => {
  const silent = new Machine();
  silent.tick(15_001);
  assert.equal(silent.of('close'), [{type: 'close', reason: 'subscribe-timeout'}]);
  const nameless = new Machine();
  nameless.request('mining.subscribe', []);
  nameless.tick(10_001);
  assert.is(nameless.of('close')[0]!.reason, 'authorize-timeout');
  const {machine: idle} = started();
  idle.tick(7_200_001);
  assert.is(idle.of('close')[0]!.reason, 'idle');
  const {machine: wrong} = started();
  for (let second = 0; second < 200; second++) {
    wrong.send({id: second, method: 'mining.submit', params: ['alice.rig', 'ff', '00'.repeat(8), '00000000', '00000000']});
    wrong.tick(1_000);
  }
  assert.is(wrong.of('close')[0]!.reason, 'only-rejects');
  assert.ok(wrong.lines.some(({method, params}) => method === 'mining.notify' && params![8] === true && String(params![0]).startsWith('1v')));
});

session('one bad share and then silence is no reason to send a slow miner away', () => {
  const {machine, job} = started();
  machine.request('mining.submit', solve(job, {target: TARGET, above: EASY_TARGET}));
  machine.tick(300_000);
  assert.equal(machine.of('close'), []);
});

session('a planned end says so, answers what is in hand, and closes', () => {
  const job = aJob({number: 1, template: HARD});
  const machine = new Machine({isServed: false, config: {vardiff: VARDIFF}}).start(job);
  machine.send({id: 3, method: 'mining.submit', params: solve(job, {target: EASY_TARGET})});
  machine.step({type: 'ended', text: 'maintenance', reconnectWaitSec: 5});
  assert.equal(machine.newLines().map(({method}) => method), ['client.show_message', 'client.reconnect']);
  assert.equal(machine.of('close'), []);
  machine.serve(machine.of('hashShare')[0]!);
  machine.serve(machine.of('recordShare')[0]!);
  assert.is(machine.newLines()[0]!.result, true);
  assert.is(machine.effects.at(-1)!.type, 'close');
});

session('lines: CRLF, one byte at a time, two at once; too long, too deep and no JSON end as they should', () => {
  const text = '{"id":1,"method":"mining.ping"}\r\n{"id":2,"method":"mining.ping"}\n';
  const slow = new Machine();
  for (const character of text) slow.step({type: 'received', text: character});
  const fast = new Machine();
  fast.step({type: 'received', text});
  assert.equal(slow.lines, fast.lines);
  assert.is(fast.lines.length, 2);
  const long = new Machine();
  long.step({type: 'received', text: 'x'.repeat(16_384)});
  assert.equal(long.of('close'), []);
  long.step({type: 'received', text: 'x'});
  assert.is(long.of('close')[0]!.reason, 'line-too-long');
  const deep = new Machine();
  deep.step({type: 'received', text: `{"id":1,"method":"mining.ping","params":${'['.repeat(1000)}\n`});
  assert.is(codeOf(deep.lines[0]), 20);
  for (let count = 0; count < 10; count++) deep.step({type: 'received', text: 'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n'});
  assert.is(deep.of('close')[0]!.reason, 'too-many-malformed-lines');
});

session('a flood of requests behind one slow share ends the session, not the memory', () => {
  const job = aJob({number: 1, template: HARD});
  const machine = new Machine({isServed: false, config: {vardiff: VARDIFF}}).start(job);
  machine.send({id: 3, method: 'mining.submit', params: solve(job, {target: EASY_TARGET})});
  machine.step({type: 'received', text: '{"id":1,"method":"mining.ping"}\n'.repeat(2000)});
  assert.is(machine.of('close')[0]!.reason, 'too-many-requests');
});

session('a block is hashed and goes to the chain although too many shares are in hand; a mere share is refused as busy', () => {
  const job = aJob({number: 1});
  const machine = new Machine({isServed: false, limits: {sharesInFlightMax: 1}}).start(job);
  machine.send({id: 6, method: 'mining.submit', params: solve(job, {target: 2n ** 256n - 1n, above: job.template.target})});
  machine.send({id: 7, method: 'mining.submit', params: solve(job, {target: 2n ** 256n - 1n, above: job.template.target, extranonce2: 1})});
  assert.is(machine.session.describe(machine.nowMs).sharesRejected, 1);
  machine.send({id: 8, method: 'mining.submit', params: solve(job, {target: job.template.target, extranonce2: 2})});
  const [candidate] = machine.of('submitCandidate');
  assert.is(candidate!.account, 'alice');
  machine.step({type: 'candidateSettled', shareId: candidate!.shareId, isAccepted: true});
  machine.serve(machine.of('hashShare')[0]!);
  for (const effect of machine.of('recordShare')) machine.serve(effect);
  assert.equal(machine.newLines().filter(({id}) => typeof id === 'number').map((line) => line.result ?? codeOf(line)), [true, 20, true]);
});

session('a block under a name that nobody authorised goes to the chain, for the account whose work it is', () => {
  for (const isAccepted of [true, false]) {
    const job = aJob({number: 1});
    const machine = new Machine({isServed: false}).start(job);
    machine.send({id: 7, method: 'mining.submit', params: solve(job, {target: job.template.target, userName: 'carol.rig'})});
    for (const effect of machine.of('hashShare')) machine.serve(effect);
    assert.equal(machine.of('submitCandidate').map(({account}) => account), ['alice']);
    assert.is(machine.of('recordShare').length, 0);
    machine.step({type: 'candidateSettled', shareId: machine.of('submitCandidate')[0]!.shareId, isAccepted});
    for (const effect of machine.of('recordShare')) machine.serve(effect);
    const answer = machine.newLines().find(({id}) => id === 7);
    assert.is(answer?.result ?? codeOf(answer), isAccepted ? true : 24);
  }
});

session('a share whose record is in doubt is refused, and sent again it is a duplicate: it may be in the log', () => {
  const job = aJob({number: 1, template: HARD});
  const machine = new Machine({isServed: false, config: {vardiff: VARDIFF}}).start(job);
  const params = solve(job, {target: EASY_TARGET});
  machine.send({id: 1, method: 'mining.submit', params});
  machine.serve(machine.of('hashShare')[0]!);
  machine.step({type: 'shareRecorded', shareId: 1, ok: false, mayBeRecorded: true});
  assert.is(codeOf(machine.newLines()[0]), 20);
  machine.isServed = true;
  assert.is(codeOf(machine.request('mining.submit', params)), 22);
});

session('names beyond the free ones are kept as shares come in; all of a known account mine', () => {
  const job = aJob({number: 1, template: HARD});
  const machine = new Machine({config: {vardiff: VARDIFF}, limits: {namesFreeMax: 2}}).start(job);
  for (let i = 0; i < 50; i++) assert.is(machine.request('mining.authorize', [`alice.rig${i}`, 'x'])?.result, true);
  assert.is(codeOf(machine.request('mining.authorize', ['bob.rig', 'x'])), 24);
  assert.equal(machine.of('authorised').map(({minerName}) => minerName), ['rig', 'rig0']);
  assert.is(machine.session.describe(machine.nowMs).accounts.length, 2);
  assert.is(machine.request('mining.submit', solve(job, {target: EASY_TARGET, userName: 'alice.rig7'}))?.result, true);
  assert.is(machine.of('recordShare')[0]!.share.minerName, 'rig7');
  assert.is(machine.request('mining.submit', solve(job, {target: EASY_TARGET, userName: 'alice.rig8', extranonce2: 1}))?.result, true);
  assert.equal(machine.of('authorised').map(({minerName}) => minerName), ['rig', 'rig0', 'rig8']);
});

session('the transactions of a job are listed once, and never more than a miner may leave unread', () => {
  const {wtxid, txid} = {wtxid: aHash(1), txid: aHash(1)};
  const withTransaction = (size: number) => ({...HARD, transactions: [{bytes: new Uint8Array(size), txid, wtxid, feeSats: 0n, weightWu: 4 * size, sigopCost: 0}]});
  const machine = new Machine({config: {vardiff: VARDIFF}}).start(aJob({number: 1, template: withTransaction(60_000)}));
  assert.equal(machine.request('mining.get_transactions', ['1'])?.result, ['00'.repeat(60_000)]);
  assert.is(codeOf(machine.request('mining.get_transactions', ['1'])), 20);
  machine.offer(aJob({number: 2, template: withTransaction(131_000)}));
  assert.is(codeOf(machine.request('mining.get_transactions', ['2'])), 20);
});

session.run();
