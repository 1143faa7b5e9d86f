/**
 * @module Thread entry of the load harness: a crowd that the main thread starts, looks at and ends through Comlink. Calls
 * only: what the miners send and receive never crosses threads.
 */
import {parentPort} from 'node:worker_threads';
import {expose} from 'comlink';
import type {CrowdSnapshot} from './crowd-counts.js';
import {MinerCrowd, type CrowdOptions} from './miner-crowd.js';
import {sharedNowMs} from './shared-clock.js';
import {timeHashing} from './share-search.js';
import {endpointOf} from './thread-endpoint.js';

/** What the main thread may ask of a crowd's thread. */
export interface CrowdThread {
  start(options: CrowdOptions): void;
  snapshot(): CrowdSnapshot;
  finish(drainMs: number): Promise<CrowdSnapshot>;
  /** Hashes a second of this thread, timed now. */
  timeHashing(forMs: number): number;
}

let crowd: MinerCrowd | undefined;

const thread: CrowdThread = {
  start(options) {
    crowd = new MinerCrowd(options, {nowMs: sharedNowMs});
    crowd.start();
  },
  snapshot: () => crowd!.snapshot(),
  finish: (drainMs) => crowd!.finish(drainMs),
  timeHashing: (forMs) => timeHashing(sharedNowMs, forMs),
};

expose(thread, endpointOf(parentPort!));
