/**
 * @module The open pages: one loop reads the overview while at least one page looks, and sends it when it changed.
 *
 * Each message is a whole overview, so a viewer that misses some loses nothing. A viewer that does not take its messages
 * is dropped instead of being buffered for; its page connects again by itself.
 */
import {REFRESH_MS_MIN, type OverviewReading, type OverviewSource} from './overview-source.js';
import type {ObservedSystem} from './http-parts.js';

/** A WebSocket as far as the hub needs it. */
export interface LiveSocket {
  readonly bufferedAmount: number;
  send(text: string): void;
  ping(): void;
  close(code: number, reason: string): void;
  terminate(): void;
}

/** Sent even when nothing changed, so that a page tells a quiet node from a dead connection. */
export const HEARTBEAT_MS = 10_000;
/** Two heartbeats without a pong: the other side is gone without a word. */
const SILENT_PINGS_MAX = 2;
/** Some dozen overviews; the kernel holds some more before this grows at all. */
export const BUFFERED_BYTES_MAX = 256 * 1024;
/** RFC 6455 section 7.4.1. */
const CLOSE_GOING_AWAY = 1001;
const CLOSE_UNSUPPORTED = 1003;

interface Viewer {
  readonly socket: LiveSocket;
  /** Content of the last message. */
  sentTag: string;
  unansweredPings: number;
}

export interface LiveCounts {
  readonly open: number;
  readonly opened: number;
  readonly droppedSlow: number;
  readonly droppedSilent: number;
  readonly messagesSent: number;
}

export class LiveHub {
  readonly #source: Pick<OverviewSource, 'read'>;
  readonly #system: Pick<ObservedSystem, 'after' | 'clock'>;
  readonly #viewers = new Map<LiveSocket, Viewer>();
  #cancelTick: (() => void) | undefined = undefined;
  #isReading = false;
  #isClosed = false;
  #beatAtMs = 0;
  #opened = 0;
  #droppedSlow = 0;
  #droppedSilent = 0;
  #messagesSent = 0;

  constructor(source: Pick<OverviewSource, 'read'>, system: Pick<ObservedSystem, 'after' | 'clock'>) {
    this.#source = source;
    this.#system = system;
  }

  get counts(): LiveCounts {
    return {
      open: this.#viewers.size, opened: this.#opened, droppedSlow: this.#droppedSlow, droppedSilent: this.#droppedSilent, messagesSent: this.#messagesSent,
    };
  }

  open(socket: LiveSocket): void {
    if (this.#isClosed) {
      socket.close(CLOSE_GOING_AWAY, 'the node is stopping');
      return;
    }
    this.#opened += 1;
    if (this.#viewers.size === 0) this.#beatAtMs = this.#system.clock.nowMs();
    const viewer = {socket, sentTag: '', unansweredPings: 0};
    this.#viewers.set(socket, viewer);
    void this.#greet(viewer);
    this.#tickSoon();
  }

  /** The pages never speak: what does is something else. */
  heard(socket: LiveSocket): void {
    socket.close(CLOSE_UNSUPPORTED, 'this connection only sends');
    this.ended(socket);
  }

  ponged(socket: LiveSocket): void {
    const viewer = this.#viewers.get(socket);
    if (viewer !== undefined) viewer.unansweredPings = 0;
  }

  ended(socket: LiveSocket): void {
    this.#viewers.delete(socket);
    if (this.#viewers.size > 0) return;
    this.#cancelTick?.();
    this.#cancelTick = undefined;
  }

  /** Says goodbye to all and takes no more. */
  close(): void {
    this.#isClosed = true;
    for (const socket of this.#viewers.keys()) {
      socket.close(CLOSE_GOING_AWAY, 'the node is stopping');
      this.ended(socket);
    }
  }

  async #greet(viewer: Viewer): Promise<void> {
    const reading = await this.#source.read();
    if (reading !== undefined && this.#viewers.has(viewer.socket)) this.#send(viewer, reading);
  }

  #tickSoon(): void {
    if (this.#cancelTick !== undefined || this.#isReading || this.#viewers.size === 0) return;
    this.#cancelTick = this.#system.after(REFRESH_MS_MIN, () => {
      this.#cancelTick = undefined;
      void this.#tick();
    });
  }

  async #tick(): Promise<void> {
    this.#isReading = true;
    const reading = await this.#source.read();
    this.#isReading = false;
    const nowMs = this.#system.clock.nowMs();
    const isHeartbeat = nowMs - this.#beatAtMs >= HEARTBEAT_MS;
    for (const viewer of this.#viewers.values()) {
      if (reading !== undefined && (isHeartbeat || reading.contentTag !== viewer.sentTag)) this.#send(viewer, reading);
    }
    if (isHeartbeat) {
      this.#beatAtMs = nowMs;
      for (const viewer of this.#viewers.values()) this.#ping(viewer);
    }
    this.#tickSoon();
  }

  #send(viewer: Viewer, {json, contentTag}: OverviewReading): void {
    const {socket} = viewer;
    if (socket.bufferedAmount > BUFFERED_BYTES_MAX) {
      this.#droppedSlow += 1;
      this.#drop(socket);
      return;
    }
    this.#messagesSent += 1;
    viewer.sentTag = contentTag;
    socket.send(json);
  }

  #ping(viewer: Viewer): void {
    if (viewer.unansweredPings >= SILENT_PINGS_MAX) {
      this.#droppedSilent += 1;
      this.#drop(viewer.socket);
      return;
    }
    viewer.unansweredPings += 1;
    viewer.socket.ping();
  }

  #drop(socket: LiveSocket): void {
    socket.terminate();
    this.ended(socket);
  }
}
