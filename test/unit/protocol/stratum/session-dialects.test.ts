// Proves that the clients of the field are understood: each greets as its source code does, byte for byte where it is odd,
// mines a share that is really hashed by its own rule, and submits it in its own form. Written from the public behaviour of
// cpuminer, cgminer, bfgminer, ESP-Miner (Bitaxe), NerdMiner, NiceHash, Mining Rig Rentals, Braiins OS, Antminer and Avalon
// firmware and farm proxies; notes on pools, section 7.6.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {shareDifficulty} from '../../../../src/protocol/stratum/difficulty.js';
import type {StratumJob} from '../../../../src/protocol/stratum/stratum-job.js';
import {aJob, aTemplate} from '../../../support/mining-fixtures.js';
import {Machine, solve} from '../../../support/stratum-machine.js';
import type {Line, MachineOptions} from '../../../support/stratum-machine.js';

const dialects = suite('protocol / stratum / session-dialects');
const HARD = aTemplate({bits: 0x1d00ffff, target: 0xffffn << 208n});
const VARDIFF = {targetIntervalMs: 10_000, startExponent: -22, exponentMin: -32, exponentMax: 60};
const EASY_TARGET = shareDifficulty(-22).target;
const JOB: StratumJob = aJob({number: 1, template: HARD});

function aMachine(options: MachineOptions = {}): Machine {
  const machine = new Machine({...options, config: {vardiff: VARDIFF, ...options.config}});
  machine.offer(JOB);
  return machine;
}

/** Sends text as it stands and returns what came back. */
function say(machine: Machine, text: string): Line[] {
  machine.newLines();
  machine.step({type: 'received', text});
  return machine.newLines();
}

const methodsOf = (lines: readonly Line[]): (string | undefined)[] => lines.map(({method}) => method);
const quoted = (params: readonly string[]): string => params.map((param) => `"${param}"`).join(', ');

dialects('cpuminer: every submit has the id 4, and its next line may wait in the same segment', () => {
  const machine = aMachine();
  const first = say(machine, '{"id": 1, "method": "mining.subscribe", "params": ["cpuminer/2.5.1"]}\n');
  assert.is((first[0]!.result as unknown[])[2], 8);
  // Difficulty first: it mines at 1 until told, and applies what it was told from the next notify on.
  const greeted = say(machine, '{"id": 2, "method": "mining.authorize", "params": ["alice.rig", "x"]}\n');
  assert.equal(methodsOf(greeted), [undefined, 'mining.set_difficulty', 'mining.notify']);
  const submits = [0, 1].map((extranonce2) => `{"method": "mining.submit", "params": [${quoted(solve(JOB, {target: EASY_TARGET, extranonce2}))}], "id":4}\n`);
  const answers = say(machine, submits.join(''));
  assert.equal(answers, [{id: 4, result: true, error: null}, {id: 4, result: true, error: null}]);
});

dialects('cpuminer-multi: asks for extranonce changes as id 3 and goes on whatever it hears', () => {
  const machine = aMachine();
  const lines = say(machine, '{"id": 1, "method": "mining.subscribe", "params": ["cpuminer-multi/1.3.7"]}\n{"id": 2, "method": "mining.authorize", "params": ["alice.rig", "x"]}\n{"id": 3, "method": "mining.extranonce.subscribe", "params": []}\n');
  assert.equal(lines.filter(({method}) => method === undefined).map(({id}) => id), [1, 2, 3]);
  assert.is(lines.find(({id, method}) => id === 3 && method === undefined)!.result, true);
});

dialects('cgminer: names its last session, answers pings and notifications of the pool, and is not answered for it', () => {
  const machine = aMachine();
  say(machine, '{"id": 0, "method": "mining.subscribe", "params": ["cgminer/4.12.0", "deadbeef"]}\n{"id": 1, "method": "mining.authorize", "params": ["alice.rig", "x"]}\n');
  assert.equal(say(machine, '{"id": 77, "result": "pong", "error": null}\n{"error": null, "id": null, "result": true}\n'), []);
  const params = solve(JOB, {target: EASY_TARGET});
  assert.is(say(machine, `{"params": [${quoted(params)}], "id": 2, "method": "mining.submit"}\n`)[0]!.result, true);
  assert.is(say(machine, `{"params": [${quoted(params)}], "id": 3, "method": "mining.submit"}\n`)[0]!.error![0], 22);
});

