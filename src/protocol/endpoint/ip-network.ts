/**
 * @module IP addresses and networks (RFC 4291, RFC 4632) as text and as numbers: what allow, deny and ban lists compare.
 *
 * An IPv4 address that arrives through an IPv6 socket (`::ffff:192.0.2.1`) is the IPv4 address. Strict on purpose: no
 * octal, no missing octets, no zone; a list entry that could be read in two ways is refused at the start of the program.
 */

export interface IpAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
}

export interface IpNetwork extends IpAddress {
  /** Leading bits that are compared; `value` has zeros behind them. */
  readonly bits: number;
}

/** One customer of an IPv6 provider has at least so much: limits by single addresses would be none. */
const IPV6_GROUP_BITS = 64;
const MAPPED_PREFIX = 0xffffn;

export function parseIpAddress(text: string): IpAddress | undefined {
  const value4 = valueOfIpv4(text);
  if (value4 !== undefined) return {family: 4, value: value4};
  const value6 = valueOfIpv6(text);
  if (value6 === undefined) return undefined;
  return value6 >> 32n === MAPPED_PREFIX ? {family: 4, value: value6 & 0xffffffffn} : {family: 6, value: value6};
}

/** `10.0.0.0/8`, `2001:db8::/32`, or a single address. @returns undefined for anything else, and for bits set behind the prefix. */
export function parseIpNetwork(text: string): IpNetwork | undefined {
  const slash = text.indexOf('/');
  const address = parseIpAddress(slash === -1 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const width = widthOf(address.family);
  if (slash === -1) return {...address, bits: width};
  const digits = text.slice(slash + 1);
  if (!/^(?:0|[1-9]\d{0,2})$/.test(digits)) return undefined;
  const bits = Number(digits);
  if (bits > width || prefixOf(address, bits) !== address.value) return undefined;
  return {...address, bits};
}

/** What counts as one sender: an IPv4 address, or the network of 64 bits that an IPv6 address is in. */
export function senderNetwork(address: IpAddress): IpNetwork {
  if (address.family === 4) return {...address, bits: 32};
  return {family: 6, value: prefixOf(address, IPV6_GROUP_BITS), bits: IPV6_GROUP_BITS};
}

export function networkContains(network: IpNetwork, address: IpAddress): boolean {
  return network.family === address.family && prefixOf(address, network.bits) === network.value;
}

/** The one text of a network: without a slash when it is a single address. */
export function formatIpNetwork(network: IpNetwork): string {
  const address = network.family === 4 ? textOfIpv4(network.value) : textOfIpv6(network.value);
  return network.bits === widthOf(network.family) ? address : `${address}/${network.bits}`;
}

/** A list of networks, for lists of tens: it is walked. */
export class IpNetworkList {
  private readonly networks: readonly IpNetwork[];

  constructor(networks: readonly IpNetwork[]) {
    this.networks = networks;
  }

  has(address: IpAddress): boolean {
    return this.networks.some((network) => networkContains(network, address));
  }
}

/** Networks as keys, for thousands: one look-up per prefix length in use. */
export class IpNetworkMap<T> {
  private readonly entries = new Map<string, T>();
  /** `family/bits` with the number of entries of that kind. */
  private readonly lengths = new Map<string, {readonly family: 4 | 6; readonly bits: number; count: number}>();

  get size(): number {
    return this.entries.size;
  }

  values(): IterableIterator<T> {
    return this.entries.values();
  }

  get(network: IpNetwork): T | undefined {
    return this.entries.get(keyOf(network));
  }

  set(network: IpNetwork, value: T): void {
    const key = keyOf(network);
    if (!this.entries.has(key)) {
      const kind = `${network.family}/${network.bits}`;
      const length = this.lengths.get(kind);
      if (length === undefined) this.lengths.set(kind, {family: network.family, bits: network.bits, count: 1});
      else length.count++;
    }
    this.entries.set(key, value);
  }

  delete(network: IpNetwork): boolean {
    if (!this.entries.delete(keyOf(network))) return false;
    const kind = `${network.family}/${network.bits}`;
    const length = this.lengths.get(kind)!;
    length.count--;
    if (length.count === 0) this.lengths.delete(kind);
    return true;
  }

  /** All entries that the address falls under. */
  matches(address: IpAddress): T[] {
    const found: T[] = [];
    for (const {family, bits} of this.lengths.values()) {
      if (family !== address.family) continue;
      const entry = this.entries.get(keyOf({family, bits, value: prefixOf(address, bits)}));
      if (entry !== undefined) found.push(entry);
    }
    return found;
  }
}

function keyOf({family, bits, value}: IpNetwork): string {
  return `${family}/${bits}/${value.toString(16)}`;
}

function widthOf(family: 4 | 6): number {
  return family === 4 ? 32 : 128;
}

function prefixOf({family, value}: IpAddress, bits: number): bigint {
  const behind = BigInt(widthOf(family) - bits);
  return (value >> behind) << behind;
}

function valueOfIpv4(text: string): bigint | undefined {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every((octet) => /^(?:0|[1-9]\d{0,2})$/.test(octet) && Number(octet) <= 255)) return undefined;
  return octets.reduce((value, octet) => (value << 8n) | BigInt(octet), 0n);
}

function valueOfIpv6(text: string): bigint | undefined {
  if (text.length > 45 || !text.includes(':')) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1]!, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...head, ...Array.from({length: missing}, () => 0), ...tail].reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

/** 16-bit groups; the last one may be an IPv4 address, which counts for two. */
function groupsOf(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const value4 = index === parts.length - 1 && mayEndInIpv4 ? valueOfIpv4(part) : undefined;
    if (value4 === undefined) return undefined;
    groups.push(Number(value4 >> 16n), Number(value4 & 0xffffn));
  }
  return groups;
}

function textOfIpv4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.');
}

/** RFC 5952: lower case, the first longest run of two or more zero groups as `::`. */
function textOfIpv6(value: bigint): string {
  const groups = Array.from({length: 8}, (_, index) => Number((value >> BigInt(112 - 16 * index)) & 0xffffn));
  let runAt = -1;
  let runLength = 1;
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (end < 8 && groups[end] === 0) end++;
    if (end - at > runLength) [runAt, runLength] = [at, end - at];
  }
  const hex = groups.map((group) => group.toString(16));
  if (runAt === -1) return hex.join(':');
  return `${hex.slice(0, runAt).join(':')}::${hex.slice(runAt + runLength).join(':')}`;
}
