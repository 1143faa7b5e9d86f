/**
 * @module The blocks that the pool found, as the API shows them, and what luck they say it had.
 */
import type {FoundBlockView, GetPoolTotals, ListFoundBlocks} from '../actors/accounting/messages.js';
import {hashToDisplayHex} from '../protocol/bytes/hex.js';
import type {FoundBlock, FoundBlockDetail, LuckAnswer} from '../web/api.js';
import type {HttpPool} from './http-parts.js';
import {ASK_TIMEOUT_MS} from './ask-timeout.js';

const LUCK_WINDOWS = [10, 50, 100] as const;

export function foundBlock(block: FoundBlockView): FoundBlock {
  return {
    height: block.height, hash: hashToDisplayHex(block.hash), account: block.account, minerName: block.minerName, foundAtSec: block.foundAtSec, status: block.status,
    confirmations: block.confirmations, rewardSats: block.rewardSats.toString(), feeSats: block.feeSats.toString(), effort: block.effort, creditCount: block.credits.length,
  };
}

export function foundBlockDetail(block: FoundBlockView, maturityBlocks: number, account: string | undefined): FoundBlockDetail {
  const credits = [...block.credits].filter((credit) => account === undefined || credit.account === account)
    .sort((a, b) => (a.sats === b.sats ? (a.account < b.account ? -1 : 1) : a.sats < b.sats ? 1 : -1));
  return {...foundBlock(block), credits: credits.map(({account: name, sats}) => ({account: name, sats: sats.toString()})), maturityBlocks};
}

/**
 * Of the newest blocks that the chain took, orphaned ones too: their work was done and their luck was had. A refused block
 * was none.
 *
 * @throws AskError
 */
export async function luckOf({accounting}: HttpPool): Promise<LuckAnswer> {
  const [totals, newest] = await Promise.all([
    accounting.ask<GetPoolTotals>({type: 'accounting.getTotals'}, {timeoutMs: ASK_TIMEOUT_MS}),
    accounting.ask<ListFoundBlocks>({type: 'accounting.listBlocks', limit: LUCK_WINDOWS.at(-1)!}, {timeoutMs: ASK_TIMEOUT_MS}),
  ]);
  return {roundEffort: totals.roundEffort, windows: luckWindows(newest.filter(({status}) => status !== 'rejected').map(({effort}) => effort))};
}

/** @param efforts - newest first. Windows with fewer blocks than they want are left out, but for the whole of what there is. */
export function luckWindows(efforts: readonly number[]): LuckAnswer['windows'] {
  const sizes = LUCK_WINDOWS.filter((size) => size <= efforts.length);
  if (efforts.length > 0 && !sizes.some((size) => size === efforts.length) && efforts.length < LUCK_WINDOWS.at(-1)!) sizes.push(efforts.length as (typeof sizes)[number]);
  return sizes.map((blocks) => {
    const work = efforts.slice(0, blocks).reduce((sum, effort) => sum + effort, 0);
    return {blocks, luck: work === 0 ? 0 : Number((blocks / work).toPrecision(4))};
  });
}
