/**
 * @module TLS for the Stratum port: the certificate and its key from two files, read again when one changes or when asked
 * to, and the handshake in bounded time. Connections that are open keep what they were made with.
 */
import {readFileSync, statSync} from 'node:fs';
import type {Socket} from 'node:net';
import {createSecureContext, TLSSocket} from 'node:tls';
import type {SecureContext} from 'node:tls';

export interface TlsGateOptions {
  readonly certFile: string;
  readonly keyFile: string;
  /** How long a handshake may take. */
  readonly handshakeTimeoutMs?: number;
  /** How often the files are looked at. */
  readonly watchIntervalMs?: number;
  /** Hears of each reading after the first: without an error it is in force. */
  readonly onReload: (error: unknown) => void;
}

export interface TlsGate {
  /** Calls `done` once: with the secured socket, or with undefined when there was no handshake and the socket is gone. */
  secure(socket: Socket, done: (secured: TLSSocket | undefined) => void): void;
  /** Reads both files again; with an error the ones in force stay. */
  reload(): void;
  close(): void;
}

export const TLS_HANDSHAKE_TIMEOUT_MS = 10_000;
const WATCH_INTERVAL_MS = 5_000;

/** @throws Error when the files cannot be read or do not belong together. */
export function openTlsGate(options: TlsGateOptions): TlsGate {
  return new FileTlsGate(options);
}

class FileTlsGate implements TlsGate {
  readonly #options: TlsGateOptions;
  readonly #watch: NodeJS.Timeout;
  #context: SecureContext;
  #seen: string;

  constructor(options: TlsGateOptions) {
    this.#options = options;
    // Before the reading: what changes between the two is seen by the next look.
    this.#seen = statesOf(options);
    this.#context = contextOf(options);
    // By looking and not by events: renewals replace files, and links to them, in ways that events do not see.
    this.#watch = setInterval(() => {
      if (statesOf(options) !== this.#seen) this.reload();
    }, options.watchIntervalMs ?? WATCH_INTERVAL_MS).unref();
  }

  secure(socket: Socket, done: (secured: TLSSocket | undefined) => void): void {
    const secured = new TLSSocket(socket, {isServer: true, secureContext: this.#context, requestCert: false});
    let isDone = false;
    const finish = (outcome: TLSSocket | undefined): void => {
      if (isDone) return;
      isDone = true;
      clearTimeout(deadline);
      secured.off('close', giveUp);
      if (outcome === undefined) socket.destroy();
      done(outcome);
    };
    const giveUp = (): void => finish(undefined);
    const deadline = setTimeout(giveUp, this.#options.handshakeTimeoutMs ?? TLS_HANDSHAKE_TIMEOUT_MS);
    // Stays: an error that nobody hears would end the process.
    secured.on('error', giveUp);
    socket.on('error', giveUp);
    secured.once('close', giveUp);
    secured.once('secure', () => finish(secured));
  }

  reload(): void {
    this.#seen = statesOf(this.#options);
    try {
      this.#context = contextOf(this.#options);
    } catch (error) {
      this.#options.onReload(error);
      return;
    }
    this.#options.onReload(undefined);
  }

  close(): void {
    clearInterval(this.#watch);
  }
}

/** Fails when the key is not that of the certificate, which is so for a moment while two files are replaced. */
function contextOf({certFile, keyFile}: TlsGateOptions): SecureContext {
  return createSecureContext({cert: readFileSync(certFile), key: readFileSync(keyFile), minVersion: 'TLSv1.2'});
}

/** Differs when one of the files is another one, or was written. */
function statesOf({certFile, keyFile}: TlsGateOptions): string {
  return [certFile, keyFile].map((file) => {
    const state = statSync(file, {throwIfNoEntry: false});
    return state === undefined ? 'missing' : `${state.ino} ${state.size} ${state.mtimeMs}`;
  }).join(', ');
}
