/**
 * @module Pages by address, without a reload: the address bar always says what is shown, so that any page can be sent to
 * somebody. Links are real links; those that stay here are followed in place.
 */
import type {ComponentChildren} from 'preact';
import {useEffect, useState} from 'preact/hooks';

const MOVED = 'pithead-moved';

export function navigate(path: string): void {
  if (path !== location.pathname + location.search) history.pushState(null, '', path);
  dispatchEvent(new Event(MOVED));
  scrollTo(0, 0);
}

export function usePath(): string {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const look = (): void => setPath(location.pathname);
    addEventListener('popstate', look);
    addEventListener(MOVED, look);
    return () => {
      removeEventListener('popstate', look);
      removeEventListener(MOVED, look);
    };
  }, []);
  return path;
}

interface LinkProps {
  readonly to: string;
  readonly children: ComponentChildren;
  readonly class?: string;
  readonly title?: string;
  readonly isCurrent?: boolean;
}

export function Link({to, children, title, isCurrent, class: name}: LinkProps) {
  const follow = (event: MouseEvent): void => {
    // Another tab, a download: the browser's business.
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  };
  return <a href={to} class={name} title={title} aria-current={isCurrent === true ? 'page' : undefined} onClick={follow}>{children}</a>;
}

export function minerPath(account: string): string {
  return `/miners/${encodeURIComponent(account)}`;
}

/** An address that was typed in: shown on a page of its own. */
export function MinerSearch({label}: {readonly label: string}) {
  const [text, setText] = useState('');
  const go = (event: Event): void => {
    event.preventDefault();
    // `address.rig` as miners are configured: the account is what stands before the dot.
    const account = text.trim().split('.')[0]!;
    if (account !== '') navigate(minerPath(account));
  };
  return (
    <form class="search" role="search" onSubmit={go}>
      <input type="search" aria-label={label} placeholder={label} value={text} spellcheck={false} autocomplete="off" autocapitalize="off"
        onInput={(event) => setText(event.currentTarget.value)} />
      <button type="submit">Show</button>
    </form>
  );
}
