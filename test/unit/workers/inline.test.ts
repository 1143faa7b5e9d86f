// Proves that the in-thread twin keeps the contract of the pool, with noble and with whatever faster backend is here, and
// that hashing on the caller's turn gives the same answers.
import {suite} from 'uvu';
import {performance} from 'node:perf_hooks';
import type {InlineOptions} from '../../../src/workers/inline.js';
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
  for (let index = 0; index < 60; index += 1) {
    // The last ones are longer than any key that is packed.
    const share = {...shareOf(jobs[index % 2]!, index), ...(index < 40 ? {} : {extranonce2: new Uint8Array(24 + index % 3)})};
    assert.equal([...shares.hashNow!(share)], [...headerByHand(share).hash]);
  }
  assert.is(shares.report().itemsDone, 60, 'the report counts them');
});
atOnce.run();
