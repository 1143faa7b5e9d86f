/** @module TCP for a simulated miner: one socket, text both ways. Judges nothing. */
import {connect} from 'node:net';

export interface LinkEvents {
  opened(): void;
  received(text: string): void;
  /** Exactly once, also when it never opened. @param code - the system's, when there was an error. */
  closed(code: string | undefined): void;
}

export interface MinerLink {
  write(text: string): void;
  pause(): void;
  resume(): void;
  destroy(): void;
}

export interface LinkTarget {
  readonly host: string;
  readonly port: number;
  readonly sourceAddress: string | undefined;
}

export type OpenLink = (target: LinkTarget, events: LinkEvents) => MinerLink;

export const openTcpLink: OpenLink = (target, events) => {
  let code: string | undefined;
  const socket = connect({host: target.host, port: target.port, noDelay: true, ...(target.sourceAddress !== undefined && {localAddress: target.sourceAddress})});
  socket.setEncoding('latin1');
  socket.on('connect', () => events.opened());
  socket.on('data', (text: unknown) => events.received(String(text)));
  socket.on('error', (error: NodeJS.ErrnoException) => {
    code = error.code ?? error.message;
  });
  socket.on('close', () => events.closed(code));
  return {
    write: (text) => void socket.write(text, 'latin1'),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    destroy: () => void socket.destroy(),
  };
};
