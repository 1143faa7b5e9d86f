// Proves that no text of the wire breaks a session: random bytes, random JSON and mutated honest lines, in random
// chunks, with jobs, ticks and late answers between them. Nothing throws; every request that has an id gets exactly one
// answer with that id, in order, or the session ends with a reason; no share is recorded that was not really mined.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import {hashToInteger} from '../../../../src/protocol/bytes/compare.js';
import {decodeLine} from '../../../../src/protocol/stratum/request.js';
import type {SessionEffect} from '../../../../src/protocol/stratum/session-types.js';
import {shareDifficulty} from '../../../../src/protocol/stratum/difficulty.js';
import {aHash} from '../../../support/ledger-builder.js';
import {aJob, aTemplate} from '../../../support/mining-fixtures.js';
import {Machine, solve} from '../../../support/stratum-machine.js';
import type {Line} from '../../../support/stratum-machine.js';

const fuzz = suite('protocol / stratum / session-fuzz');
const SEED = 20260728;
const HARD = aTemplate({bits: 0x1d00ffff, target: 0xffffn << 208n});
const FIRST_JOB = aJob({number: 1, template: HARD});
const GOOD_SUBMIT = solve(FIRST_JOB, {target: shareDifficulty(-16).target});

const METHODS = [
  'mining.subscribe', 'mining.authorize', 'mining.configure', 'mining.submit', 'mining.suggest_difficulty', 'mining.suggest_target',
  'mining.extranonce.subscribe', 'mining.get_transactions', 'mining.multi_version', 'mining.ping', 'mining.pong', 'pong', 'client.get_version', 'x', '', '__proto__', 'constructor',
];

const id = fc.oneof(fc.integer(), fc.double(), fc.string(), fc.constant(null), fc.constant('x'.repeat(100)), fc.constant(1e300), fc.jsonValue());
const looseParameter = fc.oneof(
  fc.jsonValue(), fc.constantFrom(...GOOD_SUBMIT, 'alice.rig', 'bob', '0x12345678', 'FFFFFFFF', '-1', '00'.repeat(40), 'd=1e9', 'x,diff=0.001', ''),
  fc.constantFrom<unknown>(['version-rolling', 'minimum-difficulty'], {'version-rolling.mask': 'zz'}, {'minimum-difficulty.value': -1}, 0, -0, 1e308, 5e-324),
);
const request = fc.record({id, method: fc.constantFrom(...METHODS), params: fc.oneof(fc.array(looseParameter, {maxLength: 8}), fc.jsonValue())}, {requiredKeys: ['method']});
const honest = fc.constantFrom(
  {id: 1, method: 'mining.subscribe', params: ['miner/1']}, {id: 2, method: 'mining.authorize', params: ['alice.rig', 'x']},
  {id: 3, method: 'mining.configure', params: [['version-rolling'], {'version-rolling.mask': 'ffffffff'}]}, {id: 4, method: 'mining.submit', params: GOOD_SUBMIT},
);
const line = fc.oneof(
  {weight: 4, arbitrary: honest.map((value) => JSON.stringify(value))},
  {weight: 4, arbitrary: request.map((value) => JSON.stringify(value))},
  {weight: 2, arbitrary: fc.tuple(honest, fc.nat(), fc.integer({min: 0, max: 255})).map(([value, at, byte]) => withByte(JSON.stringify(value), at, byte))},
  {weight: 1, arbitrary: fc.uint8Array({maxLength: 200}).map((bytes) => String.fromCharCode(...bytes).replaceAll('\n', ' '))},
  {weight: 1, arbitrary: fc.jsonValue().map((value) => JSON.stringify(value))},
  {weight: 1, arbitrary: fc.nat({max: 40}).map((depth) => `{"id":1,"method":"mining.ping","params":${'['.repeat(depth)}${']'.repeat(depth)}}`)},
);

type Act = {readonly kind: 'line'; readonly text: string; readonly cut: number} | {readonly kind: 'job' | 'tip' | 'serve' | 'tick'; readonly size: number};
const act: fc.Arbitrary<Act> = fc.oneof(
  {weight: 8, arbitrary: fc.record({kind: fc.constant('line' as const), text: line, cut: fc.nat({max: 400})})},
  {weight: 3, arbitrary: fc.record({kind: fc.constantFrom('job' as const, 'tip' as const, 'serve' as const, 'tick' as const), size: fc.nat({max: 20_000})})},
);

function withByte(text: string, at: number, byte: number): string {
  const place = at % (text.length + 1);
  return `${text.slice(0, place)}${String.fromCharCode(byte === 10 ? 11 : byte)}${text.slice(place + 1)}`;
}

