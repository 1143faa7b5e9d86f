/** @module The parts of the operator's page. Each asks for itself, and says in words what came of a change. */
import type {ComponentChildren} from 'preact';
import {useEffect, useState} from 'preact/hooks';
import type {PayoutRules} from '../api';
import type {Refusal} from './answers';
import type {OperatorAsk} from './operator-page';
import {agoText, coinsText, countText, durationText, hashrateText, spanText} from './texts';

const REFRESH_MS = 5_000;

export interface PartProps {
  readonly asking: OperatorAsk;
  readonly token: string;
  readonly nowMs: number;
  /** The token is not taken any more. */
  readonly onRefused: () => void;
}

interface Known<T> {
  readonly value: T | undefined;
  readonly refusal: Refusal | undefined;
  readonly again: () => void;
}

function useOperator<T>({asking, token, onRefused}: PartProps, path: string): Known<T> {
  const [state, setState] = useState<Omit<Known<T>, 'again'>>({value: undefined, refusal: undefined});
  const [round, setRound] = useState(0);
  useEffect(() => {
    let isOver = false;
    const look = (): void => {
      if (document.hidden) return;
      asking<T>(path).then((value) => !isOver && setState({value, refusal: undefined}), (refusal: Refusal) => {
        if (isOver) return;
        if (refusal.status === 401) onRefused();
        setState((before) => ({value: before.value, refusal}));
      });
    };
    look();
    const timer = setInterval(look, REFRESH_MS);
    return () => {
      isOver = true;
      clearInterval(timer);
    };
  }, [token, path, round]);
  return {...state, again: () => setRound((count) => count + 1)};
}

/** Makes a change and tells what came of it. */
function useChange(again: () => void): {readonly said: string; readonly make: (change: Promise<unknown>, done: string) => void} {
  const [said, setSaid] = useState('');
  const make = (change: Promise<unknown>, done: string): void => {
    setSaid('…');
    change.then(() => setSaid(done), (refusal: Refusal) => setSaid(refusal.message)).finally(again);
  };
  return {said, make};
}

function Part({id, title, said, known, children}: {readonly id: string; readonly title: string; readonly said?: string; readonly known: Known<unknown>; readonly children: ComponentChildren}) {
  return (
    <section aria-labelledby={id}>
      <div class="titled"><h2 id={id}>{title}</h2><span class="said" role="status">{said ?? ''}</span></div>
      {known.value === undefined ? <p class="empty">{known.refusal?.message ?? 'Asking.'}</p> : children}
    </section>
  );
}

interface ShownAlert {
  readonly id: number;
  readonly state: string;
  readonly severity: 'good' | 'info' | 'warning' | 'critical';
  readonly title: string;
  readonly text: string;
  readonly atSec: number;
}
interface Alerts {
  readonly active: readonly ShownAlert[];
  readonly recent: readonly ShownAlert[];
  readonly destinations: readonly {readonly host: string; readonly format: string; readonly sent: number; readonly lost: number; readonly waiting: number; readonly lastProblem?: string}[];
}

const SEVERITY_CLASS: Readonly<Record<ShownAlert['severity'], string>> = {good: 'good', info: 'faint', warning: 'lamp', critical: 'bad'};

