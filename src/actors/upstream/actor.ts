/**
 * @module The upstream: several nodes in the operator's order, of which one gives the work. It asks each of them how it
 * stands, takes templates from the one that `node-watch` chooses, gives solved blocks to all of them, and answers what a
 * local node would. When nobody is left it keeps the sessions' work as it is for a while, then says that it is stale.
 *
 * Three ways to hear of a new tip, because each is known to fail: the node's notices (ZeroMQ), its longpoll, and a
 * question every second.
 */
import type {ActorContext, ActorRef, ActorSpec, Behaviour, PendingReply, Protocol, ReplyOf} from '../../runtime/actor.js';
import {hashToDisplayHex} from '../../protocol/bytes/hex.js';
import type {Hash256} from '../../protocol/primitives/transaction.js';
import {assertNever} from '../../protocol/verdict.js';
import type {AcceptBlock, GetBlock, GetCoinSetTotals, GetTip, TipView} from '../chain/messages.js';
import {chainFollowerActor, type ChainFollowed, type FollowTip} from './chain-follower.js';
import type {EmptyTemplateRules} from './empty-template.js';
import type {FollowedChainMessage, UpstreamEvent, UpstreamHealth, UpstreamMessage} from './messages.js';
import {askBlock, askHashAtHeight, askHeader, askMempoolInfo, checkProposal, faultOf, isSameHash, probe, TemplateReader, type Probe, type UpstreamNode} from './node-link.js';
import {chooseNode, isSteady, markDown, markHealthy, newNode, nodesAhead, stateOfFault, viewOf, type NodeFault, type NodeRecord} from './node-watch.js';
import {OfferQueue, type OfferMessage} from './offer-queue.js';
import {WorkSource, type WorkMessage} from './work-source.js';

export interface UpstreamOptions {
  readonly nodes: readonly UpstreamNode[];
  /** The first block of the configured chain; undefined: whatever the first node has, the others must have, too. */
  readonly genesisHash: Hash256 | undefined;
  /** A node of this chain that is loading blocks gives no work. Test chains look like that whenever they rest. */
  readonly isTestChain: boolean;
  readonly emptyRules: EmptyTemplateRules | undefined;
  /** Without a word from a healthy node for so long, work counts as stale. */
  readonly staleAfterMs: number;
  /** A node that failed gets the work back after it has stood for so long. */
  readonly failBackMs: number;
  /** Lets the rest of the thread have a turn. */
  readonly yieldTurn: () => Promise<void>;
}

type Internal =
  | ChainFollowed | WorkMessage
  | {readonly type: 'upstream.tick'}
  | {readonly type: 'upstream.probed'; readonly index: number; readonly probe: Probe}
  | {readonly type: 'upstream.probeFailed'; readonly index: number; readonly fault: NodeFault}
  | {readonly type: 'upstream.noticed'; readonly index: number; readonly hash: Hash256}
  | {readonly type: 'upstream.noticesChanged'; readonly index: number; readonly isConnected: boolean}
  | OfferMessage;
export type UpstreamInbox = UpstreamMessage | Internal;
export type UpstreamContext = ActorContext<UpstreamInbox>;

const TICK_MS = 250;
/** Each node is asked so often; less where notices come. */
const PROBE_INTERVAL_MS = 1_000;
const PROBE_INTERVAL_NOTICED_MS = 5_000;
/** Peers and version are for people. */
const PEERS_INTERVAL_MS = 15_000;
/** At the start, until the nodes earlier in the order have answered. */
const FIRST_WORD_MS = 1_500;
/** Tips asked for before the first node has answered. */
const TIP_WAITERS_MAX = 1_000;
/** Asked faults that put a node out only when they come twice in a row. */
const PASSING_FAULTS: ReadonlySet<NodeFault['code']> = new Set(['node-timeout', 'node-busy', 'node-answer-malformed']);

export const UPSTREAM_PROTOCOL: Protocol<UpstreamInbox> = {
  kind: 'upstream',
  mailbox: {capacity: 4_096, policy: 'refuse'},
  priority: ['chain.acceptBlock', 'upstream.noticed', 'upstream.templateSeen', 'upstream.probed', 'upstream.probeFailed'],
  undroppable: ['chain.acceptBlock', 'upstream.noticed', 'upstream.noticesChanged', 'upstream.judged', 'upstream.followed', 'upstream.tick'],
};

