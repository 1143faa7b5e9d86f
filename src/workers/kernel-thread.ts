/**
 * @module Entry of every worker thread: chooses its backends, then serves both kernels.
 */
import {serveKernels, threadSettings} from '../runtime/threads/thread-entry.js';
import {chooseSha256d, chooseSignatureBackends} from './backends/select.js';
import {createShareThreadKernel} from './kernels/hash-shares.js';
import {createSignatureThreadKernel} from './kernels/verify-signatures.js';
import type {KernelThreadSettings} from './thread-pool.js';

const {backend} = threadSettings() as KernelThreadSettings;

export default serveKernels([
  createSignatureThreadKernel(await chooseSignatureBackends(backend)),
  createShareThreadKernel(chooseSha256d(backend)),
]);
