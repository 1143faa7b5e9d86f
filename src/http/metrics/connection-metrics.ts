/**
 * @module What the Stratum front desk counts, for `/metrics`: whom it did not take, how sessions ended, and bans.
 * Asked with each scrape and for a short time: when the desk is that late, the families are left out.
 */
import type {ConnectionCounts, GetConnectionCounts} from '../../actors/mining-pool/messages.js';
import type {HttpPool} from '../http-parts.js';
import type {Exposition} from './exposition.js';

const ASK_TIMEOUT_MS = 500;

export async function askConnectionCounts(pool: HttpPool | undefined): Promise<ConnectionCounts | undefined> {
  if (pool === undefined) return undefined;
  try {
    return await pool.miningPool.ask<GetConnectionCounts>({type: 'miningPool.getConnectionCounts'}, {timeoutMs: ASK_TIMEOUT_MS});
  } catch {
    return undefined; // Late or gone: the scrape goes on without it.
  }
}

export function writeConnections(out: Exposition, counts: ConnectionCounts): void {
  const byReason = (name: string, help: string, record: Readonly<Record<string, number>>): void =>
    out.family('counter', name, {help, samples: Object.entries(record).map(([reason, count]) => [{reason}, count] as const)});
  byReason('pithead_pool_connections_refused_total', 'Connections that were not taken, by reason.', counts.refused);
  byReason('pithead_pool_sessions_ended_total', 'Stratum sessions that ended, by reason; left: the other side did.', counts.ended);
  byReason('pithead_pool_offences_total', 'What addresses did that can lead to a ban.', counts.offences);
  byReason('pithead_pool_bans_made_total', 'Bans since the start, by reason.', counts.bansMade);
  out.value('gauge', 'pithead_pool_bans', {help: 'Bans in force.', value: counts.bansInForce});
  out.value('gauge', 'pithead_pool_sessions_pending', {help: 'Connections that are not authorised yet.', value: counts.pending});
  out.value('gauge', 'pithead_pool_sessions_proved', {help: 'Sessions that had a share accepted.', value: counts.proved});
  out.value('counter', 'pithead_pool_sessions_resumed_total', {help: 'Sessions that went on with the extranonce1 of an earlier one.', value: counts.resumed});
}