dialects('bfgminer: text ids, CRLF, and answers to client.get_version and client.show_message', () => {
  const machine = aMachine();
  const subscribed = say(machine, '{"id": "subscribe1", "method": "mining.subscribe", "params": []}\r\n');
  assert.is(subscribed[0]!.id, 'subscribe1');
  say(machine, '{"id": "auth", "method": "mining.authorize", "params": ["alice.rig", ""]}\r\n');
  assert.equal(say(machine, '{"id": "1", "result": "bfgminer/5.5.0", "error": null}\r\n'), []);
  assert.is(say(machine, `{"id": "s1", "method": "mining.submit", "params": [${quoted(solve(JOB, {target: EASY_TARGET}))}]}\r\n`)[0]!.id, 's1');
  assert.is(machine.of('recordShare').length, 1);
});

dialects('Bitaxe: three requests without waiting, all bits asked for, version bits as rolled XOR version, six parameters always', () => {
  const machine = aMachine();
  const greeted = say(machine, '{"id":1,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"ffffffff"}]}\n'
    + '{"id":2,"method":"mining.subscribe","params":["bitaxe/BM1370/v2.9.0"]}\n{"id":3,"method":"mining.authorize","params":["alice.bitaxe","x"]}\n'
    + '{"id":4,"method":"mining.suggest_difficulty","params":[1000]}\n');
  assert.equal(greeted.filter(({method}) => method === undefined).map(({id}) => id), [1, 2, 3, 4]);
  assert.equal(greeted[0]!.result, {'version-rolling': true, 'version-rolling.mask': '1fffe000'});
  const none = solve(JOB, {target: EASY_TARGET, versionBits: '00000000', userName: 'alice.bitaxe'});
  assert.is(say(machine, `{"id":5,"method":"mining.submit","params":[${quoted(none)}]}\n`)[0]!.result, true);
  // asic_result_task.c: it hashes version | bits and submits that XOR the version of the job.
  const rolled = (JOB.template.version | 0x00c0_0000 | 0x2000) >>> 0;
  const bits = ((rolled ^ JOB.template.version) >>> 0).toString(16).padStart(8, '0');
  const share = solve(JOB, {target: EASY_TARGET, version: rolled, versionBits: bits, extranonce2: 3, userName: 'alice.bitaxe'});
  assert.is(say(machine, `{"id":6,"method":"mining.submit","params":[${quoted(share)}]}\n`)[0]!.result, true);
  // Never the same work under a new id: it begins its extranonce2 anew with each.
  machine.offer(aJob({number: 2, template: HARD}));
  assert.is.not(machine.lines.filter(({method}) => method === 'mining.notify').at(-1)!.params![2], machine.lines.find(({method}) => method === 'mining.notify')!.params![2]);
});

dialects('NerdMiner: a suggestion far below 1, nonces without leading zeros', () => {
  const machine = aMachine();
  say(machine, '{"id": 1, "method": "mining.subscribe", "params": ["NerdMinerV2/1.6"]}\n{"id": 2, "method": "mining.suggest_difficulty", "params": [0.00015]}\n');
  const greeted = say(machine, '{"params": ["alice.nerd", "x"], "id": 3, "method": "mining.authorize"}\n');
  assert.equal(greeted.find(({method}) => method === 'mining.set_difficulty')!.params, [2 ** -13]);
  const low = aMachine();
  say(low, '{"id": 1, "method": "mining.subscribe", "params": ["NerdMinerV2/1.6"]}\n{"params": ["alice.nerd", "x"], "id": 3, "method": "mining.authorize"}\n');
  let params = solve(JOB, {target: EASY_TARGET});
  for (let extranonce2 = 1; !params[4]!.startsWith('0'); extranonce2++) params = solve(JOB, {target: EASY_TARGET, extranonce2});
  const short = [...params.slice(0, 4), params[4]!.replace(/^0+/, '')];
  assert.is(say(low, `{"id": 4, "method": "mining.submit", "params": [${quoted(short)}]}\n`)[0]!.result, true);
  assert.is(say(low, `{"id": 5, "method": "mining.submit", "params": [${quoted(params)}]}\n`)[0]!.error![0], 22, 'the same share in full');
  assert.is(low.session.describe(low.nowMs).paddedNonces, 1);
});

