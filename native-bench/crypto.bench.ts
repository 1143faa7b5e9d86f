/**
 * @module Signature checks and share hashes per second: each backend alone, and the pool against the main thread.
 *
 * In the backend rows `ours` is the backend that would be chosen and the peers are the others that are installed here.
 * In the pool rows `ours` is the thread pool with the default number of threads, beside the in-thread twin (`inline`) and,
 * with `twoThreads`, a pool of two. `…MainBusy` is the share of the run in which the main thread was busy, in percent.
 */
import {performance} from 'node:perf_hooks';
import type {SignatureCheck, SignatureScheme} from '../src/protocol/script/signature-check.js';
import {loadBackend} from '../src/workers/backends/accelerated.js';
import type {Sha256dBackend} from '../src/workers/backends/backend.js';
import {SIGNATURE_BACKEND_NAMES} from '../src/workers/backends/backend.js';
import {nobleSha256d} from '../src/workers/backends/noble.js';
import {judgeSignature, signedCheck} from '../src/workers/backends/self-check.js';
import {handTunedSha256d} from '../src/workers/backends/sha256d.js';
import {createInlineShareHasher, createInlineSignatureVerifier} from '../src/workers/inline.js';
import type {ShareHasher, ShareJob, ShareToHash, SignatureVerifier} from '../src/workers/tasks.js';
import {createThreadPool, defaultThreads} from '../src/workers/thread-pool.js';
import type {BenchRow} from './bench-row.js';
import {interleaved} from './bench-row.js';

const KEYS = 32;
const BACKEND_SLICE_MS = 120;
const POOL_CHECKS = 4_000;
const POOL_SHARES = 20_000;

export async function run(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const scheme of ['ecdsa', 'schnorr', 'ed25519'] as const) rows.push(await backendRow(scheme));
  rows.push(await headerRow());
  rows.push(...await poolRows());
  return rows;
}

function filled(length: number, seed: number): Uint8Array {
  return Uint8Array.from({length}, (_, index) => (index * 37 + seed * 11 + (seed >> 5) + 1) & 0xff);
}

function checksOf(scheme: SignatureScheme): SignatureCheck[] {
  return Array.from({length: KEYS}, (_, index) => signedCheck(scheme, filled(32, index + 1), filled(32, index + 77)));
}

/** Calls per second over a slice of time; the clock is read once per eight calls. */
function rate(call: (index: number) => void): number {
  const startedMs = performance.now();
  let calls = 0;
  while (performance.now() - startedMs < BACKEND_SLICE_MS) {
    for (let step = 0; step < 8; step += 1) call(calls++);
  }
  return (calls * 1000) / (performance.now() - startedMs);
}

async function backendRow(scheme: SignatureScheme): Promise<BenchRow> {
  const checks = checksOf(scheme);
  const loaded = (await Promise.all(SIGNATURE_BACKEND_NAMES.map(loadBackend))).filter((backend) => backend?.schemes[scheme] !== undefined);
  const contestants = Object.fromEntries(loaded.map((backend) => [backend!.name, () => rate((index) => {
    if (!judgeSignature(backend!.schemes[scheme]!, checks[index % KEYS]!)) throw new Error(`${backend!.name} refused a valid signature`);
  })]));
  const {[loaded[0]!.name]: ours, ...peers} = await interleaved(contestants, 3);
  return {suite: 'crypto', name: `${scheme} checks, one thread, ${loaded[0]!.name}`, unit: 'checks/s', higherIsBetter: true, ours: ours!, peers};
}

async function headerRow(): Promise<BenchRow> {
  const header = filled(80, 3);
  const contest = ({sha256d}: Sha256dBackend) => () => rate((index) => {
    header[76] = index;
    sha256d(header);
  });
  const {handTuned, noble} = await interleaved({handTuned: contest(handTunedSha256d), noble: contest(nobleSha256d)}, 3);
  return {suite: 'crypto', name: 'sha256d of a header, one thread, hand-tuned', unit: 'hashes/s', higherIsBetter: true, ours: handTuned!, peers: {noble: noble!}};
}

interface Measured {
  readonly perSecond: number;
  readonly mainBusyPercent: number;
}

