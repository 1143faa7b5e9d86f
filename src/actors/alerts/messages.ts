/**
 * @module What the operator may ask of the alerts: what is wrong now, what was told, and whether the webhooks work.
 */
import type {Query} from '../../runtime/actor.js';

/** `good` is news that nobody has to act on. */
export type AlertSeverity = 'good' | 'info' | 'warning' | 'critical';
export const SEVERITIES: readonly AlertSeverity[] = ['good', 'info', 'warning', 'critical'];

export type AlertKind =
  | 'node-down' | 'failover' | 'pool-stalled' | 'template-stale' | 'no-shares' | 'reject-spike' | 'block-found' | 'block-refused' | 'block-orphaned'
  | 'payout-problem' | 'disk-low' | 'test';

/** `notice` stands alone; what is `raised` is `resolved` one day. */
export type AlertState = 'notice' | 'raised' | 'resolved';

export interface Alert {
  readonly id: number;
  readonly kind: AlertKind;
  readonly state: AlertState;
  readonly severity: AlertSeverity;
  readonly title: string;
  readonly text: string;
  /** Shown as a table beside the text. */
  readonly facts: Readonly<Record<string, string>>;
  readonly atMs: number;
}

export interface DestinationView {
  /** Host of the webhook: its path is a secret. */
  readonly host: string;
  readonly format: 'discord' | 'json';
  readonly minSeverity: AlertSeverity;
  readonly sent: number;
  /** Given up, or pushed out of a full queue. */
  readonly lost: number;
  readonly waiting: number;
  readonly lastProblem: string | undefined;
}

export interface AlertsView {
  readonly active: readonly Alert[];
  /** Newest first. */
  readonly recent: readonly Alert[];
  readonly destinations: readonly DestinationView[];
}

export type GetAlerts = Query<'alerts.get', Record<never, never>, AlertsView>;
/** Sends a test message to every webhook, whatever its least severity. */
export type TestAlerts = Query<'alerts.test', Record<never, never>, {readonly destinations: number}>;
export type AlertsMessage = GetAlerts | TestAlerts;
