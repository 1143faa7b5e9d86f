/**
 * @module The order in which a process stops: from the outside in, so that nothing is promised that can no longer be kept.
 * A second request skips to the essential phases. See `runtime/shutdown.ts` for how a phase runs.
 */
import type {ShutdownPhase} from '../runtime/shutdown.js';

export type PhaseName = 'stop-accepting' | 'end-sessions' | 'drain-shares' | 'finish-block' | 'persist' | 'close-storage' | 'stop-threads';

/** Parts of the whole deadline. Draining gets most: it is the only phase that waits for others. */
const SHARES: readonly {readonly name: PhaseName; readonly part: number; readonly isEssential?: true}[] = [
  // No new sockets, no new requests; longpolls end.
  {name: 'stop-accepting', part: 0.1},
  // Miners are told and closed; shares in hand are still answered.
  {name: 'end-sessions', part: 0.3},
  // Accepted shares and candidates reach the disk.
  {name: 'drain-shares', part: 0.2},
  // A block in validation is connected or refused, never left half way.
  {name: 'finish-block', part: 0.15},
  {name: 'persist', part: 0.1, isEssential: true},
  {name: 'close-storage', part: 0.1, isEssential: true},
  {name: 'stop-threads', part: 0.05, isEssential: true},
];

export function shutdownPhases(deadlineMs: number): readonly ShutdownPhase[] {
  return SHARES.map(({name, part, isEssential}) => ({
    name,
    deadlineMs: Math.max(500, Math.round(deadlineMs * part)),
    ...(isEssential && {isEssential}),
  }));
}
