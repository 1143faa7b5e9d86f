// Proves that a share that was answered `true` is never lost: a pool under miners that submit without pause is killed with
// SIGKILL at moments drawn from a printed seed. After each kill `pithead verify` is clean, the share log has no gap and no
// share twice, holds every acknowledged share, and knows every block that one of them solved; no extranonce1 is handed out
// twice in all its lives. Once on devnet, where shares are many, and once on regtest, where each is a block and reorgs go on.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {runCrashCampaign, type CampaignReport} from '../support/crash-campaign.js';
import {CAMPAIGNS} from '../support/crash-campaigns.js';
import {StratumLoad} from '../support/load-stratum.js';

/** Another one in each run of an hour: repeated runs see other moments, and a failure names its seed. */
const SEED = Math.floor(Date.now() / 3_600_000);

const crash = suite('crash / pool');

function judge(report: CampaignReport, what: string): void {
  const moments = report.kills.map(({moment, afterMs}) => `${moment} ${afterMs} ms`).join(', ');
  process.stdout.write(`\nnote: seed ${SEED}, ${what}: ${report.acknowledged} acknowledged, killed ${moments}\n`);
  assert.equal(report.kills.filter(({problems}) => problems.length > 0), [], `seed ${SEED}, data in ${report.keptDataDir}`);
  assert.ok(report.acknowledged > 20, 'the load was too small to prove anything');
}

crash('devnet: no acknowledged share is missing', async () => {
  let load: StratumLoad | undefined;
  const report = await runCrashCampaign({seed: SEED, kills: 5, killsFromNothing: 1, ...CAMPAIGNS.pool, loadMsMax: 500, loads: (random) => [load = new StratumLoad(random, 'devnet')]});
  judge(report, 'shares');
  assert.ok(load!.extranonceCount > 4, 'several sessions in several lives');
});

crash('regtest: shares that are blocks, against branches over JSON-RPC', async () => {
  judge(await runCrashCampaign({seed: SEED, kills: 2, ...CAMPAIGNS.race, loadMsMax: 500}), 'blocks and shares');
});

crash('the comparison notices a lost share and a number given twice', async () => {
  const report = await runCrashCampaign({seed: SEED, kills: 1, ...CAMPAIGNS.pool, loadMsMax: 50, loads: (random) => {
    const honest = new StratumLoad(random, 'devnet');
    const lie = async (): Promise<void> => {
      honest.claimAcknowledged('cd'.repeat(32));
      for (let i = 0; i < 2; i++) honest.claimExtranonce('ffffffff');
    };
    return [{name: 'liar', acknowledgedCount: 0, start: () => undefined, settle: lie}, honest];
  }});
  const problems = report.kills.flatMap((kill) => kill.problems).join('\n');
  assert.match(problems, `acknowledged share ${'cd'.repeat(32)} is not in the log`);
  assert.match(problems, 'extranonce1 ffffffff was handed out twice');
});

crash.run();
