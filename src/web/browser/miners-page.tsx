/** @module All miners with an accepted share, and the way to one's own. */
import type {MinerSummary} from '../api';
import {useList} from './answers';
import {Difficulty} from './difficulty';
import {Awaited, More} from './pieces';
import {Link, minerPath, MinerSearch} from './router';
import {agoText, countText, hashrateText} from './texts';

const REFRESH_MS = 5_000;

export function MinersPage({nowMs}: {readonly nowMs: number}) {
  const {value, refusal, more} = useList<MinerSummary>('/api/v1/miners?limit=50', REFRESH_MS, ({account}) => account);
  return (
    <section class="first" aria-labelledby="miners-title">
      <div class="titled"><h2 id="miners-title">Miners</h2><MinerSearch label="Your payout address" /></div>
      {value === undefined ? <Awaited refusal={refusal} what="the miners" /> : value.length === 0 ? <p class="empty">No share has been accepted yet.</p> : (
        <table aria-labelledby="miners-title">
          <thead><tr><th>Account</th><th class="r">5 min</th><th class="r wide">1 h</th><th class="r wide">Shares</th><th class="r wide">Rejected</th><th class="r wide">Best share</th><th class="r">Last share</th></tr></thead>
          <tbody>
            {value.map((miner) => (
              <tr key={miner.account}>
                <td><Link class="cut num" to={minerPath(miner.account)} title={miner.account}>{miner.account}</Link></td>
                <td class="r num rate">{hashrateText(miner.hashrate.last5m)}</td>
                <td class="r num rate wide">{hashrateText(miner.hashrate.last1h)}</td>
                <td class="r num wide">{countText(miner.sharesAccepted)}</td>
                <td class="r num wide">{countText(miner.sharesRejected)}</td>
                <td class="r num wide"><Difficulty value={miner.bestShareDifficulty} /></td>
                <td class="r num age">{miner.lastShareAtSec === undefined ? 'never' : agoText(nowMs / 1_000 - miner.lastShareAtSec)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <More more={more} />
    </section>
  );
}