export function AlertsPart(props: PartProps) {
  const known = useOperator<Alerts>(props, 'alerts');
  const {said, make} = useChange(known.again);
  const {active = [], recent = [], destinations = []} = known.value ?? {};
  return (
    <Part id="alerts-title" title="Alerts" said={said} known={known}>
      {active.length === 0 ? <p class="empty">Nothing is wrong.</p> : active.map((alert) => <p key={alert.id} class="notice"><b>{alert.title}</b>. {alert.text}</p>)}
      {recent.length > 0 && (
        <details><summary>What was told</summary>
          <table><tbody>
            {recent.slice(0, 20).map((alert) => (
              <tr key={alert.id}><td class={alert.state === 'resolved' ? 'good' : SEVERITY_CLASS[alert.severity]}>{alert.title}<span class="sub wrapped">{alert.text}</span></td><td class="r num age">{agoText(props.nowMs / 1_000 - alert.atSec)}</td></tr>
            ))}
          </tbody></table>
        </details>
      )}
      {destinations.length === 0 ? <p class="empty">No webhook is configured: <span class="num">alerts.webhooks</span> takes Discord's and plain JSON ones.</p> : (
        <table>
          <thead><tr><th>Webhook</th><th class="r">Sent</th><th class="r">Waiting</th><th class="r">Lost</th></tr></thead>
          <tbody>{destinations.map((one, row) => <tr key={row}><td>{one.host} <span class="faint">{one.format}</span>{one.lastProblem !== undefined && <span class="sub bad">{one.lastProblem}</span>}</td><td class="r num">{countText(one.sent)}</td><td class="r num">{countText(one.waiting)}</td><td class="r num">{countText(one.lost)}</td></tr>)}</tbody>
        </table>
      )}
      <p class="more"><button type="button" onClick={() => make(props.asking('alerts/test', {}), 'Sent to every webhook.')}>Send a test</button></p>
    </Part>
  );
}

/** The rules are public; the switches are not. */
export function PayoutsPart(props: PartProps) {
  const [rules, setRules] = useState<PayoutRules>();
  const [refusal, setRefusal] = useState<Refusal>();
  const [round, setRound] = useState(0);
  useEffect(() => {
    fetch('/api/v1/payouts/rules').then(async (answer) => (answer.ok ? setRules(await answer.json() as PayoutRules) : setRefusal(await answer.json() as Refusal)))
      .catch(() => setRefusal({status: 0, code: 'no-answer', message: 'The node does not answer.'}));
  }, [round]);
  const {said, make} = useChange(() => setRound((count) => count + 1));
  return (
    <Part id="operator-payouts-title" title="Payouts" said={said} known={{value: rules, refusal, again: () => undefined}}>
      <p class="empty">{rules?.isPaused === true ? 'Paused: nothing new is planned.' : `They run every ${spanText(rules?.intervalSec ?? 0)}.`} {coinsText(rules?.payableSats ?? '0')} wait for {countText(rules?.payableCount ?? 0)} miners.</p>
      <p class="more">
        <button type="button" disabled={rules?.isPaused} onClick={() => make(props.asking('payouts/run', {}), 'Planned.')}>Pay now</button>{' '}
        <button type="button" onClick={() => make(props.asking('payouts/pause', {isPaused: rules?.isPaused !== true}), 'Written down.')}>{rules?.isPaused === true ? 'Go on' : 'Pause'}</button>
      </p>
    </Part>
  );
}

interface Session {
  readonly id: number;
  readonly remoteEndpoint: string;
  readonly userAgent: string;
  readonly connectedAtSec: number;
  readonly accounts: readonly {readonly account: string; readonly minerName: string}[];
  readonly hashrate: number;
  readonly sharesAccepted: number;
  readonly sharesRejected: number;
  readonly lastRejectText?: string;
}

function addressOf(endpoint: string): string {
  return endpoint.replace(/^\[|\](:\d+)?$|:\d+$/g, '');
}

