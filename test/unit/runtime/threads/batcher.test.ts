// Proves the batcher's promises on a carrier, clock and timers in the test's hand: order, work conservation, lingering,
// contexts that a thread lacks, lost threads, deadlines that hold although no thread answers, the bound, the close.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {BatchKernel, ThreadKernel} from '../../../../src/runtime/threads/batch-kernel.js';
import {runBatch} from '../../../../src/runtime/threads/batch-runner.js';
import {DEFAULT_SIZING} from '../../../../src/runtime/threads/batch-sizing.js';
import {Batcher} from '../../../../src/runtime/threads/batcher.js';
import type {CarryOutcome} from '../../../../src/runtime/threads/carrier.js';

/** Adds the context's byte to the item's; context key 0 adds nothing. 255 makes it throw. */
const addKernel: BatchKernel<{readonly value: number; readonly key: number}, number> = {
  name: 'add', costClasses: [{name: 'add', firstGuessUs: 1000}], answerLength: 1, costClassOf: () => 0, byteLength: () => 1,
  encode: ({value}, into) => { into[0] = value; }, decode: (answer) => answer[0]!,
  contextKeyOf: ({key}) => key, contextOf: ({key}) => Uint8Array.of(key),
};

function addThread(contextsMax = Infinity): ThreadKernel & {learned: number} {
  const known = new Map<number, number>();
  const kernel = {
    name: 'add', answerLength: 1, flavour: 7, learned: 0,
    knows: (key: number) => known.has(key),
    learn(key: number, context: Uint8Array) {
      if (known.size >= contextsMax) known.clear();
      known.set(key, context[0]!);
      kernel.learned += 1;
    },
    run(item: Uint8Array, key: number, answer: Uint8Array) {
      if (item[0] === 255) throw new Error('poison');
      answer[0] = item[0]! + (known.get(key) ?? 0);
    },
  };
  return kernel;
}

function bench({threads = 1, queueCapacity = 100} = {}) {
  let nowMs = 0;
  const timers: {dueMs: number; run: () => void}[] = [];
  const sent: {itemCount: number; request: Uint8Array; answer: (outcome?: CarryOutcome, kernel?: ThreadKernel) => Promise<void>}[] = [];
  const freed: (() => void)[] = [];
  const thread = addThread();
  let open = 0;
  const batcher = new Batcher(addKernel, {queueCapacity, batchesPerThread: 2, sizing: DEFAULT_SIZING}, {
    nowMs: () => nowMs,
    defer: queueMicrotask,
    timers: {
      set: (delayMs, run) => { const timer = {dueMs: nowMs + delayMs, run}; timers.push(timer); return timer; },
      clear: (handle) => { const at = timers.findIndex((timer) => timer === handle); if (at >= 0) timers.splice(at, 1); },
    },
    carrier: {
      threads, idleThreads: () => Math.max(0, threads - open), onFreed: (listener) => { freed.push(listener); }, close: async () => undefined,
      carry: (_name, request) => new Promise((resolve) => {
        open += 1;
        sent.push({itemCount: new DataView(request.buffer).getUint32(0, true), request, async answer(outcome, kernel = thread) {
          open -= 1;
          resolve(outcome ?? {ok: true, reply: runBatch(kernel, request, {sentAtMs: nowMs, nowMs: () => nowMs})});
          await settle();
          for (const listener of freed) listener();
          await settle();
        }});
      }),
    },
  });
  async function advance(ms: number): Promise<void> {
    nowMs += ms;
    for (const timer of timers.filter(({dueMs}) => dueMs <= nowMs)) {
      timers.splice(timers.indexOf(timer), 1);
      timer.run();
    }
    await settle();
  }
  return {batcher, sent, thread, advance, timers};
}

/** Lets everything run that waits for microtasks only. */
function settle(): Promise<void> {
  return new Promise((resolve) => { setImmediate(resolve); });
}

const plain = (...values: number[]) => values.map((value) => ({value, key: 0}));
const batching = suite('runtime / threads / batcher');

batching('what is asked in one turn leaves as one batch at its end, and answers come in order', async () => {
  const {batcher, sent} = bench();
  const answers = Promise.all([batcher.submit(plain(1, 2)), batcher.submit(plain(3))]);
  await settle();
  assert.equal(sent.map(({itemCount}) => itemCount), [3]);
  await sent[0]!.answer();
  assert.equal(await answers, [{ok: true, answers: [1, 2]}, {ok: true, answers: [3]}]);
  assert.is(batcher.report().flavour, 7);
});

