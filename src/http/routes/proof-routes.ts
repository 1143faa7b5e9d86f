/**
 * @module What a block's split follows from, and the proof that a miner's shares are in it: a file that
 * `pithead verify-share` checks without trusting this pool. See docs/share-proofs.md.
 */
import type {BlockSplitView, GetBlockSplit, GetShareProof} from '../../actors/accounting/messages.js';
import {bytesToHex, displayHexToHash, hashToDisplayHex} from '../../protocol/bytes/hex.js';
import {formatShareProof} from '../../protocol/payout/share-proof.js';
import * as api from '../api-schemas.js';
import {HttpFault} from '../http-fault.js';
import * as shape from '../json-schemas.js';
import {FAULTS, poolOf} from './pool-parts.js';
import {ASK_TIMEOUT_MS} from '../ask-timeout.js';
import type {RouteFamily} from './route-parts.js';

/** A window of some hundred thousand shares is hashed for it. */
const PROOF_TIMEOUT_MS = 8_000;

export const addProofRoutes: RouteFamily = (server, parts) => {
  server.get<{Params: {hash: string}}>('/api/v1/pool/blocks/:hash/split', {
    schema: {
      summary: 'What the split of a block follows from: terms, window, work by account, and the root that proofs lead to.',
      params: api.blockParam, response: {200: api.blockSplit, ...FAULTS},
    },
  }, async ({params: {hash}}, reply) => {
    const split = await poolOf(parts).accounting.ask<GetBlockSplit>({type: 'accounting.getBlockSplit', blockHash: displayHexToHash(hash)!}, {timeoutMs: ASK_TIMEOUT_MS});
    if (split === null) throw new HttpFault('found-block-unknown', 'This pool found no such block, or it credits nobody.');
    // The root takes a moment; after that nothing of it changes again.
    reply.freshness = split.shareRoot === undefined ? 'live' : 'immutable';
    return splitJson(split);
  });

  server.get<{Params: {hash: string; address: string}; Querystring: {seq?: number}}>('/api/v1/pool/blocks/:hash/proofs/:address', {
    schema: {
      summary: 'The proof that the shares of an address count for this block, as a file for `pithead verify-share`.',
      params: shape.object({hash: shape.hashHex, address: api.address}),
      querystring: shape.object({'seq?': {type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'Of one share alone.'}}),
      response: {200: {type: 'object', additionalProperties: true, description: 'The file; its fields are in docs/share-proofs.md.'}, 413: shape.fault, ...FAULTS},
    },
    config: {freshness: 'steady'},
  }, async ({params: {hash, address}, query: {seq}}, reply) => {
    const answer = await poolOf(parts).accounting.ask<GetShareProof>(
      {type: 'accounting.getShareProof', blockHash: displayHexToHash(hash)!, account: address, ...(seq === undefined ? {} : {seq})}, {timeoutMs: PROOF_TIMEOUT_MS});
    if (!answer.ok) throw new HttpFault(answer.code, `${REFUSALS[answer.code]}${answer.detail === undefined ? '' : ` (${answer.detail})`}`);
    const {height} = answer.proof;
    return reply.type('application/json; charset=utf-8')
      .header('content-disposition', `attachment; filename="share-proof-${height}-${address}${seq === undefined ? '' : `-${seq}`}.json"`)
      .send(formatShareProof(answer.proof));
  });
};

const REFUSALS = {
  'share-proof-no-window': 'No shares are counted for this block: there is nothing to prove.',
  'share-proof-no-shares': 'This address has no share in the window of the block.',
  'share-proof-expired': 'The shares of this block were compacted to sums.',
  'share-proof-too-large': 'The window has too many shares for a proof of all. Ask for one: ?seq=NUMBER.',
  'share-proof-busy': 'Too many proofs are being made. Ask again in a moment.',
} as const;

function splitJson({hash, terms, subsidySats, firstSeq, lastSeq, work, totalWork, shareRoot}: BlockSplitView): unknown {
  return {
    hash: hashToDisplayHex(hash), terms, subsidySats: subsidySats.toString(), firstSeq, lastSeq, totalWork: totalWork.toString(),
    work: work.map(({account, work: of}) => ({account, work: of.toString()})), ...(shareRoot === undefined ? {} : {shareRoot: bytesToHex(shareRoot)}),
  };
}
