// Proves what each overflow policy loses and what it never loses, against a model under random traffic: the bound holds,
// undroppable and engine messages pass it, every loss is counted with its reason, and the order of what is left is right.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import * as fc from 'fast-check';
import type {DeadLetterReason, Message, OverflowPolicy} from '../../../src/runtime/actor.js';
import {compileProtocol} from '../../../src/runtime/compiled-protocol.js';
import {Envelope, OUTSIDE, POISONED, SIGNALLED} from '../../../src/runtime/envelope.js';
import {Mailbox} from '../../../src/runtime/mailbox.js';
import {MessageRing} from '../../../src/runtime/message-ring.js';

type Mail = Message & {readonly n: number};

function mailboxOf(policy: OverflowPolicy, capacity: number, softLimit?: number): {mailbox: Mailbox; lost: [number, DeadLetterReason][]} {
  const lost: [number, DeadLetterReason][] = [];
  const limits = softLimit === undefined ? {capacity, policy} : {capacity, policy, softLimit};
  const protocol = compileProtocol({kind: 'm', mailbox: limits, priority: ['m.urgent', 'm.urgentMust'], undroppable: ['m.must', 'm.urgentMust']});
  const mailbox = new Mailbox(protocol, {lost: (message, _envelope, reason) => { lost.push([(message as Mail).n, reason]); }});
  return {mailbox, lost};
}

const mail = (type: string, n: number): Mail => ({type: `m.${type}`, n});

function drain(mailbox: Mailbox): number[] {
  const left: number[] = [];
  mailbox.drainInto((message) => left.push((message as Mail).n));
  return left;
}

const test = suite('runtime / mailbox');

test('refuse: the newcomer bounces at capacity, and not one before', () => {
  const {mailbox, lost} = mailboxOf('refuse', 4);
  const outcomes = [1, 2, 3, 4, 5].map((n) => mailbox.offer(mail('plain', n), OUTSIDE));
  assert.equal(outcomes, ['accepted', 'accepted', 'accepted', 'over-soft-limit', 'refused']);
  assert.equal(lost, [[5, 'mailbox-full']]);
  assert.equal(drain(mailbox), [1, 2, 3, 4]);
});

test('drop-oldest: the oldest ordinary user message goes, a priority one only for another', () => {
  const {mailbox, lost} = mailboxOf('drop-oldest', 3);
  mailbox.offer(mail('urgent', 1), OUTSIDE);
  mailbox.offer(mail('must', 2), OUTSIDE);
  mailbox.offer(mail('plain', 3), OUTSIDE);
  assert.is(mailbox.offer(mail('plain', 4), OUTSIDE), 'dropped-oldest');
  assert.is(mailbox.offer(mail('urgent', 5), OUTSIDE), 'dropped-oldest');
  assert.is(mailbox.offer(mail('plain', 6), OUTSIDE), 'dropped-newest');
  assert.is(mailbox.offer(mail('urgent', 7), OUTSIDE), 'dropped-oldest');
  assert.equal(lost, [[3, 'dropped-oldest'], [4, 'dropped-oldest'], [6, 'dropped-newest'], [1, 'dropped-oldest']]);
  assert.equal(drain(mailbox), [5, 7, 2]);
});

test('drop-newest: the newcomer is lost and counted', () => {
  const {mailbox, lost} = mailboxOf('drop-newest', 1);
  mailbox.offer(mail('plain', 1), OUTSIDE);
  assert.is(mailbox.offer(mail('plain', 2), OUTSIDE), 'dropped-newest');
  assert.equal(lost, [[2, 'dropped-newest']]);
});

test('keep-latest: one waits per type, in the older one’s place, also before the bound is met', () => {
  const {mailbox, lost} = mailboxOf('keep-latest', 3);
  mailbox.offer(mail('tip', 1), OUTSIDE);
  mailbox.offer(mail('template', 2), OUTSIDE);
  assert.is(mailbox.offer(mail('tip', 3), OUTSIDE), 'replaced');
  mailbox.offer(mail('must', 4), OUTSIDE);
  mailbox.offer(mail('must', 5), OUTSIDE);
  assert.is(mailbox.offer(mail('other', 6), OUTSIDE), 'refused');
  assert.equal(lost, [[1, 'replaced'], [6, 'mailbox-full']]);
  assert.equal(drain(mailbox), [3, 2, 4, 5]);
});

