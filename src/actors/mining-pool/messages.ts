/**
 * @module The mining pool's front desk: it owns the Stratum sessions and speaks for all of them.
 * Sessions are its children, one actor per connection; `net/stratum-server` hands it sockets as `Connection`s.
 */
import type {Query} from '../../runtime/actor.js';
import type {SessionEndReason, SessionView} from '../stratum-session/messages.js';
import type {Connection} from './ports.js';

export type {SessionView};

/** What a session may do that counts against its address. */
export type Offence = 'bad-shares' | 'malformed' | 'flood' | 'forged-jobs';
export type BanReason = Offence | 'operator';

/** Plain data: what is listed is what is stored. */
export interface Ban {
  /** An address, or a network as `10.0.0.0/8`. IPv6 senders are banned by their /64. */
  readonly network: string;
  readonly reason: BanReason;
  /** An operator's words; empty for automatic bans. */
  readonly note: string;
  /** Milliseconds since the Unix epoch, as the next one. */
  readonly sinceMs: number;
  /** null: until it is lifted. */
  readonly untilMs: number | null;
  /** Bans of this network within a day of each other, this one included: each lasts twice as long as the one before. */
  readonly strikes: number;
}

/** Why a connection was not taken. */
export type RefusalReason = 'banned' | 'denied' | 'pool-full' | 'address-full' | 'draining' | 'no-extranonce' | TurnedAwayReason;
/** It came no further than the port: no PROXY header from a proxy, no TLS handshake, or refused a moment ago. */
export type TurnedAwayReason = 'proxy-header' | 'tls-handshake' | 'refused-lately';

/** Counted since the start. */
export interface ConnectionCounts {
  readonly refused: Readonly<Record<RefusalReason, number>>;
  /** Sessions that the pool ended, by reason, and those that ended by themselves. */
  readonly ended: Readonly<Record<SessionEndReason, number>>;
  readonly offences: Readonly<Record<Offence, number>>;
  readonly bansMade: Readonly<Record<BanReason, number>>;
  readonly bansInForce: number;
  /** Connected and not authorised yet. */
  readonly pending: number;
  /** Had a share accepted. */
  readonly proved: number;
  /** Got the extranonce1 of an earlier session back. */
  readonly resumed: number;
}

/** In the order of connecting. `afterId`: only sessions with a greater id, for the next page. */
export type ListSessions = Query<'miningPool.listSessions', {readonly limit: number; readonly afterId?: number}, readonly SessionView[]>;
export type GetSessionCount = Query<'miningPool.getSessionCount', Record<never, never>, {readonly connected: number; readonly authorised: number; readonly max: number}>;
export type GetConnectionCounts = Query<'miningPool.getConnectionCounts', Record<never, never>, ConnectionCounts>;

/** Bans in force, the newest first. */
export type ListBans = Query<'miningPool.listBans', {readonly limit: number}, readonly Ban[]>;
/** An operator's ban: kept on disk when it is answered; open sessions of the network are ended. Without a duration it stands until it is lifted. */
export type BanNetwork = Query<'miningPool.ban', {readonly network: string; readonly durationSec?: number; readonly note: string},
  {readonly ok: true; readonly ban: Ban; readonly endedSessions: number} | {readonly ok: false; readonly code: 'ban-network-malformed'}>;
export type UnbanNetwork = Query<'miningPool.unban', {readonly network: string},
  {readonly ok: true} | {readonly ok: false; readonly code: 'ban-network-malformed' | 'ban-not-found'}>;
/** An operator sends one miner away; it may come back. */
export type EndOneSession = Query<'miningPool.endSession', {readonly sessionId: number; readonly text: string}, {readonly ok: boolean}>;
/** Gives a session another extranonce1 from its next job on, if its client follows such changes (`mining.set_extranonce`). */
export type MoveSessionExtranonce = Query<'miningPool.moveExtranonce', {readonly sessionId: number}, {readonly ok: boolean}>;

/** From `net`, within the process only: the connection is a live port. Whoever is not taken is closed. */
export type ConnectionOpened = {readonly type: 'miningPool.connectionOpened'; readonly connection: Connection};
/** From `net`: a connection ended before there was anything to hand over. */
export type ConnectionTurnedAway = {readonly type: 'miningPool.connectionTurnedAway'; readonly remoteAddress: string; readonly reason: TurnedAwayReason};
/** Text that mining software shows to its owner (`client.show_message`), to all sessions. */
export type ShowMessageToAll = {readonly type: 'miningPool.showMessage'; readonly text: string};
/** Planned shutdown: no new connections, `client.reconnect` to all, shares in hand are answered. Settles when no session is left or the time is up. */
export type DrainMiningPool = Query<'miningPool.drain', {readonly text: string; readonly reconnectWaitSec: number; readonly timeoutMs: number}, {readonly abandonedSessions: number}>;

/** A session tells its pool: its first miner is authorised. */
export type SessionAuthorised = {readonly type: 'miningPool.sessionAuthorised'; readonly sessionId: number};
/** Its first share was accepted: what it costs is earned. */
export type SessionProved = {readonly type: 'miningPool.sessionProved'; readonly sessionId: number};
/** It ended its connection, for this reason. Not told when the other side did. */
export type SessionEnding = {readonly type: 'miningPool.sessionEnding'; readonly sessionId: number; readonly reason: SessionEndReason};
export type SessionNews = SessionAuthorised | SessionProved | SessionEnding;

export type MiningPoolMessage =
  | SessionNews | ListSessions | GetSessionCount | GetConnectionCounts | ListBans | BanNetwork | UnbanNetwork | EndOneSession | MoveSessionExtranonce
  | ConnectionOpened | ConnectionTurnedAway | ShowMessageToAll | DrainMiningPool;