export function upstreamActor(options: UpstreamOptions): ActorSpec<UpstreamMessage> {
  const spec: ActorSpec<UpstreamInbox> = {protocol: UPSTREAM_PROTOCOL, create: (ctx) => new Upstream(options, ctx)};
  return spec as unknown as ActorSpec<UpstreamMessage>;
}

interface Watched {
  readonly node: UpstreamNode;
  readonly record: NodeRecord;
  isProbing: boolean;
  nextProbeAtMs: number;
  nextPeersAtMs: number;
  /** Faults since the last answer. */
  faultsInRow: number;
  /** It could not give a template: it must give one before it counts as healthy again. */
  mustProveTemplate: boolean;
}

class Upstream implements Behaviour<UpstreamInbox> {
  readonly #options: UpstreamOptions;
  readonly #watched: readonly Watched[];
  readonly #records: readonly NodeRecord[];
  readonly #work: WorkSource;
  readonly #follower: ActorRef<FollowTip>;
  readonly #unsubscribe: readonly (() => void)[];
  #genesisHash: Hash256 | undefined;
  #source: Watched | undefined;
  #announced: NodeRecord | undefined;
  #tip: TipView | undefined;
  readonly #tipWaiters: PendingReply<TipView>[] = [];
  readonly #offers: OfferQueue;
  readonly #reader: TemplateReader;
  readonly #startedAtMs: number;

