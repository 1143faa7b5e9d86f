/**
 * A JSON-RPC server over a real chain actor on a memory store. Mempool and template are small fakes: the mempool holds
 * what it is given, the template builds on the tip. Requests go through fastify's `inject`, without a socket.
 */
import {createActorSystem} from '../../src/runtime/system.js';
import type {ActorRef, Behaviour, Message} from '../../src/runtime/actor.js';
import type {LogFacts} from '../../src/runtime/log.js';
import {chainActor} from '../../src/actors/chain/actor.js';
import {BatchedScriptVerifier} from '../../src/actors/chain/script-verifier.js';
import type {ChainMessage} from '../../src/actors/chain/messages.js';
import type {MempoolEntryView, MempoolMessage} from '../../src/actors/mempool/messages.js';
import type {TemplateMessage} from '../../src/actors/template/messages.js';
import {createRpcServer, type RpcServer, type RpcServerOptions} from '../../src/http/rpc/rpc-server.js';
import {bytesEqual} from '../../src/protocol/bytes/compare.js';
import {hashToDisplayHex} from '../../src/protocol/bytes/hex.js';
import {REGTEST} from '../../src/protocol/chain/presets.js';
import {compactToTarget} from '../../src/protocol/consensus/pow/compact.js';
import {blockSubsidy} from '../../src/protocol/consensus/subsidy.js';
import {weightWu} from '../../src/protocol/consensus/weight.js';
import {witnessCommitment, witnessCommitmentScript} from '../../src/protocol/consensus/witness-commitment.js';
import type {BlockTemplate} from '../../src/protocol/mining/block-template.js';
import {decodeTransaction} from '../../src/protocol/primitives/transaction-codec.js';
import type {Transaction} from '../../src/protocol/primitives/transaction.js';
import {MemoryChainStore} from '../../src/storage/memory-chain-store.js';
import {CountingSignatureVerifier} from './chain-harness.js';

export const RPC_CREDENTIALS = '__cookie__:secret';
const ZERO_HASH = new Uint8Array(32);

export interface RpcNode {
  readonly server: RpcServer;
  readonly chain: ActorRef<ChainMessage>;
  readonly mempool: Map<string, MempoolEntryView>;
  /** What `mempool.submit` and `mempool.test` answer; by default they accept. */
  refuseWith: string | undefined;
  readonly stops: string[];
  readonly logged: LogFacts[];
  /** Longpolls with the id `hold` wait for `release`. */
  readonly held: () => number;
  readonly release: () => void;
  post(body: string, authorization?: string): Promise<{readonly status: number; readonly body: string}>;
  /** The result, or throws `code message`. */
  call(method: string, ...params: unknown[]): Promise<unknown>;
  /** The answer's text, for exact digits. */
  text(method: string, ...params: unknown[]): Promise<string>;
  errorOf(method: string, ...params: unknown[]): Promise<string>;
  close(): Promise<void>;
}

