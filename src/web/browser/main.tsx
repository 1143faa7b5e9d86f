/** @module The page: the tip, the pool, who mines, and what was found. */
import {render} from 'preact';
import {useEffect, useState} from 'preact/hooks';
import {ChainTables} from './chain-tables';
import {useLiveOverview} from './live-overview';
import {PoolSection, RigTable} from './pool-section';
import {Tip} from './tip';
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

function Page() {
  const {overview, isLive, nowMs} = useLiveOverview();
  const [light, setLight] = useState<Light>(firstLight);
  useEffect(() => {
    document.documentElement.dataset.light = light;
  }, [light]);
  const height = overview?.chain.height;
  useEffect(() => {
    if (height !== undefined) document.title = `${height} \u2013 Pithead`;
  }, [height]);
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
        {overview && <span class="chain">{overview.node.chain}</span>}
        <span class="grow" />
        <span class={`link-state ${state}`} role="status" title={delayed.length > 0 ? `Last known values: ${delayed.join(', ')}` : undefined}>{state}</span>
        <button type="button" class="turn" onClick={turn}>{light === 'day' ? 'Dark' : 'Light'}</button>
      </header>
      {overview && !isLive && (
        <p class="notice">
          <span role="alert">The node does not answer. The page tries again by itself.</span>{' '}
          These are its values of {durationText((nowMs - overview.atMs) / 1_000)} ago.
        </p>
      )}
      <main>
        <Tip overview={overview} nowMs={nowMs} />
        <PoolSection pool={overview?.pool} chain={overview?.node.chain} isKnown={overview !== undefined} isLate={delayed.includes('pool')} />
        {(overview === undefined || overview.pool !== undefined) && <RigTable pool={overview?.pool} nowMs={nowMs} />}
        <ChainTables overview={overview} nowMs={nowMs} />
      </main>
      <footer class="foot">
        <span>Pithead {overview?.node.version ?? ''}</span>
        {overview && <span>up {durationText(overview.node.uptimeSec + (nowMs - overview.atMs) / 1_000)}</span>}
        <a href="/api/v1/openapi.json">API</a>
        <a href="/metrics">Metrics</a>
        <a href="/health/ready">Health</a>
      </footer>
    </div>
  );
}

document.documentElement.dataset.light = firstLight();
render(<Page />, document.getElementById('page')!);
