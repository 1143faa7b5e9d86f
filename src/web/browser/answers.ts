/**
 * @module Answers of the API for a page: asked for at once, again every so often while the page is looked at, and kept
 * when a later question fails. The browser's cache and the server's tags make an unchanged answer cheap.
 */
import {useEffect, useState} from 'preact/hooks';

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

export interface Answer<T> {
  /** The last one of this address. */
  readonly value: T | undefined;
  /** Why the newest question was not answered. */
  readonly refusal: Refusal | undefined;
}

const NO_ANSWER: Refusal = {status: 0, code: 'no-answer', message: 'The node does not answer.'};

/** @throws Refusal */
export async function ask<T>(url: string, options: RequestInit = {}): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(url, options);
  } catch {
    throw NO_ANSWER;
  }
  const body = await answer.json().catch(() => undefined) as unknown;
  if (answer.ok && body !== undefined) return body as T;
  const {code, message} = (body ?? {}) as Partial<Refusal>;
  throw {status: answer.status, code: code ?? 'no-answer', message: message ?? `The node answered ${answer.status}.`};
}

/** @param url - undefined: nothing is asked for yet. */
export function useAnswer<T>(url: string | undefined, refreshMs: number): Answer<T> {
  const [state, setState] = useState<Answer<T> & {readonly url: string | undefined}>({url: undefined, value: undefined, refusal: undefined});
  useEffect(() => {
    if (url === undefined) return undefined;
    let isOver = false;
    const look = (): void => {
      if (document.hidden) return;
      ask<T>(url).then(
        (value) => !isOver && setState({url, value, refusal: undefined}),
        (refusal: Refusal) => !isOver && setState((before) => ({url, value: before.url === url ? before.value : undefined, refusal})));
    };
    look();
    const timer = setInterval(look, refreshMs);
    document.addEventListener('visibilitychange', look);
    return () => {
      isOver = true;
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, [url, refreshMs]);
  // What was asked of another address is no answer to this one.
  return state.url === url ? state : {value: undefined, refusal: undefined};
}

interface PageOf<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
}

export interface List<T> extends Answer<readonly T[]> {
  /** Absent on the last page. */
  readonly more: (() => void) | undefined;
}

/** The newest page stays fresh; older ones are put behind it when they are asked for. */
export function useList<T>(url: string, refreshMs: number, keyOf: (item: T) => string): List<T> {
  const first = useAnswer<PageOf<T>>(url, refreshMs);
  const [older, setOlder] = useState<{readonly url: string; readonly items: readonly T[]; readonly nextCursor: string | undefined}>();
  if (first.value === undefined) return {value: undefined, refusal: first.refusal, more: undefined};
  const behind = older?.url === url ? older : {url, items: [], nextCursor: first.value.nextCursor};
  const shown = new Map<string, T>();
  for (const item of [...first.value.items, ...behind.items]) if (!shown.has(keyOf(item))) shown.set(keyOf(item), item);
  const {nextCursor} = behind;
  const more = nextCursor === undefined ? undefined : (): void => {
    ask<PageOf<T>>(`${url}${url.includes('?') ? '&' : '?'}cursor=${nextCursor}`).then(
      (page) => setOlder({url, items: [...behind.items, ...page.items], nextCursor: page.nextCursor}), () => undefined);
  };
  return {value: [...shown.values()], refusal: first.refusal, more};
}
