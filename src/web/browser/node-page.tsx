/** @module The chain and the nodes behind the pool. */
import type {NodeAnswer} from '../api';
import type {Overview} from '../overview';
import {useAnswer} from './answers';
import {Latest} from './chain-tables';
import {Awaited} from './pieces';
import {ChainFigures} from './tip';
import {countText, durationText} from './texts';

const REFRESH_MS = 5_000;

function Nodes({answer}: {readonly answer: NodeAnswer}) {
  return (
    <>
      {answer.isStalled && <p class="notice">No healthy node confirms the work: miners wait for new jobs.</p>}
      <table aria-labelledby="nodes-title">
        <thead><tr><th>Node</th><th>State</th><th class="r">Height</th><th class="r wide">Behind</th><th class="r wide">Peers</th><th class="r wide">Answers in</th><th class="r wide">Failures</th></tr></thead>
        <tbody>
          {answer.nodes.map((node) => (
            <tr key={node.name}>
              <td><span class="cut">{node.name}{node.isServing && <span class="tag">serves</span>}</span><span class="sub">{node.version}</span></td>
              <td class={node.state === 'healthy' ? 'good' : 'bad'}>{node.state}{node.detail !== '' && <span class="sub">{node.detail}</span>}</td>
              <td class="r num">{node.height === undefined ? '–' : countText(node.height)}</td>
              <td class="r num wide">{node.height === undefined ? '–' : countText(node.lagBlocks)}</td>
              <td class="r num wide">{node.peers === undefined ? '–' : countText(node.peers)}</td>
              <td class="r num wide">{node.latencyMs === undefined ? '–' : `${node.latencyMs} ms`}</td>
              <td class="r num wide">{countText(node.failures)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {answer.confirmedAgoMs !== undefined && <p class="empty">The work was confirmed {durationText(answer.confirmedAgoMs / 1_000)} ago.</p>}
    </>
  );
}

export function NodePage({overview, nowMs}: {readonly overview: Overview | undefined; readonly nowMs: number}) {
  const {value, refusal} = useAnswer<NodeAnswer>('/api/v1/node', REFRESH_MS);
  return (
    <>
      <section class="first" aria-labelledby="nodes-title">
        <h2 id="nodes-title">Nodes</h2>
        {value === undefined ? <Awaited refusal={refusal} what="the nodes" /> : <Nodes answer={value} />}
      </section>
      <ChainFigures overview={overview} />
      <Latest overview={overview} nowMs={nowMs} rows={24} />
    </>
  );
}
