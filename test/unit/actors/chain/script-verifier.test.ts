// Proves that batching changes nothing: the verdict and the place of the first failure are those of checking one input
// after the other, whatever order the answers come in; and that the memory of proofs cannot be tricked by flags.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {BatchedScriptVerifier} from '../../../../src/actors/chain/script-verifier.js';
import {SCRIPT_FLAG} from '../../../../src/protocol/script/script-flags.js';
import type {SignatureVerifier} from '../../../../src/workers/tasks.js';
import {CountingSignatureVerifier} from '../../../support/chain-harness.js';
import {aKey, aSpend, MINER_KEY} from '../../../support/mined-chain.js';

const FLAGS = SCRIPT_FLAG.P2SH | SCRIPT_FLAG.WITNESS;
const clock = {nowMs: () => 0, wallMs: () => 0};
const yieldTurn = (): Promise<void> => Promise.resolve();

function spends(count: number, wrong: readonly number[] = []): {transaction: ReturnType<typeof aSpend>; spentCoins: {valueSats: bigint; scriptPubKey: Uint8Array; height: number; isCoinbase: boolean}[]}[] {
  return Array.from({length: count}, (_, i) => {
    const coin = {valueSats: 1_000n + BigInt(i), scriptPubKey: MINER_KEY.scriptPubKey, height: 1, isCoinbase: false};
    const outpoint = {txid: new Uint8Array(32).fill(i + 1), vout: i};
    return {transaction: aSpend({from: [{outpoint, coin}], key: MINER_KEY, outputs: [{valueSats: 1n, scriptPubKey: aKey('x').scriptPubKey}], isSignatureWrong: wrong.includes(i)}), spentCoins: [coin]};
  });
}

const verifier = suite('actors / chain / script-verifier');

verifier('all good', async () => {
  const scripts = new BatchedScriptVerifier({signatures: new CountingSignatureVerifier(), clock, yieldTurn});
  assert.equal(await scripts.verify(spends(5), FLAGS), {ok: true});
  assert.equal(await scripts.verify([], FLAGS), {ok: true});
});

verifier('names the first failure in input order though a later batch answers first', async () => {
  let calls = 0;
  const signatures: SignatureVerifier = {
    async verify(checks) {
      // The first batch takes the longest.
      const turns = calls++ === 0 ? 50 : 0;
      for (let i = 0; i < turns; i++) await Promise.resolve();
      return {ok: true, valid: checks.map(({signature}) => !bad.has(String(signature)))};
    },
  };
  const all = spends(300);
  const bad = new Set<string>();
  const collector: SignatureVerifier = {verify: async (checks) => { checks.forEach(({signature}) => order.push(String(signature))); return {ok: true, valid: checks.map(() => true)}; }};
  const order: string[] = [];
  await new BatchedScriptVerifier({signatures: collector, clock, yieldTurn}).verify(all, FLAGS);
  bad.add(order[7]!).add(order[290]!);
  const verdict = await new BatchedScriptVerifier({signatures, clock, yieldTurn}).verify(all, FLAGS);
  assert.ok(!verdict.ok);
  assert.is(verdict.ok ? -1 : verdict.spendIndex, 7);
});

verifier('a wrong signature is refused and not remembered', async () => {
  const scripts = new BatchedScriptVerifier({signatures: new CountingSignatureVerifier(), clock, yieldTurn});
  const one = spends(1, [0]);
  for (let i = 0; i < 2; i++) assert.is((await scripts.verify(one, FLAGS)).ok, false);
});

verifier('a proof counts for the same flags and fewer, not for more', async () => {
  const signatures = new CountingSignatureVerifier();
  const scripts = new BatchedScriptVerifier({signatures, clock, yieldTurn});
  const one = spends(1);
  await scripts.verify(one, FLAGS);
  await scripts.verify(one, SCRIPT_FLAG.P2SH);
  assert.is(signatures.checks, 1);
  await scripts.verify(one, FLAGS | SCRIPT_FLAG.NULLDUMMY);
  assert.is(signatures.checks, 2);
});

verifier('waits while the queue of the pool is full', async () => {
  let refusals = 3;
  const inner = new CountingSignatureVerifier();
  const scripts = new BatchedScriptVerifier({signatures: {verify: async (checks) => (refusals-- > 0 ? {ok: false, code: 'pool-queue-full'} : inner.verify(checks))}, clock, yieldTurn});
  assert.equal(await scripts.verify(spends(1), FLAGS), {ok: true});
  assert.is(inner.checks, 1);
});

verifier('scripts-unavailable when the pool is gone, and nothing is remembered', async () => {
  let isGone = true;
  const inner = new CountingSignatureVerifier();
  const scripts = new BatchedScriptVerifier({signatures: {verify: async (checks) => (isGone ? {ok: false, code: 'pool-stopped'} : inner.verify(checks))}, clock, yieldTurn});
  const one = spends(1);
  const verdict = await scripts.verify(one, FLAGS);
  assert.is(verdict.ok ? 'ok' : verdict.code, 'scripts-unavailable');
  isGone = false;
  assert.equal(await scripts.verify(one, FLAGS), {ok: true});
  assert.is(inner.checks, 1);
});

verifier.run();
