/**
 * @module Events of others in the words of an alert.
 */
import {hashToDisplayHex} from '../../protocol/bytes/hex.js';
import type {FoundBlockView} from '../accounting/messages.js';
import type {PayoutsEvent} from '../payouts/messages.js';
import type {UpstreamEvent} from '../upstream/messages.js';
import type {Condition} from './behaviour.js';
import type {Finding} from './watch.js';

const SATS_PER_COIN = 100_000_000n;

export function blockNews(block: FoundBlockView): Omit<Condition, 'key'> {
  const facts = {
    height: String(block.height), reward: coins(block.rewardSats), effort: `${Math.round(block.effort * 100)} %`,
    'found by': block.minerName === '' ? block.account : `${block.account}.${block.minerName}`, hash: hashToDisplayHex(block.hash),
  };
  if (block.status === 'rejected') {
    return {kind: 'block-refused', severity: 'warning', title: `Block ${block.height} was refused`, text: 'The chain did not take a block that this pool found: most often another one came first.', facts};
  }
  return {kind: 'block-found', severity: 'good', title: `Block ${block.height} found`, text: `This pool found a block of ${coins(block.rewardSats)}.`, facts};
}

/** One condition for each payout, whatever its trouble turns into; those of no payout by their code. */
export function payoutCondition({payout, code, detail}: Extract<PayoutsEvent, {type: 'payouts.problem'}>): Condition {
  return {
    key: payout === undefined ? `payouts/${code}` : `payout/${payout.id}`, kind: 'payout-problem', severity: 'critical',
    title: payout === undefined ? 'Payouts need a look' : `Payout ${payout.id} needs a look`, text: detail === '' ? code : `${detail} (${code})`,
    facts: payout === undefined ? {} : {state: payout.state, amount: coins(payout.paidSats), payees: String(payout.payeeCount)},
  };
}

export function upstreamFinding(event: Extract<UpstreamEvent, {type: 'upstream.nodeDown' | 'upstream.nodeUp' | 'upstream.stalled' | 'upstream.resumed'}>): Finding {
  switch (event.type) {
    case 'upstream.nodeUp': return {resolve: `node-down/${event.node}`, text: `${event.node} is healthy again.`};
    case 'upstream.resumed': return {resolve: 'pool-stalled', text: 'A healthy node confirms the work again.'};
    case 'upstream.nodeDown': return {raise: {
      key: `node-down/${event.node}`, kind: 'node-down', severity: 'critical', title: `Node ${event.node} is down`,
      text: event.detail === '' ? `It is ${event.state}.` : event.detail, facts: {node: event.node, state: event.state},
    }};
    case 'upstream.stalled': return {raise: {
      key: 'pool-stalled', kind: 'pool-stalled', severity: 'critical', title: 'No node confirms the work',
      text: `Miners wait: ${event.detail}`,
    }};
  }
}

function coins(sats: bigint): string {
  return `${sats / SATS_PER_COIN}.${(sats % SATS_PER_COIN).toString().padStart(8, '0')}`;
}
