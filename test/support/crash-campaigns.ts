/** @module The campaigns that `npm run crash` knows by name: which roles run, and what is done to them. */
import type {SeededRandom} from '../../src/runtime/seeded-random.js';
import type {CampaignOptions, CrashLoad} from './crash-campaign.js';
import {ChainLoad} from './load-chain.js';
import {payingFlags, PayoutLoad} from './load-payout.js';
import {StratumLoad} from './load-stratum.js';

export type NamedCampaign = Pick<CampaignOptions, 'chain' | 'flags' | 'loads'>;
export type CampaignName = 'node' | 'pool' | 'solo' | 'race' | 'payout';

const POOL = ['--role', 'full', '--role', 'mining-pool'];
/** Difficulty 2^-24 is 256 hashes: the share log is busy, and vardiff may not calm it. */
const FAST_SHARES = ['startDifficulty', 'minDifficulty', 'maxDifficulty'].flatMap((key) => ['--set', `pool.${key}=${2 ** -24}`]);

export const CAMPAIGNS: Readonly<Record<CampaignName, NamedCampaign>> = {
  /** A node alone: blocks, reorgs, transactions over JSON-RPC. */
  node: {chain: 'regtest', flags: ['--role', 'full'], loads: (random: SeededRandom): readonly CrashLoad[] => [new ChainLoad(random)]},
  /** A pool on devnet rules: some hundred shares a second, seldom a block. */
  pool: {chain: 'devnet', flags: [...POOL, ...FAST_SHARES], loads: (random: SeededRandom): readonly CrashLoad[] => [new StratumLoad(random, 'devnet')]},
  /** Every share is a block that pays its finder. */
  solo: {chain: 'regtest', flags: ['--role', 'full', '--role', 'solo-pool'], loads: (random: SeededRandom): readonly CrashLoad[] => [new StratumLoad(random, 'regtest')]},
  /** Every share is a block, and branches over JSON-RPC take some of them off the chain again. */
  race: {chain: 'regtest', flags: POOL, loads: (random: SeededRandom): readonly CrashLoad[] => [new ChainLoad(random), new StratumLoad(random, 'regtest')]},
  /** A pool that pays each second and merges its coins. A getter: its wallet is made when it is asked for. */
  get payout(): NamedCampaign {
    return {chain: 'regtest', flags: payingFlags(), loads: (random: SeededRandom): readonly CrashLoad[] => [new PayoutLoad(random)]};
  },
};
