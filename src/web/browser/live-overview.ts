/**
 * @module Keeps one overview fresh: over the WebSocket while it lives, asking again with growing pauses when it does not.
 * Decides nothing about how values look.
 */
import {useEffect, useState} from 'preact/hooks';
import type {Overview} from '../overview';

export interface LiveOverview {
  readonly overview: Overview | undefined;
  readonly isLive: boolean;
  /** Server time now, milliseconds: its last word and what passed since. */
  readonly nowMs: number;
}

const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 15_000;
/** The server repeats itself every ten seconds at least: after two and a half of them the connection is dead, whatever it says. */
const SILENCE_MS_MAX = 25_000;

export function useLiveOverview(): LiveOverview {
  const [overview, setOverview] = useState<Overview>();
  const [isLive, setLive] = useState(false);
  const [receivedAtMs, setReceivedAtMs] = useState(0);
  const [, tick] = useState(0);

  useEffect(() => {
    let retryMs = RETRY_MS_MIN;
    let retryTimer: ReturnType<typeof setTimeout> | undefined;
    let socket: WebSocket | undefined;
    let silenceTimer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;

    function take(next: Overview): void {
      setOverview(next);
      setReceivedAtMs(performance.now());
    }
    function lost(): void {
      clearTimeout(silenceTimer);
      setLive(false);
      if (isOver) return;
      retryTimer = setTimeout(open, retryMs);
      retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
    }
    function open(): void {
      const opened = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/live`);
      socket = opened;
      const watch = (): void => {
        clearTimeout(silenceTimer);
        silenceTimer = setTimeout(() => {
          // A dead connection may take minutes to say that it is closed: what it says then is nobody's business.
          opened.onclose = null;
          opened.close();
          lost();
        }, SILENCE_MS_MAX);
      };
      watch();
      opened.onmessage = (event) => {
        watch();
        take(JSON.parse(String(event.data)) as Overview);
        setLive(true);
        retryMs = RETRY_MS_MIN;
      };
      opened.onclose = lost;
    }
    // The first values come by plain HTTP: they show even where something between blocks WebSockets.
    fetch('/api/v1/overview').then((answer) => (answer.ok ? answer.json() : undefined)).then((first: Overview | undefined) => {
      if (first !== undefined && !isOver) take(first);
    }).catch(() => setLive(false));
    open();
    const second = setInterval(() => tick((count) => count + 1), 1_000);
    return () => {
      isOver = true;
      clearInterval(second);
      clearTimeout(retryTimer);
      clearTimeout(silenceTimer);
      socket?.close();
    };
  }, []);

  const nowMs = overview === undefined ? 0 : overview.atMs + Math.max(0, performance.now() - receivedAtMs);
  return {overview, isLive, nowMs};
}
