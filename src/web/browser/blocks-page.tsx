/** @module The blocks that the pool found: how much work each took, what became of it, and who got what. */
import type {BlockSplit, FoundBlock, FoundBlockDetail, LuckAnswer} from '../api';
import {useAnswer, useList} from './answers';
import {Awaited, BlockStatus, Copied, More} from './pieces';
import {Link, minerPath} from './router';
import {agoText, countedText, countText, durationText, exactCoinsText, percentText} from './texts';

const REFRESH_MS = 10_000;
const SEAM_BLOCKS = 25;
/** A bar of three times the expected work is full height. */
const SEAM_SPAN = 3;

function Luck({luck}: {readonly luck: LuckAnswer | undefined}) {
  return (
    <dl class="figures luck">
      <div><dt>This round</dt><dd class="num lamp">{luck === undefined ? '–' : percentText(luck.roundEffort)}<span class="note">of the work that a block should take</span></dd></div>
      {(luck?.windows ?? []).map(({blocks, luck: value}) => (
        <div key={blocks}><dt>Luck, last {countedText(blocks, 'block')}</dt><dd class="num">{percentText(value)}<span class="note">expected work over work done: above 100 % is lucky</span></dd></div>
      ))}
    </dl>
  );
}

function Efforts({blocks}: {readonly blocks: readonly FoundBlock[]}) {
  const shown = blocks.slice(0, SEAM_BLOCKS).reverse();
  return (
    <figure class="seam">
      <div class="bars efforts" role="img" aria-label={`Effort of each of the last ${shown.length} blocks, the newest last`}>
        <span class="par" style={{bottom: `${100 / SEAM_SPAN}%`}} />
        {Array.from({length: SEAM_BLOCKS - shown.length}, (_, index) => <span key={`none${index}`} />)}
        {shown.map((block) => (
          <span key={block.hash} class={`bar ${block.status}`} style={{height: `${Math.min(1, block.effort / SEAM_SPAN) * 100}%`}} title={`Block ${block.height}: ${percentText(block.effort)}`} />
        ))}
      </div>
      <figcaption><span>effort per block, the newest last</span><span>dashed: 100 %</span></figcaption>
    </figure>
  );
}

