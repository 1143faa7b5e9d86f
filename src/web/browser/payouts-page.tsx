/** @module Payouts: the rules, what was sent, and one of them with all that it paid. */
import type {Payout, PayoutRules} from '../api';
import {useAnswer, useList} from './answers';
import {Awaited, Copied, More} from './pieces';
import {Link, minerPath} from './router';
import {agoText, coinsText, countedText, countText, durationText, exactCoinsText, percentText, spanText} from './texts';

const REFRESH_MS = 10_000;
const STATE_CLASS: Readonly<Record<Payout['state'], string>> = {planned: 'faint', recorded: 'faint', signed: 'faint', broadcast: 'lamp', confirmed: 'good', failed: 'bad'};

function Rules({rules, nowMs}: {readonly rules: PayoutRules; readonly nowMs: number}) {
  const nextText = rules.isPaused ? 'paused by the operator' : rules.nextRunAtSec === undefined ? 'not scheduled' : `next in ${durationText(rules.nextRunAtSec - nowMs / 1_000)}`;
  return (
    <dl class="figures">
      <div><dt>Paid from</dt><dd class="num">{coinsText(rules.thresholdSats)}<span class="note">of matured balance</span></dd></div>
      <div><dt>Every</dt><dd class="num">{spanText(rules.intervalSec)}<span class="note">{nextText}</span></dd></div>
      <div><dt>Waiting to be paid</dt><dd class="num">{coinsText(rules.payableSats)}<span class="note">{countedText(rules.payableCount, 'miner')} above the threshold</span></dd></div>
      <div><dt>Network fee</dt><dd class="small">{rules.feeFrom === 'pool' ? 'borne by the pool' : 'shared by who is paid'}<span class="note">settled after {countedText(rules.confirmationsNeeded, 'confirmation')}</span></dd></div>
    </dl>
  );
}

export function PayoutsPage({nowMs}: {readonly nowMs: number}) {
  const {value: rules, refusal} = useAnswer<PayoutRules>('/api/v1/payouts/rules', REFRESH_MS);
  const {value, more} = useList<Payout>('/api/v1/payouts', REFRESH_MS, ({id}) => String(id));
  return (
    <>
      <section class="first" aria-labelledby="payouts-title">
        <h2 id="payouts-title">Payouts</h2>
        {rules === undefined ? <Awaited refusal={refusal} what="the rules" /> : <Rules rules={rules} nowMs={nowMs} />}
        {rules?.problem !== undefined && <p class="notice">Payouts wait: {rules.problem}</p>}
      </section>
      {rules !== undefined && (
        <section aria-label="All payouts">
          {value === undefined || value.length === 0 ? <p class="empty">{value === undefined ? 'Asking for the payouts.' : 'Nothing has been paid yet.'}</p> : (
            <table>
              <thead><tr><th aria-label="Number">#</th><th>State</th><th class="r wide">Miners</th><th class="r">Amount</th><th class="r wide">Fee</th><th class="r">Age</th></tr></thead>
              <tbody>
                {value.map((payout) => (
                  <tr key={payout.id}>
                    <td class="num"><Link to={`/payouts/${payout.id}`}>{countText(payout.id)}</Link></td>
                    <td class={STATE_CLASS[payout.state]}>{payout.state}{payout.problem !== undefined && <span class="sub wrapped">{payout.problem}</span>}</td>
                    <td class="r num wide">{countText(payout.payeeCount)}</td>
                    <td class="r num">{exactCoinsText(payout.paidSats)}</td>
                    <td class="r num wide">{exactCoinsText(payout.feeSats)}</td>
                    <td class="r num age">{agoText(nowMs / 1_000 - payout.plannedAtSec)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          <More more={more} />
        </section>
      )}
    </>
  );
}

export function PayoutPage({id, nowMs}: {readonly id: string; readonly nowMs: number}) {
  const {value: payout, refusal} = useAnswer<Payout>(`/api/v1/payouts/${encodeURIComponent(id)}`, REFRESH_MS);
  return (
    <>
      <section class="first" aria-labelledby="payout-title">
        <h2 id="payout-title">Payout {id}</h2>
        {payout === undefined ? <Awaited refusal={refusal} what="this payout" /> : (
          <>
            {payout.txid !== undefined && <p class="address"><Copied text={payout.txid} label="the transaction id" /></p>}
            <dl class="figures">
              <div><dt>State</dt><dd class={STATE_CLASS[payout.state]}>{payout.state}<span class="note">{payout.problem ?? `since ${durationText(nowMs / 1_000 - payout.changedAtSec)}`}</span></dd></div>
              <div><dt>Amount</dt><dd class="num">{exactCoinsText(payout.paidSats)}<span class="note">to {countedText(payout.payeeCount, 'miner')}</span></dd></div>
              <div><dt>Network fee</dt><dd class="num">{exactCoinsText(payout.feeSats)}<span class="note">{payout.feeRateSatsPerVb.toFixed(1)} sat/vB, {countText(payout.vsize)} vB</span></dd></div>
              <div><dt>Confirmations</dt><dd class="num">{countText(payout.confirmations)}<span class="note">{payout.height === undefined ? 'in no block' : `block ${countText(payout.height)}`}</span></dd></div>
            </dl>
          </>
        )}
      </section>
      {payout !== undefined && payout.payees.length > 0 && (
        <section aria-labelledby="payees-title">
          <h2 id="payees-title">Paid to</h2>
          <table aria-labelledby="payees-title">
            <thead><tr><th>Account</th><th class="r">Received</th><th class="r wide">Its part of the fee</th><th class="r wide">Of all</th></tr></thead>
            <tbody>
              {payout.payees.map(({account, sats, feeSats}) => (
                <tr key={account}>
                  <td><Link class="cut num" to={minerPath(account)} title={account}>{account}</Link></td>
                  <td class="r num">{exactCoinsText((BigInt(sats) - BigInt(feeSats)).toString())}</td>
                  <td class="r num wide">{exactCoinsText(feeSats)}</td>
                  <td class="r num wide">{percentText(Number(BigInt(sats)) / Math.max(1, Number(BigInt(payout.paidSats))))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </>
  );
}
