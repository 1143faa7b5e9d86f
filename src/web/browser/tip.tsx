/** @module The tip in large figures, and the seam: how long each of the last blocks took, against what it should. */
import type {BlockOverview, Overview} from '../overview';
import {coinsText, countText, difficultyText, durationText, hashrateText} from './texts';

const SEAM_BLOCKS = 24;
/** A bar of this many times the target spacing is full height. */
const SEAM_SPAN = 3;

function Seam({blocks, targetSec}: {readonly blocks: readonly BlockOverview[]; readonly targetSec: number}) {
  const shown = blocks.slice(0, SEAM_BLOCKS).reverse();
  const missing = SEAM_BLOCKS - shown.length;
  return (
    <figure class="seam">
      <div class="bars" role="img" aria-label={`Time that each of the last ${shown.length} blocks took`}>
        <span class="par" style={{bottom: `${100 / SEAM_SPAN}%`}} />
        {Array.from({length: missing}, (_, index) => <span key={`none${index}`} />)}
        {shown.map((block) => {
          const height = Math.min(1, (block.intervalSec ?? 0) / (targetSec * SEAM_SPAN)) * 100;
          const label = `Block ${block.height}: ${block.intervalSec === undefined ? 'first block' : durationText(block.intervalSec)}, ${block.txCount} transactions`;
          return <span key={block.hash} class="bar" style={{height: `${height}%`}} title={label} />;
        })}
      </div>
      <figcaption>
        <span>time per block, oldest to newest</span>
        <span>dashed: {durationText(targetSec)} target</span>
      </figcaption>
    </figure>
  );
}

export function Tip({overview, nowMs}: {readonly overview: Overview | undefined; readonly nowMs: number}) {
  const chain = overview?.chain;
  const ageSec = chain === undefined ? 0 : nowMs / 1_000 - chain.timeSec;
  return (
    <>
      <div class="tip">
        <div>
          <p class="height num" aria-label="Height of the tip">{chain === undefined ? '–' : countText(chain.height)}</p>
          <p class="under">
            {chain === undefined ? 'Waiting for the node.' : <><b>height</b>, found <span class="num">{durationText(ageSec)}</span> ago<br /><span class="hash">{chain.hash}</span></>}
          </p>
        </div>
        <Seam blocks={overview?.blocks ?? []} targetSec={chain?.targetSpacingSec ?? 10} />
      </div>
      <section aria-label="Chain">
        <dl class="figures">
          <div><dt>Network hashrate</dt><dd class="num">{chain ? hashrateText(chain.networkHashrate) : '–'}</dd></div>
          <div><dt>Difficulty</dt><dd class="num">{chain ? difficultyText(chain.difficulty) : '–'}</dd></div>
          <div><dt>Coins issued</dt><dd class="num">{chain ? coinsText(chain.totalSats) : '–'}<span class="note">in {chain ? countText(chain.coinCount) : '–'} unspent outputs</span></dd></div>
          <div>
            <dt>Mempool</dt>
            <dd class="num">{overview ? countText(overview.mempool.count) : '–'}
              <span class="note">{overview ? `${countText(overview.mempool.vsize)} vB, fees ${coinsText(overview.mempool.totalFeeSats)}` : 'transactions'}</span>
            </dd>
          </div>
        </dl>
      </section>
    </>
  );
}
