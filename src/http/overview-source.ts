/**
 * @module Assembles what the page shows from the actors' answers. However many look, the actors are asked at most four
 * times a second, and not at all while nobody looks. An actor that is slow delays the answer by a bounded time only: then
 * its last known values go out, and the overview says so.
 */
import {createHash} from 'node:crypto';
import type {GetCoinSetTotals, GetTip, CoinSetTotals, TipView} from '../actors/chain/messages.js';
import type {GetMempoolInfo, MempoolInfo} from '../actors/mempool/messages.js';
import {hashToDisplayHex} from '../protocol/bytes/hex.js';
import {difficultyOfBits} from '../protocol/consensus/pow/work.js';
import type {GetUpstreamHealth, UpstreamHealth} from '../actors/upstream/messages.js';
import type {ChainOverview, Overview, OverviewPart, PoolOverview, RigOverview, WindowsAnswer} from '../web/overview.js';
import {ASK_TIMEOUT_MS} from './ask-timeout.js';
import {AskedPart} from './asked-part.js';
import {BlockSummaries, type RecentBlocks} from './block-summaries.js';
import type {HttpModules, HttpOptions} from './http-parts.js';
import {windowsOf} from './miner-view.js';
import {askPool, askRigs, poolOverview, shownHashrate, type PoolFacts} from './pool-view.js';

/** Four overviews a second: faster than people read, slower than a burst of shares. */
export const REFRESH_MS_MIN = 250;
/** Rigs cost a walk over every rig of the shown accounts. */
const MINERS_REFRESH_MS_MIN = 1_000;
/** Reads some two hundred rows; the statistics know more only every ten seconds. */
const WINDOWS_REFRESH_MS_MIN = 3_000;
/** How long an overview waits for slow actors: a tenth of a second is felt, a quarter is still live. */
const WAIT_MS_MAX = 250;
/** The first one has no last known values to show. */
const FIRST_WAIT_MS_MAX = 2_000;
export const BLOCKS_SHOWN = 24;

export interface OverviewReading {
  readonly overview: Overview;
  readonly json: string;
  /** Of everything but the clock and the uptime: equal when nothing worth showing has changed. */
  readonly contentTag: string;
}

interface ChainFacts {
  readonly tip: TipView;
  /** undefined where nobody counts the coins: a pool whose nodes are elsewhere. */
  readonly totals: CoinSetTotals | undefined;
  readonly recent: RecentBlocks;
}

type AnyPart = Pick<AskedPart<unknown>, 'isLate' | 'refresh'>;

export class OverviewSource {
  readonly #blocks: BlockSummaries;
  readonly #options: HttpOptions;
  readonly #modules: HttpModules;
  readonly #startedAtMs: number;
  readonly #chain: AskedPart<ChainFacts>;
  readonly #mempool: AskedPart<MempoolInfo>;
  readonly #pool: AskedPart<PoolFacts> | undefined;
  readonly #miners: AskedPart<readonly RigOverview[]> | undefined;
  readonly #windows: AskedPart<WindowsAnswer | undefined> | undefined;
  readonly #nodes: AskedPart<UpstreamHealth> | undefined;
  readonly #parts: ReadonlyMap<OverviewPart, AnyPart>;
  #last: OverviewReading | undefined = undefined;
  #lastAtMs = -Infinity;
  #pending: Promise<OverviewReading | undefined> | undefined = undefined;

