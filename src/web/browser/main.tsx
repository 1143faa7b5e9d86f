/** @module The pages: what is at each address, the way between them, and what they have in common. */
import {render} from 'preact';
import {useEffect, useState} from 'preact/hooks';
import {BlockPage, BlocksPage} from './blocks-page';
import {ChainTables} from './chain-tables';
import {useLiveOverview, type LiveOverview} from './live-overview';
import {MinerPage} from './miner-page';
import {MinersPage} from './miners-page';
import {NodePage} from './node-page';
import {OperatorPage} from './operator-page';
import {PayoutPage, PayoutsPage} from './payouts-page';
import {PoolSection, RigTable} from './pool-section';
import {Link, usePath} from './router';
import {ChainFigures, Tip} from './tip';
import {durationText} from './texts';

const LIGHT_KEY = 'pithead-light';
type Light = 'day' | 'night';

function firstLight(): Light {
  try {
    const kept = localStorage.getItem(LIGHT_KEY);
    if (kept === 'day' || kept === 'night') return kept;
  } catch {
    // Storage is forbidden here: the choice lasts as long as the page.
  }
  return matchMedia('(prefers-color-scheme: light)').matches ? 'day' : 'night';
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round">
      <circle cx="16" cy="8" r="5.2" />
      <path d="M16 8 6 29M16 8l10 21M10 20.5h12" />
    </svg>
  );
}

interface Place {
  readonly to: string;
  readonly label: string;
  /** A process without a pool has none of it. */
  readonly isOfPool: boolean;
}

const PLACES: readonly Place[] = [
  {to: '/', label: 'Overview', isOfPool: false}, {to: '/miners', label: 'Miners', isOfPool: true}, {to: '/blocks', label: 'Blocks', isOfPool: true},
  {to: '/payouts', label: 'Payouts', isOfPool: true}, {to: '/node', label: 'Node', isOfPool: false},
];

function Nav({path, hasPool, hasPayouts}: {readonly path: string; readonly hasPool: boolean; readonly hasPayouts: boolean}) {
  const places = PLACES.filter(({isOfPool, to}) => (hasPool || !isOfPool) && (hasPayouts || to !== '/payouts'));
  return (
    <nav class="places" aria-label="Pages">
      {places.map(({to, label}) => <Link key={to} to={to} isCurrent={to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`)}>{label}</Link>)}
    </nav>
  );
}

/** What the last part of the address names, where it names one. */
function nameIn(path: string, folder: string): string | undefined {
  if (!path.startsWith(`${folder}/`)) return undefined;
  try {
    return decodeURIComponent(path.slice(folder.length + 1)) || undefined;
  } catch {
    return undefined; // Half an escape: the address is none of ours.
  }
}

function titleOf(path: string, height: number | undefined): string {
  const place = [...PLACES, {to: '/operator', label: 'Operator'}].find(({to}) => to !== '/' && path.startsWith(to));
  return place === undefined ? height === undefined ? 'Pithead' : `${height} \u2013 Pithead` : `${place.label} \u2013 Pithead`;
}

function Home({overview, nowMs}: LiveOverview) {
  return (
    <>
      <Tip overview={overview} nowMs={nowMs} />
      {overview !== undefined && overview.pool === undefined && <ChainFigures overview={overview} />}
      <PoolSection pool={overview?.pool} chain={overview?.node.chain} isKnown={overview !== undefined} isLate={(overview?.delayed ?? []).includes('pool')} />
      {(overview === undefined || overview.pool !== undefined) && <RigTable pool={overview?.pool} nowMs={nowMs} />}
      <ChainTables overview={overview} nowMs={nowMs} />
    </>
  );
}

function Shown({path, live}: {readonly path: string; readonly live: LiveOverview}) {
  const {overview, nowMs} = live;
  const account = nameIn(path, '/miners');
  const hash = nameIn(path, '/blocks');
  const payout = nameIn(path, '/payouts');
  if (path === '/') return <Home {...live} />;
  if (account !== undefined) return <MinerPage key={account} account={account} pool={overview?.pool} difficulty={overview?.chain.difficulty} nowMs={nowMs} />;
  if (hash !== undefined) return <BlockPage key={hash} hash={hash} nowMs={nowMs} />;
  if (payout !== undefined) return <PayoutPage key={payout} id={payout} nowMs={nowMs} />;
  switch (path) {
    case '/miners': return <MinersPage nowMs={nowMs} />;
    case '/blocks': return <BlocksPage nowMs={nowMs} />;
    case '/payouts': return <PayoutsPage nowMs={nowMs} />;
    case '/node': return <NodePage overview={overview} nowMs={nowMs} />;
    case '/operator': return <OperatorPage nowMs={nowMs} hasPool={overview?.pool !== undefined} hasPayouts={overview?.pool?.hasPayouts === true} />;
    default: return <section class="first"><h2>Nothing is here</h2><p class="empty">No page has this address. <Link to="/">The overview</Link> is where all others begin.</p></section>;
  }
}

function Page() {
  const live = useLiveOverview();
  const {overview, isLive, nowMs} = live;
  const path = usePath();
  const [light, setLight] = useState<Light>(firstLight);
  useEffect(() => {
    document.documentElement.dataset.light = light;
  }, [light]);
  const height = overview?.chain.height;
  useEffect(() => {
    document.title = titleOf(path, height);
  }, [path, height]);
  const delayed = overview?.delayed ?? [];
  const state = !isLive ? 'offline' : delayed.length > 0 ? 'slow' : 'live';
  const turn = (): void => {
    const next = light === 'day' ? 'night' : 'day';
    setLight(next);
    try {
      localStorage.setItem(LIGHT_KEY, next);
    } catch {
      // As above.
    }
  };
  return (
    <div class="wrap">
      <header class="head">
        <Mark />
        <h1>Pithead</h1>
        <span class="chain">{overview?.node.chain ?? '\u2026'}</span>
        <span class="grow" />
        <span class={`link-state ${state}`} role="status" title={delayed.length > 0 ? `Last known values: ${delayed.join(', ')}` : undefined}>{state}</span>
        <button type="button" class="turn" onClick={turn}>{light === 'day' ? 'Dark' : 'Light'}</button>
      </header>
      <Nav path={path} hasPool={overview === undefined || overview.pool !== undefined || delayed.includes('pool')} hasPayouts={overview?.pool?.hasPayouts === true} />
      {overview && !isLive && (
        <p class="notice">
          <span role="alert">The node does not answer. The page tries again by itself.</span>{' '}
          These are its values of {durationText((nowMs - overview.atMs) / 1_000)} ago.
        </p>
      )}
      {overview?.isStalled === true && <p class="notice" role="alert">No healthy node confirms the work of this pool. Miners are told to wait.</p>}
      <main><Shown path={path} live={live} /></main>
      <footer class="foot">
        <span>Pithead {overview?.node.version ?? ''}</span>
        {overview && <span>up {durationText(overview.node.uptimeSec + (nowMs - overview.atMs) / 1_000)}</span>}
        <a href="/api/v1/openapi.json">API</a>
        <a href="/metrics">Metrics</a>
        <a href="/health/ready">Health</a>
        <Link to="/operator" isCurrent={path === '/operator'}>Operator</Link>
      </footer>
    </div>
  );
}

document.documentElement.dataset.light = firstLight();
render(<Page />, document.getElementById('page')!);
