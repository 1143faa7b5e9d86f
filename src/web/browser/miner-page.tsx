/** @module One miner by its address: what it does, over which time and how surely; its rigs; what it is owed. */
import type {MinerAnswer, Payout, WindowAnswer} from '../api';
import type {PoolOverview} from '../overview';
import {useAnswer, useList} from './answers';
import {Difficulty} from './difficulty';
import {HashrateChart} from './hashrate-chart';
import {Awaited, Copied} from './pieces';
import {Link, MinerSearch} from './router';
import {agoText, coinsText, countText, durationText, exactCoinsText, hashrateText, percentText} from './texts';

const REFRESH_MS = 5_000;
const HASHES_PER_DIFFICULTY = 2 ** 32;

function WindowFigure({label, window}: {readonly label: string; readonly window: WindowAnswer | undefined}) {
  if (window === undefined) return <div><dt>{label}</dt><dd class="num">–<span class="note">no history kept</span></dd></div>;
  const {hashesPerSec, relativeError, sharesAccepted, coveredSec, windowSec} = window;
  const partly = coveredSec < windowSec * 0.9 ? ` over ${durationText(coveredSec)}` : '';
  return (
    <div>
      <dt>{label}</dt>
      <dd class="num">{hashrateText(hashesPerSec)}
        <span class="note">{relativeError === undefined ? `no share${partly}` : `± ${percentText(relativeError)} from ${countText(sharesAccepted)} shares${partly}`}</span>
      </dd>
    </div>
  );
}

function Rejects({miner}: {readonly miner: MinerAnswer}) {
  const reasons = Object.entries(miner.sharesRejected).filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1]);
  const all = miner.sharesAccepted + reasons.reduce((sum, [, count]) => sum + count, 0);
  return (
    <section aria-labelledby="rejects-title">
      <h2 id="rejects-title">Rejected shares</h2>
      {reasons.length === 0 ? <p class="empty">None since the pool started.</p> : (
        <table aria-labelledby="rejects-title">
          <thead><tr><th>Reason</th><th class="r">Shares</th><th class="r">Of all</th></tr></thead>
          <tbody>{reasons.map(([reason, count]) => <tr key={reason}><td>{reason}</td><td class="r num">{countText(count)}</td><td class="r num">{percentText(count / all)}</td></tr>)}</tbody>
        </table>
      )}
    </section>
  );
}

