/** A real pool with a wallet, miners that find blocks through Stratum, and what the chain, the books and the wallet say. */
import * as assert from 'uvu/assert';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {encodeAddress} from '../../src/protocol/address/address.js';
import {REGTEST} from '../../src/protocol/chain/presets.js';
import {accountOfEntropy} from '../../src/protocol/wallet/account-keys.js';
import {formatWalletFile, newWalletFile} from '../../src/protocol/wallet/wallet-file.js';
import {runPithead, startPithead} from './pithead-process.js';
import type {PitheadProcess} from './pithead-process.js';
import {StratumClient, targetOfBits} from './stratum-client.js';

const PASSPHRASE = 'four words for tests';
const REGTEST_TARGET = targetOfBits(0x207fffff);
const WALLET = accountOfEntropy(new Uint8Array(32).fill(21), REGTEST.address);
const MINERS = accountOfEntropy(new Uint8Array(32).fill(22), REGTEST.address);

const BLOCK_PAUSE_MS = 250;

export function minerAccount(index: number): string {
  return encodeAddress(MINERS.script(0, index).scriptPubKey, REGTEST.address)!;
}

/** Where nobody's account earns. */
export const NOBODY = encodeAddress(MINERS.script(1, 0).scriptPubKey, REGTEST.address)!;

/** Always the same wallet, sealed cheaply: what a good cost takes is seconds of each start, and proves nothing here. */
export function writeTestWallet(folder: string): {readonly walletFile: string; readonly passphraseFile: string} {
  const [walletFile, passphraseFile] = [join(folder, 'wallet.json'), join(folder, 'passphrase')];
  writeFileSync(passphraseFile, `${PASSPHRASE}\n`, {mode: 0o600});
  const file = newWalletFile(WALLET, {chain: 'regtest', birthdaySec: 0}, {
    entropy: new Uint8Array(32).fill(21), passphrase: PASSPHRASE, salt: new Uint8Array(16).fill(1), nonce: new Uint8Array(24).fill(2), cost: {logN: 10, r: 8, p: 1},
  });
  writeFileSync(walletFile, formatWalletFile(file));
  return {walletFile, passphraseFile};
}

export interface PayoutRow {
  readonly id: number;
  readonly kind: string;
  readonly state: string;
  readonly txid: string;
  readonly paidSats: string;
  readonly feeSats: string;
  readonly payeeCount: number;
  readonly problem: string | null;
}

export interface Books {
  readonly ok: boolean;
  readonly ledger: Readonly<Record<string, string>>;
  readonly accounts: readonly {readonly account: string; readonly payableSats: string; readonly payingSats: string}[];
}

/** A node elsewhere. */
export interface PayoutNode {
  /** As `pool.upstream` wants it. */
  readonly settings: Readonly<Record<string, string>>;
  rpc<T>(method: string, ...params: readonly unknown[]): Promise<T>;
  generate(count: number, address: string): Promise<void>;
}

