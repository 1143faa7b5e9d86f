// What every implementation of the pool must do, whichever threads it has: run over the in-thread twin and over threads.
import type {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {sha256} from '@noble/hashes/sha2.js';
import type {SignatureCheck, SignatureScheme} from '../../../src/protocol/script/signature-check.js';
import {signedCheck} from '../../../src/workers/backends/self-check.js';
import type {CapabilityOptions, ReportedShareHasher, ReportedSignatureVerifier} from '../../../src/workers/capabilities.js';
import type {ShareJob, ShareToHash} from '../../../src/workers/tasks.js';
import {readSharedText} from '../../support/shared-vectors.js';

export interface PoolUnderTest {
  readonly signatures: ReportedSignatureVerifier;
  readonly shares: ReportedShareHasher;
  nowMs(): number;
  close(): Promise<void>;
}

type Tests = ReturnType<typeof suite>;
export type MakePool = (options?: Partial<CapabilityOptions>) => Promise<PoolUnderTest>;

const SCHEMES: readonly SignatureScheme[] = ['ecdsa', 'schnorr', 'ed25519'];

export function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function seededBytes(length: number, seed: number): Uint8Array {
  let state = (seed * 2654435761 + 1) >>> 0;
  return Uint8Array.from({length}, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

/** Distinct checks, every third with a turned bit; `expected` by construction. */
export function mixedChecks(count: number): {checks: SignatureCheck[]; expected: boolean[]} {
  const valid = Array.from({length: 48}, (_, index) => signedCheck(SCHEMES[index % 3]!, seededBytes(32, index + 1), seededBytes(32, index + 1000)));
  const checks: SignatureCheck[] = [];
  const expected: boolean[] = [];
  for (let index = 0; index < count; index += 1) {
    const check = valid[index % valid.length]!;
    const isBroken = index % 7 === 3;
    checks.push(isBroken ? {...check, message: seededBytes(32, index)} : check);
    expected.push(!isBroken);
  }
  return {checks, expected};
}

export function jobOf(jobKey: number): ShareJob {
  return {jobKey, coinbase1: seededBytes(60, jobKey), coinbase2: seededBytes(120, jobKey + 1), branch: seededBytes(32 * 5, jobKey + 2),
    previousHash: seededBytes(32, jobKey + 3), bits: 0x207fffff};
}

export function shareOf(job: ShareJob, index: number): ShareToHash {
  return {job, extranonce1: seededBytes(4, index % 5), extranonce2: seededBytes(8, index % 11), version: 0x20000000 | (index << 13), timeSec: 1_700_000_000 + index, nonce: (index * 2654435761) >>> 0};
}

/** The same header by another road: noble and plain concatenation. */
export function headerByHand({job, extranonce1, extranonce2, version, timeSec, nonce}: ShareToHash): {hash: Uint8Array; header: Uint8Array} {
  const double = (bytes: Uint8Array) => sha256(sha256(bytes));
  let root = double(Buffer.concat([job.coinbase1, extranonce1, extranonce2, job.coinbase2]));
  for (let at = 0; at < job.branch.length; at += 32) root = double(Buffer.concat([root, job.branch.subarray(at, at + 32)]));
  const header = Buffer.alloc(80);
  header.writeInt32LE(version | 0, 0);
  header.set(job.previousHash, 4);
  header.set(root, 36);
  header.writeUInt32LE(timeSec, 68);
  header.writeUInt32LE(job.bits, 72);
  header.writeUInt32LE(nonce, 76);
  return {hash: double(header), header: new Uint8Array(header)};
}

export function addCompliance(tests: Tests, makePool: MakePool): void {
  addAnswers(tests, makePool);
  addVectors(tests, makePool);
  addRefusals(tests, makePool);
}

async function using(made: Promise<PoolUnderTest>, run: (pool: PoolUnderTest) => Promise<void>): Promise<void> {
  const pool = await made;
  try {
    await run(pool);
  } finally {
    await pool.close();
  }
}

function addAnswers(tests: Tests, makePool: MakePool): void {
  tests('an empty list of checks is answered with an empty list', () => using(makePool(), async ({signatures}) => {
    assert.equal(await signatures.verify([]), {ok: true, valid: []});
  }));

  tests('mixed schemes are answered in the order asked, and the cache answers the second time', () => using(makePool(), async ({signatures}) => {
    const {checks, expected} = mixedChecks(96);
    assert.equal(await signatures.verify(checks), {ok: true, valid: expected});
    const {itemsDone} = signatures.report();
    assert.equal(await signatures.verify(checks), {ok: true, valid: expected});
    const invalid = expected.filter((valid) => !valid).length;
    assert.is(signatures.report().itemsDone - itemsDone, invalid, 'only what was not found valid is checked again');
    assert.ok(signatures.cache.hits >= 96 - invalid);
  }));

  tests('a check whose key or signature has an impossible length is false', () => using(makePool(), async ({signatures}) => {
    const check = signedCheck('ecdsa', seededBytes(32, 1), seededBytes(32, 2));
    const outcome = await signatures.verify([{...check, publicKey: new Uint8Array(300)}, {...check, signature: new Uint8Array(63)}, {...check, publicKey: new Uint8Array()}, check]);
    assert.equal(outcome, {ok: true, valid: [false, false, false, true]});
  }));

  tests('10,000 mixed items at once are answered, each with its own answer', () => using(makePool(), async ({signatures, shares}) => {
    const jobs = Array.from({length: 20}, (_, index) => jobOf(index + 1));
    const asked = Array.from({length: 9_500}, (_, index) => shareOf(jobs[index % jobs.length]!, index));
    const {checks, expected} = mixedChecks(500);
    const [verdicts, ...hashes] = await Promise.all([signatures.verify(checks), ...asked.map((share) => shares.hash(share))]);
    assert.equal(verdicts, {ok: true, valid: expected});
    hashes.forEach((outcome, index) => {
      assert.ok(outcome.ok);
      // Every one is compared by its own fields; the full header by hand for each 50th, which keeps the test short.
      const view = new DataView(outcome.header.buffer, outcome.header.byteOffset);
      assert.is(view.getUint32(76, true), asked[index]!.nonce);
      if (index % 50 === 0) assert.equal(outcome, {ok: true, ...headerByHand(asked[index]!)});
    });
    const report = shares.report();
    assert.is(report.itemsDone, 9_500);
    assert.ok(report.batchesDone < 9_500 / 4, `${report.batchesDone} batches`);
    assert.match(report.lastBatchReason, /\d/);
    assert.is(report.queued, 0);
    assert.match(report.backends.join(), /sha256d /);
    assert.match(signatures.report().backends.join(), /ecdsa .*schnorr .*ed25519 /);
  }));
}

function addVectors(tests: Tests, makePool: MakePool): void {
  const bip340 = readSharedText('bip340/test-vectors.csv');
  if (bip340 !== undefined) {
    tests('BIP 340 vectors', () => using(makePool(), async ({signatures}) => {
      const rows = bip340.trim().split(/\r?\n/).slice(1).map((line) => line.split(','));
      const checks = rows.map((row): SignatureCheck => ({scheme: 'schnorr', publicKey: bytesOfHex(row[2]!), message: bytesOfHex(row[4]!), signature: bytesOfHex(row[5]!)}));
      assert.ok(checks.length >= 19);
      assert.equal(await signatures.verify(checks), {ok: true, valid: rows.map((row) => row[6] === 'TRUE')});
    }));
  }
  const wycheproof = readSharedText('wycheproof/ed25519_test.json');
  if (wycheproof !== undefined) {
    tests('Wycheproof Ed25519 vectors', () => using(makePool(), async ({signatures}) => {
      const file = JSON.parse(wycheproof) as {testGroups: {publicKey: {pk: string}; tests: {msg: string; sig: string; result: string}[]}[]};
      const cases = file.testGroups.flatMap((group) => group.tests.map((one) => ({...one, pk: group.publicKey.pk})));
      const checks = cases.map((one): SignatureCheck => ({scheme: 'ed25519', publicKey: bytesOfHex(one.pk), message: bytesOfHex(one.msg), signature: bytesOfHex(one.sig)}));
      assert.ok(checks.length >= 151);
      assert.equal(await signatures.verify(checks), {ok: true, valid: cases.map((one) => one.result === 'valid')});
    }));
  }
}

function addRefusals(tests: Tests, makePool: MakePool): void {
  tests('pool-queue-full', () => using(makePool({signatureQueueMax: 10, shareQueueMax: 2}), async ({signatures, shares}) => {
    const {checks} = mixedChecks(11);
    assert.equal(await signatures.verify(checks), {ok: false, code: 'pool-queue-full'});
    assert.ok((await signatures.verify(checks.slice(0, 10))).ok, 'exactly the capacity fits');
    const job = jobOf(1);
    const outcomes = await Promise.all([1, 2, 3].map((index) => shares.hash(shareOf(job, index))));
    assert.equal(outcomes.map((outcome) => outcome.ok), [true, true, false]);
    assert.is(shares.report().refused, 1);
    assert.ok((await shares.hash(shareOf(job, 3))).ok, 'room again after the answers');
  }));

  tests('pool-expired', () => using(makePool(), async ({signatures, shares, nowMs}) => {
    const {checks} = mixedChecks(300);
    assert.equal(await shares.hash(shareOf(jobOf(1), 1), {deadlineMs: nowMs()}), {ok: false, code: 'pool-expired'});
    const doneBefore = signatures.report().itemsDone;
    const late = await signatures.verify(checks, {deadlineMs: nowMs() + 0.01});
    assert.equal(late, {ok: false, code: 'pool-expired'});
    assert.ok((await signatures.verify(checks.slice(0, 3), {deadlineMs: nowMs() + 60_000})).ok);
    assert.ok(signatures.report().itemsDone - doneBefore < 300, 'not everything that expired was run');
  }));

  tests('pool-stopped', async () => {
    const pool = await makePool();
    const {checks, expected} = mixedChecks(30);
    const accepted = pool.signatures.verify(checks);
    await pool.signatures.drain();
    assert.equal(await accepted, {ok: true, valid: expected}, 'drain answers what was accepted');
    assert.equal(await pool.signatures.verify(checks.slice(0, 1).map((check) => ({...check, message: seededBytes(32, 5)}))), {ok: false, code: 'pool-stopped'});
    const cut = pool.shares.hash(shareOf(jobOf(1), 1));
    await pool.close();
    const outcome = await cut;
    assert.ok(outcome.ok || outcome.code === 'pool-stopped', 'whoever waits at the close is answered');
    assert.equal(await pool.shares.hash(shareOf(jobOf(1), 2)), {ok: false, code: 'pool-stopped'});
  });
}
