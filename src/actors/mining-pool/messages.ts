/**
 * @module The mining pool's front desk: it owns the Stratum sessions and speaks for all of them.
 * Sessions are its children, one actor per connection; `net/stratum-server` hands it sockets as `Connection`s.
 */
import type {Query} from '../../runtime/actor.js';

export interface SessionView {
  readonly id: number;
  readonly remoteEndpoint: string;
  readonly userAgent: string;
  readonly connectedAtSec: number;
  readonly accounts: readonly {readonly account: string; readonly minerName: string}[];
  readonly difficulty: number;
  readonly hashrate: number;
  readonly sharesAccepted: number;
  readonly sharesRejected: number;
  readonly lastRejectText: string | undefined;
}

export type ListSessions = Query<'miningPool.listSessions', {readonly limit: number}, readonly SessionView[]>;
export type GetSessionCount = Query<'miningPool.getSessionCount', Record<never, never>, {readonly connected: number; readonly authorised: number; readonly max: number}>;
