// Proves that `kill -9` costs nothing that was promised: a node under blocks, reorgs and transactions is killed at moments
// drawn from a printed seed, while it starts, serves or stops. After each kill `pithead verify` is clean, every block that
// was answered is there with its bytes, and the tip has at least the work that was acknowledged.
// `npm run crash` does the same two hundred times.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {runCrashCampaign} from '../support/crash-campaign.js';
import {CAMPAIGNS} from '../support/crash-campaigns.js';
import {ChainLoad} from '../support/load-chain.js';

const KILLS = 8;
/** Another one in each run of an hour: repeated runs see other moments, and a failure names its seed. */
const SEED = Math.floor(Date.now() / 3_600_000);

const crash = suite('crash / node');

crash(`${KILLS} kills: verify is clean, and nothing that was acknowledged is missing`, async () => {
  const report = await runCrashCampaign({seed: SEED, kills: KILLS, killsFromNothing: 2, ...CAMPAIGNS.node, loadMsMax: 700});
  const moments = report.kills.map(({moment, afterMs}) => `${moment} ${afterMs} ms`).join(', ');
  process.stdout.write(`\nnote: seed ${SEED}: ${report.acknowledged} blocks acknowledged, killed ${moments}\n`);
  assert.equal(report.kills.filter(({problems}) => problems.length > 0), [], `seed ${SEED}, data in ${report.keptDataDir}`);
  assert.ok(report.acknowledged > 115, 'the load was too small to prove anything');
});

crash('the comparison notices a promise that was not kept', async () => {
  const report = await runCrashCampaign({seed: SEED, kills: 1, ...CAMPAIGNS.node, loadMsMax: 100, loads: (random) => {
    const honest = new ChainLoad(random);
    const never = new ChainLoad(random).model.tip;
    return [honest, {
      name: 'liar', acknowledgedCount: 0, start: () => undefined, settle: async () => honest.claimAcknowledged({...never, id: 'ab'.repeat(32), height: 10_000}),
    }];
  }});
  const problems = report.kills.flatMap((kill) => kill.problems).join('\n');
  assert.match(problems, `acknowledged block ${'ab'.repeat(32)} is missing`);
  assert.match(problems, '10000 were acknowledged');
});

crash.run();
