/**
 * @module What the alerts need from outside: a way to send one, and the free space of the disk.
 */
import type {Alert} from './messages.js';

export interface WebhookSender {
  /** Resolves with the HTTP status, whatever it is; rejects when nobody answered. `retryAfterMs`: the receiver's wish. */
  send(to: {readonly url: string; readonly format: 'discord' | 'json'}, alert: Alert, timeoutMs: number): Promise<{readonly status: number; readonly retryAfterMs?: number}>;
}

export interface DiskSpace {
  /** Of the data folder's disk. */
  freeBytes(): Promise<number>;
}
