/**
 * @module Reads the PROXY header of a connection that a trusted proxy made, in time and within bounds, and leaves the rest
 * in the socket. What the header says is decoded in `protocol/endpoint/proxy-header.ts`.
 */
import type {Socket} from 'node:net';
import {decodeProxyHeader, PROXY_HEADER_BYTES_MAX} from '../protocol/endpoint/proxy-header.js';
import type {RemoteEnd} from './socket-connection.js';

/** `proxy`: the connection is the proxy's own, a health check. */
export type ProxySource = RemoteEnd | 'proxy';

/**
 * Calls `done` once: with who is behind the proxy; or with undefined when the socket ended, was late or sent something
 * else, and is destroyed.
 */
export function readProxyHeader(socket: Socket, timeoutMs: number, done: (source: ProxySource | undefined) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const finish = (source: ProxySource | undefined): void => {
    clearTimeout(deadline);
    socket.off('readable', read);
    socket.off('close', giveUp);
    socket.off('error', giveUp);
    if (source === undefined) {
      // An error that nobody hears would end the process.
      socket.on('error', () => undefined);
      socket.destroy();
    }
    done(source);
  };
  const giveUp = (): void => finish(undefined);
  const read = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const header = decodeProxyHeader(seen);
    if (header.kind === 'incomplete' && seen.length <= PROXY_HEADER_BYTES_MAX) return;
    if (header.kind !== 'header') return giveUp();
    // Back into the stream, in order: nobody has read behind the header yet.
    if (seen.length > header.length) socket.unshift(seen.subarray(header.length));
    finish(header.source ?? 'proxy');
  };
  const deadline = setTimeout(giveUp, timeoutMs);
  socket.on('readable', read);
  socket.once('close', giveUp);
  socket.once('error', giveUp);
}
