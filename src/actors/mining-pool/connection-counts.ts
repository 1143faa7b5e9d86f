/**
 * @module Counters of the front desk since the start: whom it did not take, and how sessions ended. Integers in fixed fields.
 */
import type {SessionEndReason} from '../stratum-session/messages.js';
import type {BanReason, ConnectionCounts, Offence, RefusalReason} from './messages.js';

export class ConnectionCounters {
  readonly refused: Record<RefusalReason, number> = {
    banned: 0, denied: 0, 'pool-full': 0, 'address-full': 0, draining: 0, 'no-extranonce': 0,
    'proxy-header': 0, 'tls-handshake': 0, 'refused-lately': 0,
  };
  readonly ended: Record<SessionEndReason, number> = {
    left: 0, failed: 0, ended: 0, idle: 0, 'subscribe-timeout': 0, 'authorize-timeout': 0, 'line-timeout': 0, 'only-rejects': 0,
    'slow-reader': 0, 'line-too-long': 0, 'too-many-malformed-lines': 0, 'too-many-requests': 0, 'bad-shares': 0, 'forged-jobs': 0, 'made-room': 0,
  };
  readonly offences: Record<Offence, number> = {'bad-shares': 0, malformed: 0, flood: 0, 'forged-jobs': 0};
  readonly bansMade: Record<BanReason, number> = {'bad-shares': 0, malformed: 0, flood: 0, 'forged-jobs': 0, operator: 0};

  view(gauges: Pick<ConnectionCounts, 'bansInForce' | 'pending' | 'proved' | 'resumed'>): ConnectionCounts {
    return {refused: {...this.refused}, ended: {...this.ended}, offences: {...this.offences}, bansMade: {...this.bansMade}, ...gauges};
  }
}
