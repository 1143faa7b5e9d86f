/**
 * @module A network between simulated machines: delay, loss, duplication, reordering, partitions and slow links, all chosen
 * by the simulation's seed. It carries values, not bytes; whoever wants codecs tested encodes before sending.
 *
 * A link is ordered by default, as a TCP stream is; an unordered one delivers each message by its own delay.
 */
import type {Random} from '../clock.js';
import type {Choices} from './choices.js';

export interface LinkQuality {
  readonly delayMs: {readonly min: number; readonly max: number};
  /** Messages lost and sent twice, out of a million. */
  readonly lossPpm: number;
  readonly duplicatePpm: number;
  readonly isOrdered: boolean;
  /** 0: without limit. */
  readonly bytesPerMs: number;
}

export const GOOD_LINK: LinkQuality = {delayMs: {min: 1, max: 20}, lossPpm: 0, duplicatePpm: 0, isOrdered: true, bytesPerMs: 0};

export interface NetworkCounts {
  sent: number;
  delivered: number;
  lost: number;
  duplicated: number;
  /** Met a partition, at the start or on the way, or nobody at its end. */
  cut: number;
}

export type Receive<M> = (from: string, message: M) => void;

/** What the network needs of the simulation. */
export interface NetworkHost {
  readonly choices: Choices;
  readonly random: Random;
  nowMs(): number;
  after(delayMs: number, act: () => void): void;
  note(text: string): void;
}

/** Delays are chosen in sixteenths of the span: few alternatives shrink better. */
const DELAY_STEPS = 16;
const MILLION = 1_000_000;

export class SimulatedNetwork<M> {
  readonly counts: NetworkCounts = {sent: 0, delivered: 0, lost: 0, duplicated: 0, cut: 0};
  private readonly host: NetworkHost;
  private readonly machines = new Map<string, Receive<M>>();
  private readonly qualities = new Map<string, LinkQuality>();
  private quality: LinkQuality;
  /** Group by machine while a partition lasts; machines without one see everybody. */
  private groups: ReadonlyMap<string, number> = new Map();
  /** When the last message of an ordered link arrives, and when a limited one has sent what it was given. */
  private readonly lastArrivalMs = new Map<string, number>();
  private readonly busyUntilMs = new Map<string, number>();

  constructor(host: NetworkHost, quality: Partial<LinkQuality> = {}) {
    this.host = host;
    this.quality = {...GOOD_LINK, ...quality};
  }

  /** @throws Error when the name is taken: a machine that restarts leaves first. */
  join(name: string, receive: Receive<M>): void {
    if (this.machines.has(name)) throw new Error(`${name} is on the network already`);
    this.machines.set(name, receive);
  }

  /** What is on its way to it is lost, and nothing that it still tries to send leaves. */
  leave(name: string): void {
    this.machines.delete(name);
  }

  /** All links, or the one from `from` to `to`. */
  setQuality(quality: Partial<LinkQuality>, link?: {readonly from: string; readonly to: string}): void {
    if (link === undefined) this.quality = {...this.quality, ...quality};
    else this.qualities.set(`${link.from} ${link.to}`, {...this.qualityOf(`${link.from} ${link.to}`), ...quality});
  }

  /** Machines of different groups cannot reach each other; what is on its way between them is cut. */
  partition(groups: readonly (readonly string[])[]): void {
    this.groups = new Map(groups.flatMap((names, group) => names.map((name) => [name, group] as const)));
    this.host.note(`partition ${groups.map((names) => names.join('+')).join(' | ')}`);
  }

  heal(): void {
    this.groups = new Map();
    this.host.note('heal');
  }

  /** @param sizeBytes - counts on links with a limit. */
  send(from: string, to: string, message: M, sizeBytes = 0): void {
    this.counts.sent += 1;
    if (!this.machines.has(from) || this.isCut(from, to)) {
      this.counts.cut += 1;
      return;
    }
    const link = `${from} ${to}`;
    const quality = this.qualityOf(link);
    if (this.happens(quality.lossPpm)) {
      this.counts.lost += 1;
      this.host.note(`lost ${link}`);
      return;
    }
    this.transmit(from, to, {message, sizeBytes, quality});
    if (!this.happens(quality.duplicatePpm)) return;
    this.counts.duplicated += 1;
    this.transmit(from, to, {message, sizeBytes, quality});
  }

  private transmit(from: string, to: string, {message, sizeBytes, quality}: {message: M; sizeBytes: number; quality: LinkQuality}): void {
    const link = `${from} ${to}`;
    const nowMs = this.host.nowMs();
    let sentMs = nowMs;
    if (quality.bytesPerMs > 0) {
      sentMs = Math.max(nowMs, this.busyUntilMs.get(link) ?? 0) + sizeBytes / quality.bytesPerMs;
      this.busyUntilMs.set(link, sentMs);
    }
    const {min, max} = quality.delayMs;
    const step = max > min ? this.host.choices.take(DELAY_STEPS, () => this.host.random.below(DELAY_STEPS)) : 0;
    let arrivalMs = sentMs + min + ((max - min) * step) / (DELAY_STEPS - 1);
    if (quality.isOrdered) {
      arrivalMs = Math.max(arrivalMs, this.lastArrivalMs.get(link) ?? 0);
      this.lastArrivalMs.set(link, arrivalMs);
    }
    this.host.after(arrivalMs - nowMs, () => this.arrive(from, to, message));
  }

  private arrive(from: string, to: string, message: M): void {
    const receive = this.machines.get(to);
    if (receive === undefined || this.isCut(from, to)) {
      this.counts.cut += 1;
      return;
    }
    this.counts.delivered += 1;
    receive(from, message);
  }

  private isCut(from: string, to: string): boolean {
    const [a, b] = [this.groups.get(from), this.groups.get(to)];
    return a !== undefined && b !== undefined && a !== b;
  }

  private qualityOf(link: string): LinkQuality {
    return this.qualities.get(link) ?? this.quality;
  }

  private happens(ppm: number): boolean {
    return ppm > 0 && this.host.choices.take(2, () => (this.host.random.next() * MILLION < ppm ? 1 : 0)) === 1;
  }
}
