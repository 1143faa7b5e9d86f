/** Chain, mempool and template source together in one seeded simulation. */
import type {ActorRef, ReplyOf} from '../../src/runtime/actor.js';
import {mempoolActor} from '../../src/actors/mempool/actor.js';
import type {MempoolEvent, MempoolMessage, TxOutcome} from '../../src/actors/mempool/messages.js';
import {templateActor} from '../../src/actors/template/actor.js';
import type {TemplateOptions} from '../../src/actors/template/actor.js';
import type {TemplateEvent, TemplateMessage} from '../../src/actors/template/messages.js';
import {MEMPOOL_LIMITS} from '../../src/protocol/mempool/mempool.js';
import type {MempoolLimits} from '../../src/protocol/mempool/mempool.js';
import type {BlockTemplate} from '../../src/protocol/mining/block-template.js';
import type {Transaction} from '../../src/protocol/primitives/transaction.js';
import {REGTEST} from '../../src/protocol/chain/presets.js';
import {ASK_TIMEOUT_MS, ChainHarness} from './chain-harness.js';
import type {ChainHarnessOptions} from './chain-harness.js';

type MempoolQuery<T> = Extract<MempoolMessage, {readonly type: T}>;
type TemplateQuery<T> = Extract<TemplateMessage, {readonly type: T}>;

export interface NodeHarnessOptions extends ChainHarnessOptions {
  readonly limits?: Partial<MempoolLimits>;
  readonly template?: Omit<TemplateOptions, 'spec'>;
}

export class NodeHarness extends ChainHarness {
  readonly mempool: ActorRef<MempoolMessage>;
  readonly template: ActorRef<TemplateMessage>;
  readonly mempoolEvents: MempoolEvent[] = [];
  readonly templateEvents: TemplateEvent[] = [];

  constructor(options: NodeHarnessOptions = {}) {
    super(options);
    const {system} = this.simulation;
    const spec = options.spec ?? REGTEST;
    const listener = system.spawn<MempoolEvent | TemplateEvent>({
      protocol: {kind: 'node-listener', mailbox: {capacity: 10_000, policy: 'refuse'}},
      create: () => ({receive: (event) => { (event.type === 'template.changed' ? this.templateEvents : this.mempoolEvents).push(event as never); }}),
    }, {name: 'node-listener'});
    system.events.subscribe<MempoolEvent | TemplateEvent>(['mempool.transactionAdmitted', 'mempool.transactionEvicted', 'template.changed'], listener);
    this.mempool = system.spawn(mempoolActor({spec, limits: {...MEMPOOL_LIMITS, ...options.limits}}, {chain: this.chain, scripts: this.scripts}), {name: 'mempool'});
    this.template = system.spawn(templateActor({spec, ...options.template}, {chain: this.chain, mempool: this.mempool}), {name: 'template'});
  }

  askMempool<T extends MempoolMessage['type']>(query: MempoolQuery<T> & {readonly type: T}): Promise<ReplyOf<MempoolQuery<T>>> {
    return this.settle(this.mempool.ask<MempoolQuery<T>>(query, {timeoutMs: ASK_TIMEOUT_MS}));
  }

  askTemplate<T extends TemplateMessage['type']>(query: TemplateQuery<T> & {readonly type: T}): Promise<ReplyOf<TemplateQuery<T>>> {
    return this.settle(this.template.ask<TemplateQuery<T>>(query, {timeoutMs: ASK_TIMEOUT_MS}));
  }

  submit(transaction: Transaction): Promise<TxOutcome> {
    return this.askMempool({type: 'mempool.submit', txBytes: transaction.bytes});
  }

  /** The present template, which must be there. */
  async currentTemplate(): Promise<BlockTemplate> {
    const template = await this.askTemplate({type: 'template.get'});
    if ('ok' in template) throw new Error(template.detail);
    return template;
  }
}
