/**
 * @module HTTP as a hostile client speaks it: bytes on a socket, whatever they are, and what came back before the end.
 * Also what the operating system says of the process on the other side.
 */
import {connect} from 'node:net';
import {readFileSync, readdirSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';

export interface RawAnswer {
  /** `silent`: neither an answer nor a close within the time given. */
  readonly kind: 'answered' | 'closed' | 'silent';
  readonly status: number;
  readonly body: string;
}

export interface RawRequest {
  /** Written one after the other, each its own packet as far as TCP allows. */
  readonly chunks: readonly (string | Uint8Array)[];
  /** After the last chunk: wait for the answer, say that nothing more comes, or vanish. */
  readonly afterwards: 'wait' | 'finish' | 'vanish';
  readonly timeoutMs?: number;
}

export function sendRaw(port: number, request: RawRequest): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = connect({port, host: '127.0.0.1'});
    let text = '';
    const settle = (kind: RawAnswer['kind']): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({kind, ...parse(text)});
    };
    const timer = setTimeout(() => settle(isComplete(text) ? 'answered' : 'silent'), request.timeoutMs ?? 10_000);
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (isComplete(text)) settle('answered');
    });
    socket.on('error', () => settle(text.startsWith('HTTP/') ? 'answered' : 'closed'));
    socket.on('close', () => settle(text.startsWith('HTTP/') ? 'answered' : 'closed'));
    socket.on('connect', () => {
      for (const chunk of request.chunks) socket.write(chunk);
      if (request.afterwards === 'finish') socket.end();
      if (request.afterwards === 'vanish') socket.end(() => settle('closed'));
    });
  });
}

export function postText(body: string | Uint8Array, headers: Readonly<Record<string, string>>): string {
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  const lines = Object.entries({'content-length': String(length), ...headers}).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST / HTTP/1.1\r\nhost: 127.0.0.1\r\n${lines.join('')}\r\n`;
}

function isComplete(text: string): boolean {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return false;
  // No body follows these, and no length announces that.
  if (/^HTTP\/1\.1 (100|204)/.test(text)) return true;
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, headEnd + 2));
  return length !== null && text.length >= headEnd + 4 + Number(length[1]);
}

function parse(text: string): {status: number; body: string} {
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
  const headEnd = text.indexOf('\r\n\r\n');
  return {status, body: headEnd < 0 ? '' : text.slice(headEnd + 4)};
}

/** Resident memory, in megabytes. Linux; 0 elsewhere, where the bound is then not tested. */
export function residentMegabytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(procFile(pid, 'status'))?.[1] ?? 0) / 1024;
}

/** Connected TCP sockets of a process by its open files. Linux; 0 elsewhere. */
export function openSockets(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

/** Looks again and again until it holds. @returns whether it did in time. */
export async function eventually(holds: () => boolean | Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const untilMs = performance.now() + timeoutMs;
  while (!await holds()) {
    if (performance.now() > untilMs) return false;
    await sleep(50);
  }
  return true;
}

function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
