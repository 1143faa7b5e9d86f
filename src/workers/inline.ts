/**
 * @module The in-thread twins: same batcher, same kernels, same answers, no threads. For tests, the simulator and small
 * machines. Work is done in slices of one batch, and the thread is yielded between them.
 */
import {createInlineCarrier} from '../runtime/threads/inline-carrier.js';
import type {BatchTimers} from '../runtime/threads/carrier.js';
import type {BackendPreference} from './backends/backend.js';
import {chooseSha256d, chooseSignatureBackends} from './backends/select.js';
import type {CapabilityOptions, ReportedShareHasher, ReportedSignatureVerifier} from './capabilities.js';
import {DEFAULT_CAPABILITY_OPTIONS, createShareHasher, createSignatureVerifier} from './capabilities.js';
import {hashedOnLoop} from './loop-hashing.js';
import {createShareThreadKernel} from './kernels/hash-shares.js';
import {handTunedSha256d} from './backends/sha256d.js';
import {createSignatureThreadKernel} from './kernels/verify-signatures.js';

export interface InlineOptions extends Partial<CapabilityOptions> {
  readonly backend?: BackendPreference;
}

export interface InlineModules {
  readonly timers: BatchTimers;
  readonly nowMs: () => number;
  /** Continues on a later turn: setImmediate, or the simulator's scheduler. */
  readonly yieldTurn: (resume: () => void) => void;
  /** Runs at the end of this turn: queueMicrotask, or the simulator's. */
  readonly defer: (run: () => void) => void;
}

/** A slice of 2 ms: the twin shares its thread with everything else, so it is more modest than a worker's batch. */
const INLINE_RUN_TIME_MS_MAX = 2;

export async function createInlineSignatureVerifier(options: InlineOptions, modules: InlineModules): Promise<ReportedSignatureVerifier> {
  const kernels = [createSignatureThreadKernel(await chooseSignatureBackends(options.backend ?? 'fastest'))];
  return createSignatureVerifier(filled(options), {...modules, carrier: createInlineCarrier({...modules, kernels})});
}

export function createInlineShareHasher(options: InlineOptions, modules: InlineModules): ReportedShareHasher {
  const sha256d = chooseSha256d(options.backend ?? 'fastest');
  const hasher = createShareHasher(filled(options), {...modules, carrier: createInlineCarrier({...modules, kernels: [createShareThreadKernel(sha256d)]})});
  // The memo hashes with our own code: not where that is not trusted.
  return sha256d.sha256d === handTunedSha256d.sha256d ? hashedOnLoop(hasher, () => false) : hasher;
}

function filled(options: InlineOptions): CapabilityOptions {
  return {...DEFAULT_CAPABILITY_OPTIONS, runTimeMsMax: INLINE_RUN_TIME_MS_MAX, ...options};
}
