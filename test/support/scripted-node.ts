/**
 * @module Nodes without a network, for tests in virtual time: a small tree of headers that several nodes share, each with
 * its own view of the best tip, its own faults and its own slowness. They answer as Bitcoin Core does.
 */
import {NodeError, type BlockNotices, type NodeCallOptions, type NodeRpc} from '../../src/actors/upstream/ports.js';
import {bytesToHex, displayHexToHash, hashToDisplayHex, hexToBytes} from '../../src/protocol/bytes/hex.js';
import {bytesEqual, concatBytes} from '../../src/protocol/bytes/compare.js';
import {encodeScriptNumberPush} from '../../src/protocol/consensus/script-number.js';
import {merkleRoot} from '../../src/protocol/consensus/merkle.js';
import {witnessCommitment, witnessCommitmentScript} from '../../src/protocol/consensus/witness-commitment.js';
import {buildHeader, decodeBlock, encodeBlock} from '../../src/protocol/primitives/block-codec.js';
import type {Block} from '../../src/protocol/primitives/block.js';
import {buildTransaction, NULL_HASH} from '../../src/protocol/primitives/transaction-codec.js';

export const SCRIPTED_BITS = 0x207fffff;
const TARGET_HEX = `7fffff${'00'.repeat(29)}`;
const SUBSIDY_SATS = 5_000_000_000;
const START_SEC = 1_700_000_000;

interface TreeBlock {
  readonly block: Block;
  readonly height: number;
  readonly hex: string;
  readonly parent: TreeBlock | undefined;
}

/** All blocks that exist anywhere. */
export class ScriptedTree {
  readonly blocks = new Map<string, TreeBlock>();
  readonly genesis: TreeBlock;
  #salt = 0;

  constructor(salt = 0) {
    this.#salt = salt * 1_000_000;
    this.genesis = this.mine(undefined);
  }

