/** @module The latest blocks of the chain beside the blocks that this pool found. */
import type {Overview} from '../overview';
import {BlockStatus} from './pieces';
import {Link} from './router';
import {agoText, bytesText, countText, exactCoinsText, percentText} from './texts';

const ROWS = 10;

function ago(nowMs: number, timeSec: number): string {
  return agoText(nowMs / 1_000 - timeSec);
}

export function Latest({overview, nowMs, rows = ROWS}: {readonly overview: Overview | undefined; readonly nowMs: number; readonly rows?: number}) {
  const blocks = overview?.blocks.slice(0, rows) ?? [];
  return (
    <section aria-labelledby="latest-title">
      <h2 id="latest-title">Latest blocks</h2>
      {blocks.length === 0 ? <p class="empty">No block yet.</p> : (
        <table aria-labelledby="latest-title">
          <thead><tr><th>Height</th><th>Mined by</th><th class="r">Tx</th><th class="r wide">Size</th><th class="r">Age</th></tr></thead>
          <tbody>
            {blocks.map((block, row) => (
              // By place, not by hash: a new block changes texts and moves nothing.
              <tr key={row}>
                <td class="num" title={block.hash}>{countText(block.height)}</td>
                <td><span class="cut">{block.tag === '' ? <span class="faint">untagged</span> : block.tag}</span></td>
                <td class="r num">{countText(block.txCount)}</td>
                <td class="r num wide">{bytesText(block.sizeBytes)}</td>
                <td class="r num age">{block.height === 0 ? 'genesis' : ago(nowMs, block.timeSec)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Found({overview, nowMs}: {readonly overview: Overview; readonly nowMs: number}) {
  const found = overview.pool?.found.slice(0, ROWS) ?? [];
  return (
    <section aria-labelledby="found-title">
      <h2 id="found-title">Blocks of this pool</h2>
      {found.length === 0 ? <p class="empty">None found yet. The first appears here as soon as the chain has taken it.</p> : (
        <table aria-labelledby="found-title">
          <thead><tr><th>Height</th><th>Found by</th><th class="r wide">Reward</th><th class="r">Effort</th><th class="r">State</th></tr></thead>
          <tbody>
            {found.map((block, row) => (
              <tr key={row} title={`${block.hash}, ${ago(nowMs, block.foundAtSec)}`}>
                <td class="num"><Link to={`/blocks/${block.hash}`}>{countText(block.height)}</Link></td>
                <td><span class="cut" title={block.account}>{block.minerName === '' ? block.account : block.minerName}</span></td>
                <td class="r num wide">{exactCoinsText(block.rewardSats)}</td>
                <td class="r num">{percentText(block.effort)}</td>
                <td class="r state"><BlockStatus status={block.status} confirmations={block.confirmations} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

export function ChainTables({overview, nowMs}: {readonly overview: Overview | undefined; readonly nowMs: number}) {
  if (overview?.pool === undefined) return <Latest overview={overview} nowMs={nowMs} />;
  return (
    <div class="pair">
      <Latest overview={overview} nowMs={nowMs} />
      <Found overview={overview} nowMs={nowMs} />
    </div>
  );
}
