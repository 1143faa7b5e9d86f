/**
 * @module The operator's page: everything behind the token. The token is typed in, kept in this tab's storage only, and
 * sent in a header; closing the tab forgets it.
 */
import {useState} from 'preact/hooks';
import {ask, type Refusal} from './answers';
import {AlertsPart, AuditPart, BansPart, ConfigPart, PayoutsPart, SessionsPart} from './operator-parts';

const TOKEN_KEY = 'pithead-operator';

export type OperatorAsk = <T>(path: string, body?: Readonly<Record<string, unknown>>) => Promise<T>;

function keptToken(): string | undefined {
  try {
    return sessionStorage.getItem(TOKEN_KEY) ?? undefined;
  } catch {
    return undefined; // Storage is forbidden here: the token is typed in again after a reload.
  }
}

function keep(token: string | undefined): void {
  try {
    if (token === undefined) sessionStorage.removeItem(TOKEN_KEY);
    else sessionStorage.setItem(TOKEN_KEY, token);
  } catch {
    // As above.
  }
}

function askAs(token: string): OperatorAsk {
  return (path, body) => ask(`/api/v1/operator/${path}`, {
    headers: {authorization: `Bearer ${token}`, ...(body === undefined ? {} : {'content-type': 'application/json'})},
    ...(body === undefined ? {} : {method: 'POST', body: JSON.stringify(body)}),
  });
}

function Entrance({onToken}: {readonly onToken: (token: string) => void}) {
  const [text, setText] = useState('');
  const [refusal, setRefusal] = useState<Refusal>();
  const enter = (event: Event): void => {
    event.preventDefault();
    const token = text.trim();
    if (token === '') return;
    askAs(token)('audit?limit=1').then(() => onToken(token), setRefusal);
  };
  return (
    <section class="first" aria-labelledby="entrance-title">
      <h2 id="entrance-title">Operator</h2>
      <p class="empty">The token is in the file <span class="num">operator-token</span> in the pool's data folder, or in its configuration. It stays in this tab.</p>
      <form class="search" onSubmit={enter}>
        <input type="password" aria-label="Operator's token" placeholder="Operator's token" autocomplete="off" value={text} onInput={(event) => setText(event.currentTarget.value)} />
        <button type="submit">Enter</button>
      </form>
      <p class="refusal bad" role="alert">{refusal === undefined ? '' : refusal.status === 401 ? 'This is not the token.' : refusal.status === 404 ? 'This node has no operator\'s part.' : refusal.message}</p>
    </section>
  );
}

export function OperatorPage({nowMs, hasPool, hasPayouts}: {readonly nowMs: number; readonly hasPool: boolean; readonly hasPayouts: boolean}) {
  const [token, setToken] = useState(keptToken);
  const change = (next: string | undefined): void => {
    keep(next);
    setToken(next);
  };
  if (token === undefined) return <Entrance onToken={change} />;
  const asking = askAs(token);
  const props = {asking, token, nowMs, onRefused: () => change(undefined)};
  return (
    <>
      <section class="first" aria-labelledby="operator-title">
        <div class="titled"><h2 id="operator-title">Operator</h2><button type="button" onClick={() => change(undefined)}>Leave</button></div>
      </section>
      {hasPool && <AlertsPart {...props} />}
      {hasPayouts && <PayoutsPart {...props} />}
      {hasPool && <SessionsPart {...props} />}
      {hasPool && <BansPart {...props} />}
      <AuditPart {...props} />
      <ConfigPart {...props} />
    </>
  );
}