export function BlocksPage({nowMs}: {readonly nowMs: number}) {
  const {value, refusal, more} = useList<FoundBlock>('/api/v1/pool/blocks', REFRESH_MS, ({hash}) => hash);
  const {value: luck} = useAnswer<LuckAnswer>('/api/v1/pool/luck', REFRESH_MS);
  return (
    <>
      <section class="first" aria-labelledby="luck-title">
        <h2 id="luck-title">Blocks of this pool</h2>
        <div class="lucky"><Luck luck={luck} />{value !== undefined && value.length > 0 && <Efforts blocks={value} />}</div>
      </section>
      <section aria-label="All found blocks">
        {value === undefined ? <Awaited refusal={refusal} what="the blocks" /> : value.length === 0 ? <p class="empty">None found yet. The first appears here as soon as the chain has taken it.</p> : (
          <table>
            <thead><tr><th>Height</th><th class="wide">Found by</th><th class="r wide">Reward</th><th class="r wide">Shared by</th><th class="r">Effort</th><th class="r">State</th><th class="r">Age</th></tr></thead>
            <tbody>
              {value.map((block) => (
                <tr key={block.hash}>
                  <td class="num"><Link to={`/blocks/${block.hash}`} title={block.hash}>{countText(block.height)}</Link></td>
                  <td class="wide"><Link class="cut num" to={minerPath(block.account)} title={block.account}>{block.minerName === '' ? block.account : block.minerName}</Link></td>
                  <td class="r num wide">{exactCoinsText(block.rewardSats)}</td>
                  <td class="r num wide">{countText(block.creditCount)}</td>
                  <td class="r num">{percentText(block.effort)}</td>
                  <td class="r state"><BlockStatus status={block.status} confirmations={block.confirmations} /></td>
                  <td class="r num age">{agoText(nowMs / 1_000 - block.foundAtSec)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <More more={more} />
      </section>
    </>
  );
}

export function BlockPage({hash, nowMs}: {readonly hash: string; readonly nowMs: number}) {
  const {value: block, refusal} = useAnswer<FoundBlockDetail>(`/api/v1/pool/blocks/${encodeURIComponent(hash)}`, REFRESH_MS);
  return (
    <>
      <section class="first" aria-labelledby="block-title">
        <h2 id="block-title">Block{block === undefined ? '' : ` ${countText(block.height)}`}</h2>
        <p class="address"><Copied text={hash} label="the hash" /></p>
        {block === undefined ? <Awaited refusal={refusal} what="this block" /> : (
          <dl class="figures">
            <div><dt>State</dt><dd><BlockStatus status={block.status} confirmations={block.confirmations} maturityBlocks={block.maturityBlocks} /><span class="note">found {durationText(nowMs / 1_000 - block.foundAtSec)} ago</span></dd></div>
            <div><dt>Effort</dt><dd class="num">{percentText(block.effort)}<span class="note">of the work that it should take</span></dd></div>
            <div><dt>Reward</dt><dd class="num">{exactCoinsText(block.rewardSats)}<span class="note">kept by the pool: {exactCoinsText(block.feeSats)}</span></dd></div>
            <div><dt>Found by</dt><dd class="small"><Link class="cut num" to={minerPath(block.account)} title={block.account}>{block.account}</Link><span class="note">{block.minerName === '' ? 'unnamed rig' : block.minerName}</span></dd></div>
          </dl>
        )}
      </section>
      {block !== undefined && <Split block={block} />}
      {block !== undefined && block.credits.length > 0 && <Proof block={block} />}
    </>
  );
}

function Split({block}: {readonly block: FoundBlockDetail}) {
  const total = Number(BigInt(block.rewardSats));
  return (
    <section aria-labelledby="split-title">
      <h2 id="split-title">Who got what</h2>
      {block.credits.length === 0 ? <p class="empty">{block.status === 'rejected' ? 'The chain did not take this block: it credits nobody.' : 'The block pays its finder directly.'}</p> : (
        <table aria-labelledby="split-title">
          <thead><tr><th>Account</th><th class="r">Amount</th><th class="r wide">Part</th><th class="r">Proof</th></tr></thead>
          <tbody>
            {block.credits.map(({account, sats}) => (
              <tr key={account}>
                <td><Link class="cut num" to={minerPath(account)} title={account}>{account}</Link></td>
                <td class="r num">{exactCoinsText(sats)}</td>
                <td class="r num wide">{total === 0 ? '–' : percentText(Number(BigInt(sats)) / total)}</td>
                <td class="r"><a href={proofUrl(block.hash, account)} download aria-label={`Download the share proof of ${account}`}>file</a></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function proofUrl(hash: string, account: string): string {
  return `/api/v1/pool/blocks/${hash}/proofs/${encodeURIComponent(account)}`;
}

/** What anybody needs to check that its shares were counted. */
function Proof({block}: {readonly block: FoundBlockDetail}) {
  const {value: split} = useAnswer<BlockSplit>(`/api/v1/pool/blocks/${block.hash}/split`, REFRESH_MS);
  return (
    <section aria-labelledby="proof-title">
      <h2 id="proof-title">Check it yourself</h2>
      {split === undefined || split.lastSeq === 0 ? <p class="empty">{split === undefined ? 'Asking for the window.' : 'No window of shares counts for this block: there is nothing to prove.'}</p> : (
        <>
          <p class="prose">
            Shares {countText(split.firstSeq)} to {countText(split.lastSeq)} count, by {split.terms.scheme} with a fee of {percentText(split.terms.feePpm / 1e6)}. The root below
            commits to each of them and to their whole work. A proof file shows that an address's shares lead to it, and that the credit is what they are worth;
            checking one trusts nothing but the root. <a href={`/api/v1/pool/blocks/${block.hash}/split`}>The work of everybody, as JSON</a>.
          </p>
          {split.shareRoot === undefined ? <p class="empty">The root is being computed.</p> : (
            <>
              <p class="address"><Copied text={split.shareRoot} label="the root" /></p>
              <p class="address"><Copied text={`npx pithead verify-share PROOF.json --root ${split.shareRoot}`} label="the command that checks a proof" /></p>
            </>
          )}
        </>
      )}
    </section>
  );
}