export function startRpcNode(options: Partial<RpcServerOptions> = {}): RpcNode {
  const system = createActorSystem();
  const yieldTurn = (): Promise<void> => new Promise((resolve) => {
    setImmediate(resolve);
  });
  const scripts = new BatchedScriptVerifier({signatures: new CountingSignatureVerifier(), clock: system.clock, yieldTurn});
  const chain = system.spawn(chainActor({spec: REGTEST}, {store: new MemoryChainStore(), scripts, yieldTurn}), {name: 'chain'});
  const entries = new Map<string, MempoolEntryView>();
  const mempool = system.spawn<MempoolMessage>(fake('mempool', fakeMempool(entries, () => node.refuseWith)), {name: 'mempool'});
  const held: (() => void)[] = [];
  const template = system.spawn<TemplateMessage>(fake('template', fakeTemplate(chain, held)), {name: 'template'});
  const stops: string[] = [];
  const logged: LogFacts[] = [];
  const log = {debug: () => undefined, info: () => undefined, warn: () => undefined, error: (facts: LogFacts) => logged.push(facts), child: () => log};
  const server = createRpcServer(
    {credentials: [RPC_CREDENTIALS], maxBodyBytes: 1_000_000, maxBatch: 20, maxInFlight: 8, ...options},
    {spec: REGTEST, chain, mempool, template, clock: system.clock, version: '0.1.0', requestStop: (reason) => stops.push(reason)}, log);
  const post: RpcNode['post'] = async (body, authorization = `Basic ${Buffer.from(RPC_CREDENTIALS).toString('base64')}`) => {
    const response = await server.app.inject({method: 'POST', url: '/', headers: {'content-type': 'application/json', ...(authorization === '' ? {} : {authorization})}, payload: body});
    return {status: response.statusCode, body: response.body};
  };
  const text = async (method: string, ...params: unknown[]): Promise<string> => (await post(JSON.stringify({id: 1, method, params}))).body;
  const call = async (method: string, ...params: unknown[]): Promise<unknown> => {
    const answer = JSON.parse(await text(method, ...params)) as {result: unknown; error: {code: number; message: string} | null};
    if (answer.error !== null) throw new Error(`${answer.error.code} ${answer.error.message}`);
    return answer.result;
  };
  const errorOf = async (method: string, ...params: unknown[]): Promise<string> => {
    try {
      await call(method, ...params);
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error(`${method} did not fail`);
  };
  const node: RpcNode = {server, chain, mempool: entries, refuseWith: undefined, stops, logged, held: () => held.length, release: () => held.splice(0).forEach((settle) => settle()), post, text, call, errorOf, close: async () => {
    await server.close();
    await system.terminate('now');
  }};
  return node;
}

function fake<M extends Message>(kind: string, behaviour: Behaviour<M>): {protocol: {kind: string; mailbox: {capacity: number; policy: 'refuse'}}; create: () => Behaviour<M>} {
  return {protocol: {kind, mailbox: {capacity: 1000, policy: 'refuse'}}, create: () => behaviour};
}

export function aMempoolEntry(transaction: Transaction, feeSats: bigint): MempoolEntryView {
  const weight = weightWu(transaction, 4);
  const vsize = Math.ceil(weight / 4);
  return {
    transaction, feeSats, vsize, weightWu: weight, sigopCost: 1, admittedAtSec: 1_700_000_000, admittedAtHeight: 1,
    ancestorCount: 1, ancestorVsize: vsize, ancestorFeeSats: feeSats, descendantCount: 1, descendantVsize: vsize, descendantFeeSats: feeSats,
    parents: [], children: [],
  };
}

function fakeMempool(entries: Map<string, MempoolEntryView>, refusal: () => string | undefined): Behaviour<MempoolMessage> {
  const judge = (txBytes: Uint8Array): unknown => {
    const decoded = decodeTransaction(txBytes);
    const code = decoded.ok ? refusal() : decoded.code;
    if (!decoded.ok || code !== undefined) return {ok: false, code};
    return {ok: true, txid: decoded.value.txid, wtxid: decoded.value.wtxid, vsize: 110, feeSats: 123n};
  };
  return {
    receive(message, ctx) {
      switch (message.type) {
        case 'mempool.submit':
        case 'mempool.test':
          return ctx.reply(judge(message.txBytes));
        case 'mempool.getInfo':
          return ctx.reply({count: entries.size, totalVsize: 1, totalBytes: 2, totalFeeSats: 3n, maxBytes: 4, maxCount: 5, minFeeSatsPerKvb: 2500n, minRelaySatsPerKvb: 1000n, sequence: 6});
        case 'mempool.listTxids':
          return ctx.reply([...entries.values()].map((entry) => entry.transaction.txid));
        case 'mempool.listEntries':
          return ctx.reply([...entries.values()].slice(0, message.limit));
        case 'mempool.getEntry':
          return ctx.reply(entries.get(hashToDisplayHex(message.txid)) ?? null);
        case 'mempool.findSpenders':
          return ctx.reply(message.outpoints.map(({txid, vout}) => [...entries.values()].find((entry) => entry.transaction.inputs
            .some(({prevout}) => prevout.vout === vout && bytesEqual(prevout.txid, txid)))?.transaction.txid ?? null));
        default:
          throw new Error(`the fake mempool does not know ${message.type}`);
      }
    },
  };
}

function fakeTemplate(chain: ActorRef<ChainMessage>, held: (() => void)[]): Behaviour<TemplateMessage> {
  return {
    async receive(message, ctx) {
      if (message.type === 'template.await' && message.longpollId === 'hold') {
        const reply = ctx.takeReply();
        held.push(() => reply?.resolve({ok: false, code: 'template-not-ready', detail: 'held'}));
        return;
      }
      const tip = await chain.ask<Extract<ChainMessage, {type: 'chain.getTip'}>>({type: 'chain.getTip'}, {timeoutMs: 5_000});
      const height = tip.height + 1;
      const template: BlockTemplate = {
        height, previousHash: tip.hash, version: 0x20000000, bits: tip.nextBits, target: compactToTarget(tip.nextBits)!,
        curTimeSec: Math.max(tip.medianTimePastSec + 1, 1_700_000_000), minTimeSec: tip.medianTimePastSec + 1,
        coinbaseValueSats: blockSubsidy(height, REGTEST), transactions: [],
        witnessCommitment: witnessCommitmentScript(witnessCommitment(ZERO_HASH, ZERO_HASH)),
        longpollId: hashToDisplayHex(tip.hash), weightLimitWu: 4_000_000, sigopLimit: 80_000, sizeLimit: 4_000_000,
      };
      ctx.reply(template);
    },
  };
}
