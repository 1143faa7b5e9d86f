/** @module The tip in large figures, and the seam: how long each of the last blocks took, and the next one by now, against what it should. */
import type {BlockOverview, Overview} from '../overview';
import {Difficulty} from './difficulty';
import {coinsText, countedText, countText, durationText, hashrateText} from './texts';

const SEAM_BLOCKS = 24;
/** A bar of this many times the target spacing is full height. */
const SEAM_SPAN = 3;

function heightOf(intervalSec: number, targetSec: number): string {
  return `${Math.min(1, Math.max(0, intervalSec) / (targetSec * SEAM_SPAN)) * 100}%`;
}

/** @param sinceSec - since the tip: the column of the block that is being worked on; undefined before the first one. */
function Seam({blocks, targetSec, sinceSec}: {readonly blocks: readonly BlockOverview[]; readonly targetSec: number; readonly sinceSec: number | undefined}) {
  const shown = blocks.slice(0, SEAM_BLOCKS).reverse();
  const missing = SEAM_BLOCKS - shown.length;
  return (
    <figure class="seam">
      <div class="bars" role="img" aria-label={`Time that each of the last ${shown.length} blocks took`}>
        <span class="par" style={{bottom: `${100 / SEAM_SPAN}%`}} />
        {Array.from({length: missing}, (_, index) => <span key={`none${index}`} />)}
        {shown.map((block, place) => {
          const label = `Block ${block.height}: ${block.intervalSec === undefined ? 'first block' : durationText(block.intervalSec)}, ${block.txCount} transactions`;
          return <span key={`bar${missing + place}`} class="bar" style={{height: heightOf(block.intervalSec ?? 0, targetSec)}} title={label} />;
        })}
        {sinceSec !== undefined && <span class="next" style={{height: heightOf(sinceSec, targetSec)}} title="The next block, so far" />}
      </div>
      <figcaption>
        <span>time per block, the next one last</span>
        <span>dashed: {durationText(targetSec)} target</span>
      </figcaption>
    </figure>
  );
}

/** Two halves, so that it breaks in the middle where it must. */
function Hash({hex}: {readonly hex: string}) {
  return <span class="hash" title="Hash of the tip"><span>{hex.slice(0, 32)}</span><span>{hex.slice(32)}</span></span>;
}

export function Tip({overview, nowMs}: {readonly overview: Overview | undefined; readonly nowMs: number}) {
  const chain = overview?.chain;
  const ageSec = chain === undefined ? 0 : nowMs / 1_000 - chain.timeSec;
  return (
    <div class="tip">
      <div>
        <p class="height num" aria-label="Height of the tip">{chain === undefined ? '–' : countText(chain.height)}</p>
        <p class="under">
          {chain === undefined ? 'Waiting for the node.' : <><b>height</b>, {chain.height === 0 ? 'the genesis block: nothing is mined yet' : <>found <span class="num">{durationText(ageSec)}</span> ago</>}<br /><Hash hex={chain.hash} /></>}
        </p>
      </div>
      <Seam blocks={overview?.blocks ?? []} targetSec={chain?.targetSpacingSec ?? 10} sinceSec={chain === undefined || chain.height === 0 ? undefined : ageSec} />
    </div>
  );
}

export function ChainFigures({overview}: {readonly overview: Overview | undefined}) {
  const chain = overview?.chain;
  return (
    <section aria-labelledby="chain-title">
      <h2 id="chain-title">Chain</h2>
      <dl class="figures">
        <div><dt>Network hashrate</dt><dd class="num">{chain ? hashrateText(chain.networkHashrate) : '–'}</dd></div>
        <div><dt>Difficulty</dt><dd class="num">{chain ? <Difficulty value={chain.difficulty} /> : '–'}</dd></div>
        <div><dt>Coins issued</dt><dd class="num">{chain?.totalSats === undefined ? '–' : coinsText(chain.totalSats)}<span class="note">{chain?.coinCount === undefined ? 'in unspent outputs' : `in ${countedText(chain.coinCount, 'unspent output')}`}</span></dd></div>
        <div>
          <dt>Mempool</dt>
          <dd class="num">{overview ? countText(overview.mempool.count) : '–'}
            <span class="note">{overview ? `${countText(overview.mempool.vsize)} vB, fees ${coinsText(overview.mempool.totalFeeSats)}` : 'transactions'}</span>
          </dd>
        </div>
      </dl>
    </section>
  );
}
