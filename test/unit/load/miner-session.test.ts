// Proves the simulated miner against the pool's own session machine: in every dialect its shares are accepted and each
// fault is refused with the code that was planned; each answer goes to its submit, also where all submits have one id.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {DIALECTS, type Dialect} from '../../../src/load/dialects.js';
import {MinerSession, outcomeOf, type MinerHost, type Submission} from '../../../src/load/miner-session.js';
import type {Intent} from '../../../src/load/profiles.js';
import {hashesPerShare, targetOfDifficulty} from '../../../src/load/share-search.js';
import {shareDifficulty} from '../../../src/protocol/stratum/difficulty.js';
import {aHash} from '../../support/ledger-builder.js';
import {aJob, aTemplate} from '../../support/mining-fixtures.js';
import {ALICE, Machine} from '../../support/stratum-machine.js';

/** 64 hashes a share; a block is out of reach. */
const EXPONENT = -26;
const BITS = 0x1d00ffff;

class Rig implements MinerHost {
  readonly machine = new Machine({config: {vardiff: {targetIntervalMs: 10_000, startExponent: EXPONENT, exponentMin: EXPONENT, exponentMax: EXPONENT}}, limits: {staleGraceMs: 0}});
  readonly session: MinerSession;
  readonly answers: {readonly intent: Intent; readonly outcome: string}[] = [];
  readonly refusals: string[] = [];
  readonly strays: string[] = [];
  tips = 0;
  sent: string[] = [];
  #jobs = 0;
  #isDelivering = false;
  #outbox = '';

  constructor(dialect: Dialect) {
    this.session = new MinerSession({dialect, userName: `${ALICE}.rig`, password: 'x', resumes: undefined, suggestsDifficulty: 2 ** EXPONENT}, this);
    this.offer(1);
    this.session.opened();
    this.deliver();
  }