  constructor(options: UpstreamOptions, ctx: UpstreamContext) {
    this.#options = options;
    this.#genesisHash = options.genesisHash;
    this.#watched = options.nodes.map((node, index) => ({
      node, record: newNode(index, node.rpc.name), isProbing: false, nextProbeAtMs: 0, nextPeersAtMs: 0, faultsInRow: 0, mustProveTemplate: false,
    }));
    this.#records = this.#watched.map(({record}) => record);
    this.#offers = new OfferQueue(options.nodes);
    this.#startedAtMs = ctx.clock.nowMs();
    this.#reader = new TemplateReader(options.yieldTurn);
    this.#work = new WorkSource({staleAfterMs: options.staleAfterMs, emptyRules: options.emptyRules, nowMs: ctx.clock.nowMs(), reader: this.#reader});
    this.#follower = ctx.spawn(chainFollowerActor(ctx.self), {name: 'chain-follower'});
    this.#unsubscribe = this.#watched.flatMap(({node, record: {index}}) => (node.notices === undefined ? [] : [node.notices.subscribe({
      heard: (hash) => void ctx.self.tell({type: 'upstream.noticed', index, hash}),
      connected: (isConnected) => void ctx.self.tell({type: 'upstream.noticesChanged', index, isConnected}),
    })]));
    ctx.timers.every('tick', TICK_MS, {type: 'upstream.tick'});
    this.#tick(ctx);
  }

  receive(message: UpstreamInbox, ctx: UpstreamContext): void {
    switch (message.type) {
      case 'upstream.tick': return this.#tick(ctx);
      case 'upstream.probed': return this.#probed(message, ctx);
      case 'upstream.probeFailed': return this.#probeFailed(message, ctx);
      case 'upstream.noticed': return this.#noticed(message, ctx);
      case 'upstream.noticesChanged': return this.#noticesChanged(message, ctx);
      case 'upstream.templateSeen':
      case 'upstream.templateFailed': return this.#templateAnswered(message, ctx);
      case 'upstream.headerSeen':
      case 'upstream.emptyDue':
      case 'upstream.longpollDue': return this.#work.receive(message, ctx);
      case 'upstream.followed': return this.#followed(message.tip);
      case 'upstream.judged': return this.#judged(message, ctx);
      case 'upstream.offered': return this.#offers.settled(message, ctx);
      case 'upstream.getHealth': return ctx.reply(this.#health(ctx.clock.nowMs()));
      case 'template.get': return this.#work.get(ctx);
      case 'chain.acceptBlock': return this.#offers.add({blockBytes: message.blockBytes, reply: ctx.takeReply()}, ctx);
      case 'chain.getCoinSetTotals': return ctx.takeReply()?.reject(new Error('nobody here counts the coins'));
      case 'mempool.getInfo':
      case 'chain.checkProposal':
      case 'chain.getTip':
      case 'chain.getHeader':
      case 'chain.getHashAtHeight':
      case 'chain.getBlock': return this.#answer(message, ctx);
      default: assertNever(message);
    }
  }

  onStop(): void {
    for (const end of this.#unsubscribe) end();
    this.#work.stop();
    for (const {node} of this.#watched) node.rpc.close();
  }

  inspect(): unknown {
    return {
      source: this.#source?.record.name, ...this.#work.inspect(),
      nodes: this.#records.map(({name, state, tip, falls}) => ({name, state, height: tip?.height, falls})),
    };
  }

  #tick(ctx: UpstreamContext): void {
    const nowMs = ctx.clock.nowMs();
    for (const watched of this.#watched) {
      if (nowMs >= watched.nextProbeAtMs) this.#probe(watched, ctx);
    }
    this.#reconsider(ctx);
    this.#work.tick(ctx);
  }

  #probe(watched: Watched, ctx: UpstreamContext): void {
    const nowMs = ctx.clock.nowMs();
    watched.nextProbeAtMs = nowMs + (watched.record.hasBlockNotices ? PROBE_INTERVAL_NOTICED_MS : PROBE_INTERVAL_MS);
    if (watched.isProbing) return;
    watched.isProbing = true;
    const withPeers = nowMs >= watched.nextPeersAtMs;
    if (withPeers) watched.nextPeersAtMs = nowMs + PEERS_INTERVAL_MS;
    const {index, isChainChecked} = watched.record;
    ctx.pipeToSelf(probe(watched.node, {withPeers, withGenesis: !isChainChecked, withTemplate: watched.mustProveTemplate, reader: this.#reader, nowMs: () => ctx.clock.nowMs()}),
      (seen) => ({type: 'upstream.probed', index, probe: seen}), (error) => ({type: 'upstream.probeFailed', index, fault: faultOf(error)}));
  }

  #probed({index, probe: seen}: Extract<Internal, {type: 'upstream.probed'}>, ctx: UpstreamContext): void {
    const watched = this.#watched[index]!;
    const {record} = watched;
    const nowMs = ctx.clock.nowMs();
    watched.isProbing = false;
    watched.faultsInRow = 0;
    record.tip = seen.tip;
    record.lastAnswerAtMs = nowMs;
    record.latencyMs = seen.tookMs;
    if (seen.peers !== undefined) record.peers = seen.peers;
    if (seen.genesisHash !== undefined) {
      this.#genesisHash ??= seen.genesisHash;
      record.isChainChecked = isSameHash(seen.genesisHash, this.#genesisHash);
      if (!record.isChainChecked) {
        return this.#down(watched, {state: 'wrong-chain', detail: `its first block is ${hashToDisplayHex(seen.genesisHash)}`}, ctx);
      }
    }
    if (seen.tip.isLoadingBlocks && !this.#options.isTestChain) return this.#down(watched, {state: 'syncing', detail: 'it is loading blocks'}, ctx);
    if (seen.template !== undefined) watched.mustProveTemplate = false;
    else if (watched.mustProveTemplate) return;
    if (markHealthy(record, nowMs)) {
      ctx.log.info({code: 'upstream-node-up', node: record.name, height: seen.tip.height}, 'a node of the upstream is healthy');
      ctx.events.publish<UpstreamEvent>({type: 'upstream.nodeUp', node: record.name});
      this.#offers.bringBack(watched.node, ctx);
    }
    this.#work.confirm(seen.tip.tipHash, nowMs);
    this.#reconsider(ctx);
  }

  #probeFailed({index, fault}: Extract<Internal, {type: 'upstream.probeFailed'}>, ctx: UpstreamContext): void {
    const watched = this.#watched[index]!;
    watched.isProbing = false;
    this.#faulted(watched, fault, ctx);
  }

  #faulted(watched: Watched, fault: NodeFault, ctx: UpstreamContext): void {
    const state = stateOfFault(fault) ?? 'failing';
    if (fault.code === 'node-call-aborted') return;
    watched.faultsInRow += 1;
    // A new process behind the same port may be another chain's.
    if (state === 'unreachable') watched.record.isChainChecked = false;
    if (watched.record.state === 'healthy' && PASSING_FAULTS.has(fault.code) && watched.faultsInRow < 2) return this.#probe(watched, ctx);
    this.#down(watched, {state, detail: fault.text}, ctx);
  }

  #down(watched: Watched, fault: Pick<NodeRecord, 'state' | 'detail'>, ctx: UpstreamContext): void {
    const {record} = watched;
    if (markDown(record, fault, ctx.clock.nowMs())) {
      ctx.log.warn({code: 'upstream-node-down', node: record.name, state: fault.state, detail: fault.detail}, 'a node of the upstream cannot be used');
      ctx.events.publish<UpstreamEvent>({type: 'upstream.nodeDown', node: record.name, state: fault.state, detail: fault.detail});
    }
    this.#reconsider(ctx);
  }

  /** Only the hash is known: the node says the rest, and its template is asked for at once. */
  #noticed({index, hash}: Extract<Internal, {type: 'upstream.noticed'}>, ctx: UpstreamContext): void {
    const watched = this.#watched[index]!;
    if (isSameHash(hash, watched.record.tip?.tipHash)) return;
    this.#probe(watched, ctx);
    if (watched === this.#source && !this.#work.isKnownTip(hash)) this.#work.newTip(hash, ctx, 'provisional');
  }

  #noticesChanged({index, isConnected}: Extract<Internal, {type: 'upstream.noticesChanged'}>, ctx: UpstreamContext): void {
    const watched = this.#watched[index]!;
    watched.record.hasBlockNotices = isConnected;
    this.#probe(watched, ctx);
  }

  #templateAnswered(message: Extract<WorkMessage, {type: 'upstream.templateSeen' | 'upstream.templateFailed'}>, ctx: UpstreamContext): void {
    const watched = this.#watched[message.index]!;
    if (message.type === 'upstream.templateSeen') {
      watched.record.lastAnswerAtMs = ctx.clock.nowMs();
      watched.faultsInRow = 0;
      if (!isSameHash(message.template.previousHash, watched.record.tip?.tipHash)) this.#probe(watched, ctx);
    } else if (stateOfFault(message.fault) !== undefined && !(message.isLongpoll && message.fault.code === 'node-timeout')) {
      if (message.fault.code !== 'node-unreachable') watched.mustProveTemplate = true;
      // It had long enough; a second try would cost as long again.
      if (message.fault.code === 'node-timeout') this.#down(watched, {state: 'failing', detail: message.fault.text}, ctx);
      else this.#faulted(watched, message.fault, ctx);
    }
    this.#work.receive(message, ctx);
  }

  /** Whenever something about a node changed: who gives the work, and on which tip. */
  #reconsider(ctx: UpstreamContext): void {
    const nowMs = ctx.clock.nowMs();
    const workOn = this.#work.tipHash;
    const chosen = chooseNode(this.#records, {current: this.#source?.record, workOn, failBackMs: this.#options.failBackMs, nowMs});
    // The operator's order, not who answers first: the ones before are waited for, shortly.
    if (chosen !== undefined && this.#announced === undefined && nowMs - this.#startedAtMs < FIRST_WORD_MS
      && this.#records.slice(0, chosen.index).some(({state}) => state === 'unknown')) return;
    const source = chosen === undefined ? undefined : this.#watched[chosen.index];
    if (source !== this.#source) {
      this.#source = source;
      this.#work.setSource(source === undefined ? undefined : {index: source.record.index, node: source.node}, ctx);
    }
    if (source === undefined) return;
    const {tipHash} = source.record.tip!;
    if (!isSameHash(tipHash, workOn) && !this.#work.isProvisional(nowMs)) this.#work.newTip(tipHash, ctx);
    if (!isSameHash(tipHash, this.#tip?.hash)) ctx.tell(this.#follower, {type: 'chainFollower.follow', tipHash, node: source.node});
    this.#announce(nowMs, ctx);
  }

  /** A node that is a moment later than another after each block is no news: that change is told only when it stands. */
  #announce(nowMs: number, ctx: UpstreamContext): void {
    const to = this.#source!.record;
    const from = this.#announced;
    if (from === to) return;
    const isFailBack = from?.state === 'healthy' && to.index < from.index && isSteady(to, {failBackMs: this.#options.failBackMs, nowMs});
    if (from?.state === 'healthy' && !isFailBack && !this.#work.hasLeftSourceFor(nowMs)) return;
    this.#announced = to;
    const reason = from === undefined ? 'first' : isFailBack ? 'fail-back' : from.state === 'healthy' ? 'newer-tip' : 'failover';
    ctx.log.info({code: 'upstream-serving', node: to.name, before: from?.name, reason}, 'templates come from this node');
    ctx.events.publish<UpstreamEvent>({type: 'upstream.servingChanged', from: from?.name, to: to.name, reason});
  }

  #followed(tip: TipView): void {
    this.#tip = tip;
    for (const waiter of this.#tipWaiters.splice(0)) waiter.resolve(tip);
  }

  #judged({hash, previousHash, judgement: {node, verdict, detail}}: Extract<Internal, {type: 'upstream.judged'}>, ctx: UpstreamContext): void {
    const facts = {code: 'upstream-block-judged', node, verdict, detail, hash: hashToDisplayHex(hash)};
    if (verdict === 'rejected') ctx.log.error(facts, 'a node refused a block of the pool');
    else ctx.log.info(facts, 'a node was given a block of the pool');
    ctx.events.publish<UpstreamEvent>({type: 'upstream.blockJudged', node, hash, verdict, detail});
    // Its tip has moved: ask now, not at the next second.
    const watched = this.#watched.find(({record}) => record.name === node);
    if (verdict === 'accepted') this.#offers.taken({hash, previousHash});
    if (verdict !== 'accepted' || watched === undefined) return;
    if (watched === this.#source && isSameHash(previousHash, this.#work.tipHash)) this.#work.newTip(hash, ctx, 'provisional');
    this.#probe(watched, ctx);
  }

  /** The node that gives the work is asked first, then the others; only when none can say, the question fails. */
  #answer(message: Exclude<FollowedChainMessage, AcceptBlock | GetCoinSetTotals>, ctx: UpstreamContext): void {
    if (message.type === 'chain.getTip') {
      if (this.#tip !== undefined) return ctx.reply(this.#tip);
      const waiter = ctx.takeReply<TipView>();
      if (waiter !== undefined && this.#tipWaiters.length < TIP_WAITERS_MAX) this.#tipWaiters.push(waiter);
      return;
    }
    const reply = ctx.takeReply();
    const inOrder = [...this.#watched].sort((a, b) => rank(b, this.#source) - rank(a, this.#source));
    void askInOrder(inOrder.map(({node}) => node), message).then((value) => reply?.resolve(value), (error: unknown) => reply?.reject(error));
  }

  #health(nowMs: number): UpstreamHealth {
    const bestHeight = nodesAhead(this.#records, this.#work.tipHash)[0]?.tip?.height;
    return {
      ...this.#work.health(nowMs), servingNode: this.#source?.record.name,
      nodes: this.#records.map((record) => viewOf(record, {isServing: record === this.#source?.record, bestHeight, nowMs})),
    };
  }
}

function rank(watched: Watched, source: Watched | undefined): number {
  return watched === source ? 2 : watched.record.state === 'healthy' ? 1 : 0;
}

async function askBlockWithView(node: UpstreamNode, hash: Hash256): Promise<ReplyOf<GetBlock>> {
  const [block, view] = [await askBlock(node, hash), await askHeader(node, hash)];
  return block === null || view === null ? null : {block, view};
}

async function askInOrder(nodes: readonly UpstreamNode[], message: Exclude<FollowedChainMessage, AcceptBlock | GetCoinSetTotals | GetTip>): Promise<unknown> {
  let lastError: unknown;
  let isUnknown = false;
  for (const node of nodes) {
    try {
      switch (message.type) {
        case 'mempool.getInfo': return await askMempoolInfo(node);
        case 'chain.checkProposal': return await checkProposal(node, message.blockBytes);
        case 'chain.getHashAtHeight': return await askHashAtHeight(node, message.height);
        default: {
          const found = message.type === 'chain.getHeader' ? await askHeader(node, message.hash) : await askBlockWithView(node, message.hash);
          if (found !== null) return found;
          // A node that is a block behind knows nothing of it: the next one may.
          isUnknown = true;
        }
      }
    } catch (error) {
      lastError = error;
    }
  }
  if (isUnknown) return null;
  throw lastError;
}
