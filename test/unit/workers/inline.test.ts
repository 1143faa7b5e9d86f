// Proves that the in-thread twin keeps the contract of the pool, with noble and with whatever faster backend is here, and
// that hashing on the caller's turn gives the same answers.
import {suite} from 'uvu';
import {performance} from 'node:perf_hooks';
import type {InlineOptions} from '../../../src/workers/inline.js';
import {ShareHashMemo} from '../../../src/protocol/stratum/share-hash.js';
import {hashedOnLoop} from '../../../src/workers/loop-hashing.js';
import {createInlineShareHasher, createInlineSignatureVerifier} from '../../../src/workers/inline.js';
import * as assert from 'uvu/assert';
import {addCompliance, headerByHand, jobOf, shareOf} from './compliance.js';
import type {MakePool} from './compliance.js';

const modules = {
  timers: {set: (delayMs: number, run: () => void) => setTimeout(run, delayMs), clear: (handle: unknown) => clearTimeout(handle as NodeJS.Timeout)},
  nowMs: () => performance.now(),
  yieldTurn: (resume: () => void) => { setImmediate(resume); },
  defer: queueMicrotask,
};

function makeTwin(backend: NonNullable<InlineOptions['backend']>): MakePool {
  return async (options = {}) => {
    const signatures = await createInlineSignatureVerifier({...options, backend}, modules);
    const shares = createInlineShareHasher({...options, backend}, modules);
    return {
      signatures, shares, nowMs: modules.nowMs,
      async close() {
        await Promise.all([signatures.close(), shares.close()]);
      },
    };
  };
}

const fastest = suite('workers / inline, fastest backends');
addCompliance(fastest, makeTwin('fastest'));
fastest.run();

const noble = suite('workers / inline, noble alone');
addCompliance(noble, makeTwin('noble'));
noble.run();

const atOnce = suite('workers / inline, on this turn');
atOnce('a share hashed at once has the hash that is made by hand', () => {
  const shares = createInlineShareHasher({}, modules);
  const jobs = [jobOf(1), jobOf(2)];
  const memo = new ShareHashMemo();
  const extranonces = Array.from({length: 20}, (_, index) => new Uint8Array(8).fill(index));
  for (let index = 0; index < 60; index += 1) {
    // Each thing that is kept stays for some shares and changes alone: nonce, version, extranonce2, extranonce1, job.
    const [extranonce1, extranonce2] = [extranonces[Math.floor(index / 12)]!, extranonces[Math.floor(index / 6)]!];
    const share = {...shareOf(jobs[Math.floor(index / 10) % 2]!, index), extranonce1, extranonce2, version: 0x20000000 + Math.floor(index / 3)};
    assert.equal([...shares.hashNow!(share, memo)!], [...headerByHand(share).hash]);
  }
  assert.is(shares.report().itemsDone, 60, 'the report counts them');
});

atOnce('on a loop that is late only a share with a new merkle root is left to the threads', () => {
  let isLate = true;
  const shares = hashedOnLoop(createInlineShareHasher({}, modules), () => isLate);
  const memo = new ShareHashMemo();
  const [first, second] = [shareOf(jobOf(1), 1), shareOf(jobOf(1), 2)];
  const later = {...second, job: first.job, extranonce1: first.extranonce1, extranonce2: first.extranonce2};
  assert.is(shares.hashNow!(first, memo), undefined);
  isLate = false;
  assert.equal(shares.hashNow!(first, memo), headerByHand(first).hash);
  isLate = true;
  assert.equal(shares.hashNow!(later, memo), headerByHand(later).hash);
  assert.is(shares.hashNow!({...later, extranonce2: Uint8Array.from(later.extranonce2)}, memo), undefined);
  assert.is(shares.report().itemsOnLoop, 2);
});
atOnce.run();
