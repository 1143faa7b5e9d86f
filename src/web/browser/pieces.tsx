/** @module Small parts that several pages have: copied texts, lists that go on, states of blocks. */
import type {ComponentChildren} from 'preact';
import {useRef, useState} from 'preact/hooks';
import type {FoundStatus} from '../api';
import type {Refusal} from './answers';
import {countText} from './texts';

const COPIED_MS = 2_000;

/** A text and a button that copies it, or selects it where the browser gives no clipboard (plain HTTP from elsewhere). */
export function Copied({text, label, children}: {readonly text: string; readonly label: string; readonly children?: ComponentChildren}) {
  const [done, setDone] = useState<'Copied' | 'Selected'>();
  const shown = useRef<HTMLElement>(null);
  const copy = (): void => {
    const say = (what: 'Copied' | 'Selected'): void => {
      setDone(what);
      setTimeout(() => setDone(undefined), COPIED_MS);
    };
    const select = (): void => {
      getSelection()?.selectAllChildren(shown.current!);
      say('Selected');
    };
    const clipboard = navigator.clipboard as Clipboard | undefined;
    if (clipboard === undefined) select();
    else clipboard.writeText(text).then(() => say('Copied'), select);
  };
  return (
    <span class="copied">
      <code ref={shown}>{children ?? text}</code>
      <button type="button" onClick={copy} aria-label={`Copy ${label}`}>{done ?? 'Copy'}</button>
    </span>
  );
}

const STATUS_TEXT: Readonly<Record<FoundStatus, string>> = {pending: 'maturing', confirmed: 'confirmed', orphaned: 'orphaned', rejected: 'refused'};
const STATUS_CLASS: Readonly<Record<FoundStatus, string>> = {pending: 'faint', confirmed: 'good', orphaned: 'bad', rejected: 'bad'};

export function BlockStatus({status, confirmations, maturityBlocks}: {readonly status: FoundStatus; readonly confirmations: number; readonly maturityBlocks?: number}) {
  return (
    <span class={STATUS_CLASS[status]}>
      {STATUS_TEXT[status]}{status === 'pending' && <span class="num"> {countText(confirmations)}{maturityBlocks === undefined ? '' : `/${countText(maturityBlocks)}`}</span>}
    </span>
  );
}

/** What stands where an answer should: that it is awaited, or why there is none. */
export function Awaited({refusal, what}: {readonly refusal: Refusal | undefined; readonly what: string}) {
  return <p class="empty" role={refusal === undefined ? undefined : 'status'}>{refusal === undefined ? `Asking for ${what}.` : refusal.message}</p>;
}

export function More({more}: {readonly more: (() => void) | undefined}) {
  return more === undefined ? null : <p class="more"><button type="button" onClick={more}>Show older ones</button></p>;
}

/** A name that may be long and means the same when its middle is missing. */
export function Cut({text, title}: {readonly text: string; readonly title?: string}) {
  return <span class="cut num" title={title ?? text}>{text}</span>;
}
