// Proves that our chain and an independent node (bcoin) draw the line between valid and invalid blocks in the same place:
// random blocks with real transactions, most of them broken in one spot or set on the very edge of a rule, are given to
// both, and both must accept or both refuse; at the end tip and coin totals are equal. The seed is printed: DIFFERENTIAL_SEED
// repeats a run, DIFFERENTIAL_ROUNDS makes it longer. Rules that bcoin does not know (taproot) are left out.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {bytesToHex, hashToDisplayHex} from '../../src/protocol/bytes/hex.js';
import {SeededRandom} from '../../src/runtime/seeded-random.js';
import {BCOIN_SEGWIT_HEIGHT, startBcoin, type BcoinNode} from '../support/bcoin-node.js';
import {ChainHarness} from '../support/chain-harness.js';
import {RivalBlocks} from '../support/rival-blocks.js';
import {EDGES} from '../support/rival-edges.js';

const SEED = Number(process.env.DIFFERENTIAL_SEED ?? 20261121);
const ROUNDS = Number(process.env.DIFFERENTIAL_ROUNDS ?? 600);
/** Witness rules bind in bcoin from its own height; enough mature coinbases lie below. */
const TRUNK = BCOIN_SEGWIT_HEIGHT + 130;

const differential = suite('functional / chain / differential');

let bcoin: BcoinNode;
const ours = new ChainHarness({nowSec: Math.floor(Date.now() / 1000)});
const blocks = new RivalBlocks(new SeededRandom(SEED), EDGES);

async function bcoinTakes(hex: string): Promise<string> {
  try {
    return await bcoin.addBlock(hex) ? 'ok' : 'not joined';
  } catch (error) {
    return (error as Error).message.slice(0, 200);
  }
}

differential.before(async () => {
  bcoin = await startBcoin({hasBuriedForks: true});
});

differential.after(async () => {
  await bcoin?.close();
  await ours.stop();
});

differential('both connect the trunk', async () => {
  for (let height = 1; height <= TRUNK; height++) {
    const block = blocks.trunkBlock();
    assert.ok((await ours.accept(block)).ok);
    assert.is(await bcoinTakes(bytesToHex(block.bytes)), 'ok', `height ${height}`);
    blocks.accepted(block);
  }
});

differential(`${ROUNDS} blocks at the edges of the rules: both accept, or both refuse`, async () => {
  const tally = new Map<string, {accepted: number; refused: number}>();
  const disagreements: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const {block, name} = blocks.candidate();
    const outcome = await ours.accept(block);
    const theirs = await bcoinTakes(bytesToHex(block.bytes));
    if (outcome.ok !== (theirs === 'ok')) {
      disagreements.push(`round ${round}, ${name}: ours ${outcome.ok ? outcome.status : `${outcome.code} (${outcome.detail ?? ''})`}, bcoin ${theirs}`);
      break; // From here on the two stand on different tips.
    }
    const count = tally.get(name) ?? {accepted: 0, refused: 0};
    tally.set(name, count);
    if (outcome.ok) {
      count.accepted += 1;
      blocks.accepted(block);
    } else {
      count.refused += 1;
      blocks.refused();
    }
  }
  const total = [...tally.values()].reduce((sum, {accepted, refused}) => ({accepted: sum.accepted + accepted, refused: sum.refused + refused}), {accepted: 0, refused: 0});
  process.stdout.write(`note: seed ${SEED}: ${total.accepted} blocks accepted and ${total.refused} refused by both, ${tally.size} kinds\n`);
  if (process.env.DIFFERENTIAL_TALLY !== undefined) for (const [name, count] of [...tally].sort()) process.stdout.write(`${name}: ${count.accepted} / ${count.refused}\n`);
  assert.equal(disagreements, []);
  // A generator that makes only bad blocks, or only good ones, would prove nothing.
  assert.ok(total.accepted > ROUNDS / 10 && total.refused > ROUNDS / 10);
});

differential('tip and coins are the same', async () => {
  const totals = await ours.totals();
  assert.is(hashToDisplayHex(totals.bestHash), bcoin.tipHash());
  assert.equal({coinCount: totals.coinCount, totalSats: Number(totals.totalSats)}, bcoin.coinTotals());
});

differential.run();
