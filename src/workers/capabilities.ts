/**
 * @module The two capabilities of tasks.ts over any carrier: what differs between threads and twin is the carrier alone.
 */
import type {SignatureCheck} from '../protocol/script/signature-check.js';
import {Batcher} from '../runtime/threads/batcher.js';
import type {BatcherOptions} from '../runtime/threads/batcher.js';
import {DEFAULT_SIZING} from '../runtime/threads/batch-sizing.js';
import type {BatchCarrier, BatchTimers} from '../runtime/threads/carrier.js';
import {describeSha256dFlavour, describeSignatureFlavour} from './backends/select.js';
import type {HashedShare} from './kernels/hash-shares.js';
import {shareKernel} from './kernels/hash-shares.js';
import {canTravel, signatureKernel} from './kernels/verify-signatures.js';
import {SignatureCache} from './signature-cache.js';
import type {PoolReport, ShareHasher, SignatureOutcome, SignatureVerifier, ShareToHash} from './tasks.js';

export interface CapabilityOptions {
  /** Signature checks waiting or under way. A block holds at most 80,000 (BIP 141 sigop cost), and must fit. */
  readonly signatureQueueMax: number;
  /** Shares waiting or under way: a second's worth for a pool of 16,000 busy sessions. */
  readonly shareQueueMax: number;
  /** Valid signatures remembered, about 250 bytes each: the signatures of some ten full blocks. */
  readonly signatureCacheMax: number;
  /** See {@link DEFAULT_SIZING}. */
  readonly runTimeMsMax: number;
}

export const DEFAULT_CAPABILITY_OPTIONS: CapabilityOptions =
  {signatureQueueMax: 100_000, shareQueueMax: 16_384, signatureCacheMax: 50_000, runTimeMsMax: DEFAULT_SIZING.runTimeMsMax};

export interface CapabilityModules {
  readonly carrier: BatchCarrier;
  readonly timers: BatchTimers;
  readonly nowMs: () => number;
  readonly defer: (run: () => void) => void;
}

/** A capability with what its owner needs beside it. */
export interface Reported {
  report(): PoolReport;
  /** Answers all that was accepted, takes nothing new. */
  drain(): Promise<void>;
  /** Answers what has not left with `pool-stopped`, waits for what is under way. */
  close(): Promise<void>;
}

export interface ReportedSignatureVerifier extends SignatureVerifier, Reported {
  readonly cache: SignatureCache;
}
export interface ReportedShareHasher extends ShareHasher, Reported {}

export function createSignatureVerifier(options: CapabilityOptions, modules: CapabilityModules): ReportedSignatureVerifier {
  const batcher = new Batcher(signatureKernel, batcherOptions(options.signatureQueueMax, options), modules);
  const cache = new SignatureCache(options.signatureCacheMax);

  async function verify(checks: readonly SignatureCheck[], {deadlineMs}: {readonly deadlineMs?: number} = {}): Promise<SignatureOutcome> {
    const valid: boolean[] = checks.map((check) => canTravel(check) && cache.isKnownValid(check));
    const openIndexes = [...valid.keys()].filter((index) => !valid[index] && canTravel(checks[index]!));
    const outcome = await batcher.submit(openIndexes.map((index) => checks[index]!), deadlineMs);
    if (!outcome.ok) return outcome;
    openIndexes.forEach((index, position) => {
      valid[index] = outcome.answers[position]!;
      if (valid[index]) cache.addValid(checks[index]!);
    });
    return {ok: true, valid};
  }

  return {verify, cache, ...reported('verifySignatures', {batcher, modules, capacity: options.signatureQueueMax, describe: describeSignatureFlavour})};
}

export function createShareHasher(options: CapabilityOptions, modules: CapabilityModules): ReportedShareHasher {
  const batcher = new Batcher<ShareToHash, HashedShare>(shareKernel, batcherOptions(options.shareQueueMax, options), modules);
  return {
    async hash(share, {deadlineMs} = {}) {
      const outcome = await batcher.submit([share], deadlineMs);
      return outcome.ok ? {ok: true, ...outcome.answers[0]!} : outcome;
    },
    ...reported('hashShares', {batcher, modules, capacity: options.shareQueueMax, describe: describeSha256dFlavour}),
  };
}

function batcherOptions(queueCapacity: number, options: CapabilityOptions): BatcherOptions {
  return {queueCapacity, batchesPerThread: BATCHES_PER_THREAD, sizing: {...DEFAULT_SIZING, runTimeMsMax: options.runTimeMsMax}};
}

/** Of each kernel: one running, one sent ahead. */
export const BATCHES_PER_THREAD = 2;

interface ReportSource {
  readonly batcher: Pick<Batcher<never, unknown>, 'report' | 'drain' | 'close'>;
  readonly modules: CapabilityModules;
  readonly capacity: number;
  readonly describe: (flavour: number) => readonly string[];
}

function reported(kernel: PoolReport['kernel'], {batcher, modules, capacity, describe}: ReportSource): Reported {
  return {
    report() {
      const {flavour, ...counts} = batcher.report();
      return {kernel, backends: describe(flavour), threads: modules.carrier.threads, queueCapacity: capacity, ...counts};
    },
    drain: () => batcher.drain(),
    close: () => batcher.close(),
  };
}
