// Kills a loaded pithead again and again and looks at what is left: `npm run crash -- [--kills 200] [--seed S] [--load node|pool|both]`.
// Each kill is one check; the last line is `N passed, N failed`. Exit code 1 when one failed. A data folder in which a
// problem was found is kept and named. Everything that is drawn comes from the seed, which is printed.
import {parseArgs} from 'node:util';
import {CAMPAIGNS} from '../dist/test/support/crash-campaigns.js';
import {runCrashCampaign} from '../dist/test/support/crash-campaign.js';

// A new folder after so many kills: verify replays the whole chain each time.
const KILLS_PER_FOLDER = 25;
const FIRST_STARTS_PER_FOLDER = 3;

const {values} = parseArgs({options: {
  kills: {type: 'string', default: '200'},
  seed: {type: 'string'},
  load: {type: 'string'},
  'load-ms': {type: 'string', default: '1500'},
}});
const kills = Number(values.kills);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
const loadMsMax = Number(values['load-ms']);
const names = values.load === undefined ? Object.keys(CAMPAIGNS) : [values.load];
if (![kills, seed, loadMsMax].every((value) => Number.isSafeInteger(value) && value >= 0) || !names.every((name) => name in CAMPAIGNS)) {
  console.error(`usage: npm run crash -- [--kills N] [--seed S] [--load ${Object.keys(CAMPAIGNS).join('|')}] [--load-ms MS]`);
  process.exit(2);
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
console.log(`seed ${seed}: ${kills} kills, loads ${names.join(', ')}`);
const startedMs = performance.now();
const totals = {passed: 0, failed: 0};
const moments = {};
for (let done = 0, folder = 0; done < kills; folder++) {
  const name = names[folder % names.length];
  const count = Math.min(KILLS_PER_FOLDER, kills - done);
  const first = done;
  const report = await runCrashCampaign({
    ...CAMPAIGNS[name],
    seed: (seed + folder) >>> 0,
    kills: count,
    killsFromNothing: Math.min(FIRST_STARTS_PER_FOLDER, count - 1),
    loadMsMax,
    onKill: ({number, moment, afterMs, acknowledged, problems}) => {
      totals[problems.length === 0 ? 'passed' : 'failed'] += 1;
      moments[moment] = (moments[moment] ?? 0) + 1;
      console.log(`${String(first + number).padStart(4)} ${problems.length === 0 ? 'ok  ' : 'FAIL'} ${name}: killed ${afterMs} ms into ${moment}; ${acknowledged} acknowledged`);
      for (const problem of problems) console.log(`     ${problem}`);
    },
  });
  done += count;
  if (report.keptDataDir !== undefined) console.log(`     data kept in ${report.keptDataDir}, seed of this folder ${(seed + folder) >>> 0}`);
}
console.log(`\nkilled while ${Object.entries(moments).map(([moment, count]) => `${moment}: ${count}`).join(', ')}; ${((performance.now() - startedMs) / 1000).toFixed(0)} s; seed ${seed}`);
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed > 0 ? 1 : 0);
