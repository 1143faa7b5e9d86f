/**
 * @module The demo miner's search on a thread of its own, and its in-thread twin for tests.
 */
import {fileURLToPath} from 'node:url';
import {Piscina} from 'piscina';
import {scanNonces} from '../protocol/mining/scan-nonces.js';
import type {NonceScan, NonceScanResult} from '../protocol/mining/scan-nonces.js';

export interface StoppableNonceScanner {
  scan(scan: NonceScan): Promise<NonceScanResult>;
  stop(): Promise<void>;
}

export function createThreadNonceScanner(threads: number): StoppableNonceScanner {
  const pool = new Piscina({
    filename: fileURLToPath(new URL('./nonce-scan-thread.js', import.meta.url)),
    minThreads: 1,
    maxThreads: threads,
    maxQueue: threads * 2,
    // A spinning or blocked idle thread would be CPU nobody asked for: tasks last tens of milliseconds.
    atomics: 'disabled',
  });
  return {
    scan: (scan) => pool.run(scan) as Promise<NonceScanResult>,
    stop: () => pool.destroy(),
  };
}

export function createInlineNonceScanner(): StoppableNonceScanner {
  return {
    scan: async (scan) => scanNonces(scan),
    stop: async () => undefined,
  };
}