async function measure(count: number, work: () => Promise<void>): Promise<Measured> {
  const startedMs = performance.now();
  const before = performance.eventLoopUtilization();
  await work();
  const {utilization} = performance.eventLoopUtilization(before);
  return {perSecond: (count * 1000) / (performance.now() - startedMs), mainBusyPercent: utilization * 100};
}

async function poolRows(): Promise<BenchRow[]> {
  const modules = {
    timers: {set: (delayMs: number, run: () => void) => setTimeout(run, delayMs), clear: (handle: unknown) => clearTimeout(handle as NodeJS.Timeout)},
    nowMs: () => performance.now(), yieldTurn: (resume: () => void) => { setImmediate(resume); }, defer: queueMicrotask,
  };
  // Without the cache, which would answer all but the first round.
  const uncached = {signatureCacheMax: 0, shareQueueMax: POOL_SHARES};
  const pool = createThreadPool(uncached);
  const two = createThreadPool({...uncached, threads: 2});
  const inlineSignatures = await createInlineSignatureVerifier(uncached, modules);
  const inlineShares = createInlineShareHasher(uncached, modules);
  try {
    const checks = [...checksOf('ecdsa')];
    const asked = Array.from({length: POOL_CHECKS}, (_, index) => checks[index % KEYS]!);
    return [
      ...await compare('ecdsa checks', {pool: () => verifyAll(pool.signatures, asked), twoThreads: () => verifyAll(two.signatures, asked), inline: () => verifyAll(inlineSignatures, asked)}),
      ...await compare('share hashes', {pool: () => hashAll(pool.shares), twoThreads: () => hashAll(two.shares), inline: () => hashAll(inlineShares)}),
    ];
  } finally {
    await Promise.all([pool.close(), two.close(), inlineSignatures.close(), inlineShares.close()]);
  }
}

async function compare(name: string, contestants: Readonly<Record<'pool' | 'twoThreads' | 'inline', () => Promise<Measured>>>): Promise<BenchRow[]> {
  const busy: Record<string, number[]> = {};
  const timed = Object.fromEntries(Object.entries(contestants).map(([key, contest]) => [key, async () => {
    const measured = await contest();
    (busy[key] ??= []).push(measured.mainBusyPercent);
    return measured.perSecond;
  }]));
  const rates = await interleaved(timed, 3);
  const busiest = Object.fromEntries(Object.entries(busy).map(([key, values]) => [key, values.toSorted((a, b) => a - b)[values.length >> 1]!]));
  const threads = `${defaultThreads()} thread${defaultThreads() === 1 ? '' : 's'}`;
  return [
    {suite: 'crypto', name: `${name}, pool of ${threads}`, unit: '1/s', higherIsBetter: true, ours: rates['pool']!, peers: {twoThreads: rates['twoThreads']!, inline: rates['inline']!}},
    {suite: 'crypto', name: `${name}, pool of ${threads}, main thread busy`, unit: '%', higherIsBetter: false, ours: busiest['pool']!, peers: {twoThreads: busiest['twoThreads']!, inline: busiest['inline']!}},
  ];
}

function verifyAll(verifier: SignatureVerifier, checks: readonly SignatureCheck[]): Promise<Measured> {
  return measure(checks.length, async () => {
    const outcome = await verifier.verify(checks);
    if (!outcome.ok || outcome.valid.includes(false)) throw new Error('a valid signature was refused');
  });
}

let nextJobKey = 1;

/** Every share with an extranonce2 of its own, as a fast miner sends them, so no merkle root is found in the cache. */
function hashAll(hasher: ShareHasher): Promise<Measured> {
  const job: ShareJob = {jobKey: nextJobKey++, coinbase1: filled(60, 1), coinbase2: filled(120, 2), branch: filled(32 * 12, 3), previousHash: filled(32, 4), bits: 0x207fffff};
  const shares = Array.from({length: POOL_SHARES}, (_, index): ShareToHash => ({
    job, extranonce1: filled(4, 1), extranonce2: Uint8Array.of(index >> 8, index & 0xff, 0, 0), version: 0x20000000, timeSec: 1_700_000_000, nonce: index}));
  return measure(POOL_SHARES, async () => {
    const outcomes = await Promise.all(shares.map((share) => hasher.hash(share)));
    if (outcomes.some((outcome) => !outcome.ok)) throw new Error('a share was refused');
  });
}