dialects('NiceHash: a null session, a minimum difficulty, extranonce changes; what it cannot have is false', () => {
  const machine = aMachine();
  const greeted = say(machine, '{"id":1,"method":"mining.configure","params":[["minimum-difficulty","version-rolling","subscribe-extranonce","info"],{"minimum-difficulty.value":0.001,"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":16}]}\n'
    + '{"id":2,"method":"mining.subscribe","params":["NiceHash/1.0.0",null]}\n{"id":3,"method":"mining.extranonce.subscribe","params":[]}\n{"id":4,"method":"mining.authorize","params":["alice","x"]}\n');
  assert.equal(greeted[0]!.result, {'minimum-difficulty': true, 'version-rolling': true, 'version-rolling.mask': '1fffe000', 'subscribe-extranonce': true, info: false});
  // As a power of two, and not below what it asked for.
  assert.equal(greeted.find(({method}) => method === 'mining.set_difficulty')!.params, [2 ** -9]);
  assert.is((greeted.find(({id, method}) => id === 2 && method === undefined)!.result as unknown[])[2], 8, 'it wants at least 4, better 8');
  machine.step({type: 'extranonceMoved', extranonce1: Uint8Array.of(7, 7, 7, 7)});
  machine.offer(aJob({number: 2, template: HARD}));
  assert.equal(machine.newLines().map(({method, params}) => (method === 'mining.set_extranonce' ? params : method)), [['07070707', 8], 'mining.notify']);
});

dialects('Mining Rig Rentals: a difficulty in the password among other options, authorised before it subscribes', () => {
  const machine = aMachine();
  const early = say(machine, '{"id":1,"method":"mining.authorize","params":["alice.mrr","x,d=0.5,stats"]}\n');
  assert.equal(methodsOf(early), [undefined]);
  const greeted = say(machine, '{"id":2,"method":"mining.subscribe","params":["MiningRigRentals/1.0"]}\n');
  assert.equal(greeted.find(({method}) => method === 'mining.set_difficulty')!.params, [0.5]);
  assert.ok(machine.session.vardiff.isFixed);
});

dialects('a difficulty in the user name, and shares under the name with and without it', () => {
  const machine = aMachine();
  const wish = '0.0000002384185791015625';
  const greeted = say(machine, `{"id":1,"method":"mining.subscribe","params":[]}\n{"id":2,"method":"mining.authorize","params":["alice.rig+${wish}","x"]}\n`);
  assert.equal(greeted.find(({method}) => method === 'mining.set_difficulty')!.params, [2 ** -22]);
  for (const [extranonce2, userName] of [`alice.rig+${wish}`, 'alice.rig'].entries()) {
    assert.is(say(machine, `{"id":3,"method":"mining.submit","params":[${quoted(solve(JOB, {target: EASY_TARGET, extranonce2, userName}))}]}\n`)[0]!.result, true);
  }
  assert.equal(new Set(machine.of('recordShare').map(({share}) => share.minerName)), new Set(['rig']));
});

dialects('Braiins OS: ids from 0, host and port with the subscription, a mask for the share that the pool narrows', () => {
  const machine = aMachine({config: {vardiff: VARDIFF, versionMask: 0x1fff0000}});
  const greeted = say(machine, '{"id":0,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":16}]}\n'
    + '{"id":1,"method":"mining.subscribe","params":["bosminer-plus-tuner/0.2.0",null,"pool.example",3333]}\n{"id":2,"method":"mining.authorize","params":["alice.bos",null]}\n');
  assert.equal(greeted[0]!.result, {'version-rolling': true, 'version-rolling.mask': '1fff0000'});
  // BIP 310: what it submits is the bits under the mask.
  const version = (JOB.template.version & ~0x1fff0000) | 0x00a0_0000;
  const good = solve(JOB, {target: EASY_TARGET, version, versionBits: '00a00000', userName: 'alice.bos'});
  assert.is(say(machine, `{"id":3,"method":"mining.submit","params":[${quoted(good)}]}\n`)[0]!.result, true);
  const outside = solve(JOB, {target: EASY_TARGET, version: JOB.template.version | 0x2000, versionBits: '00002000', userName: 'alice.bos', extranonce2: 1});
  assert.is(say(machine, `{"id":4,"method":"mining.submit","params":[${quoted(outside)}]}\n`)[0]!.error![0], 20);
  assert.equal(machine.of('recordReject').map(({reason}) => reason), ['bad-version-bits']);
});

