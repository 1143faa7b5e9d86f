/**
 * @module The blocks that the pool found: effort, luck, state, and who got what.
 */
import type {FoundBlockView, GetFoundBlock, ListFoundBlocks} from '../../actors/accounting/messages.js';
import {displayHexToHash, hashToDisplayHex} from '../../protocol/bytes/hex.js';
import * as api from '../api-schemas.js';
import {foundBlock, foundBlockDetail, luckOf} from '../block-view.js';
import {HttpFault} from '../http-fault.js';
import * as shape from '../json-schemas.js';
import {ASK_TIMEOUT_MS} from '../ask-timeout.js';
import {pageOf, placeOf} from '../page-cursor.js';
import {FAULTS, poolOf} from './pool-parts.js';
import type {RouteFamily} from './route-parts.js';

const BLOCKS_PRESET = 25;
const BLOCKS_MAX = 100;

export const addBlockRoutes: RouteFamily = (server, parts) => {
  server.get<{Querystring: {limit: number; cursor?: string}}>('/api/v1/pool/blocks', {
    schema: {
      summary: 'Blocks that the pool found, newest first.', querystring: api.pageQuery(BLOCKS_PRESET, BLOCKS_MAX),
      response: {200: api.page(api.foundBlock, 'Newest first.'), ...FAULTS},
    },
    config: {freshness: 'live'},
  }, async ({query: {limit, cursor}}) => {
    const {accounting} = poolOf(parts);
    const before = placeOf(cursor, (place) => (/^[0-9a-f]{64}$/.test(place) ? displayHexToHash(place) : undefined));
    const blocks = await accounting.ask<ListFoundBlocks>({type: 'accounting.listBlocks', limit: limit + 1, ...(before === undefined ? {} : {before})}, {timeoutMs: ASK_TIMEOUT_MS});
    return pageOf(blocks, limit, {show: foundBlock, place: ({hash}) => hashToDisplayHex(hash)});
  });

  server.get<{Params: {hash: string}; Querystring: {account?: string}}>('/api/v1/pool/blocks/:hash', {
    schema: {
      summary: 'One found block and how its reward was split.', params: api.blockParam,
      querystring: shape.object({'account?': {...api.address, description: 'Only what this account got.'}}), response: {200: api.foundBlockDetail, ...FAULTS},
    },
  }, async ({params: {hash}, query: {account}}, reply) => {
    const {accounting} = poolOf(parts);
    const block = await accounting.ask<GetFoundBlock>({type: 'accounting.getFoundBlock', hash: displayHexToHash(hash)!}, {timeoutMs: ASK_TIMEOUT_MS});
    if (block === null) throw new HttpFault('found-block-unknown', 'This pool found no such block.');
    reply.freshness = freshnessOf(block);
    return foundBlockDetail(block, parts.options.coinbaseMaturityBlocks, account);
  });

  server.get('/api/v1/pool/luck', {
    schema: {summary: 'Effort of this round, and luck over the newest blocks.', response: {200: api.luck, ...FAULTS}},
    config: {freshness: 'live'},
  }, () => luckOf(poolOf(parts)));
};

/** Confirmations count on until maturity, and a deep reorganisation may still come: only what the chain refused never changes. */
function freshnessOf({status}: FoundBlockView): 'immutable' | 'live' {
  return status === 'rejected' ? 'immutable' : 'live';
}
