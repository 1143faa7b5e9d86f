/**
 * @module From readings to conditions: no shares, a spike of rejects, work that grows stale, a full disk, a block that the
 * chain left. Pure; each watcher remembers what it needs and says what stands now.
 */
import type {FoundBlockView, WorkSums} from '../accounting/messages.js';
import type {Condition} from './behaviour.js';

export interface Thresholds {
  readonly noSharesMs: number;
  /** Part of all shares. */
  readonly rejectRatio: number;
  readonly templateStaleMs: number;
  readonly diskFreeBytesMin: number;
}

/** Rejects are looked at over this time. */
const REJECT_WINDOW_MS = 300_000;
/** Fewer say nothing: three of four of a miner that just started. */
const REJECT_SHARES_MIN = 50;
/** It is over when it is this much better, so that it does not end and begin around the threshold. */
const REJECT_RELIEF = 0.5;
const DISK_RELIEF = 1.2;

/** Something begins or stands, or is over with these words. */
export type Finding = {readonly raise: Condition} | {readonly resolve: string; readonly text: string};

interface SumsAt {
  readonly atMs: number;
  readonly accepted: number;
  readonly rejected: number;
}

export class ShareWatch {
  readonly #thresholds: Pick<Thresholds, 'noSharesMs' | 'rejectRatio'>;
  #window: SumsAt[] = [];
  #lastShareAtMs: number | undefined;

  constructor(thresholds: Pick<Thresholds, 'noSharesMs' | 'rejectRatio'>) {
    this.#thresholds = thresholds;
  }

  look({sharesAccepted, sharesRejected, connected}: WorkSums, atMs: number): Finding[] {
    const last = this.#window.at(-1);
    if (last !== undefined && sharesAccepted > last.accepted) this.#lastShareAtMs = atMs;
    this.#window.push({atMs, accepted: sharesAccepted, rejected: sharesRejected});
    this.#window = this.#window.filter((sums) => atMs - sums.atMs <= REJECT_WINDOW_MS);
    return [...this.#silence(connected, atMs), ...this.#rejects(sharesAccepted, sharesRejected)];
  }

  /** A pool that never had a share since the start waits for its first miner: that is no alarm. */
  #silence(connected: number, atMs: number): Finding[] {
    if (this.#lastShareAtMs === undefined) return [];
    const silentMs = atMs - this.#lastShareAtMs;
    if (silentMs < this.#thresholds.noSharesMs) return [{resolve: 'no-shares', text: 'Shares come in again.'}];
    return [{
      raise: {
        key: 'no-shares', kind: 'no-shares', severity: 'critical', title: 'No shares',
        text: `No share has been accepted for ${minutes(silentMs)}.`, facts: {'miners connected': String(connected)},
      },
    }];
  }

  #rejects(accepted: number, rejected: number): Finding[] {
    const first = this.#window[0]!;
    const bad = rejected - first.rejected;
    const all = bad + accepted - first.accepted;
    const ratio = all === 0 ? 0 : bad / all;
    if (ratio <= this.#thresholds.rejectRatio * REJECT_RELIEF) return [{resolve: 'reject-spike', text: 'Rejects are back to normal.'}];
    if (ratio < this.#thresholds.rejectRatio || all < REJECT_SHARES_MIN) return [];
    return [{
      raise: {
        key: 'reject-spike', kind: 'reject-spike', severity: 'warning', title: 'Many rejected shares',
        text: `${Math.round(ratio * 100)} % of the shares of the last five minutes were rejected.`, facts: {rejected: String(bad), all: String(all)},
      },
    }];
  }
}

export function lookAtWork(sinceMs: number, {templateStaleMs}: Pick<Thresholds, 'templateStaleMs'>): Finding {
  if (sinceMs < templateStaleMs) return {resolve: 'template-stale', text: 'New work goes out again.'};
  return {
    raise: {
      key: 'template-stale', kind: 'template-stale', severity: 'critical', title: 'Stale work',
      text: `Miners have had no new job for ${minutes(sinceMs)}: what they work on may be behind the chain.`,
    },
  };
}

/** @returns nothing between the threshold and the relief: what stands goes on standing. */
export function lookAtDisk(freeBytes: number, {diskFreeBytesMin}: Pick<Thresholds, 'diskFreeBytesMin'>): Finding | undefined {
  if (freeBytes >= diskFreeBytesMin * DISK_RELIEF) return {resolve: 'disk-low', text: `There is room again: ${gigabytes(freeBytes)} free.`};
  if (freeBytes >= diskFreeBytesMin) return undefined;
  return {
    raise: {
      key: 'disk-low', kind: 'disk-low', severity: 'critical', title: 'The disk is nearly full',
      text: `${gigabytes(freeBytes)} are free. When nothing is left, shares are refused.`, facts: {free: gigabytes(freeBytes), threshold: gigabytes(diskFreeBytesMin)},
    },
  };
}

/** Blocks whose state changed to orphaned since the last look. What was so before the first look is old news. */
export class OrphanWatch {
  #statusByHash: ReadonlyMap<string, FoundBlockView['status']> | undefined;

  look(blocks: readonly {readonly hashHex: string; readonly height: number; readonly status: FoundBlockView['status']}[]): Omit<Condition, 'key'>[] {
    const before = this.#statusByHash;
    this.#statusByHash = new Map(blocks.map(({hashHex, status}) => [hashHex, status]));
    if (before === undefined) return [];
    return blocks.filter(({hashHex, status}) => status === 'orphaned' && before.has(hashHex) && before.get(hashHex) !== 'orphaned').map(({hashHex, height}) => ({
      kind: 'block-orphaned', severity: 'warning', title: `Block ${height} was orphaned`,
      text: 'The chain has left this block. What it credited is taken back until it returns.', facts: {hash: hashHex},
    }));
  }
}

function minutes(ms: number): string {
  const whole = Math.round(ms / 60_000);
  return whole < 2 ? `${Math.round(ms / 1000)} s` : `${whole} min`;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
