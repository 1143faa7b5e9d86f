/** @module A TCP peer that speaks no protocol: writes any bytes, keeps what comes back, and can vanish with or without a word. */
import {connect, type Socket} from 'node:net';

/** Kept of what the other side says; older text goes. */
const KEPT_MAX = 1_000_000;

export class RawPeer {
  isClosed = false;
  #heard = '';
  readonly #socket: Socket;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#heard = (this.#heard + chunk.toString('latin1')).slice(-KEPT_MAX);
      this.#wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  static connect(port: number): Promise<RawPeer> {
    return new Promise((resolve, reject) => {
      const socket = connect({port, host: '127.0.0.1'});
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawPeer(socket));
      });
    });
  }

  /** One character is one byte. */
  write(text: string): void {
    if (!this.isClosed) this.#socket.write(text, 'latin1');
  }

  /** Lets the other side have its turn. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(resolve);
    });
  }

  /** Until the other side says the words or ends the connection. */
  async until(words: string, timeoutMs: number): Promise<'answered' | 'closed' | 'silent'> {
    const untilMs = performance.now() + timeoutMs;
    while (!this.#heard.includes(words)) {
      if (this.isClosed) return 'closed';
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) return 'silent';
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return 'answered';
  }

  /** @param isAbrupt - with a reset where the system can; else the connection is closed in order. */
  vanish(isAbrupt: boolean): void {
    if (isAbrupt) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }
}
