/** @module The campaigns that `npm run crash` knows by name: which roles run, and what is done to them. */
import type {SeededRandom} from '../../src/runtime/seeded-random.js';
import type {CampaignOptions, CrashLoad} from './crash-campaign.js';
import {ChainLoad} from './load-chain.js';

export type NamedCampaign = Pick<CampaignOptions, 'chain' | 'flags' | 'loads'>;

export const CAMPAIGNS: Readonly<Record<'node', NamedCampaign>> = {
  /** A node alone: blocks, reorgs, transactions over JSON-RPC. */
  node: {chain: 'regtest', flags: ['--role', 'full'], loads: (random: SeededRandom): readonly CrashLoad[] => [new ChainLoad(random)]},
};
