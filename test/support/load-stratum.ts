/**
 * @module Load on a mining pool over its Stratum port: miners that submit shares without pause, leave and come back. Keeps
 * every share that was answered `true` and every extranonce1 that was handed out, and looks for them in the share log of a
 * pool that was killed.
 */
import {setImmediate as nextTurn, setTimeout as sleep} from 'node:timers/promises';
import {encodeAddress} from '../../src/protocol/address/address.js';
import {bytesToHex, hashToDisplayHex} from '../../src/protocol/bytes/hex.js';
import {CHAIN_SPECS} from '../../src/protocol/chain/presets.js';
import type {ChainName} from '../../src/protocol/chain/chain-spec.js';
import type {SeededRandom} from '../../src/runtime/seeded-random.js';
import {createAccountingStore} from '../../src/storage/accounting-store.js';
import {createCandidateStore} from '../../src/storage/candidate-store.js';
import {accountingDatabase} from '../../src/storage/accounting-folder.js';
import {openDatabase, type Database} from '../../src/storage/open-database.js';
import {StorageError} from '../../src/storage/storage-error.js';
import type {CrashLoad} from './crash-campaign.js';
import type {ServingNode} from './crash-child.js';
import {aKey} from './mined-chain.js';
import {StratumClient, targetOfBits, type MinedShare} from './stratum-client.js';

/** All miners together are one client process: more would only wait for each other. */
const MINERS = 4;
const IN_FLIGHT_MAX = 6;
const SHARES_PER_PAGE = 20_000;
/** Stratum error 22: this very share was there before. Ours never are. */
const DUPLICATE = 22;
/** 20 is "other": nothing that an honest miner does. */
const OTHER = 20;

interface AcknowledgedShare {
  /** Internal byte order, as the log has it. */
  readonly hash: string;
  readonly isBlock: boolean;
}

export class StratumLoad implements CrashLoad {
  readonly name = 'stratum';
  /** By Stratum error code; 0 is accepted. */
  readonly answers = new Map<number, number>();
  readonly #random: SeededRandom;
  readonly #chain: ChainName;
  readonly #acknowledged: AcknowledgedShare[] = [];
  readonly #extranonces = new Set<string>();
  readonly #problems: string[] = [];
  #blockCount = 0;
  #isStopped = true;
  #running: Promise<unknown> = Promise.resolve();

  constructor(random: SeededRandom, chain: ChainName) {
    this.#random = random;
    this.#chain = chain;
  }

  get acknowledgedCount(): number {
    return this.#acknowledged.length;
  }

  get blockCount(): number {
    return this.#blockCount;
  }

  get extranonceCount(): number {
    return this.#extranonces.size;
  }

  start(node: ServingNode): void {
    this.#isStopped = false;
    const at = node.endpoints.stratum!.lastIndexOf(':');
    const port = Number(node.endpoints.stratum!.slice(at + 1));
    this.#running = Promise.all(Array.from({length: MINERS}, (_, index) => this.#mineAs(index, port)));
  }

