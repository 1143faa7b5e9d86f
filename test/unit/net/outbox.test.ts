// Proves that what many connections have to send leaves in their order and over several turns of the event loop, so that a
// new block for thousands holds nobody else for longer than some writes take; and that nothing stays behind.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {setImmediate as nextTurn} from 'node:timers/promises';
import {Outbox} from '../../../src/net/socket-connection.js';

const outbox = suite('net / outbox');

outbox('few leave at the end of the turn, many over several, in their order, and late ones after them', async () => {
  const box = new Outbox();
  const written: number[] = [];
  const add = (number: number): void => box.add({writeOut: () => void written.push(number)});
  for (let i = 0; i < 300; i += 1) add(i);
  assert.is(written.length, 0, 'not while the actors still run');
  await Promise.resolve();
  await new Promise<void>((resolve) => {
    process.nextTick(resolve);
  });
  assert.is(written.length, 128);
  add(300);
  const perTurn: number[] = [];
  while (written.length < 301) {
    const before = written.length;
    await nextTurn();
    perTurn.push(written.length - before);
  }
  assert.ok(perTurn.every((count) => count <= 128), perTurn.join());
  assert.equal(written, Array.from({length: 301}, (_, i) => i));
  add(301);
  await nextTurn();
  assert.is(written.at(-1), 301, 'an empty box starts anew');
});

outbox.run();
