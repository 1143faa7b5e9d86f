/**
 * @module Who may connect: allow and deny lists, bans, and what sessions did that leads to one. It looks at addresses only.
 *
 * The allow list wins over everything: what is on it is neither denied nor limited by address nor ever banned. So an
 * operator who denies `0.0.0.0/0` and `::/0` serves exactly the allow list.
 */
import {formatIpNetwork, IpNetworkList, networkContains, parseIpAddress, parseIpNetwork, senderNetwork} from '../../protocol/endpoint/ip-network.js';
import type {IpAddress, IpNetwork} from '../../protocol/endpoint/ip-network.js';
import type {SessionEndReason} from '../stratum-session/messages.js';
import {BanList} from './ban-list.js';
import type {BanListOptions} from './ban-list.js';
import type {Ban, Offence} from './messages.js';

export interface AdmissionOptions {
  readonly allow: readonly IpNetwork[];
  readonly deny: readonly IpNetwork[];
  readonly bans: BanListOptions;
}

export interface Visitor {
  /** What limits by address count by. */
  readonly sender: string;
  readonly address: IpAddress | undefined;
  readonly isExempt: boolean;
  readonly refusal: 'banned' | 'denied' | undefined;
}

/** Connections of one sender in a minute that ended without an accepted share; each so many are an offence. */
export const FRUITLESS_MAX = 300;
const FRUITLESS_WINDOW_MS = 60_000;
const FRUITLESS_SENDERS_MAX = 4_096;

export class Admission {
  readonly bans: BanList;
  readonly #allow: IpNetworkList;
  readonly #deny: IpNetworkList;
  readonly #fruitless = new Map<string, {sinceMs: number; count: number}>();

  constructor(options: AdmissionOptions, rows: readonly Ban[]) {
    this.#allow = new IpNetworkList(options.allow);
    this.#deny = new IpNetworkList(options.deny);
    this.bans = new BanList(options.bans, rows);
  }

  /** @param nowMs - of the wall clock, as all times of bans. */
  judge(remoteAddress: string, nowMs: number): Visitor {
    const address = parseIpAddress(remoteAddress);
    // Only a socket that is gone already has no address.
    if (address === undefined) return {sender: remoteAddress, address, isExempt: false, refusal: undefined};
    const sender = formatIpNetwork(senderNetwork(address));
    const isExempt = this.#allow.has(address);
    if (isExempt) return {sender, address, isExempt, refusal: undefined};
    const refusal = this.#deny.has(address) ? 'denied' : this.bans.find(address, nowMs) === undefined ? undefined : 'banned';
    return {sender, address, isExempt, refusal};
  }

  /** A session of this sender ended and never had a share accepted. @returns whether it was one too many. */
  endedFruitless(sender: string, nowMs: number): boolean {
    let record = this.#fruitless.get(sender);
    if (record === undefined || nowMs - record.sinceMs > FRUITLESS_WINDOW_MS) {
      this.#fruitless.delete(sender);
      record = {sinceMs: nowMs, count: 0};
      this.#fruitless.set(sender, record);
      if (this.#fruitless.size > FRUITLESS_SENDERS_MAX) this.#fruitless.delete(this.#fruitless.keys().next().value!);
    }
    record.count += 1;
    return record.count % FRUITLESS_MAX === 0;
  }
}

/**
 * What an end counts as; most are nobody's offence. A miner that only has bad luck or a broken machine is sent away without,
 * and so is one that mined well and then sent more than a slow disk could answer.
 */
export function offenceOf(reason: SessionEndReason, isProved: boolean): Offence | undefined {
  switch (reason) {
    case 'too-many-malformed-lines':
    case 'line-too-long':
      return 'malformed';
    case 'too-many-requests': return isProved ? undefined : 'flood';
    case 'bad-shares':
    case 'forged-jobs':
      return reason;
    default: return undefined;
  }
}

/** An operator's text for a network. @returns undefined when it is none. */
export function networkOfText(text: string): IpNetwork | undefined {
  return parseIpNetwork(text.trim());
}

export function isWithin(network: IpNetwork, address: IpAddress | undefined): boolean {
  return address !== undefined && networkContains(network, address);
}