test('keep-latest by key: one waits per type and key; a message without a key waits whatever else does', () => {
  const lost: number[] = [];
  const keyOf = (message: Message) => ((message as Mail).n < 0 ? undefined : (message as Mail).n % 10);
  const protocol = compileProtocol({kind: 'prices', mailbox: {capacity: 6, policy: 'keep-latest', keyOf}, priority: ['m.urgent']});
  const mailbox = new Mailbox(protocol, {lost: (message) => { lost.push((message as Mail).n); }});
  for (const n of [1, 2, 11, -1, -2, 21]) mailbox.offer(mail('price', n), OUTSIDE);
  assert.is(mailbox.offer(mail('urgent', 1), OUTSIDE), 'accepted', 'another type and lane');
  assert.is(mailbox.offer(mail('urgent', 31), OUTSIDE), 'replaced');
  assert.equal(lost, [1, 11, 1]);
  assert.equal(drain(mailbox), [31, 21, 2, -1, -2]);
  assert.is(mailbox.offer(mail('price', 41), OUTSIDE), 'accepted', 'a key that was delivered is free again');
});

test('keep-latest: what returns from the stash is replaced by its own kind only', () => {
  const {mailbox, lost} = mailboxOf('keep-latest', 9);
  mailbox.offer(mail('tip', 1), OUTSIDE);
  mailbox.offer(mail('template', 2), OUTSIDE);
  mailbox.inHand = mailbox.user.headMessage();
  mailbox.user.dropHead();
  mailbox.user.dropHead();
  assert.ok(mailbox.stashInHand(OUTSIDE));
  mailbox.unstashAll();
  assert.is(mailbox.offer(mail('template', 3), OUTSIDE), 'accepted', 'the number of the old template is the tip’s now');
  assert.equal(lost, []);
  assert.equal(drain(mailbox), [1, 3]);
});

test('keep-latest forgets keys that were named once', () => {
  const protocol = compileProtocol({kind: 'names', mailbox: {capacity: 2, policy: 'keep-latest', keyOf: (message) => (message as Mail).n}});
  const mailbox = new Mailbox(protocol, {lost: () => undefined});
  for (let n = 0; n < 10_000; n += 1) {
    mailbox.offer(mail('name', n), OUTSIDE);
    mailbox.user.dropHead();
    mailbox.waiting -= 1;
  }
  const {places} = mailbox as unknown as {places: {user: {byKey: Map<string, number>}}};
  assert.ok(places.user.byKey.size < 100, `${places.user.byKey.size} keys are kept`);
});

test('a key that nothing compares is refused when the protocol is compiled', () => {
  assert.throws(() => compileProtocol({kind: 'x', mailbox: {capacity: 1, policy: 'refuse', keyOf: () => 1}}), /keyOf without keep-latest/);
});

test('a signal or the end of a drain is neither counted nor dropped nor replaced', () => {
  for (const policy of ['refuse', 'drop-oldest', 'drop-newest', 'keep-latest'] as const) {
    const {mailbox, lost} = mailboxOf(policy, 1);
    mailbox.user.push(mail('tip', -1), SIGNALLED);
    mailbox.user.push(mail('tip', -2), POISONED);
    for (let n = 1; n <= 5; n += 1) mailbox.offer(mail('tip', n), OUTSIDE);
    assert.is(lost.length, 4, policy);
    assert.equal(drain(mailbox).slice(0, 2), [-1, -2], policy);
  }
});

