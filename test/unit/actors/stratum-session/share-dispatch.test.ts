// Proves how shares of all sessions reach the accounting: a lone one at once, later ones together and in order, each
// session told once, and what is not known said so.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {AccountingMessage, RecordShares} from '../../../../src/actors/accounting/messages.js';
import type {AcceptedShare} from '../../../../src/protocol/stratum/share.js';
import {ShareDispatch} from '../../../../src/actors/stratum-session/share-dispatch.js';
import type {DispatchMeter, ShareRecorded} from '../../../../src/actors/stratum-session/share-dispatch.js';
import type {ActorRef, ReplyOf} from '../../../../src/runtime/actor.js';
import {AskError} from '../../../../src/runtime/actor.js';
import {LatencyHistogram} from '../../../../src/runtime/latency-histogram.js';

interface Question {
  readonly shares: readonly AcceptedShare[];
  readonly resolve: (reply: ReplyOf<RecordShares>) => void;
  readonly reject: (error: unknown) => void;
}

function share(height: number): AcceptedShare {
  return {account: 'alice', minerName: 'rig', target: 1n, height, hash: new Uint8Array(32), isBlock: false, sessionId: 1, userAgent: ''};
}

function aRig(meter?: DispatchMeter) {
  const questions: Question[] = [];
  const told: ShareRecorded[] = [];
  const accounting = {
    path: 'accounting', id: 1, tell: () => 'accepted',
    ask: ({shares}: RecordShares) => new Promise((resolve, reject) => questions.push({shares, resolve, reject})),
  } as unknown as ActorRef<AccountingMessage>;
  const session = {path: 'session', id: 2, tell: (message: ShareRecorded) => { told.push(message); return 'accepted'; }} as unknown as ActorRef<ShareRecorded>;
  return {questions, told, session, dispatch: new ShareDispatch(accounting, meter)};
}

async function settled(): Promise<void> {
  for (let i = 0; i < 4; i += 1) await Promise.resolve();
}

const test = suite('actors / stratum-session / share-dispatch');

test('a lone share leaves at once, those that come meanwhile leave together when it is answered', async () => {
  const {questions, told, session, dispatch} = aRig();
  for (let id = 1; id <= 4; id += 1) dispatch.record(share(id), session, id);
  assert.equal(questions.map(({shares}) => shares.map(({height}) => height)), [[1]]);
  questions[0]!.resolve({ok: true, seq: 1});
  await settled();
  assert.equal(told, [{type: 'stratumSession.shareRecorded', shareId: 1, ok: true, mayBeRecorded: false}]);
  assert.equal(questions.map(({shares}) => shares.map(({height}) => height)), [[1], [2, 3, 4]]);
  questions[1]!.resolve({ok: true, seq: 4});
  await settled();
  assert.equal(told.map(({shareId}) => shareId), [1, 2, 3, 4]);
  assert.is(questions.length, 2, 'nothing waits, nothing is asked');
});

test('the wait of every share that the log took is measured, from the first of its batch on', async () => {
  let nowMs = 100;
  const latency = new LatencyHistogram();
  const {questions, session, dispatch} = aRig({clock: {nowMs: () => nowMs}, latency});
  for (let id = 1; id <= 4; id += 1) dispatch.record(share(id), session, id);
  nowMs = 103;
  questions[0]!.resolve({ok: true, seq: 1});
  await settled();
  nowMs = 110;
  questions[1]!.resolve({ok: true, seq: 4});
  await settled();
  dispatch.record(share(5), session, 5);
  questions[2]!.resolve({ok: false, code: 'log-unavailable'});
  await settled();
  assert.equal([latency.read().count, latency.read().sumMs], [4, 3 + 3 * 10]);
});

test('a log that is not available, a refusal and a silence are told apart', async () => {
  const {questions, told, session, dispatch} = aRig();
  const failed = async (end: (question: Question) => void): Promise<ShareRecorded | undefined> => {
    dispatch.record(share(1), session, questions.length);
    end(questions.at(-1)!);
    await settled();
    return told.at(-1);
  };
  const facts = {messageType: 'accounting.recordShares', path: 'accounting'};
  assert.equal(await failed(({resolve}) => resolve({ok: false, code: 'log-unavailable'})), {type: 'stratumSession.shareRecorded', shareId: 0, ok: false, mayBeRecorded: false});
  assert.equal(await failed(({reject}) => reject(new AskError('refused', facts))), {type: 'stratumSession.shareRecorded', shareId: 1, ok: false, mayBeRecorded: false});
  assert.equal(await failed(({reject}) => reject(new AskError('timeout', facts))), {type: 'stratumSession.shareRecorded', shareId: 2, ok: false, mayBeRecorded: true});
});

test('what waits is bounded; so many make a question of their own, and few of these are under way', async () => {
  const {questions, told, session, dispatch} = aRig();
  const taken = 1 + 7 * 128 + 32_768;
  for (let id = 0; id < taken + 5; id += 1) dispatch.record(share(id), session, id);
  assert.equal(told.map(({ok, mayBeRecorded}) => [ok, mayBeRecorded]), Array.from({length: 5}, () => [false, false]));
  for (let asked = 0; asked < questions.length; asked += 1) {
    questions[asked]!.resolve({ok: true, seq: 1});
    await settled();
  }
  assert.equal(questions.map(({shares}) => shares.length), [1, ...Array.from({length: 7}, () => 128), ...Array.from({length: 8}, () => 4_096)]);
  assert.equal(questions.flatMap(({shares}) => shares.map(({height}) => height)), Array.from({length: taken}, (_, id) => id), 'in order');
  assert.is(told.length, taken + 5, 'each is told once');
});

test.run();
