/**
 * @module Which networks are kept out, why and until when; and what an address may do before it is one of them.
 *
 * Automatic bans follow from offences of sessions; each further ban within a day lasts twice as long. An address with
 * many honest miners behind it (a farm's NAT) is forgiven one offence more for each of them, so that one broken machine
 * does not lock out the hall. Decides nothing about a session that is open, and does no I/O: the caller persists what it
 * returns.
 */
import {formatIpNetwork, IpNetworkMap, parseIpNetwork, senderNetwork} from '../../protocol/endpoint/ip-network.js';
import type {IpAddress, IpNetwork} from '../../protocol/endpoint/ip-network.js';
import type {Ban, Offence} from './messages.js';

export interface BanListOptions {
  /** Of the first automatic ban of a network; 0 bans nobody automatically. */
  readonly durationMs: number;
  /** Offences within {@link OFFENCE_WINDOW_MS} that lead to one. */
  readonly offencesMax: number;
}

/** Offences are forgotten after this. */
export const OFFENCE_WINDOW_MS = 600_000;
/** Networks with offences that are remembered; the longest known goes. */
export const OFFENDERS_MAX = 4_096;
/** Rows kept, in memory and on disk; the automatic one that would end first goes. */
export const BANS_MAX = 10_000;
const BAN_DURATION_MS_MAX = 86_400_000;
/** After a ban has ended it is remembered for so long, for the length of the next one. */
const BAN_MEMORY_MS = 86_400_000;
const NOTE_LENGTH_MAX = 200;

interface Entry {
  readonly network: IpNetwork;
  readonly ban: Ban;
}

interface Offender {
  readonly sinceMs: number;
  count: number;
}

export class BanList {
  readonly #options: BanListOptions;
  readonly #entries = new IpNetworkMap<Entry>();
  readonly #offenders = new Map<string, Offender>();

  /** @param rows - as stored; those that cannot be read are left out. */
  constructor(options: BanListOptions, rows: readonly Ban[]) {
    this.#options = options;
    for (const ban of rows) {
      const network = parseIpNetwork(ban.network);
      if (network !== undefined) this.#entries.set(network, {network, ban});
    }
  }

  /** Rows in memory, ended ones that are remembered among them. */
  get size(): number {
    return this.#entries.size;
  }

  /** Those in force, the newest first. */
  list(nowMs: number): Ban[] {
    return Array.from(this.#entries.values(), ({ban}) => ban).filter((ban) => isInForce(ban, nowMs)).sort((a, b) => b.sinceMs - a.sinceMs);
  }

  find(address: IpAddress, nowMs: number): Ban | undefined {
    return this.#entries.matches(address).find(({ban}) => isInForce(ban, nowMs))?.ban;
  }

  /**
   * Counts an offence of this address.
   * @param honest - sessions of the same sender that had a share accepted.
   * @returns the ban that it leads to, to be stored; undefined as long as it is tolerated.
   */
  offend(address: IpAddress, {offence, honest, nowMs}: {readonly offence: Offence; readonly honest: number; readonly nowMs: number}): Ban | undefined {
    if (this.#options.durationMs === 0) return undefined;
    const network = senderNetwork(address);
    const text = formatIpNetwork(network);
    let offender = this.#offenders.get(text);
    if (offender === undefined || nowMs - offender.sinceMs > OFFENCE_WINDOW_MS) {
      this.#offenders.delete(text);
      offender = {sinceMs: nowMs, count: 0};
      this.#offenders.set(text, offender);
      if (this.#offenders.size > OFFENDERS_MAX) this.#forgetOldestOffender();
    }
    offender.count += 1;
    if (offender.count < this.#options.offencesMax + honest) return undefined;
    this.#offenders.delete(text);
    const strikes = (this.#entries.get(network)?.ban.strikes ?? 0) + 1;
    const durationMs = Math.min(this.#options.durationMs * 2 ** Math.min(strikes - 1, 32), Math.max(BAN_DURATION_MS_MAX, this.#options.durationMs));
    const ban: Ban = {network: text, reason: offence, note: '', sinceMs: nowMs, untilMs: nowMs + durationMs, strikes};
    this.#entries.set(network, {network, ban});
    return ban;
  }

  /** By an operator. @param untilMs - null: until it is lifted. */
  ban(network: IpNetwork, facts: {readonly note: string; readonly nowMs: number; readonly untilMs: number | null}): Ban {
    const strikes = (this.#entries.get(network)?.ban.strikes ?? 0) + 1;
    const ban: Ban = {
      network: formatIpNetwork(network), reason: 'operator', note: facts.note.slice(0, NOTE_LENGTH_MAX),
      sinceMs: facts.nowMs, untilMs: facts.untilMs, strikes,
    };
    this.#entries.set(network, {network, ban});
    return ban;
  }

  /** Lifts and forgets it. @returns what was lifted. */
  unban(network: IpNetwork, nowMs: number): Ban | undefined {
    const entry = this.#entries.get(network);
    this.#offenders.delete(formatIpNetwork(network));
    if (entry === undefined) return undefined;
    this.#entries.delete(network);
    return isInForce(entry.ban, nowMs) ? entry.ban : undefined;
  }

  /** Takes out what is long over, and what is too much. @returns texts of the networks whose rows are to be removed. */
  expire(nowMs: number): string[] {
    const gone: Entry[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.ban.untilMs !== null && nowMs - entry.ban.untilMs > BAN_MEMORY_MS) gone.push(entry);
    }
    for (const {network} of gone) this.#entries.delete(network);
    const spare = this.#entries.size - BANS_MAX;
    if (spare > 0) {
      const soonest = [...this.#entries.values()].filter(({ban}) => ban.reason !== 'operator').sort((a, b) => a.ban.untilMs! - b.ban.untilMs!).slice(0, spare);
      for (const entry of soonest) {
        this.#entries.delete(entry.network);
        gone.push(entry);
      }
    }
    return gone.map(({ban}) => ban.network);
  }

  #forgetOldestOffender(): void {
    for (const oldest of this.#offenders.keys()) {
      this.#offenders.delete(oldest);
      return;
    }
  }
}

export function isInForce(ban: Ban, nowMs: number): boolean {
  return ban.untilMs === null || nowMs < ban.untilMs;
}