export class PayoutPool {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'pithead-payouts-'));
  readonly walletFile = join(this.dataDir, 'wallet.json');
  readonly passphraseFile = join(this.dataDir, 'passphrase');
  readonly #flags: readonly string[];
  readonly #node: PayoutNode | undefined;
  process: PitheadProcess | undefined;

  /**
   * @param flags - further settings, as `--set key=value`.
   * @param node - the pool has no chain of its own and mines on this one.
   */
  constructor(flags: readonly string[] = [], node?: PayoutNode) {
    this.#flags = flags;
    this.#node = node;
    writeTestWallet(this.dataDir);
  }

  async start(flags: readonly string[] = []): Promise<PitheadProcess> {
    this.process = await startPithead({dataDir: this.dataDir, flags: [
      ...(this.#node === undefined ? ['--role', 'full', '--role', 'mining-pool', '--role', 'explorer'] : ['--role', 'mining-pool', '--set', `pool.upstream=${JSON.stringify([this.#node.settings])}`]),
      '--set', `wallet.file=${this.walletFile}`, '--set', `wallet.passphraseFile=${this.passphraseFile}`,
      '--set', 'payouts.intervalSec=1', '--set', 'payouts.confirmations=2', '--set', 'workers.threads=0', ...this.#flags, ...flags,
    ]});
    return this.process;
  }

  /** Of the node, in this process or elsewhere. */
  rpc<T>(method: string, ...params: readonly unknown[]): Promise<T> {
    return this.#node === undefined ? this.process!.rpc<T>(method, ...params) : this.#node.rpc<T>(method, ...params);
  }

  async stop(): Promise<void> {
    await this.process?.stop();
  }

  async dispose(): Promise<void> {
    await this.process?.dispose();
    rmSync(this.dataDir, {recursive: true, force: true});
  }

  /** A block through Stratum: its reward is split by the pool's scheme. */
  async findBlock(account: string): Promise<void> {
    const {endpoints} = this.process!;
    const height = await this.rpc<number>('getblockcount');
    const miner = await StratumClient.connect(Number(endpoints.stratum!.split(':')[1]));
    try {
      await miner.start(`${account}.rig`);
      const reply = await miner.submit(`${account}.rig`, miner.mine({atMost: REGTEST_TARGET}));
      if (reply.result !== true) throw new Error(`the block was answered ${JSON.stringify(reply)}`);
    } finally {
      miner.end();
    }
    await eventually(async () => await this.rpc<number>('getblockcount') > height, 'the block');
  }

  /** @param branch - another makes other blocks: one that was invalidated is not found again. */
  async generate(count: number, branch = 0): Promise<void> {
    const address = encodeAddress(MINERS.script(1, branch).scriptPubKey, REGTEST.address)!;
    if (this.#node === undefined) await this.process!.rpc('generatetoaddress', count, address);
    else await this.#node.generate(count, address);
  }

  /** Blocks, one after another, until it holds: templates take a transaction some seconds after it came. */
  async generateUntil(condition: () => Promise<boolean>, what: string, branch = 0): Promise<void> {
    await eventually(async () => {
      if (await condition()) return true;
      await this.generate(1, branch);
      await sleep(BLOCK_PAUSE_MS);
      return condition();
    }, what);
  }

  async payouts(): Promise<readonly PayoutRow[]> {
    const {code, stdout, stderr} = await runPithead(['wallet', 'list', '--data', this.dataDir, '--json', '--config', this.configFile()]);
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as PayoutRow[];
  }

  /** Over HTTP, newest first: cheap enough to ask again and again. */
  async liveStates(): Promise<readonly {readonly id: number; readonly state: string; readonly confirmations: number; readonly payees: readonly {readonly account: string}[]}[]> {
    const answer = await fetch(`${this.process!.endpoints.http}/api/v1/payouts`);
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    return ((await answer.json()) as {items: {id: number; state: string; confirmations: number; payees: {account: string}[]}[]}).items;
  }

  async audit(): Promise<Books> {
    const {stdout, stderr} = await runPithead(['audit', '--data', this.dataDir, '--accounts', '--json']);
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as Books;
  }

  async walletTotals(): Promise<Readonly<Record<string, string | number>>> {
    const {stdout, stderr} = await runPithead(['wallet', 'balance', '--data', this.dataDir, '--json', '--config', this.configFile()]);
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as Record<string, string | number>;
  }

  /** What the active chain pays to an address, coinbases left out unless they are wanted; satoshis. */
  async received(addresses: readonly string[], {withCoinbases = false} = {}): Promise<ReadonlyMap<string, bigint>> {
    const sums = new Map<string, bigint>(addresses.map((address) => [address, 0n]));
    const rpc = <T>(method: string, ...params: readonly unknown[]): Promise<T> => this.rpc<T>(method, ...params);
    const tip = await rpc<number>('getblockcount');
    for (let height = 1; height <= tip; height += 1) {
      const hash = await rpc<string>('getblockhash', height);
      const summary = await rpc<{nTx: number}>('getblock', hash, 1);
      if (summary.nTx < 2 && !withCoinbases) continue;
      const {tx} = await rpc<{tx: {vout: {value: number; scriptPubKey: {address?: string}}[]}[]}>('getblock', hash, 2);
      for (const {vout} of tx.slice(withCoinbases ? 0 : 1)) {
        for (const {value, scriptPubKey: {address}} of vout) if (address !== undefined && sums.has(address)) sums.set(address, sums.get(address)! + BigInt(Math.round(value * 1e8)));
      }
    }
    return sums;
  }

  configFile(): string {
    const path = join(this.dataDir, 'chain.toml');
    writeFileSync(path, 'chain = "regtest"\n');
    return path;
  }
}

/** Asks again until it holds. @throws after half a minute. */
export async function eventually(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const startedMs = performance.now();
  while (!await condition()) {
    if (performance.now() - startedMs > 30_000) throw new Error(`${what} never came`);
    await sleep(50);
  }
}

export async function withPool(flags: readonly string[], use: (pool: PayoutPool) => Promise<void>): Promise<void> {
  const pool = new PayoutPool(flags);
  try {
    await use(pool);
  } finally {
    await pool.dispose();
  }
}

/** The books after a stop, when nothing is under way: the ledger's wallet is the wallet. */
export async function assertBooks(pool: PayoutPool): Promise<void> {
  const books = await pool.audit();
  assert.ok(books.ok, JSON.stringify(books));
  const wallet = await pool.walletTotals();
  assert.is(books.ledger['sumSats'], '0');
  assert.is(books.ledger['payingSats'], '0');
  assert.is(books.ledger['walletInFlightSats'], '0');
  assert.is(BigInt(books.ledger['walletAvailableSats']!), BigInt(wallet['spendableSats']!) + BigInt(wallet['lockedSats']!));
}