dialects('Antminer: an old extension is known and not granted; a new difficulty comes with clean work of its own', () => {
  const machine = aMachine();
  const greeted = say(machine, '{"id":1,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":2}]}\n'
    + '{"id":2,"method":"mining.subscribe","params":["Antminer S19/Mon Jan 01"]}\n{"id":3,"method":"mining.multi_version","params":[1]}\n{"id":4,"method":"mining.authorize","params":["alice.s19","123"]}\n');
  assert.is(greeted.find(({id, method}) => id === 3 && method === undefined)!.result, false);
  for (let extranonce2 = 0; extranonce2 < 8; extranonce2++) {
    machine.nowMs += 50;
    say(machine, `{"id":5,"method":"mining.submit","params":[${quoted(solve(JOB, {target: EASY_TARGET, extranonce2}))}]}\n`);
  }
  const told = machine.lines.slice(-2);
  assert.equal(methodsOf(told), ['mining.set_difficulty', 'mining.notify']);
  assert.is(told[1]!.params![8], true);
  assert.is.not(told[1]!.params![0], '1');
});

dialects('Avalon and cgminer resend a submit whose answer is late: as an option both copies get one verdict and one credit', () => {
  for (const [retransmitWindowMs, second] of [[5_000, true], [0, 22]] as const) {
    const machine = aMachine({isServed: false, limits: {retransmitWindowMs}});
    say(machine, '{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}\n{"id":2,"method":"mining.authorize","params":["alice.avalon","x"]}\n');
    const line = `{"id":9,"method":"mining.submit","params":[${quoted(solve(JOB, {target: EASY_TARGET, userName: 'alice.avalon'}))}]}\n`;
    assert.equal(say(machine, line), [], 'the disk is slow');
    machine.nowMs += 2_000;
    say(machine, line);
    machine.isServed = true;
    for (const effect of machine.effects.slice()) machine.serve(effect);
    const answers = machine.newLines().filter(({id}) => id === 9);
    assert.equal(answers.map(({result, error}) => error?.[0] ?? result), [true, second]);
    assert.is(machine.of('recordShare').length, 1);
    machine.nowMs += 10_000;
    assert.is(say(machine, line)[0]!.error![0], 22, 'seconds later it is a duplicate in any case');
    assert.is(machine.session.describe(machine.nowMs).sharesAccepted, 1);
  }
});

dialects('a farm proxy: many machines behind one line, authorised or not', () => {
  const machine = aMachine();
  say(machine, '{"id":1,"method":"mining.subscribe","params":["farm-proxy/23"]}\n');
  for (const name of ['a1', 'a2', 'a3']) assert.is(say(machine, `{"id":"${name}","method":"mining.authorize","params":["alice.${name}","x"]}\n`)[0]!.result, true);
  for (const [extranonce2, name] of ['a1', 'a2', 'a3', 'never-named'].entries()) {
    assert.is(say(machine, `{"id":2,"method":"mining.submit","params":[${quoted(solve(JOB, {target: EASY_TARGET, extranonce2, userName: `alice.${name}`}))}]}\n`)[0]!.result, true);
  }
  assert.equal(machine.of('recordShare').map(({share}) => share.minerName), ['a1', 'a2', 'a3', 'never-named']);
});

dialects('whatever they call, each gets an answer; a notification of theirs gets none', () => {
  const machine = aMachine();
  const answers = say(machine, '{"id":1,"method":"mining.ping","params":[]}\n{"id":2,"method":"client.get_version"}\n{"id":3,"method":"mining.hello","params":{}}\n{"id":null,"method":"mining.unsubscribe","params":[]}\n'
    + '{"jsonrpc":"2.0","id":4,"method":"mining.ping","params":[]}\n{"method":"mining.ping","params":[]}\n{"id":5,"method":"eth_submitLogin","params":["alice"]}\n{"id":6,"method":"pong","params":[]}\n');
  assert.equal(answers.map(({id, result, error}) => [id, error?.[0] ?? result]), [[1, 'pong'], [2, 'pithead/test'], [3, 20], [null, 20], [4, 'pong'], [5, 20], [6, true]]);
});

dialects.run();
