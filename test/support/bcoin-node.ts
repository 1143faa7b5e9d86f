/**
 * @module An independent Bitcoin node (bcoin 1.0.2, in memory, regtest) behind the few calls that the tests need.
 * It shares no code with Pithead: where the two disagree about a block, one of them is wrong about Bitcoin.
 *
 * bcoin activates BIP 9 deployments by signalling: witness rules bind from height 432, when its own miner made the
 * blocks before. Until then blocks must carry no witness data but the coinbase's.
 */
import {createRequire} from 'node:module';
import {existsSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

const FIXTURE = fileURLToPath(new URL('../../../test/interop/bcoin/', import.meta.url));

/** First height at which bcoin's regtest enforces segregated witness when all blocks before signalled it. */
export const BCOIN_SEGWIT_HEIGHT = 432;

interface BcoinBlock {
  toRaw(): Buffer;
  rhash(): string;
}

interface BcoinFullNode {
  open(): Promise<void>;
  close(): Promise<void>;
  readonly http: {open(): Promise<void>; close(): Promise<void>; address(): {readonly port: number}};
  readonly chain: {
    readonly height: number;
    readonly tip: {rhash(): string};
    /** `state` is private in spirit: bcoin keeps running totals of its coin set here. */
    readonly db: {readonly state: {readonly coin: number; readonly value: number; readonly tx: number}};
    add(block: BcoinBlock): Promise<unknown>;
    getBlock(height: number): Promise<BcoinBlock | null>;
  };
  readonly miner: {
    mineBlock(tip?: unknown, address?: unknown): Promise<BcoinBlock>;
    addAddress(address: string): void;
  };
  readonly mempool: {addTX(tx: unknown): Promise<unknown>};
}

export interface BcoinNode {
  height(): number;
  /** Display order. */
  tipHash(): string;
  /** Adds a serialised block; resolves to true when it joined a chain. Rejects with bcoin's own reason when it is invalid. */
  addBlock(blockHex: string): Promise<boolean>;
  blockHex(height: number): Promise<string>;
  /** Mines `count` blocks on its tip, to `address` when given; resolves to their serialisations. */
  mine(count: number, address?: string): Promise<string[]>;
  addTransaction(txHex: string): Promise<void>;
  /** Where its JSON-RPC listens; only with `rpcPassword`. */
  readonly rpcPort: number | undefined;
  coinTotals(): {readonly coinCount: number; readonly totalSats: number};
  close(): Promise<void>;
}

export interface BcoinOptions {
  /** BIP 34, 65 and 66 from block 1, as Bitcoin Core's regtest has them today; bcoin knows the heights of 2018. */
  readonly hasBuriedForks?: boolean;
  /** Votes about BIP 9 deployments take three blocks, not 144: witness rules bind from block 9 that its own miner made. */
  readonly hasShortVotes?: boolean;
  /** Serves bcoin's own JSON-RPC on a free port of 127.0.0.1, for any user with this password. */
  readonly rpcPassword?: string;
}

export async function startBcoin(options: BcoinOptions = {}): Promise<BcoinNode> {
  if (!existsSync(`${FIXTURE}node_modules/bcoin`)) {
    throw new Error('bcoin is not installed: run `node scripts/install-fixtures.mjs` (npm test does it)');
  }
  process.env.NODE_BACKEND = 'js'; // Its native addons were not built.
  const require = createRequire(`${FIXTURE}package.json`);
  const {FullNode, Block, TX, Network} = require('bcoin') as {
    Network: {get(name: string): {minerWindow: number; activationThreshold: number; readonly block: {bip34height: number; bip65height: number; bip66height: number}}};
    FullNode: new (options: object) => BcoinFullNode;
    Block: {fromRaw(hex: string, encoding: 'hex'): BcoinBlock};
    TX: {fromRaw(hex: string, encoding: 'hex'): unknown};
  };
  if (options.hasBuriedForks === true) Object.assign(Network.get('regtest').block, {bip34height: 1, bip65height: 1, bip66height: 1});
  if (options.hasShortVotes === true) Object.assign(Network.get('regtest'), {minerWindow: 3, activationThreshold: 2});
  const node = new FullNode({network: 'regtest', memory: true, listen: false, workers: false, 'log-level': 'none', 'log-console': false, 'http-host': '127.0.0.1', 'http-port': 0, 'api-key': options.rpcPassword ?? ''});
  if (options.rpcPassword === undefined) {
    node.http.open = () => Promise.resolve();
    node.http.close = () => Promise.resolve();
  }
  await node.open();
  return {
    rpcPort: options.rpcPassword === undefined ? undefined : node.http.address().port,
    height: () => node.chain.height,
    tipHash: () => node.chain.tip.rhash(),
    addBlock: async (blockHex) => Boolean(await node.chain.add(Block.fromRaw(blockHex, 'hex'))),
    blockHex: async (height) => {
      const block = await node.chain.getBlock(height);
      if (block === null) throw new Error(`bcoin has no block at height ${height}`);
      return block.toRaw().toString('hex');
    },
    mine: async (count, address) => {
      if (address !== undefined) node.miner.addAddress(address);
      const mined: string[] = [];
      for (let index = 0; index < count; index++) {
        const block = await node.miner.mineBlock();
        if (!await node.chain.add(block)) throw new Error('bcoin refused its own block');
        mined.push(block.toRaw().toString('hex'));
      }
      return mined;
    },
    addTransaction: async (txHex) => {
      await node.mempool.addTX(TX.fromRaw(txHex, 'hex'));
    },
    coinTotals: () => ({coinCount: node.chain.db.state.coin, totalSats: node.chain.db.state.value}),
    close: () => node.close(),
  };
}
