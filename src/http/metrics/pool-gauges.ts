/**
 * @module Figures of the pool that a scrape asks for by itself: the newest job, how long shares and jobs take, and what
 * the statistics, the alerts and the payouts are doing. Each is left out when its part does not answer in time.
 */
import type {GetAlerts} from '../../actors/alerts/messages.js';
import type {GetCurrentJob} from '../../actors/job-factory/messages.js';
import type {GetPayoutStatus} from '../../actors/payouts/messages.js';
import type {GetUpstreamHealth} from '../../actors/upstream/messages.js';
import {SEVERITIES} from '../../actors/alerts/messages.js';
import type {ActorRef, Message, Query, ReplyOf} from '../../runtime/actor.js';
import {LATENCY_BOUNDS_MS, type LatencyReading} from '../../runtime/latency-histogram.js';
import type {HttpModules} from '../http-parts.js';
import type {PoolOverview} from '../../web/overview.js';
import type {Exposition, Labels} from './exposition.js';

/** Shorter than any scraper's patience: a part that is late is left out of this scrape. */
const ASK_TIMEOUT_MS = 1_000;

export interface PoolGauges {
  readonly job: ReplyOf<GetCurrentJob> | undefined;
  readonly alerts: ReplyOf<GetAlerts> | undefined;
  readonly payouts: ReplyOf<GetPayoutStatus> | undefined;
  readonly upstream: ReplyOf<GetUpstreamHealth> | undefined;
}

/** Never rejects. */
export async function askPoolGauges({pool, upstream}: HttpModules): Promise<PoolGauges> {
  const [job, alerts, payouts, health] = await Promise.all([
    answerOf<GetCurrentJob>(pool?.jobFactory, {type: 'jobs.getCurrent'}), answerOf<GetAlerts>(pool?.alerts, {type: 'alerts.get'}),
    answerOf<GetPayoutStatus>(pool?.payouts, {type: 'payouts.getStatus'}), answerOf<GetUpstreamHealth>(upstream, {type: 'upstream.getHealth'}),
  ]);
  return {job, alerts, payouts, upstream: health};
}

async function answerOf<Q extends Query<string, object, unknown>>(ref: ActorRef<Q & Message> | undefined, query: Q): Promise<ReplyOf<Q> | undefined> {
  try {
    return await ref?.ask<Q>(query, {timeoutMs: ASK_TIMEOUT_MS});
  } catch {
    return undefined; // Late, full or stopped: its families are missing, which a scraper sees.
  }
}

export function writePoolGauges(out: Exposition, {job, alerts, payouts, upstream}: PoolGauges): void {
  if (job !== undefined && job !== null) {
    out.value('gauge', 'pithead_pool_last_job_height', {help: 'Height of the block that the newest job is for.', value: job.template.height});
    out.value('gauge', 'pithead_pool_last_job_timestamp_seconds', {help: 'Time of the template that the newest job is made of.', value: job.template.curTimeSec});
    out.value('gauge', 'pithead_pool_last_job_transactions', {help: 'Transactions of the newest job, without the coinbase.', value: job.template.transactions.length});
  }
  if (alerts !== undefined) {
    out.family('gauge', 'pithead_alerts_active', {
      help: 'What is wrong now, by severity.', samples: SEVERITIES.map((severity) => [{severity}, alerts.active.filter((alert) => alert.severity === severity).length] as const),
    });
    const counted = (field: 'sent' | 'lost'): (readonly [Labels, number])[] => alerts.destinations.map((one, index) => [{webhook: index, host: one.host}, one[field]] as const);
    out.family('counter', 'pithead_alerts_sent_total', {help: 'Alerts that a webhook took.', samples: counted('sent')});
    out.family('counter', 'pithead_alerts_lost_total', {help: 'Alerts that a webhook never took.', samples: counted('lost')});
  }
  if (payouts !== undefined) {
    const sats = (name: string, help: string, value: bigint): void => out.value('gauge', `pithead_payouts_${name}_satoshis`, {help: `${help}; exact below 2^53.`, value: Number(value)});
    sats('payable', 'Owed to miners above the threshold', payouts.payableSats);
    sats('wallet_spendable', 'Coins of the pool that may be spent now', payouts.spendableSats);
    sats('wallet_immature', 'Coins of blocks that are not mature', payouts.immatureSats);
    out.value('gauge', 'pithead_payouts_wallet_coins', {help: 'Coins of the pool.', value: payouts.coinCount});
    out.value('gauge', 'pithead_payouts_unresolved', {help: 'Payouts that are neither confirmed nor failed.', value: payouts.unresolvedCount});
    out.value('gauge', 'pithead_payouts_paused', {help: '1 while the operator has paused them.', value: payouts.isPaused ? 1 : 0});
  }
  if (upstream !== undefined) writeUpstream(out, upstream);
}

function writeUpstream(out: Exposition, {nodes, isStalled}: ReplyOf<GetUpstreamHealth>): void {
  out.value('gauge', 'pithead_upstream_stalled', {help: '1 while no healthy node confirms the work.', value: isStalled ? 1 : 0});
  out.family('gauge', 'pithead_upstream_node_healthy', {help: '1 for each healthy node.', samples: nodes.map(({name, state}) => [{node: name}, state === 'healthy' ? 1 : 0] as const)});
  out.family('gauge', 'pithead_upstream_node_serving', {help: '1 for the node that work comes from.', samples: nodes.map(({name, isServing}) => [{node: name}, isServing ? 1 : 0] as const)});
  out.family('gauge', 'pithead_upstream_node_height', {help: 'Height of the node\'s tip.', samples: nodes.flatMap(({name, height}) => (height === undefined ? [] : [[{node: name}, height] as const]))});
  out.family('gauge', 'pithead_upstream_node_latency_seconds', {
    help: 'Of the last answered question.', samples: nodes.flatMap(({name, latencyMs}) => (latencyMs === undefined ? [] : [[{node: name}, latencyMs / 1000] as const])),
  });
  out.family('counter', 'pithead_upstream_node_failures_total', {help: 'Questions without a good answer.', samples: nodes.map(({name, failures}) => [{node: name}, failures] as const)});
}

/** Accepted and refused ones in one family, so that their parts can be drawn as a stack. */
export function writeShares(out: Exposition, pool: PoolOverview): void {
  out.family('counter', 'pithead_pool_shares_total', {
    help: 'Shares by what became of them. Accepted ones are those in the log, rejects those since the start.',
    samples: [[{status: 'accepted'}, pool.sharesAccepted], ...Object.entries(pool.sharesRejected).map(([status, count]) => [{status}, count] as const)],
  });
}

export function writeLatencies(out: Exposition, {pool}: HttpModules): void {
  if (pool?.meters === undefined) return;
  out.histogram('pithead_pool_submit_seconds', {
    help: 'From the verdict on an accepted share to its durable answer; the shares of one commit count as its first.', ...secondsOf(pool.meters.submitLatency.read()),
  });
  out.histogram('pithead_pool_broadcast_seconds', {help: 'From a new job to the last session that was handed it.', ...secondsOf(pool.meters.broadcastLatency.read())});
}

function secondsOf({cumulative, count, sumMs}: LatencyReading): {readonly buckets: readonly (readonly [number, number])[]; readonly count: number; readonly sum: number} {
  return {buckets: LATENCY_BOUNDS_MS.map((boundMs, index) => [boundMs / 1000, cumulative[index]!] as const), count, sum: sumMs / 1000};
}
