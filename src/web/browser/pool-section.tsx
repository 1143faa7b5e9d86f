/** @module The pool: what it does now, how to join it, and who mines on it. */
import {useRef, useState} from 'preact/hooks';
import type {PoolOverview} from '../overview';
import {Difficulty} from './difficulty';
import {agoText, countedText, countText, hashrateText, percentText} from './texts';

function Connect({pool, chain}: {readonly pool: PoolOverview; readonly chain: string}) {
  const [done, setDone] = useState<'Copied' | 'Selected'>();
  const text = useRef<HTMLElement>(null);
  const command = `minerd -a sha256d -o stratum+tcp://${pool.stratumEndpoint} -u YOUR_ADDRESS.rig1 -p x`;
  const copy = (): void => {
    const say = (what: 'Copied' | 'Selected'): void => {
      setDone(what);
      setTimeout(() => setDone(undefined), 2_000);
    };
    const select = (): void => {
      getSelection()?.selectAllChildren(text.current!);
      say('Selected');
    };
    // Browsers give the clipboard to secure origins only: over plain HTTP from another machine there is none.
    const clipboard = navigator.clipboard as Clipboard | undefined;
    if (clipboard === undefined) select();
    else clipboard.writeText(command).then(() => say('Copied'), select);
  };
  return (
    <aside class="connect">
      <h3>Mine here</h3>
      <dl>
        <dt>Server</dt><dd class="num">stratum+tcp://{pool.stratumEndpoint}</dd>
        <dt>User</dt><dd>an address of {chain}, then a dot and a name for the rig</dd>
        <dt>Password</dt><dd>anything; <span class="num">d=0.001</span> fixes the difficulty, never above a block's</dd>
        <dt>Pays</dt><dd>{pool.scheme === 'SOLO' ? 'SOLO: the finder, in the block itself' : 'PPLNS: all who worked on the block'}, fee {percentText(pool.feePpm / 1e6)}</dd>
      </dl>
      <div class="command">
        <code ref={text}>{command}</code>
        <button type="button" onClick={copy}>{done ?? 'Copy'}</button>
      </div>
    </aside>
  );
}

function rejectsText(rejected: Readonly<Record<string, number>>): string {
  const parts = Object.entries(rejected).filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1]);
  return parts.length === 0 ? 'none rejected' : `rejected: ${parts.map(([reason, count]) => `${countText(count)} ${reason}`).join(', ')}`;
}

export function PoolSection({pool, chain, isKnown, isLate}: {readonly pool: PoolOverview | undefined; readonly chain: string | undefined; readonly isKnown: boolean; readonly isLate: boolean}) {
  if (pool === undefined) {
    return (
      <section aria-labelledby="pool-title">
        <h2 id="pool-title">Pool</h2>
        <p class="empty">{isKnown && !isLate ? 'This node runs no pool. Start it with the role mining-pool or solo-pool to have one.' : 'Waiting for the pool to answer.'}</p>
      </section>
    );
  }
  return (
    <section aria-labelledby="pool-title">
      <h2 id="pool-title">Pool</h2>
      <div class="pool">
        <div>
          <dl class="figures">
            <div><dt>Hashrate, 5 min</dt><dd class="num lamp">{hashrateText(pool.hashrate.last5m)}<span class="note">1 min {hashrateText(pool.hashrate.last1m)}, 1 h {hashrateText(pool.hashrate.last1h)}</span></dd></div>
            <div><dt>Miners connected</dt><dd class="num">{countText(pool.sessions.authorised)}<span class="note">{countedText(pool.sessions.connected, 'session')}, room for {countText(pool.sessions.max)}</span></dd></div>
            <div><dt>Shares</dt><dd class="num">{countText(pool.sharesAccepted)}<span class="note">{rejectsText(pool.sharesRejected)}</span></dd></div>
            <div><dt>Blocks found</dt><dd class="num">{countText(pool.blocksFound)}<span class="note">{pool.scheme === 'SOLO' ? 'each paid to its finder' : `PPLNS window ${percentText(pool.windowFill)} full`}</span></dd></div>
          </dl>
          <div class="effort">
            <div class="row"><span>Work on this round, against what a block should take</span><span class="num">{percentText(pool.roundEffort)}</span></div>
            <div class="meter" role="meter" aria-label="Round effort" aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(Math.min(1, pool.roundEffort) * 100)}>
              <i style={{width: `${Math.min(100, pool.roundEffort * 100)}%`}} />
            </div>
          </div>
        </div>
        <Connect pool={pool} chain={chain ?? ''} />
      </div>
    </section>
  );
}

export function RigTable({pool, nowMs}: {readonly pool: PoolOverview | undefined; readonly nowMs: number}) {
  const rigs = pool?.rigs ?? [];
  return (
    <section aria-labelledby="rigs-title">
      <h2 id="rigs-title">Miners</h2>
      {rigs.length === 0 ? <p class="empty">No miner has sent a share yet. The command above connects one.</p> : (
        <table aria-labelledby="rigs-title">
          <thead>
            <tr><th>Account</th><th class="wide">Software</th><th class="r">Hashrate</th><th class="r wide">Difficulty</th><th class="r wide">Shares</th><th class="r">Last share</th></tr>
          </thead>
          <tbody>
            {rigs.map((rig, row) => (
              <tr key={row}>
                <td><span class="cut num" title={rig.account}>{rig.account}</span><span class="sub">{rig.minerName === '' ? 'unnamed' : rig.minerName}{rig.connected === 0 ? ', away' : ''}</span></td>
                <td class="wide"><span class="cut">{rig.userAgent === '' ? <span class="faint">unknown</span> : rig.userAgent}</span></td>
                <td class="r num rate">{hashrateText(rig.hashrate.last5m)}</td>
                <td class="r num wide"><Difficulty value={rig.difficulty} /></td>
                <td class="r num wide">{countText(rig.sharesAccepted)}</td>
                <td class="r num age">{rig.lastShareAtSec === undefined ? 'never' : agoText(nowMs / 1_000 - rig.lastShareAtSec)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
