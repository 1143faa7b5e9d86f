/**
 * @module Thread entry of the demo miner: one search per task. The caller's slices and pauses bound the CPU used.
 */
import {scanNonces} from '../protocol/mining/scan-nonces.js';
import type {NonceScan, NonceScanResult} from '../protocol/mining/scan-nonces.js';

export default function searchSlice(scan: NonceScan): NonceScanResult {
  return scanNonces(scan);
}
