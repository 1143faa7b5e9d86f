/**
 * @module Which requests are answered at all, by what they are addressed to and which page sent them.
 *
 * A page of a stranger can make its own name resolve to 127.0.0.1 and then read this server as its own origin (DNS
 * rebinding). Such a request carries the stranger's name in Host, so unknown names are refused. Plain IP addresses cannot
 * be rebound and are always served. WebSockets are outside the same-origin rule: there the Origin is compared too.
 */
import {isIP} from 'node:net';
import type {HttpOptions} from './http-parts.js';

const LOOPBACK_NAMES = ['localhost', 'ip6-localhost'];

export class CallerPolicy {
  readonly #names: ReadonlySet<string>;
  /** Names that the operator added: pages served under them may use the WebSocket through a proxy that changes Host. */
  readonly #addedNames: ReadonlySet<string>;

  constructor({host, allowedHosts}: Pick<HttpOptions, 'host' | 'allowedHosts'>) {
    this.#addedNames = new Set(allowedHosts.map((name) => nameOf(name) ?? '').filter((name) => name !== ''));
    this.#names = new Set([...LOOPBACK_NAMES, host.toLowerCase(), ...this.#addedNames]);
  }

  allowsHost(hostHeader: string | undefined): boolean {
    const name = hostHeader === undefined ? undefined : nameOf(hostHeader);
    return name !== undefined && (isIP(name) !== 0 || this.#names.has(name) || name.endsWith('.localhost'));
  }

  /** Programs that are no browser send no Origin; a browser always does. */
  allowsOrigin(origin: string | undefined, hostHeader: string | undefined): boolean {
    if (origin === undefined) return true;
    const match = /^https?:\/\/([^/]+)$/i.exec(origin);
    if (match === null || hostHeader === undefined) return false;
    const authority = match[1]!.toLowerCase();
    return authority === hostHeader.toLowerCase() || this.#addedNames.has(nameOf(authority) ?? '');
  }
}

/** The name or address of `name`, `name:port`, `[v6]` or `[v6]:port`, in lower case without a final dot. */
function nameOf(authority: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]@/\s]+))(?::\d{1,5})?$/i.exec(authority);
  return (match?.[1] ?? match?.[2])?.toLowerCase().replace(/\.$/, '');
}