test('the stash counts within the bound and returns before what waits, in its order', () => {
  const {mailbox} = mailboxOf('refuse', 3);
  const stash = (n: number): boolean => {
    mailbox.inHand = mail('plain', n);
    mailbox.isInHandStashed = false;
    return mailbox.stashInHand(OUTSIDE);
  };
  assert.not(mailbox.stashInHand(OUTSIDE), 'nothing in hand');
  assert.ok(stash(1));
  assert.not(mailbox.stashInHand(OUTSIDE), 'the same message once only');
  assert.ok(stash(2));
  mailbox.offer(mail('plain', 3), OUTSIDE);
  assert.not(stash(4));
  assert.is(mailbox.offer(mail('plain', 5), OUTSIDE), 'refused');
  mailbox.unstashAll();
  assert.is(mailbox.waiting, 3);
  assert.equal(drain(mailbox), [1, 2, 3]);
});

test('under random traffic nothing vanishes uncounted and the bound holds', () => {
  const types = ['plain', 'urgent', 'must', 'urgentMust', 'tip'] as const;
  fc.assert(fc.property(
    fc.constantFrom<OverflowPolicy>('refuse', 'drop-oldest', 'drop-newest', 'keep-latest'),
    fc.integer({min: 1, max: 9}),
    fc.array(fc.oneof(fc.constantFrom(...types), fc.constant('take' as const)), {maxLength: 120}),
    (policy, capacity, steps) => {
      const {mailbox, lost} = mailboxOf(policy, capacity);
      const taken: number[] = [];
      const undroppable = new Set<number>();
      let sent = 0;
      for (const step of steps) {
        if (step === 'take') {
          const lane = mailbox.nextLane();
          if (lane === undefined) continue;
          taken.push((lane.headMessage() as Mail).n);
          lane.dropHead();
          mailbox.waiting -= 1;
          continue;
        }
        sent += 1;
        if (step === 'must' || step === 'urgentMust') undroppable.add(sent);
        mailbox.offer(mail(step, sent), OUTSIDE);
        const waitingUndroppable = mailbox.user.length + (mailbox.priority?.length ?? 0);
        assert.is(mailbox.waiting, waitingUndroppable);
        assert.ok(mailbox.waiting <= capacity + undroppable.size);
      }
      const left = drain(mailbox);
      assert.not(lost.some(([n]) => undroppable.has(n)), 'an undroppable message was lost');
      assert.is(new Set([...taken, ...left, ...lost.map(([n]) => n)]).size, sent);
      assert.is(taken.length + left.length + lost.length, sent);
    },
  ), {numRuns: 300});
});

test('a ring is a queue: like an array under pushes, unshifts, shifts and removals', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom('push', 'unshift', 'shift', 'remove'), fc.nat(200)), {maxLength: 300}), (steps) => {
    const ring = new MessageRing();
    const model: number[] = [];
    for (const [step, n] of steps) {
      if (step === 'push') {
        ring.push(mail('x', n), OUTSIDE);
        model.push(n);
      } else if (step === 'unshift') {
        ring.unshift(mail('x', n), OUTSIDE);
        model.unshift(n);
      } else if (model.length > 0) {
        const at = step === 'shift' ? 0 : n % model.length;
        if (step === 'shift') ring.dropHead();
        else ring.removeAt(at);
        model.splice(at, 1);
      }
      assert.is(ring.length, model.length);
      for (const [index, expected] of model.entries()) assert.is((ring.messageAt(index) as Mail).n, expected);
    }
  }), {numRuns: 100});
});

test('a ring that burst gives its slots back', () => {
  const ring = new MessageRing();
  for (let n = 0; n < 1000; n += 1) ring.push(mail('x', n), new Envelope({kind: 0}));
  const burst = ring.slots;
  while (ring.length > 0) ring.dropHead();
  for (let round = 0; round < 2000; round += 1) {
    ring.push(mail('x', round), OUTSIDE);
    ring.dropHead();
  }
  assert.is(burst, 1024);
  assert.is(ring.slots, 16);
});

test('a capacity that bounds nothing is refused', () => {
  for (const capacity of [0, -1, 1.5, Infinity, Number.NaN]) {
    assert.throws(() => compileProtocol({kind: 'k', mailbox: {capacity, policy: 'refuse'}}), /capacity/);
  }
});

test.run();
