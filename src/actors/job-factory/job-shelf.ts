/**
 * @module Makes jobs from templates and keeps them: each with a coinbase that no other job has, for at least
 * `lifetimeMs` by the clock and never by count (at a fast refresh a count would refuse honest shares).
 */
import {buildCoinbaseHalves} from '../../protocol/mining/coinbase.js';
import type {CoinbaseHalves, CoinbaseOutput} from '../../protocol/mining/coinbase.js';
import type {BlockTemplate} from '../../protocol/mining/block-template.js';
import {merkleBranch} from '../../protocol/mining/merkle-branch.js';
import type {Sats} from '../../protocol/primitives/transaction.js';
import type {PayoutScheme} from '../../protocol/payout/schemes.js';
import {coinbaseOutputs, type CoinbasePayoutRules, type RewardWindow} from '../../protocol/payout/coinbase-payout.js';
import {feeOf} from '../../protocol/payout/split-reward.js';
import type {StratumJob} from '../../protocol/stratum/stratum-job.js';

export interface JobShelfOptions {
  readonly scheme: PayoutScheme;
  /** Where the pool is paid: the fee and the donation under SOLO, everything under other schemes. */
  readonly poolScript: Uint8Array;
  readonly feePpm: number;
  /** Kept back with the fee; the accounting says whose it is. */
  readonly donationPpm?: number;
  readonly tag: Uint8Array;
  /** Extranonce1 and extranonce2 together, bytes. */
  readonly extranonceSize: number;
  readonly lifetimeMs: number;
  /** A number that no other job of this process has: sessions make forms of their own from the same series. */
  readonly nextJobKey: () => number;
  /** undefined when the text is no address of this chain. */
  readonly scriptOfAccount: (account: string) => Uint8Array | undefined;
  /** PPLNS: miners are paid in the coinbase as far as these rules go. Absent: all goes to the pool. */
  readonly coinbasePayout?: CoinbasePayoutRules;
}

/** Accounts per job whose coinbase is kept; one more is built again when asked. Bounds memory, not the miners. */
const ACCOUNT_JOBS_MAX = 4_096;

interface ShelvedJob {
  readonly job: StratumJob;
  readonly jobBytes: Uint8Array;
  readonly byAccount: Map<string, StratumJob>;
}

export class JobShelf {
  readonly #options: JobShelfOptions;
  /** Sets the jobs of this run apart from those of an earlier one on the same template. */
  readonly #runSec: number;
  readonly #jobs = new Map<number, ShelvedJob>();
  #current: StratumJob | undefined;

  constructor(options: JobShelfOptions, startedAtSec: number) {
    this.#options = options;
    this.#runSec = startedAtSec;
  }

  get current(): StratumJob | undefined {
    return this.#current;
  }

  get size(): number {
    return this.#jobs.size;
  }

  /** The next job is clean whatever it builds on. Kept jobs stay. */
  rest(): void {
    this.#current = undefined;
  }

  add(template: BlockTemplate, facts: {readonly cleanJobs: boolean; readonly nowMs: number; readonly window?: RewardWindow | undefined}): StratumJob {
    const jobKey = this.#options.nextJobKey();
    const jobBytes = new Uint8Array(8);
    const view = new DataView(jobBytes.buffer);
    view.setUint32(0, this.#runSec);
    view.setUint32(4, jobKey);
    const job: StratumJob = {
      jobId: jobKey.toString(16),
      jobKey,
      template,
      ...this.#halves(template, jobBytes, this.#sharedOutputs(template, facts.window)),
      branch: merkleBranch(template.transactions.map((transaction) => transaction.txid)),
      createdAtMs: facts.nowMs,
      cleanJobs: facts.cleanJobs,
    };
    this.#jobs.set(jobKey, {job, jobBytes, byAccount: new Map()});
    this.#current = job;
    this.#expire(facts.nowMs);
    return job;
  }

  forAccount(jobKey: number, account: string): StratumJob | undefined {
    const shelved = this.#jobs.get(jobKey);
    if (shelved === undefined || this.#options.scheme !== 'SOLO') return shelved?.job;
    const known = shelved.byAccount.get(account);
    if (known !== undefined) return known;
    const script = this.#options.scriptOfAccount(account);
    if (script === undefined) return undefined;
    const {job, jobBytes} = shelved;
    const {coinbaseValueSats} = job.template;
    const keptSats = feeOf(coinbaseValueSats, this.#options.feePpm) + feeOf(coinbaseValueSats, this.#options.donationPpm ?? 0);
    const outputs = [{valueSats: coinbaseValueSats - keptSats, scriptPubKey: script}];
    if (keptSats > 0n) outputs.push({valueSats: keptSats, scriptPubKey: this.#options.poolScript});
    const own: StratumJob = {...job, jobKey: this.#options.nextJobKey(), ...this.#halves(job.template, jobBytes, outputs)};
    if (shelved.byAccount.size >= ACCOUNT_JOBS_MAX) shelved.byAccount.clear();
    shelved.byAccount.set(account, own);
    return own;
  }

  #sharedOutputs({coinbaseValueSats}: BlockTemplate, window: RewardWindow | undefined): readonly CoinbaseOutput[] {
    const {coinbasePayout, poolScript, scriptOfAccount} = this.#options;
    if (coinbasePayout === undefined) return [{valueSats: coinbaseValueSats, scriptPubKey: poolScript}];
    return coinbaseOutputs({rewardSats: coinbaseValueSats, poolScript}, window, {rules: coinbasePayout, scriptOf: scriptOfAccount});
  }

  #halves(template: BlockTemplate, jobBytes: Uint8Array, outputs: readonly {readonly valueSats: Sats; readonly scriptPubKey: Uint8Array}[]): CoinbaseHalves {
    return buildCoinbaseHalves({
      height: template.height, jobBytes, extranonceSize: this.#options.extranonceSize, tag: this.#options.tag, outputs,
      witnessCommitment: template.witnessCommitment,
    });
  }

  #expire(nowMs: number): void {
    for (const [key, {job}] of this.#jobs) {
      if (job === this.#current || nowMs - job.createdAtMs <= this.#options.lifetimeMs) return;
      this.#jobs.delete(key);
    }
  }
}