batching('the expected run time bounds a batch, slots bound what goes ahead, and a small rest lingers a millisecond', async () => {
  const {batcher, sent, advance} = bench();
  void batcher.submit(plain(...Array.from({length: 12}, (_, index) => index)));
  await settle();
  assert.equal(sent.map(({itemCount}) => itemCount), [5, 5], 'guess 1000 us an item, 5 ms a batch, two slots');
  assert.is(batcher.report().queued, 2);
  await sent[0]!.answer();
  // The thread has its second batch, and items are now known to be cheap: two of them do not pay for a dispatch.
  assert.is(sent.length, 2);
  await advance(DEFAULT_SIZING.lingerMs);
  assert.equal(sent.map(({itemCount}) => itemCount), [5, 5, 2]);
  assert.match(batcher.report().lastBatchReason, /after lingering 1 ms/);
});

batching('a throw in the kernel refuses the group of that item only: pool-failed', async () => {
  const {batcher, sent} = bench();
  const answers = Promise.all([batcher.submit(plain(255)), batcher.submit(plain(4))]);
  await settle();
  await sent[0]!.answer();
  assert.equal(await answers, [{ok: false, code: 'pool-failed'}, {ok: true, answers: [4]}]);
});

batching('a context travels with the first batch only, and again to a thread that lacks it', async () => {
  const {batcher, sent, thread} = bench();
  const ask = async (kernel: ThreadKernel) => {
    const at = sent.length;
    const answer = batcher.submit([{value: 1, key: 9}]);
    await settle();
    await sent[at]!.answer(undefined, kernel);
    if (sent.length > at + 1) await sent[at + 1]!.answer(undefined, kernel);
    return answer;
  };
  assert.equal(await ask(thread), {ok: true, answers: [10]});
  assert.equal(await ask(thread), {ok: true, answers: [10]});
  assert.is(sent.length, 2);
  assert.ok(sent[1]!.request.length < sent[0]!.request.length);
  const fresh = addThread();
  assert.equal(await ask(fresh), {ok: true, answers: [10]}, 'a thread that never saw it');
  assert.is(sent.length, 4);
  assert.is(fresh.learned, 1);
});

batching('a batch that a lost thread never began goes out again; the one it was running is refused', async () => {
  const {batcher, sent} = bench();
  const answers = Promise.all([batcher.submit(plain(1, 2, 3, 4, 5)), batcher.submit(plain(6))]);
  await settle();
  const [running, waiting] = sent;
  await running!.answer({ok: false, code: 'failed', text: 'exit 3'});
  await waiting!.answer({ok: false, code: 'not-run', text: 'exit 3'});
  await sent[2]!.answer();
  assert.equal(await answers, [{ok: false, code: 'pool-failed'}, {ok: true, answers: [6]}]);
});

batching('a batch that is never begun is given up after a few threads', async () => {
  const {batcher, sent} = bench();
  const answer = batcher.submit(plain(1));
  await settle();
  for (let at = 0; at < sent.length; at += 1) await sent[at]!.answer({ok: false, code: 'not-run', text: 'exit'});
  assert.equal(await answer, {ok: false, code: 'pool-failed'});
  assert.is(sent.length, 4);
});

batching('a deadline holds although no thread answers, and what has not left is never sent', async () => {
  const {batcher, sent, advance} = bench();
  const answers = Promise.all([batcher.submit(plain(...Array.from({length: 11}, () => 1)), 10), batcher.submit(plain(2), 1000)]);
  await settle();
  await advance(9);
  assert.is(batcher.report().queued, 2);
  await advance(1);
  assert.is(batcher.report().queued, 1);
  await sent[0]!.answer();
  await sent[1]!.answer();
  assert.is(sent[2]!.itemCount, 1);
  await sent[2]!.answer();
  assert.equal(await answers, [{ok: false, code: 'pool-expired'}, {ok: true, answers: [2]}]);
});

batching('the bound counts what waits and what is under way: pool-queue-full', async () => {
  const {batcher, sent} = bench({queueCapacity: 3});
  const first = batcher.submit(plain(1, 2));
  await settle();
  assert.equal(await batcher.submit(plain(3, 4)), {ok: false, code: 'pool-queue-full'});
  const fits = batcher.submit(plain(5));
  await sent[0]!.answer();
  await settle();
  await sent[1]?.answer();
  assert.ok((await first).ok && (await fits).ok);
});

batching('close answers what has not left with pool-stopped and waits for the rest', async () => {
  const {batcher, sent, timers} = bench();
  const answers = [batcher.submit(plain(1, 2, 3, 4, 5)), batcher.submit(plain(6, 7, 8, 9, 10)), batcher.submit(plain(11), 500)];
  await settle();
  let isClosed = false;
  const closed = batcher.close().then(() => { isClosed = true; });
  assert.equal(await answers[2], {ok: false, code: 'pool-stopped'});
  assert.not(isClosed);
  await sent[0]!.answer();
  await sent[1]!.answer();
  await closed;
  assert.equal((await Promise.all(answers)).map(({ok}) => ok), [true, true, false]);
  assert.is(timers.length, 0, 'no timer outlives it');
});

batching.run();
