/**
 * @module What a session needs of its connection. `net/stratum-server` obeys.
 */

export interface SessionConnection {
  /** `address:port` of the other side. */
  readonly remoteEndpoint: string;
  /** Writes latin1 text; what is sent in one turn is one write to the socket. */
  send(text: string): void;
  /** What was sent and not yet taken by the kernel. */
  bufferedBytes(): number;
  /** Stops and restarts reading from the socket; both idempotent and cheap. */
  pause(): void;
  resume(): void;
  /** `flush` lets what was sent leave first, within the server's time-out; `now` does not. Told back as `connectionClosed`. */
  close(mode: 'flush' | 'now'): void;
}
