/** @module The pool: what it does now and did before, how to join it, and who mines on it. */
import type {LuckAnswer} from '../api';
import type {PoolOverview} from '../overview';
import {useAnswer} from './answers';
import {Difficulty} from './difficulty';
import {HashrateChart} from './hashrate-chart';
import {Copied} from './pieces';
import {Link, minerPath, MinerSearch} from './router';
import {agoText, countedText, countText, hashrateText, percentText} from './texts';

const REFRESH_MS = 10_000;

const SCHEME_TEXT: Readonly<Record<PoolOverview['scheme'], string>> = {
  SOLO: 'SOLO: the finder, in the block itself', PPLNS: 'PPLNS: all whose work is in the window before a block', PROP: 'PROP: all who worked on the round',
  PPS: 'PPS: each share, whether blocks are found or not', 'PPS+': 'PPS+: each share, and the fees of blocks to all who worked',
};

function Connect({pool, chain}: {readonly pool: PoolOverview; readonly chain: string}) {
  const url = `stratum+tcp://${pool.stratumEndpoint}`;
  const at = pool.stratumEndpoint.lastIndexOf(':');
  return (
    <aside class="connect" aria-labelledby="connect-title">
      <h3 id="connect-title">Mine here</h3>
      <Copied text={url} label="the server">stratum+tcp://<wbr />{pool.stratumEndpoint}</Copied>
      <dl>
        <dt>User</dt><dd>an address of {chain}, then a dot and a name for the rig</dd>
        <dt>Password</dt><dd>anything; <span class="num">d=0.001</span> fixes the difficulty, never above a block's</dd>
        <dt>Pays</dt><dd>{SCHEME_TEXT[pool.scheme]}; fee {percentText(pool.feePpm / 1e6)}</dd>
      </dl>
      <details>
        <summary>cpuminer</summary>
        <Copied text={`minerd -a sha256d -o ${url} -u YOUR_ADDRESS.rig1 -p x`} label="the command for cpuminer" />
      </details>
      <details>
        <summary>Bitaxe and other machines with a web page</summary>
        <dl>
          <dt>Stratum host</dt><dd><Copied text={pool.stratumEndpoint.slice(0, at)} label="the host" /></dd>
          <dt>Port</dt><dd><Copied text={pool.stratumEndpoint.slice(at + 1)} label="the port" /></dd>
          <dt>User</dt><dd><Copied text="YOUR_ADDRESS.bitaxe" label="the user" /></dd>
        </dl>
      </details>
      <details>
        <summary>NiceHash and other rented hashrate</summary>
        <p>Algorithm SHA256, the server and port above, user <span class="num">YOUR_ADDRESS.nicehash</span>. Their least difficulty is high: ask for
          it in the password, for example <span class="num">d=500000</span>. The pool never sets it above a block's.</p>
      </details>
    </aside>
  );
}

function rejectsText(rejected: Readonly<Record<string, number>>): string {
  const parts = Object.entries(rejected).filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1]);
  return parts.length === 0 ? 'none rejected' : `rejected: ${parts.map(([reason, count]) => `${countText(count)} ${reason}`).join(', ')}`;
}

function luckText(luck: LuckAnswer | undefined): string {
  const [shortest] = luck?.windows ?? [];
  return shortest === undefined ? '' : `luck ${percentText(shortest.luck)} over ${countedText(shortest.blocks, 'block')}`;
}

/** The error of the figure above it, and the longer windows. */
function windowsText({windows}: PoolOverview): string {
  if (windows === undefined) return '\u00a0';
  const {last5m: {relativeError}, last1h, last24h} = windows;
  return `${relativeError === undefined ? '' : `± ${percentText(relativeError)}; `}1 h ${hashrateText(last1h.hashesPerSec)}, 24 h ${hashrateText(last24h.hashesPerSec)}`;
}

function windowText({scheme, windowFill}: PoolOverview): string {
  if (scheme === 'SOLO') return 'each paid to its finder';
  return scheme === 'PPLNS' ? `PPLNS window ${percentText(windowFill)} full` : `paid by ${scheme}`;
}

function Figures({pool}: {readonly pool: PoolOverview}) {
  const {value: luck} = useAnswer<LuckAnswer>('/api/v1/pool/luck', REFRESH_MS);
  return (
    <>
      <dl class="figures">
        <div><dt>Hashrate, 5 min</dt><dd class="num lamp">{hashrateText(pool.windows?.last5m.hashesPerSec ?? pool.hashrate.last5m)}<span class="note">{windowsText(pool)}</span></dd></div>
        <div><dt>Miners connected</dt><dd class="num">{countText(pool.sessions.authorised)}<span class="note">{countedText(pool.sessions.connected, 'session')}, room for {countText(pool.sessions.max)}</span></dd></div>
        <div><dt>Shares</dt><dd class="num">{countText(pool.sharesAccepted)}<span class="note">{rejectsText(pool.sharesRejected)}</span></dd></div>
        <div><dt>Blocks found</dt><dd class="num">{countText(pool.blocksFound)}<span class="note">{[luckText(luck), windowText(pool)].filter((text) => text !== '').join('; ')}</span></dd></div>
      </dl>
      <div class="effort">
        <div class="row"><span>Work on this round, against what a block should take</span><span class="num">{percentText(pool.roundEffort)}</span></div>
        <div class="meter" role="meter" aria-label="Round effort" aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(Math.min(1, pool.roundEffort) * 100)}>
          <i style={{width: `${Math.min(100, pool.roundEffort * 100)}%`}} />
        </div>
      </div>
    </>
  );
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
    <>
      <section aria-labelledby="pool-title">
        <h2 id="pool-title">Pool</h2>
        <div class="pool">
          <div><Figures pool={pool} /></div>
          <Connect pool={pool} chain={chain ?? ''} />
        </div>
      </section>
      <section aria-label="Hashrate over time"><HashrateChart url="/api/v1/pool/hashrate" title="Hashrate of the pool" /></section>
    </>
  );
}

export function RigTable({pool, nowMs}: {readonly pool: PoolOverview | undefined; readonly nowMs: number}) {
  const rigs = pool?.rigs ?? [];
  return (
    <section aria-labelledby="rigs-title">
      <div class="titled"><h2 id="rigs-title">Miners</h2><MinerSearch label="Your payout address" /></div>
      {rigs.length === 0 ? <p class="empty">No miner has sent a share yet. The server above takes the first one.</p> : (
        <table aria-labelledby="rigs-title">
          <thead>
            <tr><th>Account</th><th class="wide">Software</th><th class="r">Hashrate</th><th class="r wide">Difficulty</th><th class="r wide">Shares</th><th class="r">Last share</th></tr>
          </thead>
          <tbody>
            {rigs.map((rig, row) => (
              <tr key={row}>
                <td><Link class="cut num" to={minerPath(rig.account)} title={rig.account}>{rig.account}</Link><span class="sub">{rig.minerName === '' ? 'unnamed' : rig.minerName}{rig.connected === 0 ? ', away' : ''}</span></td>
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