export function SessionsPart(props: PartProps) {
  const known = useOperator<{readonly items: readonly Session[]; readonly nextCursor?: string}>(props, 'sessions?limit=100');
  const {said, make} = useChange(known.again);
  const sessions = known.value?.items ?? [];
  return (
    <Part id="sessions-title" title="Sessions" said={said} known={known}>
      {sessions.length === 0 ? <p class="empty">Nobody is connected.</p> : (
        <table aria-labelledby="sessions-title">
          <thead><tr><th>From</th><th class="wide">Miner</th><th class="r">Hashrate</th><th class="r wide">Shares</th><th class="r wide">Rejected</th><th class="r">Act</th></tr></thead>
          <tbody>
            {sessions.map((one) => (
              <tr key={one.id}>
                <td><span class="cut num">{one.remoteEndpoint}</span><span class="sub">{one.userAgent}</span></td>
                <td class="wide"><span class="cut num" title={one.accounts[0]?.account}>{one.accounts[0]?.account ?? 'not authorised'}</span><span class="sub">{one.accounts.map(({minerName}) => minerName).join(', ')}</span></td>
                <td class="r num rate">{hashrateText(one.hashrate)}</td>
                <td class="r num wide">{countText(one.sharesAccepted)}</td>
                <td class="r num wide" title={one.lastRejectText}>{countText(one.sharesRejected)}</td>
                <td class="r acts">
                  <button type="button" onClick={() => make(props.asking(`sessions/${one.id}/end`, {}), 'Sent away.')}>End</button>{' '}
                  <button type="button" onClick={() => make(props.asking('bans', {network: addressOf(one.remoteEndpoint), durationSec: 3_600}), 'Banned for an hour.')}>Ban</button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {known.value?.nextCursor !== undefined && <p class="empty">The first hundred are shown; the API lists them all.</p>}
    </Part>
  );
}

interface Ban {
  readonly network: string;
  readonly reason: string;
  readonly note: string;
  readonly untilSec?: number;
}

export function BansPart(props: PartProps) {
  const known = useOperator<readonly Ban[]>(props, 'bans');
  const {said, make} = useChange(known.again);
  const [network, setNetwork] = useState('');
  const [note, setNote] = useState('');
  const bans = known.value ?? [];
  const ban = (event: Event): void => {
    event.preventDefault();
    make(props.asking('bans', {network: network.trim(), note}), 'Banned until it is lifted.');
  };
  return (
    <Part id="bans-title" title="Bans" said={said} known={known}>
      {bans.length === 0 ? <p class="empty">Nobody is banned.</p> : (
        <table aria-labelledby="bans-title">
          <thead><tr><th>Network</th><th>For</th><th class="r">Left</th><th class="r">Act</th></tr></thead>
          <tbody>
            {bans.map((one) => (
              <tr key={one.network}>
                <td class="num">{one.network}</td><td>{one.reason}<span class="sub">{one.note}</span></td>
                <td class="r num">{one.untilSec === undefined ? 'until lifted' : durationText(one.untilSec - props.nowMs / 1_000)}</td>
                <td class="r acts"><button type="button" onClick={() => make(props.asking('bans/lift', {network: one.network}), 'Lifted.')}>Lift</button></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <form class="search" onSubmit={ban}>
        <input aria-label="Address or network" placeholder="Address or network" value={network} required spellcheck={false} onInput={(event) => setNetwork(event.currentTarget.value)} />
        <input aria-label="Note" placeholder="Note" value={note} maxLength={200} onInput={(event) => setNote(event.currentTarget.value)} />
        <button type="submit">Ban</button>
      </form>
    </Part>
  );
}

interface AuditEntry {
  readonly atSec: number;
  readonly action: string;
  readonly from: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly outcome: string;
}

export function AuditPart(props: PartProps) {
  const known = useOperator<readonly AuditEntry[]>(props, 'audit?limit=20');
  return (
    <Part id="audit-title" title="What was changed" known={known}>
      {known.value?.length === 0 ? <p class="empty">Nothing yet.</p> : (
        <table aria-labelledby="audit-title">
          <thead><tr><th>Change</th><th class="wide">From</th><th>Outcome</th><th class="r">Age</th></tr></thead>
          <tbody>
            {(known.value ?? []).map((entry, row) => (
              <tr key={row}>
                <td class="num"><span class="cut" title={JSON.stringify(entry.detail)}>{entry.action}</span></td><td class="num wide">{entry.from}</td>
                <td>{entry.outcome}</td><td class="r num age">{agoText(props.nowMs / 1_000 - entry.atSec)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Part>
  );
}

export function ConfigPart(props: PartProps) {
  const known = useOperator<Readonly<Record<string, unknown>>>(props, 'config');
  return (
    <Part id="config-title" title="Settings in force" known={known}>
      <details><summary>Show all {countText(Object.keys(known.value ?? {}).length)}</summary>
        <table aria-labelledby="config-title">
          <tbody>{Object.entries(known.value ?? {}).map(([key, value]) => <tr key={key}><td class="num">{key}</td><td class="num broken">{typeof value === 'string' ? value : JSON.stringify(value)}</td></tr>)}</tbody>
        </table>
      </details>
    </Part>
  );
}
