/**
 * @module Load on a pool that pays: blocks found through Stratum, maturing one by one, paid each second, in a pool that is
 * killed. A promise is a payout that the network took; what must hold of all of them is in `payout-books.ts`.
 */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import type {SeededRandom} from '../../src/runtime/seeded-random.js';
import {StorageError} from '../../src/storage/storage-error.js';
import type {CrashLoad} from './crash-campaign.js';
import type {ServingNode} from './crash-child.js';
import {brokenPromises, readBooks, unpaidOrPaidTwice, unresolvedCount} from './payout-books.js';
import {minerAccount, NOBODY, writeTestWallet} from './payout-pool.js';
import {StratumClient, targetOfBits} from './stratum-client.js';

const ACCOUNTS = [0, 1, 2].map(minerAccount);
const REGTEST_TARGET = targetOfBits(0x207fffff);
const FIRST_BLOCKS = 12;
/** One less than the first reward needs to mature. */
const FIRST_DEPTH = 87;
const FINISH_MS_MAX = 60_000;

/** Flags of a pool with a wallet, which lies in a folder of its own: that of the campaign is made later, and removed. */
export function payingFlags(): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'pithead-wallet-'));
  process.once('exit', () => rmSync(folder, {recursive: true, force: true}));
  const {walletFile, passphraseFile} = writeTestWallet(folder);
  writeFileSync(join(folder, 'README'), 'of a crash campaign; removed with its process\n');
  return [
    '--role', 'full', '--role', 'mining-pool', '--set', `wallet.file=${walletFile}`, '--set', `wallet.passphraseFile=${passphraseFile}`,
    '--set', 'payouts.intervalSec=1', '--set', 'payouts.confirmations=2', '--set', 'payouts.thresholdSats=100000', '--set', 'consolidation.coinsAbove=3', '--set', 'consolidation.intervalSec=1',
    '--set', 'pool.pplnsWindow=0.5',
  ];
}

export class PayoutLoad implements CrashLoad {
  readonly name = 'payouts';
  readonly #random: SeededRandom;
  readonly #sent = new Set<string>();
  #isStopped = true;
  #running: Promise<unknown> = Promise.resolve();

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  get acknowledgedCount(): number {
    return this.#sent.size;
  }

  async prime(node: ServingNode): Promise<void> {
    for (let i = 0; i < FIRST_BLOCKS; i += 1) await this.#findBlock(node, i);
    await node.rpc.result('generatetoaddress', FIRST_DEPTH, NOBODY);
  }

  start(node: ServingNode): void {
    this.#isStopped = false;
    this.#running = this.#work(node);
  }

  async settle(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async missingOnDisk(dataDir: string): Promise<readonly string[]> {
    try {
      return brokenPromises(await readBooks(dataDir));
    } catch (error) {
      // Killed in its first start: there is nothing yet.
      if (error instanceof StorageError && error.code === 'database-missing') return [];
      throw error;
    }
  }

  /** Everything that is under way is brought to its end: a payout that was forgotten would never get there. */
  async missing(node: ServingNode): Promise<readonly string[]> {
    const startedMs = performance.now();
    while (unresolvedCount(await readBooks(node.dataDir)) > 0) {
      if (performance.now() - startedMs > FINISH_MS_MAX) return ['a payout does not come to its end'];
      await node.rpc.result('generatetoaddress', 1, NOBODY);
      await sleep(200);
    }
    const {dataDir, rpc} = node;
    const problems = await unpaidOrPaidTwice({dataDir, rpc: (method, ...params) => rpc.result(method, ...params)}, ACCOUNTS);
    const {records} = await readBooks(dataDir);
    const known = new Set(records.flatMap(({attempts}) => attempts.map(({txid}) => Buffer.from(txid).reverse().toString('hex'))));
    for (const txid of this.#sent) if (!known.has(txid)) problems.push(`${txid} was sent and is in no record`);
    return problems;
  }

  async #work(node: ServingNode): Promise<void> {
    while (!this.#isStopped) {
      const answer = await node.rpc.call('generatetoaddress', 1, NOBODY);
      if (answer === undefined) return;
      if (this.#random.below(3) === 0) await this.#findBlock(node, this.#random.below(ACCOUNTS.length)).catch(() => undefined);
      const waiting = await node.rpc.call('getrawmempool');
      for (const txid of (waiting?.result ?? []) as string[]) this.#sent.add(txid);
      await sleep(20 + this.#random.below(80));
    }
  }

  async #findBlock(node: ServingNode, index: number): Promise<void> {
    const account = ACCOUNTS[index % ACCOUNTS.length]!;
    const miner = await StratumClient.connect(Number(node.endpoints.stratum!.split(':')[1]));
    try {
      await miner.start(`${account}.rig`);
      await miner.submit(`${account}.rig`, miner.mine({atMost: REGTEST_TARGET}));
    } finally {
      miner.end();
    }
  }
}
