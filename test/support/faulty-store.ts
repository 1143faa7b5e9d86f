/** A chain store that stops for good at the n-th commit, as a killed process does: what was committed stays. */
import type {ChainChange} from '../../src/actors/chain/ports.js';
import {MemoryChainStore} from '../../src/storage/memory-chain-store.js';

export class MortalChainStore extends MemoryChainStore {
  /** Commits that still pass; Infinity: all. */
  commitsLeft = Infinity;
  commits = 0;

  override async commit(change: ChainChange): Promise<void> {
    if (this.commitsLeft <= 0) throw new Error('the process was killed here');
    this.commitsLeft -= 1;
    this.commits += 1;
    await super.commit(change);
  }
}
