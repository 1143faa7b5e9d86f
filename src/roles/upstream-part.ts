/**
 * @module The pool's nodes elsewhere, in place of the node in this process: clients, notices and the actor over them.
 */
import type {ActorRef} from '../runtime/actor.js';
import {upstreamActor} from '../actors/upstream/actor.js';
import type {UpstreamMessage} from '../actors/upstream/messages.js';
import type {NodeRpc} from '../actors/upstream/ports.js';
import type {Config} from '../config.js';
import {createBlockNotices} from '../net/block-notices.js';
import {createNodeRpc} from '../net/node-rpc.js';
import {stopsIn, yieldTurn, type Site} from './site.js';

export type UpstreamRef = ActorRef<UpstreamMessage>;
export type NodeSettings = Exclude<Config['pool']['upstream'], 'local'>[number];

export function startUpstream(site: Site, nodes: readonly NodeSettings[]): UpstreamRef {
  const {config: {pool}, spec, system} = site;
  const upstream = system.spawn(upstreamActor({
    nodes: nodes.map((settings) => ({
      rpc: nodeRpcOf(settings),
      notices: settings.zmqBlock === undefined ? undefined : createBlockNotices(settings.zmqBlock),
    })),
    genesisHash: spec.genesisHash,
    isTestChain: spec.isTestChain,
    emptyRules: spec.retargetIntervalBlocks === undefined ? undefined
      : {retargetIntervalBlocks: spec.retargetIntervalBlocks, halvingIntervalBlocks: spec.halvingIntervalBlocks},
    staleAfterMs: pool.upstreamStaleSec * 1_000,
    failBackMs: pool.upstreamFailBackSec * 1_000,
    yieldTurn,
  }), {name: 'upstream'});
  // With the shares: a block found in the last moment still goes to the nodes.
  stopsIn(site, 'finish-block', upstream);
  return upstream;
}

export function nodeRpcOf({rpcUrl, rpcUser, rpcPassword, rpcCookieFile}: NodeSettings): NodeRpc {
  return createNodeRpc({
    url: rpcUrl,
    ...(rpcCookieFile === undefined ? {user: rpcUser ?? '', password: rpcPassword ?? ''} : {cookieFile: rpcCookieFile}),
  });
}