  async settle(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  /** For the test of the check itself. */
  claimAcknowledged(hash: string): void {
    this.#acknowledged.push({hash, isBlock: false});
  }

  claimExtranonce(extranonce1: string): void {
    this.#noteExtranonce(extranonce1);
  }

  async missingOnDisk(dataDir: string): Promise<readonly string[]> {
    const problems = this.#problems.splice(0);
    let database: Database;
    try {
      database = openDatabase({...accountingDatabase(dataDir, this.#chain), readOnly: true});
    } catch (error) {
      // Killed before the pool had a database: then it has promised nothing.
      if (error instanceof StorageError && error.code === 'database-missing' && this.#acknowledged.length === 0) return problems;
      throw error;
    }
    try {
      const store = createAccountingStore(database);
      const logged = new Set<string>();
      const last = store.lastShareSeq();
      for (let seq = 1; seq <= last;) {
        const page = store.sharesFrom(seq, SHARES_PER_PAGE);
        if (page.length === 0) problems.push(`the share log ends before ${seq}, its last number is ${last}`);
        for (const share of page) {
          const hash = bytesToHex(share.hash);
          if (share.seq !== seq) problems.push(`share ${share.seq} stands where ${seq} is expected`);
          if (logged.has(hash)) problems.push(`share ${share.seq} (${hash}) is in the log twice`);
          logged.add(hash);
          seq = share.seq + 1;
        }
        if (page.length === 0) break;
      }
      // A solved block waits among the candidates until the accounting has it.
      const blocks = new Set([...store.found.all(), ...createCandidateStore(database).pending()].map(({hash}) => bytesToHex(hash)));
      for (const {hash, isBlock} of this.#acknowledged) {
        if (!logged.has(hash)) problems.push(`acknowledged share ${hash} is not in the log of ${last}`);
        if (isBlock && !blocks.has(hash)) problems.push(`the acknowledged share ${hash} solved a block, and no found block says so`);
      }
    } finally {
      await database.close();
    }
    return problems;
  }

  async missing(node: ServingNode): Promise<readonly string[]> {
    const problems: string[] = [];
    const blocks = this.#acknowledged.filter(({isBlock}) => isBlock);
    for (let at = 0; at < blocks.length; at += 100) {
      const part = blocks.slice(at, at + 100).map(({hash}) => hashToDisplayHex(Buffer.from(hash, 'hex')));
      const answers = await node.rpc.batch(part.map((id) => ({method: 'getblock', params: [id, 0]})));
      for (const [index, answer] of (answers ?? []).entries()) if (answer.error !== null) problems.push(`the block ${part[index]} of an acknowledged share is missing: ${answer.error.message}`);
    }
    return problems;
  }

  /** One miner: connects, mines, sometimes leaves, until the pool is gone. */
  async #mineAs(index: number, port: number): Promise<void> {
    const address = encodeAddress(aKey(`crash miner ${index % 3}`).scriptPubKey, CHAIN_SPECS[this.#chain].address);
    while (!this.#isStopped) {
      let client: StratumClient | undefined;
      try {
        client = await StratumClient.connect(port);
        await client.start(`${address}.rig${index}`);
        this.#noteExtranonce(client.extranonce1);
        await this.#mineOn(client, `${address}.rig${index}`, 20 + this.#random.below(200));
      } catch {
        // The pool has gone, or is going.
      }
      client?.end();
      if (!this.#isStopped) await sleep(20);
    }
  }

  async #mineOn(client: StratumClient, userName: string, shareCount: number): Promise<void> {
    const inFlight = new Set<Promise<void>>();
    for (let i = 0; i < shareCount && !this.#isStopped && !client.isClosed; i++) {
      const {job} = client;
      const share = client.mine();
      const isBlock = share.hashValue <= targetOfBits(Number.parseInt(job!.bits, 16));
      const submission = this.#submit(client, {userName, share, isBlock}).finally(() => inFlight.delete(submission));
      inFlight.add(submission);
      if (inFlight.size >= IN_FLIGHT_MAX) await Promise.race(inFlight);
      await nextTurn();
    }
    await Promise.all(inFlight);
  }

  async #submit(client: StratumClient, {userName, share, isBlock}: {userName: string; share: MinedShare; isBlock: boolean}): Promise<void> {
    try {
      const reply = await client.submit(userName, share);
      const code = reply.error === null ? 0 : reply.error[0];
      this.#count(code);
      if (reply.result === true) {
        this.#acknowledged.push({hash: hexOfHash(share.hashValue), isBlock});
        if (isBlock) this.#blockCount += 1;
      } else if (code === DUPLICATE || code === OTHER) {
        this.#problems.push(`an honest share was answered ${JSON.stringify(reply.error)}`);
      }
    } catch {
      // Not answered: no promise was made.
    }
  }

  #count(code: number): void {
    this.answers.set(code, (this.answers.get(code) ?? 0) + 1);
  }

  #noteExtranonce(extranonce1: string): void {
    if (this.#extranonces.has(extranonce1)) this.#problems.push(`extranonce1 ${extranonce1} was handed out twice`);
    this.#extranonces.add(extranonce1);
  }
}

/** Little-endian bytes of the hash's value: the order in which it was computed. */
function hexOfHash(value: bigint): string {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse().toString('hex');
}