  constructor(options: HttpOptions, modules: HttpModules) {
    const {log, pool, system: {clock}, mempool, upstream} = modules;
    this.#options = options;
    this.#modules = modules;
    this.#startedAtMs = clock.nowMs();
    this.#blocks = new BlockSummaries(modules.chain, ASK_TIMEOUT_MS);
    this.#chain = new AskedPart({name: 'chain', ask: () => this.#askChain(), minAgeMs: 0, clock, log});
    this.#mempool = new AskedPart({
      name: 'mempool', ask: () => mempool.ask<GetMempoolInfo>({type: 'mempool.getInfo'}, {timeoutMs: ASK_TIMEOUT_MS}), minAgeMs: 0, clock, log,
    });
    this.#pool = pool && new AskedPart({name: 'pool', ask: () => askPool(pool, ASK_TIMEOUT_MS), minAgeMs: 0, clock, log});
    this.#miners = pool && new AskedPart({name: 'miners', ask: () => askRigs(pool, ASK_TIMEOUT_MS), minAgeMs: MINERS_REFRESH_MS_MIN, clock, log});
    this.#windows = pool && new AskedPart({name: 'windows', ask: () => windowsOf(pool, undefined), minAgeMs: WINDOWS_REFRESH_MS_MIN, clock, log});
    this.#nodes = upstream && new AskedPart({
      name: 'nodes', ask: () => upstream.ask<GetUpstreamHealth>({type: 'upstream.getHealth'}, {timeoutMs: ASK_TIMEOUT_MS}), minAgeMs: MINERS_REFRESH_MS_MIN, clock, log,
    });
    const parts: (readonly [OverviewPart, AnyPart | undefined])[] = [
      ['chain', this.#chain], ['mempool', this.#mempool], ['pool', this.#pool], ['miners', this.#miners],
      ['windows', this.#windows], ['nodes', this.#nodes],
    ];
    this.#parts = new Map(parts.filter((part): part is readonly [OverviewPart, AnyPart] => part[1] !== undefined));
  }

  /** @returns undefined until chain and mempool have answered once. Never rejects. */
  read(): Promise<OverviewReading | undefined> {
    if (this.#pending !== undefined) return this.#pending;
    if (this.#modules.system.clock.nowMs() - this.#lastAtMs < REFRESH_MS_MIN) return Promise.resolve(this.#last);
    this.#pending = this.#refresh().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  /** Parts whose shown values are not fresh. */
  lateParts(): OverviewPart[] {
    return [...this.#parts].filter(([, part]) => part.isLate).map(([name]) => name);
  }

  /** As the overview has them, but any number. @throws AskError */
  async newestBlocks(count: number): Promise<RecentBlocks> {
    const tip = await this.#modules.chain.ask<GetTip>({type: 'chain.getTip'}, {timeoutMs: ASK_TIMEOUT_MS});
    return this.#blocks.newest(tip.hash, count);
  }

  async #refresh(): Promise<OverviewReading | undefined> {
    const {system} = this.#modules;
    this.#lastAtMs = system.clock.nowMs();
    const answered = Promise.all([...this.#parts.values()].map((part) => part.refresh()));
    await new Promise<void>((resolve) => {
      const cancel = system.after(this.#last === undefined ? FIRST_WAIT_MS_MAX : WAIT_MS_MAX, resolve);
      void answered.then(() => {
        cancel();
        resolve();
      });
    });
    this.#last = this.#assemble();
    return this.#last;
  }

  async #askChain(): Promise<ChainFacts> {
    const {chain, upstream} = this.#modules;
    const tip = await chain.ask<GetTip>({type: 'chain.getTip'}, {timeoutMs: ASK_TIMEOUT_MS});
    const known = this.#chain.value;
    if (known !== undefined && hashToDisplayHex(known.tip.hash) === hashToDisplayHex(tip.hash)) return known;
    const [totals, recent] = await Promise.all([
      upstream === undefined ? chain.ask<GetCoinSetTotals>({type: 'chain.getCoinSetTotals'}, {timeoutMs: ASK_TIMEOUT_MS}) : undefined,
      this.#blocks.newest(tip.hash, BLOCKS_SHOWN),
    ]);
    return {tip, totals, recent};
  }

  #assemble(): OverviewReading | undefined {
    const chain = this.#chain.value;
    const mempool = this.#mempool.value;
    if (chain === undefined || mempool === undefined) return undefined;
    const {clock} = this.#modules.system;
    const pool = this.#poolOverview();
    const content = {
      chain: this.#chainOverview(chain),
      blocks: chain.recent.blocks,
      mempool: {
        count: mempool.count, vsize: mempool.totalVsize,
        totalFeeSats: mempool.totalFeeSats.toString(), minFeeSatsPerKvb: mempool.minFeeSatsPerKvb.toString(),
      },
      ...(pool === undefined ? {} : {pool}),
      ...(this.#nodes?.value === undefined ? {} : {isStalled: this.#nodes.value.isStalled}),
      delayed: this.lateParts(),
    };
    const contentTag = createHash('sha256').update(JSON.stringify(content)).digest('base64url').slice(0, 22);
    const overview: Overview = {
      atMs: clock.wallMs(),
      node: {version: this.#options.version, chain: this.#options.chainName, uptimeSec: Math.floor((clock.nowMs() - this.#startedAtMs) / 1000)},
      ...content,
    };
    return {overview, json: JSON.stringify(overview), contentTag};
  }

  #chainOverview({tip, totals, recent}: ChainFacts): ChainOverview {
    return {
      height: tip.height,
      hash: hashToDisplayHex(tip.hash),
      timeSec: tip.header.timeSec,
      difficulty: difficultyOfBits(tip.header.bits),
      networkHashrate: shownHashrate(recent.hashrate),
      targetSpacingSec: this.#options.targetSpacingSec,
      ...(totals && {coinCount: totals.coinCount, totalSats: totals.totalSats.toString()}),
    };
  }

  #poolOverview(): PoolOverview | undefined {
    const facts = this.#pool?.value;
    return facts && poolOverview(facts, {rigs: this.#miners?.value ?? [], windows: this.#windows?.value}, this.#modules.pool!);
  }
}