/** The ids that are owed an answer, in order; null where the line cannot even name one. */
function owedId(text: string): {readonly id: unknown} | undefined {
  const decoded = decodeLine(text.endsWith('\r') ? text.slice(0, -1) : text);
  if (text.length === 0 || text === '\r' || decoded.kind === 'reply') return undefined;
  if (decoded.kind === 'malformed') return {id: null};
  return decoded.id === undefined ? undefined : {id: decoded.id};
}

function serveAll(machine: Machine, done: Set<SessionEffect>): void {
  for (let progress = true; progress;) {
    progress = false;
    for (const effect of machine.effects) {
      if (done.has(effect)) continue;
      done.add(effect);
      progress = true;
      machine.serve(effect);
    }
  }
}

interface Totals {recorded: number; rejected: number; closed: number}

function run(acts: readonly Act[], totals: Totals): void {
  const machine = new Machine({isServed: false, config: {vardiff: {targetIntervalMs: 10_000, startExponent: -16, exponentMin: -16, exponentMax: 60}}});
  const done = new Set<SessionEffect>();
  const owed: unknown[] = [];
  let jobs = 1;
  let tip = 1;
  machine.offer(FIRST_JOB);
  for (const each of acts) {
    if (machine.of('close').length > 0) break;
    machine.nowMs += 10;
    if (each.kind === 'line') {
      const answer = owedId(each.text);
      if (answer !== undefined) owed.push(answer.id);
      const cut = Math.min(each.cut, each.text.length);
      machine.step({type: 'received', text: each.text.slice(0, cut)});
      machine.step({type: 'received', text: `${each.text.slice(cut)}\n`});
    } else if (each.kind === 'serve') {
      serveAll(machine, done);
    } else if (each.kind === 'tick') {
      machine.tick(each.size);
    } else {
      if (each.kind === 'tip') tip++;
      machine.offer(aJob({number: ++jobs, template: {...HARD, previousHash: aHash(tip)}}), each.kind === 'tip');
    }
  }
  serveAll(machine, done);
  check(machine, owed);
  totals.recorded += machine.of('recordShare').length;
  totals.rejected += machine.of('recordReject').length;
  totals.closed += machine.of('close').length;
}

function check(machine: Machine, owed: readonly unknown[]): void {
  const answers = machine.lines.filter((each: Line) => each.method === undefined).map((each) => each.id);
  const hasClosed = machine.of('close').length > 0;
  assert.ok(machine.of('close').length <= 1);
  // A closed session may owe its last answers.
  assert.equal(answers, JSON.parse(JSON.stringify(owed.slice(0, hasClosed ? answers.length : owed.length))));
  for (const {share} of machine.of('recordShare')) assert.ok(hashToInteger(share.hash) <= share.target);
  const hashes = machine.of('recordShare').map(({share}) => share.hash.join());
  assert.is(new Set(hashes).size, hashes.length);
  assert.is(machine.session.describe(machine.nowMs).sharesInFlight, 0);
}

fuzz('random, mutated and honest lines: one answer each, in order, and nothing throws', () => {
  const start: Act[] = [
    {kind: 'line', text: '{"id":1,"method":"mining.subscribe","params":[]}', cut: 3},
    {kind: 'line', text: '{"id":2,"method":"mining.authorize","params":["alice.rig"]}', cut: 9},
  ];
  const totals = {recorded: 0, rejected: 0, closed: 0};
  fc.assert(fc.property(fc.array(act, {maxLength: 60, size: 'max'}), fc.boolean(), (acts, isHonestStart) => {
    run(isHonestStart ? [...start, ...acts] : acts, totals);
  }), {seed: SEED, numRuns: 1500});
  // The rules above mean little if nothing ever came through.
  assert.ok(totals.recorded > 100 && totals.rejected > 1000 && totals.closed > 100, JSON.stringify(totals));
});

fuzz('random bytes in random chunks never throw', () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({maxLength: 3000}), {maxLength: 20}), (chunks) => {
    const machine = new Machine();
    for (const chunk of chunks) machine.step({type: 'received', text: String.fromCharCode(...chunk)});
    assert.ok(machine.of('close').length <= 1);
  }), {seed: SEED, numRuns: 300});
});

fuzz('events about shares that do not exist, or twice, change nothing', () => {
  const machine = new Machine({isServed: false}).start(aJob({number: 1}));
  const hash = new Uint8Array(32);
  for (const shareId of [0, 1, 99]) {
    machine.step({type: 'shareHashed', shareId, outcome: {ok: true, hash, header: new Uint8Array(80)}});
    machine.step({type: 'shareRecorded', shareId, ok: true});
    machine.step({type: 'candidateSettled', shareId, isAccepted: true});
  }
  assert.equal(machine.newLines(), []);
  assert.is(machine.session.describe(0).sharesAccepted, 0);
});

fuzz.run();
