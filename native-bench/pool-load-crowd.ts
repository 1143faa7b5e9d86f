/**
 * @module The miners of pool-load.bench.ts, in a process of their own: a crowd of the load harness that its parent starts,
 * looks at and ends. The harness's clock is the system's, so the parent's moments can be compared with these.
 */
import {MinerCrowd} from '../src/load/miner-crowd.js';
import {planCrowd} from '../src/load/miner-plan.js';
import {profileNamed} from '../src/load/profiles.js';
import {sharedNowMs} from '../src/load/shared-clock.js';

export interface CrowdOrder {
  readonly port: number;
  readonly miners: number;
  readonly profile: string;
  readonly account: string;
  readonly hashrateMean: number;
}

const RAMP_SEC = 1;
const DRAIN_MS = 5_000;

let crowd: MinerCrowd | undefined;

process.on('message', (message: CrowdOrder | 'snapshot' | 'finish') => {
  if (message === 'snapshot') process.send?.(crowd!.snapshot());
  else if (message === 'finish') void crowd!.finish(DRAIN_MS).then((snapshot) => process.send?.(snapshot, () => process.exit(0)));
  else {
    const profile = {...profileNamed(message.profile)!, rampPart: 1, rampSecMax: RAMP_SEC};
    const plans = planCrowd({
      miners: message.miners, profile, durationSec: RAMP_SEC, seed: 1, accounts: [message.account], hashrateMean: message.hashrateMean, isLoopback: false,
    });
    crowd = new MinerCrowd({plans, endpoint: {host: '127.0.0.1', port: message.port}, password: 'x', storms: undefined}, {nowMs: sharedNowMs});
    crowd.start();
  }
});
process.send?.('ready');
