/**
 * @module The upstream actor in virtual time over scripted nodes, with everything that it says written down.
 */
import {upstreamActor, type UpstreamOptions} from '../../src/actors/upstream/actor.js';
import type {ChainEvent} from '../../src/actors/chain/messages.js';
import type {TemplateEvent} from '../../src/actors/template/messages.js';
import type {UpstreamEvent, UpstreamHealth, UpstreamMessage} from '../../src/actors/upstream/messages.js';
import {hashToDisplayHex} from '../../src/protocol/bytes/hex.js';
import type {BlockTemplate} from '../../src/protocol/mining/block-template.js';
import type {ActorRef, ReplyOf} from '../../src/runtime/actor.js';
import {createSimulation, type Simulation} from '../../src/runtime/sim/simulation.js';
import {ScriptedNode, ScriptedTree} from './scripted-node.js';

export interface UpstreamWorld {
  readonly sim: Simulation;
  readonly tree: ScriptedTree;
  readonly nodes: readonly ScriptedNode[];
  readonly upstream: ActorRef<UpstreamMessage>;
  readonly templates: {readonly template: BlockTemplate; readonly isNewTip: boolean; readonly atMs: number}[];
  /** Of the upstream, without its block verdicts, as short texts. */
  readonly news: string[];
  readonly chain: string[];
  readonly judged: string[];
  advance(ms: number): Promise<void>;
  ask<Q extends UpstreamMessage>(query: Q, timeoutMs?: number): Promise<ReplyOf<Q>>;
  health(): Promise<UpstreamHealth>;
  /** Display hash that the last template builds on. */
  workOn(): string | undefined;
  stop(): Promise<void>;
}

export interface UpstreamWorldOptions {
  readonly nodes: number;
  readonly height?: number;
  readonly options?: Partial<UpstreamOptions>;
  /** Before the upstream starts. */
  readonly prepare?: (nodes: readonly ScriptedNode[], tree: ScriptedTree) => void;
  readonly hasNotices?: boolean;
  readonly seed?: number;
}

export async function anUpstreamWorld({nodes: count, height = 10, options = {}, prepare, hasNotices = true, seed = 1}: UpstreamWorldOptions): Promise<UpstreamWorld> {
  const sim = createSimulation({seed});
  const tree = new ScriptedTree();
  const tip = tree.chain(height);
  const nodes = Array.from({length: count}, (_, index) => new ScriptedNode({name: 'ABCDEF'[index]!, tree, tip, after: (delayMs, act) => sim.system.after(delayMs, act)}));
  prepare?.(nodes, tree);
  const templates: UpstreamWorld['templates'] = [];
  const news: string[] = [];
  const chain: string[] = [];
  const judged: string[] = [];
  const listener = sim.system.spawn<TemplateEvent | UpstreamEvent | ChainEvent>({
    protocol: {kind: 'listener', mailbox: {capacity: 10_000, policy: 'refuse'}},
    create: () => ({
      receive(event) {
        switch (event.type) {
          case 'template.changed': return void templates.push({template: event.template, isNewTip: event.isNewTip, atMs: sim.clock.nowMs()});
          case 'upstream.blockJudged': return void judged.push(`${event.node} ${event.verdict}`);
          case 'upstream.nodeDown': return void news.push(`${event.node} ${event.state}`);
          case 'upstream.nodeUp': return void news.push(`${event.node} up`);
          case 'upstream.servingChanged': return void news.push(`serving ${event.to}: ${event.reason}`);
          case 'upstream.stalled': return void news.push('stalled');
          case 'upstream.resumed': return void news.push('resumed');
          case 'chain.tipChanged': return void chain.push(`tip ${event.tip.height} -${event.disconnectedCount}`);
          default: return void chain.push(`${event.type === 'chain.blockConnected' ? '+' : '-'}${event.height} ${hashToDisplayHex(event.block.header.hash).slice(0, 8)}`);
        }
      },
    }),
  }, {name: 'listener'});
  sim.system.events.subscribe<TemplateEvent | UpstreamEvent | ChainEvent>([
    'template.changed', 'upstream.blockJudged', 'upstream.nodeDown', 'upstream.nodeUp', 'upstream.servingChanged', 'upstream.stalled', 'upstream.resumed',
    'chain.tipChanged', 'chain.blockConnected', 'chain.blockDisconnected',
  ], listener);
  const upstream = sim.system.spawn(upstreamActor({
    nodes: nodes.map((node) => ({rpc: node, notices: hasNotices ? node : undefined})),
    genesisHash: tree.genesis.block.header.hash, isTestChain: false, emptyRules: {retargetIntervalBlocks: 2016, halvingIntervalBlocks: 210_000},
    staleAfterMs: 60_000, failBackMs: 30_000, yieldTurn: () => Promise.resolve(), ...options,
  }), {name: 'upstream'});
  await sim.advance(300);
  const world: UpstreamWorld = {
    sim, tree, nodes, upstream, templates, news, chain, judged,
    advance: (ms) => sim.advance(ms),
    ask: async (query, timeoutMs = 120_000) => {
      const asked = upstream.ask(query, {timeoutMs});
      let isSettled = false;
      const seen = asked.then(() => undefined, () => undefined).finally(() => {
        isSettled = true;
      });
      await sim.runUntil(() => isSettled, timeoutMs + 1_000);
      await seen;
      return asked;
    },
    health: () => world.ask({type: 'upstream.getHealth'}),
    workOn: () => (templates.length === 0 ? undefined : hashToDisplayHex(templates.at(-1)!.template.previousHash)),
    stop: async () => {
      const ended = sim.system.terminate('now');
      await sim.advance(1_000);
      await ended;
    },
  };
  return world;
}
