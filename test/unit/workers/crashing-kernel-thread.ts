// An entry file whose thread ends in the middle of a batch when it meets the poison, as a fault in native code would.
import {serveKernels} from '../../../src/runtime/threads/thread-entry.js';
import {chooseSha256d, chooseSignatureBackends} from '../../../src/workers/backends/select.js';
import {createShareThreadKernel} from '../../../src/workers/kernels/hash-shares.js';
import {createSignatureThreadKernel} from '../../../src/workers/kernels/verify-signatures.js';

/** The nonce of a share that ends its thread. */
export const POISON_NONCE = 0xdeadbeef;

const shares = createShareThreadKernel(chooseSha256d('fastest'));

export default serveKernels([
  createSignatureThreadKernel(await chooseSignatureBackends('fastest')),
  {
    ...shares,
    run(item, contextKey, answer) {
      if (new DataView(item.buffer, item.byteOffset).getUint32(8, true) === POISON_NONCE) process.exit(3);
      shares.run(item, contextKey, answer);
    },
  },
]);
