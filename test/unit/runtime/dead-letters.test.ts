/** What is lost is counted by type, sender, recipient and reason; the table is bounded and its counts still add up. */
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {DeadLetter} from '../../../src/runtime/actor.js';
import {DeadLetters} from '../../../src/runtime/dead-letters.js';

const test = suite('runtime / dead-letters');
const letter = (facts: Partial<DeadLetter>): DeadLetter => ({path: '/desk', senderPath: '/clerk', messageType: 'desk.note', reason: 'mailbox-full', atMs: 0, ...facts});

test('each sender, type and reason has a count of its own', () => {
  const letters = new DeadLetters();
  for (const facts of [{}, {}, {senderPath: '/guest'}, {senderPath: undefined}, {messageType: 'desk.close'}, {reason: 'expired'} as const]) letters.add(letter(facts));
  assert.equal(letters.losses().map(({senderPath, messageType, reason, count}) => [senderPath, messageType, reason, count]), [
    ['/clerk', 'desk.note', 'mailbox-full', 2],
    ['/guest', 'desk.note', 'mailbox-full', 1],
    [undefined, 'desk.note', 'mailbox-full', 1],
    ['/clerk', 'desk.close', 'mailbox-full', 1],
    ['/clerk', 'desk.note', 'expired', 1],
  ]);
  assert.is(letters.count('mailbox-full'), 5);
});

test('sessions that come and go push out the oldest rows, and nothing is miscounted', () => {
  const letters = new DeadLetters();
  for (let i = 0; i < 3000; i++) for (let j = 0; j <= i % 2; j++) letters.add(letter({path: `/session-${i}`}));
  const listed = letters.losses().reduce((sum, {count}) => sum + count, 0);
  assert.is(letters.losses().length, 1024);
  assert.is(letters.losses().at(-1)?.path, '/session-2999');
  assert.is(letters.total, 4500);
  assert.is(listed + letters.forgotten, letters.total);
  assert.is(letters.recent().length, 256);
});

test.run();
