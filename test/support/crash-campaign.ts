/**
 * @module A campaign of `kill -9`: start on the same data folder, load, kill at a drawn moment, `pithead verify`, start again,
 * compare with what was acknowledged. Each kill is one check. The plan comes from one seed; the exact instant within the
 * program cannot, because the machine has its own clock.
 */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {SeededRandom} from '../../src/runtime/seeded-random.js';
import {CrashChild, type ExitFacts, type ServingNode} from './crash-child.js';
import {runPithead} from './pithead-process.js';

/** What is done to a node, and what it promised meanwhile. */
export interface CrashLoad {
  readonly name: string;
  /** Promises that the node made so far. */
  readonly acknowledgedCount: number;
  /** Once, on the first start, which nobody kills. */
  prime?(node: ServingNode): Promise<void>;
  /** Works in the background until the node is gone or `settle` is called. Never throws. */
  start(node: ServingNode): void;
  /** Resolves when nothing of this load is under way any more. */
  settle(): Promise<void>;
  /** With the node stopped: what a look at its files shows to be wrong. */
  missingOnDisk?(dataDir: string): Promise<readonly string[]>;
  /** With the node running again: promises that were not kept, in words. */
  missing?(node: ServingNode): Promise<readonly string[]>;
}

export interface CampaignOptions {
  readonly seed: number;
  readonly kills: number;
  /** Of these kills, so many hit the very first start in an empty folder. */
  readonly killsFromNothing?: number;
  readonly chain: 'regtest' | 'devnet';
  readonly flags?: readonly string[];
  /** The longest time under load before the kill. */
  readonly loadMsMax: number;
  readonly loads: (random: SeededRandom) => readonly CrashLoad[];
  readonly onKill?: (report: KillReport) => void;
}

/** When the process was killed: while it started, for the first time or again, while it served, or while it stopped on SIGTERM. */
export type KillMoment = 'first start' | 'starting' | 'serving' | 'stopping';

export interface KillReport {
  readonly number: number;
  readonly moment: KillMoment;
  /** Since the spawn, since it served or made its first promise, or since SIGTERM. */
  readonly afterMs: number;
  readonly acknowledged: number;
  /** Empty: this kill did no harm. */
  readonly problems: readonly string[];
}

export interface CampaignReport {
  readonly kills: readonly KillReport[];
  readonly acknowledged: number;
  /** Where the data lies when a problem was found; removed otherwise. */
  readonly keptDataDir: string | undefined;
}

const KILL_AFTER_MS_MIN = 20;
/** A stop on SIGTERM takes about this long under load. */
const STOPPING_MS_MAX = 300;
const START_MS_GUESS = 700;
const FIRST_PROMISE_MS_MAX = 10_000;
/** In turn, so that a short campaign meets all three. */
const MOMENTS: readonly KillMoment[] = ['serving', 'serving', 'starting', 'serving', 'stopping', 'serving', 'serving', 'serving'];

export async function runCrashCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const dataDir = mkdtempSync(join(tmpdir(), 'pithead-crash-'));
  const campaign = new Campaign(options, dataDir);
  const kills = await campaign.run();
  const isClean = kills.every(({problems}) => problems.length === 0);
  if (isClean) rmSync(dataDir, {recursive: true, force: true});
  return {kills, acknowledged: campaign.acknowledged, keptDataDir: isClean ? undefined : dataDir};
}

interface PlannedKill {
  readonly moment: KillMoment;
  readonly afterMs: number;
  /** Counted from the first promise of this life, so that a slow machine is under load too; else from when it serves. */
  readonly isAfterPromise: boolean;
}

class Campaign {
  readonly #options: CampaignOptions;
  readonly #dataDir: string;
  readonly #random: SeededRandom;
  readonly #loads: readonly CrashLoad[];
  #startMs = START_MS_GUESS;

  constructor(options: CampaignOptions, dataDir: string) {
    this.#options = options;
    this.#dataDir = dataDir;
    this.#random = new SeededRandom(options.seed);
    this.#loads = options.loads(this.#random);
  }

  get acknowledged(): number {
    return this.#loads.reduce((sum, load) => sum + load.acknowledgedCount, 0);
  }

