/**
 * @module Which shares are hashed on the event loop's own thread, in front of a hasher that has other threads. Why this is
 * the rule, with the figures: docs/decisions/share-hashing.md.
 *
 * A share whose merkle root is known costs the loop less than its way to a thread and back. One with a new root costs about
 * as much, so those leave the loop when it is late, and stay while it is not, because here they are answered sooner.
 */
import type {ReportedShareHasher} from './capabilities.js';

/** @param isLate - the loop serves its sockets late: asked for each share with a new root. */
export function hashedOnLoop(threads: ReportedShareHasher, isLate: () => boolean): ReportedShareHasher {
  let onLoop = 0;
  return {
    ...threads,
    hashNow(share, memo) {
      if (!memo.knowsRootOf(share) && isLate()) return undefined;
      onLoop += 1;
      return memo.hash(share);
    },
    report() {
      const report = threads.report();
      return {...report, itemsDone: report.itemsDone + onLoop, itemsOnLoop: onLoop};
    },
  };
}