function Rigs({miner, nowMs}: {readonly miner: MinerAnswer; readonly nowMs: number}) {
  return (
    <section aria-labelledby="miner-rigs-title">
      <h2 id="miner-rigs-title">Rigs</h2>
      <table aria-labelledby="miner-rigs-title">
        <thead><tr><th>Rig</th><th class="wide">Software</th><th class="r">5 min</th><th class="r wide">1 h</th><th class="r wide">Difficulty</th><th class="r wide">Shares</th><th class="r wide">Rejected</th><th class="r">Last share</th></tr></thead>
        <tbody>
          {miner.rigs.map((rig) => (
            <tr key={rig.minerName}>
              <td><span class="cut">{rig.minerName === '' ? 'unnamed' : rig.minerName}</span>{rig.connected === 0 && <span class="sub">away</span>}</td>
              <td class="wide"><span class="cut">{rig.userAgent === '' ? <span class="faint">unknown</span> : rig.userAgent}</span></td>
              <td class="r num rate">{hashrateText(rig.hashrate.last5m)}</td>
              <td class="r num rate wide">{hashrateText(rig.hashrate.last1h)}</td>
              <td class="r num wide"><Difficulty value={rig.difficulty} /></td>
              <td class="r num wide">{countText(rig.sharesAccepted)}</td>
              <td class="r num wide">{countText(rig.sharesRejected)}</td>
              <td class="r num age">{rig.lastShareAtSec === undefined ? 'never' : agoText(nowMs / 1_000 - rig.lastShareAtSec)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Money({miner, scheme}: {readonly miner: MinerAnswer; readonly scheme: string | undefined}) {
  if (scheme === 'SOLO') return null;
  const {pendingSats, balanceSats, payingSats, debtSats, paidSats, thresholdSats} = miner;
  const part = thresholdSats === undefined || BigInt(thresholdSats) === 0n ? undefined : Math.min(1, Number(BigInt(balanceSats)) / Number(BigInt(thresholdSats)));
  return (
    <section aria-labelledby="money-title">
      <h2 id="money-title">Earnings</h2>
      <dl class="figures">
        <div><dt>Maturing</dt><dd class="num">{coinsText(pendingSats)}<span class="note">of blocks that the chain may still leave</span></dd></div>
        <div><dt>Payable</dt><dd class="num">{coinsText(balanceSats)}<span class="note">{thresholdSats === undefined ? 'this pool sends no payouts' : `paid from ${coinsText(thresholdSats)} on`}</span></dd></div>
        {payingSats !== '0' && <div><dt>In a payout</dt><dd class="num">{coinsText(payingSats)}<span class="note">under way</span></dd></div>}
        {debtSats !== '0' && <div><dt>Owed back</dt><dd class="num bad">{coinsText(debtSats)}<span class="note">paid for blocks that the chain has left</span></dd></div>}
        {paidSats !== undefined && <div><dt>Paid</dt><dd class="num">{coinsText(paidSats)}<span class="note">confirmed payouts</span></dd></div>}
      </dl>
      {part !== undefined && (
        <div class="effort">
          <div class="row"><span>Toward the next payout</span><span class="num">{percentText(part)}</span></div>
          <div class="meter" role="meter" aria-label="Toward the next payout" aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(part * 100)}><i style={{width: `${part * 100}%`}} /></div>
        </div>
      )}
    </section>
  );
}

function Payouts({account, nowMs}: {readonly account: string; readonly nowMs: number}) {
  const {value} = useList<Payout>(`/api/v1/payouts?limit=10&account=${encodeURIComponent(account)}`, 30_000, ({id}) => String(id));
  if (value === undefined || value.length === 0) return null;
  return (
    <section aria-labelledby="paid-title">
      <h2 id="paid-title">Payouts</h2>
      <table aria-labelledby="paid-title">
        <thead><tr><th>When</th><th>State</th><th class="r">Amount</th></tr></thead>
        <tbody>
          {value.map((payout) => {
            const payee = payout.payees.find((one) => one.account === account);
            return (
              <tr key={payout.id}>
                <td class="num"><Link to={`/payouts/${payout.id}`}>{agoText(nowMs / 1_000 - payout.plannedAtSec)}</Link></td>
                <td>{payout.state}</td>
                <td class="r num">{payee === undefined ? '–' : exactCoinsText((BigInt(payee.sats) - BigInt(payee.feeSats)).toString())}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** What a lone miner wants to know: how long, and how near it came. */
function Solo({miner, pool, difficulty}: {readonly miner: MinerAnswer; readonly pool: PoolOverview; readonly difficulty: number}) {
  const rate = miner.windows?.last24h.hashesPerSec ?? miner.hashrate.last1h;
  const expectedSec = rate === 0 ? undefined : (difficulty * HASHES_PER_DIFFICULTY) / rate;
  const mine = pool.found.filter(({account}) => account === miner.account);
  return (
    <section aria-labelledby="solo-title">
      <h2 id="solo-title">Solo</h2>
      <dl class="figures">
        <div><dt>A block, on average</dt><dd class="num">{expectedSec === undefined ? '–' : `every ${durationText(expectedSec)}`}<span class="note">at the hashrate of 24 h; luck may take many times as long</span></dd></div>
        <div><dt>Within a day</dt><dd class="num">{expectedSec === undefined ? '–' : percentText(1 - Math.exp(-86_400 / expectedSec))}<span class="note">chance of at least one</span></dd></div>
        <div><dt>Nearest share</dt><dd class="num">{percentText(Math.min(1, miner.bestShareDifficulty / difficulty))}<span class="note">of a block's difficulty</span></dd></div>
        <div><dt>Blocks lately</dt><dd class="num">{countText(mine.length)}<span class="note">of the newest {countText(pool.found.length)} of this pool</span></dd></div>
      </dl>
    </section>
  );
}

interface MinerPageProps {
  readonly account: string;
  readonly pool: PoolOverview | undefined;
  readonly difficulty: number | undefined;
  readonly nowMs: number;
}

export function MinerPage({account, pool, difficulty, nowMs}: MinerPageProps) {
  const url = `/api/v1/miners/${encodeURIComponent(account)}`;
  const {value: miner, refusal} = useAnswer<MinerAnswer>(url, REFRESH_MS);
  return (
    <>
      <section class="first" aria-labelledby="miner-title">
        <h2 id="miner-title">Miner</h2>
        <p class="address"><Copied text={account} label="the address" /></p>
        {miner === undefined ? <NoMiner refusal={refusal} /> : (
          <dl class="figures">
            <WindowFigure label="Hashrate, 5 min" window={miner.windows?.last5m} />
            <WindowFigure label="1 h" window={miner.windows?.last1h} />
            <WindowFigure label="24 h" window={miner.windows?.last24h} />
            <div><dt>Shares</dt><dd class="num">{countText(miner.sharesAccepted)}<span class="note">last {miner.lastShareAtSec === undefined ? 'never' : agoText(nowMs / 1_000 - miner.lastShareAtSec)}</span></dd></div>
            <div><dt>Best share</dt><dd class="num"><Difficulty value={miner.bestShareDifficulty} /><span class="note">difficulty{difficulty !== undefined && <>, a block needs <Difficulty value={difficulty} /></>}</span></dd></div>
          </dl>
        )}
      </section>
      {miner !== undefined && (
        <>
          <section aria-label="Hashrate over time"><HashrateChart url={`${url}/hashrate`} title="Hashrate" /></section>
          {pool?.scheme === 'SOLO' && difficulty !== undefined && <Solo miner={miner} pool={pool} difficulty={difficulty} />}
          <Rigs miner={miner} nowMs={nowMs} />
          <Money miner={miner} scheme={pool?.scheme} />
          {pool?.hasPayouts === true && <Payouts account={account} nowMs={nowMs} />}
          <Rejects miner={miner} />
        </>
      )}
    </>
  );
}

function NoMiner({refusal}: {readonly refusal: Parameters<typeof Awaited>[0]['refusal']}) {
  if (refusal?.code !== 'account-not-found' && refusal?.code !== 'bad-request') return <Awaited refusal={refusal} what="this miner" />;
  return (
    <>
      <p class="empty">No share of this address has been accepted since the pool keeps account. A new miner appears with its first share.</p>
      <MinerSearch label="Another payout address" />
    </>
  );
}