  offer(tip: number): void {
    this.#jobs += 1;
    this.machine.offer(aJob({number: this.#jobs, template: aTemplate({bits: BITS, previousHash: aHash(tip)})}));
    this.deliver();
  }

  send(text: string): void {
    this.sent.push(text);
    this.#outbox += text;
    this.deliver();
  }

  /** Both ways until nobody has anything to say. A miner hears nothing in the middle of its own sentence. */
  deliver(): void {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    for (;;) {
      const text = this.#outbox;
      this.#outbox = '';
      if (text !== '') this.machine.step({type: 'received', text});
      const lines = this.machine.newLines();
      if (lines.length === 0 && this.#outbox === '') break;
      this.session.received(lines.map((line) => `${JSON.stringify(line)}\n`).join(''), this.machine.nowMs);
    }
    this.#isDelivering = false;
  }

  /** Mines one and submits it. @returns the outcome. */
  submit(intent: Intent): string {
    const search = this.session.beginSearch(intent, {nonce: 0xfffffff0, bits: 0x12345678});
    assert.ok(search, `a search for ${intent}`);
    const {found} = search!.slice(this.session.goalOf(intent), 100_000);
    assert.ok(found, `a share for ${intent}`);
    this.session.submit(search!, found!, intent, this.machine.nowMs);
    return this.answers.at(-1)!.outcome;
  }

  authorised(): void {}
  refused(text: string): void {
    this.refusals.push(text);
  }
  workChanged(): void {}
  tipChanged(): void {
    this.tips += 1;
  }
  answered(submission: Submission, outcome: string): void {
    this.answers.push({intent: submission.intent, outcome});
  }
  strayAnswer(line: string): void {
    this.strays.push(line);
  }
  reconnectAsked(): void {}
}

const session = suite('load / miner-session');

for (const [name, dialect] of Object.entries(DIALECTS)) {
  session(`${name}: greeted, at work, and every share is accepted, also after a new job and a new tip`, () => {
    const rig = new Rig(dialect);
    assert.equal(rig.refusals, []);
    assert.ok(rig.session.hasWork);
    assert.is(rig.session.difficulty, 2 ** EXPONENT);
    const outcomes = [rig.submit('share'), rig.submit('share')];
    rig.offer(1);
    outcomes.push(rig.submit('share'));
    assert.is(rig.tips, 0);
    rig.offer(2);
    outcomes.push(rig.submit('share'));
    assert.is(rig.tips, 1);
    assert.equal(outcomes, ['accepted', 'accepted', 'accepted', 'accepted']);
    assert.equal([rig.session.pendingCount, rig.strays], [0, []]);
  });

  session(`${name}: each fault is refused as planned`, () => {
    const rig = new Rig(dialect);
    rig.offer(2);
    assert.is(rig.submit('share'), 'accepted');
    rig.session.repeatLast(rig.machine.nowMs);
    assert.is(rig.answers.at(-1)!.outcome, '22 Duplicate share');
    rig.machine.nowMs += 10;
    assert.match(rig.submit('stale'), /^21 Stale/);
    assert.match(rig.submit('low-difficulty'), /^23 /);
    assert.match(rig.submit('unknown-job'), /^21 /);
    assert.match(rig.submit('malformed'), /^20 /);
    assert.match(rig.submit('bad-version'), /^20 Version/);
    assert.match(rig.submit('bad-ntime'), /^20 ntime/);
    assert.match(rig.submit('unauthorised'), /^24 /);
    assert.is(rig.session.pendingCount, 0);
  });
}

session('the dialects differ on the wire as their firmwares do', () => {
  const [cpuminer, bitaxe, braiins, esp32] = [new Rig(DIALECTS.cpuminer), new Rig(DIALECTS.bitaxe), new Rig(DIALECTS.braiins), new Rig(DIALECTS.esp32)];
  for (const rig of [cpuminer, bitaxe, braiins, esp32]) rig.submit('share');
  const submitOf = (rig: Rig) => JSON.parse(rig.sent.at(-1)!) as {id: number; params: string[]};
  assert.equal([submitOf(cpuminer).id, submitOf(cpuminer).params.length], [4, 5]);
  assert.match(cpuminer.sent.at(-1)!, /"id":4\}\n$/);
  assert.is(bitaxe.sent[0]!.split('\n').length - 1, 4, 'the whole greeting in one write');
  assert.match(submitOf(bitaxe).params[2]!, /^0100/);
  assert.is(submitOf(braiins).params[5], '12344000', 'the drawn bits under the granted mask');
  assert.ok(submitOf(esp32).params[4]!.length <= 8);
});

session('answers of submits with one id go to them in their order', () => {
  const rig = new Rig(DIALECTS.cpuminer);
  rig.machine.isServed = false;
  for (const intent of ['share', 'share'] as const) {
    const search = rig.session.beginSearch(intent, {nonce: 1, bits: 0})!;
    rig.session.submit(search, search.slice(rig.session.goalOf(intent), 100_000).found!, intent, 0);
  }
  assert.is(rig.session.pendingCount, 2);
  assert.equal(rig.session.takePending().map(({intent}) => intent), ['share', 'share']);
  rig.session.received('{"id":4,"result":true,"error":null}\n', 0);
  assert.is(rig.strays.length, 1, 'an answer that nobody waits for is told');
});

session('other error shapes are read, and what is no answer is told', () => {
  assert.is(outcomeOf([21, 'Job not found', null]), '21 Job not found');
  assert.is(outcomeOf({code: 23, message: 'Low difficulty: 12'}), '23 Low difficulty');
  assert.is(outcomeOf('Invalid share'), 'Invalid share');
  const rig = new Rig(DIALECTS.cgminer);
  rig.session.received('{"id":77,"result":true,"error":null}\nno json\n{"id":null,"method":"mining.notify","params":[]}\n', 0);
  assert.equal([rig.strays.length, rig.refusals], [1, ['a line that is no JSON', 'a job that is no job']]);
});

session('the miner\'s own scale of difficulty is the pool\'s', () => {
  for (let exponent = -32; exponent <= 60; exponent += 1) assert.is(targetOfDifficulty(2 ** exponent), shareDifficulty(exponent).target, `2^${exponent}`);
  assert.equal([0, -1, Number.NaN, Infinity].map(targetOfDifficulty), [undefined, undefined, undefined, undefined]);
  assert.ok(Math.abs(hashesPerShare(1) / 2 ** 32 - 1) < 1e-4);
  assert.is(hashesPerShare(2 ** -40), 1);
});

session.run();
