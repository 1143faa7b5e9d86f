/**
 * @module The mining pool's front desk: it owns the Stratum sessions and speaks for all of them.
 * Sessions are its children, one actor per connection; `net/stratum-server` hands it sockets as `Connection`s.
 */
import type {Query} from '../../runtime/actor.js';
import type {SessionView} from '../stratum-session/messages.js';
import type {Connection} from './ports.js';

export type {SessionView};

export type ListSessions = Query<'miningPool.listSessions', {readonly limit: number}, readonly SessionView[]>;
export type GetSessionCount = Query<'miningPool.getSessionCount', Record<never, never>, {readonly connected: number; readonly authorised: number; readonly max: number}>;

/** From `net`, within the process only: the connection is a live port. Whoever is not taken is closed. */
export type ConnectionOpened = {readonly type: 'miningPool.connectionOpened'; readonly connection: Connection};
/** Text that mining software shows to its owner (`client.show_message`), to all sessions. */
export type ShowMessageToAll = {readonly type: 'miningPool.showMessage'; readonly text: string};
/** Planned shutdown: no new connections, `client.reconnect` to all, shares in hand are answered. Settles when no session is left or the time is up. */
export type DrainMiningPool = Query<'miningPool.drain', {readonly text: string; readonly reconnectWaitSec: number; readonly timeoutMs: number}, {readonly abandonedSessions: number}>;

/** A session tells its pool: its first miner is authorised. */
export type SessionAuthorised = {readonly type: 'miningPool.sessionAuthorised'; readonly sessionId: number};

export type MiningPoolMessage = SessionAuthorised | ListSessions | GetSessionCount | ConnectionOpened | ShowMessageToAll | DrainMiningPool;
