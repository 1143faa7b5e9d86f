/**
 * @module The node: storage, chain, mempool and the template source. Each is an actor on the system's root; a failure of
 * the chain reaches the root and ends the process, because nothing may go on over doubtful coins.
 */
import type {ActorRef} from '../runtime/actor.js';
import type {ChainMessage} from '../actors/chain/messages.js';
import type {MempoolMessage} from '../actors/mempool/messages.js';
import type {TemplateMessage} from '../actors/template/messages.js';
import {chainActor} from '../actors/chain/actor.js';
import {BatchedScriptVerifier} from '../actors/chain/script-verifier.js';
import {mempoolActor} from '../actors/mempool/actor.js';
import {templateActor} from '../actors/template/actor.js';
import {MEMPOOL_LIMITS} from '../protocol/mempool/mempool.js';
import {openChainStore} from '../storage/chain-store.js';
import {assert} from '../protocol/verdict.js';
import {stopsIn, yieldTurn, type Site} from './site.js';

export interface NodeParts {
  readonly chain: ActorRef<ChainMessage>;
  readonly mempool: ActorRef<MempoolMessage>;
  readonly template: ActorRef<TemplateMessage>;
}

export function startNode(site: Site): NodeParts {
  const {config, rules: spec, system, shutdown} = site;
  assert(spec !== undefined, 'the config lets a node start on a chain with rules only');
  const store = openChainStore({dataDirectory: config.dataDir, chainName: spec.name});
  shutdown.add('close-storage', 'chain store', () => store.close());
  const scripts = new BatchedScriptVerifier({signatures: site.threads.signatures, clock: system.clock, yieldTurn});

  let isStopping = false;
  shutdown.add('finish-block', 'chain walk', () => {
    isStopping = true;
  });
  const chain = system.spawn(chainActor({spec}, {store, scripts, yieldTurn, isStopping: () => isStopping}), {name: 'chain', onFailure: 'escalate'});
  const mempool = system.spawn(mempoolActor({
    spec,
    limits: {
      ...MEMPOOL_LIMITS,
      countMax: config.mempool.maxCount,
      bytesMax: config.mempool.maxBytes,
      minRelaySatsPerKvb: BigInt(config.mempool.minRelayFeeSatsPerKvb),
    },
  }, {chain, scripts}), {name: 'mempool'});
  const template = system.spawn(templateActor({spec}, {chain, mempool}), {name: 'template'});
  stopsIn(site, 'drain-shares', template);
  stopsIn(site, 'finish-block', mempool);
  stopsIn(site, 'finish-block', chain);
  return {chain, mempool, template};
}