  async run(): Promise<readonly KillReport[]> {
    const kills: KillReport[] = [];
    const {kills: count, killsFromNothing = 0, onKill} = this.#options;
    for (let number = 1; number <= count; number++) {
      if (number === killsFromNothing + 1) await this.#prime();
      const planned = number <= killsFromNothing ? {moment: 'first start' as const, afterMs: this.#random.below(Math.round(this.#startMs)), isAfterPromise: false} : this.#plan(number);
      const problems = await this.#kill(planned);
      problems.push(...await this.#examineFiles(planned.moment));
      // A start that was killed shows nothing over RPC: the start after the last kill is looked at before that kill is reported.
      if (number === count) problems.push(...await this.#finish());
      const {moment, afterMs} = planned;
      const report = {number, moment, afterMs, acknowledged: this.acknowledged, problems};
      kills.push(report);
      onKill?.(report);
    }
    return kills;
  }

  #plan(number: number): PlannedKill {
    const moment = MOMENTS[number % MOMENTS.length]!;
    const isAfterPromise = number % 3 !== 0;
    if (moment === 'starting') return {moment, isAfterPromise, afterMs: this.#random.below(Math.round(this.#startMs))};
    if (moment === 'stopping') return {moment, isAfterPromise, afterMs: this.#random.below(STOPPING_MS_MAX)};
    return {moment: 'serving', isAfterPromise, afterMs: KILL_AFTER_MS_MIN + this.#random.below(this.#options.loadMsMax)};
  }

  async #prime(): Promise<void> {
    const child = this.#spawn();
    const node = await child.ready();
    if (node === undefined) throw new Error(`the first start ended early:\n${child.output()}`);
    this.#startMs = performance.now() - child.startedAtMs;
    for (const load of this.#loads) await load.prime?.(node);
    const {code} = await child.end('SIGTERM');
    if (code !== 0) throw new Error(`the first stop ended with ${code}:\n${child.output()}`);
  }

  /** One life and its violent end. @returns what was wrong with the life before it, or with this one. */
  async #kill({moment, afterMs, isAfterPromise}: PlannedKill): Promise<string[]> {
    const child = this.#spawn();
    if (moment === 'starting' || moment === 'first start') {
      await sleep(afterMs);
      return await this.#endAndJudge(child);
    }
    const node = await child.ready();
    if (node === undefined) return [`the start after a kill ended by itself:\n${child.output()}`];
    const problems = await this.#missing(node);
    const promised = this.acknowledged;
    for (const load of this.#loads) load.start(node);
    const waitUntilMs = performance.now() + (isAfterPromise ? FIRST_PROMISE_MS_MAX : 0);
    while (this.acknowledged === promised && performance.now() < waitUntilMs && !child.hasExited) await sleep(5);
    await sleep(moment === 'stopping' ? this.#random.below(this.#options.loadMsMax) : afterMs);
    if (moment === 'stopping' && !child.hasExited) {
      child.child.kill('SIGTERM');
      await sleep(afterMs);
      const died = child.hasExited ? await child.exited : undefined;
      if (died !== undefined && died.code !== 0) problems.push(`a stop under load ended with ${describe(died)}:\n${child.output().slice(-2_000)}`);
    } else if (child.hasExited) {
      problems.push(`the process ended by itself under load: ${describe(await child.exited)}\n${child.output().slice(-2_000)}`);
    }
    problems.push(...await this.#endAndJudge(child));
    return problems;
  }

  async #endAndJudge(child: CrashChild): Promise<string[]> {
    await child.end('SIGKILL');
    await Promise.all(this.#loads.map((load) => load.settle()));
    return child.errorLines().map((line) => `logged as an error: ${line}`);
  }

  async #examineFiles(moment?: KillMoment): Promise<string[]> {
    const problems: string[] = [];
    const {code, stdout, stderr} = await runPithead(['verify', '--data', this.#dataDir]);
    const isEmpty = moment === 'first start' && stderr.includes('(database-missing)');
    if (code !== 0 && !isEmpty) problems.push(`pithead verify exits ${code}: ${stdout}${stderr}`.trim());
    problems.push(...await this.#audit());
    for (const load of this.#loads) problems.push(...await load.missingOnDisk?.(this.#dataDir) ?? []);
    return problems;
  }

  /** A node without a pool has no accounts, and neither has a pool that was killed before its first commit. */
  async #audit(): Promise<string[]> {
    const {code, stdout, stderr} = await runPithead(['audit', '--data', this.#dataDir]);
    return code === 0 || stderr.includes('(database-missing)') ? [] : [`pithead audit exits ${code}: ${stdout}${stderr}`.trim()];
  }

  async #missing(node: ServingNode): Promise<string[]> {
    const problems: string[] = [];
    for (const load of this.#loads) {
      problems.push(...(await load.missing?.(node) ?? []).map((text) => `${load.name}: ${text}`));
    }
    return problems;
  }

  /** After the last kill: everything is still there, and the process stops cleanly. */
  async #finish(): Promise<string[]> {
    const child = this.#spawn();
    const node = await child.ready();
    if (node === undefined) return [`the last start ended by itself:\n${child.output()}`];
    const problems = await this.#missing(node);
    const ended = await child.end('SIGTERM');
    if (ended.code !== 0) problems.push(`the last stop ended with ${describe(ended)}:\n${child.output().slice(-2_000)}`);
    return [...problems, ...child.errorLines().map((line) => `logged as an error: ${line}`), ...await this.#examineFiles()];
  }

  #spawn(): CrashChild {
    return new CrashChild({dataDir: this.#dataDir, chain: this.#options.chain, ...(this.#options.flags && {flags: this.#options.flags})});
  }
}

function describe({code, signal}: ExitFacts): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}
