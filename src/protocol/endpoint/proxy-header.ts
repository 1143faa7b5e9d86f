/**
 * @module The PROXY protocol, versions 1 and 2 (haproxy's proxy-protocol.txt, 2020): what a proxy in front says about who
 * connected. Decodes only; whether the sender may be believed is for the caller to know, before it asks.
 *
 * Bounded: version 1 is at most 107 bytes by its specification, version 2 at most {@link PROXY_HEADER_BYTES_MAX} here.
 */
import {parseIpAddress} from './ip-network.js';

/** Twelve bytes that no text protocol begins with. */
const SIGNATURE_V2 = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
const HEAD_V1 = 'PROXY ';
const LENGTH_V1_MAX = 107;
/** Addresses and the vendors' additions; the specification asks for at least 536. */
export const PROXY_HEADER_BYTES_MAX = 4_096;

export type ProxyHeader =
  /** More bytes are needed to tell. */
  | {readonly kind: 'incomplete'}
  | {readonly kind: 'malformed'}
  /** `source` is undefined when the proxy speaks for itself (health checks) or does not know. */
  | {readonly kind: 'header'; readonly length: number; readonly source: {readonly address: string; readonly port: number} | undefined};

const INCOMPLETE: ProxyHeader = {kind: 'incomplete'};
const MALFORMED: ProxyHeader = {kind: 'malformed'};

/** @param bytes - what has come so far, from the first byte of the connection on. */
export function decodeProxyHeader(bytes: Uint8Array): ProxyHeader {
  if (bytes.length === 0) return INCOMPLETE;
  return bytes[0] === SIGNATURE_V2[0] ? decodeV2(bytes) : decodeV1(bytes);
}

function decodeV1(bytes: Uint8Array): ProxyHeader {
  const end = bytes.subarray(0, LENGTH_V1_MAX).indexOf(0x0a);
  const line = asciiOf(bytes.subarray(0, end === -1 ? Math.min(bytes.length, LENGTH_V1_MAX) : end));
  if (!HEAD_V1.startsWith(line.slice(0, HEAD_V1.length))) return MALFORMED;
  if (end === -1) return bytes.length >= LENGTH_V1_MAX ? MALFORMED : INCOMPLETE;
  if (!line.endsWith('\r')) return MALFORMED;
  const length = end + 1;
  const [, family, source, destination, sourcePort, destinationPort, ...rest] = line.slice(0, -1).split(' ');
  if (family === 'UNKNOWN') return {kind: 'header', length, source: undefined};
  if ((family !== 'TCP4' && family !== 'TCP6') || rest.length > 0 || source === undefined || destination === undefined) return MALFORMED;
  // By form and not by value: an IPv6 text may hold a mapped IPv4 address.
  const hasForm = (text: string): boolean => parseIpAddress(text) !== undefined && text.includes(':') === (family === 'TCP6');
  const port = portOf(sourcePort);
  if (!hasForm(source) || !hasForm(destination) || port === undefined || portOf(destinationPort) === undefined) return MALFORMED;
  return {kind: 'header', length, source: {address: source, port}};
}

function decodeV2(bytes: Uint8Array): ProxyHeader {
  for (let at = 0; at < Math.min(bytes.length, SIGNATURE_V2.length); at++) if (bytes[at] !== SIGNATURE_V2[at]) return MALFORMED;
  if (bytes.length < 16) return INCOMPLETE;
  const version = bytes[12]! >>> 4;
  const command = bytes[12]! & 15;
  const family = bytes[13]! >>> 4;
  const addressLength = (bytes[14]! << 8) | bytes[15]!;
  const length = 16 + addressLength;
  if (version !== 2 || command > 1 || length > PROXY_HEADER_BYTES_MAX) return MALFORMED;
  if (bytes.length < length) return INCOMPLETE;
  // LOCAL, or a family without addresses that we could use (unspecified, unix).
  if (command === 0 || (family !== 1 && family !== 2)) return {kind: 'header', length, source: undefined};
  const size = family === 1 ? 4 : 16;
  if (addressLength < 2 * size + 4) return MALFORMED;
  const source = bytes.subarray(16, 16 + size);
  const portAt = 16 + 2 * size;
  return {kind: 'header', length, source: {address: addressText(source), port: (bytes[portAt]! << 8) | bytes[portAt + 1]!}};
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups: string[] = [];
  for (let at = 0; at < bytes.length; at += 2) groups.push(((bytes[at]! << 8) | bytes[at + 1]!).toString(16));
  return groups.join(':');
}

function portOf(text: string | undefined): number | undefined {
  return text !== undefined && /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}

function asciiOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
