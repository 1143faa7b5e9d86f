/**
 * @module The nodes that the pool mines on, and how they are.
 */
import type {GetTip} from '../../actors/chain/messages.js';
import type {GetUpstreamHealth, UpstreamHealth} from '../../actors/upstream/messages.js';
import {hashToDisplayHex} from '../../protocol/bytes/hex.js';
import type {NodeAnswer} from '../../web/api.js';
import * as api from '../api-schemas.js';
import * as shape from '../json-schemas.js';
import {ASK_TIMEOUT_MS} from '../ask-timeout.js';
import type {RouteFamily, RouteParts} from './route-parts.js';

export const addNodeRoutes: RouteFamily = (server, parts) => {
  server.get('/api/v1/node', {
    schema: {summary: 'The nodes behind the pool: which serves, and how each is.', response: {200: api.node, 429: shape.fault, 503: shape.fault, 504: shape.fault}},
    config: {freshness: 'live'},
  }, () => nodeAnswer(parts));
};

/** @throws AskError */
export async function nodeAnswer({modules, options}: Pick<RouteParts, 'modules' | 'options'>): Promise<NodeAnswer> {
  const {upstream, chain} = modules;
  if (upstream !== undefined) return upstreamAnswer(await upstream.ask<GetUpstreamHealth>({type: 'upstream.getHealth'}, {timeoutMs: ASK_TIMEOUT_MS}));
  const {height, hash} = await chain.ask<GetTip>({type: 'chain.getTip'}, {timeoutMs: ASK_TIMEOUT_MS});
  return {
    kind: 'local', isStalled: false, servingNode: 'local', workHeight: height + 1,
    nodes: [{
      name: 'local', state: 'healthy', detail: 'The node of this process.', isServing: true, height, tipHash: hashToDisplayHex(hash), lagBlocks: 0,
      version: `Pithead ${options.version}`, failures: 0,
    }],
  };
}

function upstreamAnswer({isStalled, servingNode, workHeight, confirmedAgoMs, nodes}: UpstreamHealth): NodeAnswer {
  return {
    kind: 'upstream', isStalled, ...(servingNode === undefined ? {} : {servingNode}), ...(workHeight === undefined ? {} : {workHeight}),
    ...(confirmedAgoMs === undefined ? {} : {confirmedAgoMs: Math.round(confirmedAgoMs)}),
    nodes: nodes.map(({name, state, detail, isServing, height, tipHash, lagBlocks, peers, version, latencyMs, lastAnswerAgoMs, failures}) => ({
      name, state, detail, isServing, lagBlocks, version, failures, ...(height === undefined ? {} : {height}), ...(tipHash === undefined ? {} : {tipHash: hashToDisplayHex(tipHash)}),
      ...(peers === undefined ? {} : {peers}), ...(latencyMs === undefined ? {} : {latencyMs: Math.round(latencyMs * 10) / 10}),
      ...(lastAnswerAgoMs === undefined ? {} : {lastAnswerAgoMs: Math.round(lastAnswerAgoMs)}),
    })),
  };
}