  mine(parent: TreeBlock | undefined): TreeBlock {
    this.#salt += 1;
    const height = parent === undefined ? 0 : parent.height + 1;
    const coinbase = buildTransaction({inputs: [{prevout: {txid: NULL_HASH, vout: 0xffffffff}, scriptSig: concatBytes(encodeScriptNumberPush(height), Uint8Array.of(4, this.#salt & 255, (this.#salt >> 8) & 255, this.#salt >> 16, 1))}], outputs: [{valueSats: BigInt(SUBSIDY_SATS), scriptPubKey: Uint8Array.of(0x51)}]});
    const header = buildHeader({
      version: 0x20000000, previousHash: parent?.block.header.hash ?? NULL_HASH, merkleRoot: merkleRoot([coinbase.txid]).root,
      timeSec: START_SEC + height * 600, bits: SCRIPTED_BITS, nonce: this.#salt,
    });
    return this.add(encodeBlock(header, [coinbase]));
  }

  add(block: Block): TreeBlock {
    const parent = this.blocks.get(hashToDisplayHex(block.header.previousHash));
    const made = {block, height: parent === undefined ? 0 : parent.height + 1, hex: hashToDisplayHex(block.header.hash), parent};
    this.blocks.set(made.hex, made);
    return made;
  }

  chain(length: number, from: TreeBlock = this.genesis): TreeBlock {
    let tip = from;
    for (let index = 0; index < length; index++) tip = this.mine(tip);
    return tip;
  }
}

export type Fault = 'hang' | NodeError;

export interface ScriptedNodeOptions {
  readonly name: string;
  readonly tree: ScriptedTree;
  readonly tip: TreeBlock;
  /** Virtual time. */
  readonly after: (delayMs: number, act: () => void) => () => void;
}

export class ScriptedNode implements NodeRpc, BlockNotices {
  readonly name: string;
  tip: TreeBlock;
  readonly called: string[] = [];
  readonly submitted: string[] = [];
  /** By method, `*` for all. */
  readonly faults = new Map<string, Fault>();
  /** Milliseconds before an answer. */
  readonly delays = new Map<string, number>();
  templateFields: Record<string, unknown> = {};
  isLoadingBlocks = false;
  /** What `submitblock` says in place of judging. */
  submitAnswer: string | undefined;
  hasLongpoll = true;
  readonly known = new Set<string>();
  readonly #options: ScriptedNodeOptions;
  #listeners = new Set<Parameters<BlockNotices['subscribe']>[0]>();
  #longpolls: {readonly id: string; readonly answer: () => void}[] = [];

  constructor(options: ScriptedNodeOptions) {
    this.#options = options;
    this.name = options.name;
    this.tip = options.tip;
    this.#learn(options.tip);
  }

  /** The node's best chain is this one now. `how`: whom it tells. */
  moveTo(tip: TreeBlock, how: {readonly notices?: boolean; readonly longpolls?: boolean} = {}): void {
    this.#learn(tip);
    this.tip = tip;
    if (how.notices === true) for (const listener of this.#listeners) listener.heard(tip.block.header.hash);
    if (how.longpolls === true) for (const {answer} of this.#longpolls.splice(0)) answer();
  }

  subscribe(listener: Parameters<BlockNotices['subscribe']>[0]): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#longpolls = [];
  }

  call(method: string, params: readonly unknown[], options: NodeCallOptions): Promise<unknown> {
    this.called.push(method);
    return new Promise((resolve, reject) => {
      const cancel = this.#options.after(options.timeoutMs, () => reject(new NodeError('node-timeout', `${this.name} did not answer ${method} in time`)));
      options.signal?.addEventListener('abort', () => {
        cancel();
        reject(new NodeError('node-call-aborted', method));
      });
      const fault = this.faults.get(method) ?? this.faults.get('*');
      if (fault === 'hang') return;
      const settle = (): void => {
        cancel();
        if (fault !== undefined) return reject(fault);
        try {
          resolve(this.#answer(method, params));
        } catch (error) {
          reject(error as Error);
        }
      };
      const longpollId = method === 'getblocktemplate' ? (params[0] as {longpollid?: string}).longpollid : undefined;
      if (longpollId === this.#longpollId() && this.hasLongpoll) {
        this.#longpolls.push({id: longpollId, answer: settle});
        return;
      }
      const delayMs = this.delays.get(method) ?? 0;
      if (delayMs === 0) settle();
      else this.#options.after(delayMs, settle);
    });
  }

  #longpollId(): string {
    return `${this.tip.hex}1`;
  }

  #learn(tip: TreeBlock): void {
    for (let each: TreeBlock | undefined = tip; each !== undefined && !this.known.has(each.hex); each = each.parent) this.known.add(each.hex);
  }

  #find(hex: unknown): TreeBlock {
    const found = this.known.has(String(hex)) ? this.#options.tree.blocks.get(String(hex)) : undefined;
    if (found === undefined) throw rpcError(-5, 'Block not found');
    return found;
  }

  #atHeight(height: number): TreeBlock {
    let each: TreeBlock | undefined = this.tip;
    while (each !== undefined && each.height > height) each = each.parent;
    if (each === undefined || each.height !== height) throw rpcError(-8, 'Block height out of range');
    return each;
  }

  #answer(method: string, [first, second]: readonly unknown[]): unknown {
    switch (method) {
      case 'getblockchaininfo':
        return {chain: 'main', blocks: this.tip.height, headers: this.tip.height, bestblockhash: this.tip.hex, chainwork: workHex(this.tip.height), initialblockdownload: this.isLoadingBlocks};
      case 'getnetworkinfo': return {connections: 8, subversion: '/Scripted:1/'};
      case 'getblockhash': return this.#atHeight(Number(first)).hex;
      case 'getblockheader': return this.#header(this.#find(first), second !== false);
      case 'getblock': return bytesToHex(this.#find(first).block.bytes);
      case 'getmempoolinfo': return {size: 3, bytes: 600, usage: 2_000, total_fee: 0.00012345, maxmempool: 300_000_000, mempoolminfee: 0.00001, minrelaytxfee: 0.00001};
      case 'getblocktemplate': return (first as {mode?: string}).mode === 'proposal' ? this.#propose(String((first as {data?: unknown}).data)) : this.#template();
      case 'preciousblock': return null;
      case 'submitblock': return this.#submit(String(first));
      default: throw rpcError(-32601, 'Method not found');
    }
  }

  #header(found: TreeBlock, isDetailed: boolean): unknown {
    if (!isDetailed) return bytesToHex(found.block.bytes.subarray(0, 80));
    return {hash: found.hex, height: found.height, confirmations: this.tip.height - found.height + 1, chainwork: workHex(found.height), mediantime: START_SEC + found.height * 600 - 3_000, nTx: 1};
  }

  #template(): unknown {
    return {
      version: 0x20000000, rules: ['csv', '!segwit', 'taproot'], previousblockhash: this.tip.hex, transactions: [], coinbasevalue: SUBSIDY_SATS + 1_000,
      longpollid: this.#longpollId(), target: TARGET_HEX, mintime: START_SEC + this.tip.height * 600 - 2_999, mutable: ['time', 'transactions', 'prevblock'],
      curtime: START_SEC + this.tip.height * 600 + 60, bits: '207fffff', height: this.tip.height + 1, sigoplimit: 80_000, sizelimit: 4_000_000, weightlimit: 4_000_000,
      default_witness_commitment: bytesToHex(witnessCommitmentScript(witnessCommitment(merkleRoot([NULL_HASH]).root, NULL_HASH))),
      ...this.templateFields,
    };
  }

  /** Looks at the merkle root, the parent and nothing else. */
  #propose(blockHex: string): unknown {
    const decoded = decodeBlock(hexToBytes(blockHex)!);
    if (!decoded.ok) throw rpcError(-22, 'Block decode failed');
    const {header, transactions} = decoded.value;
    if (hashToDisplayHex(header.previousHash) !== this.tip.hex) return 'inconclusive-not-best-prevblk';
    return bytesEqual(header.merkleRoot, merkleRoot(transactions.map(({txid}) => txid)).root) ? null : 'bad-txnmrklroot';
  }

  #submit(blockHex: string): unknown {
    this.submitted.push(blockHex);
    if (this.submitAnswer !== undefined) return this.submitAnswer;
    const decoded = decodeBlock(hexToBytes(blockHex)!);
    if (!decoded.ok) throw rpcError(-22, 'Block decode failed');
    const hex = hashToDisplayHex(decoded.value.header.hash);
    if (this.known.has(hex)) return 'duplicate';
    if (!this.known.has(hashToDisplayHex(decoded.value.header.previousHash))) return 'prev-blk-not-found';
    const added = this.#options.tree.blocks.get(hex) ?? this.#options.tree.add(decoded.value);
    this.known.add(hex);
    if (added.height <= this.tip.height) return 'inconclusive';
    this.moveTo(added);
    return null;
  }
}

export function rpcError(rpcCode: number, text: string): NodeError {
  return new NodeError('node-rpc-error', `${text} (${rpcCode})`, {rpcCode});
}

export function hashOfHex(hex: string): Uint8Array {
  return displayHexToHash(hex)!;
}

function workHex(height: number): string {
  return ((height + 1) * 2).toString(16).padStart(64, '0');
}
