/** @module How many new coins a block may make. Fees come on top: `connect-block.ts` adds them. */
import type {ChainSpec} from '../chain/chain-spec.js';
import type {Sats} from '../primitives/transaction.js';

export function blockSubsidy(
  height: number, spec: Pick<ChainSpec, 'initialSubsidySats' | 'halvingIntervalBlocks'>,
): Sats {
  const halvings = Math.floor(height / spec.halvingIntervalBlocks);
  return halvings >= 64 ? 0n : spec.initialSubsidySats >> BigInt(halvings);
}
