// Says hostile things to the Stratum port of a real process: `npm run fuzz:stratum -- [--minutes 1] [--seed S] [--lanes 12]`.
// Prints its seed first and how far it is every few seconds; connection N of a seed says the same in every run. The last line
// is `0 problems` or what was found. Exit code 1 when something was.
import {parseArgs} from 'node:util';
import {StratumFuzz} from '../dist/test/support/stratum-fuzz.js';

const PROGRESS_MS = 5_000;

const {values} = parseArgs({options: {minutes: {type: 'string', default: '1'}, seed: {type: 'string'}, lanes: {type: 'string', default: '12'}}});
const minutes = Number(values.minutes);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
const lanes = Number(values.lanes);
if (!(minutes > 0) || !Number.isSafeInteger(seed) || seed < 0 || seed >= 2 ** 32 || !Number.isSafeInteger(lanes) || lanes < 1) {
  console.error('usage: npm run fuzz:stratum -- [--minutes N] [--seed S] [--lanes N]');
  process.exit(2);
}

console.log(`seed ${seed}: ${minutes} minute${minutes === 1 ? '' : 's'}, ${lanes} connections at one time`);
const target = new StratumFuzz(seed);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void target.dispose().then(() => process.exit(130)));
await target.start();
const startedMs = performance.now();
const endMs = startedMs + minutes * 60_000;
const say = () => {
  const {answered, closed, vanished} = target.outcomes;
  console.log(`${((performance.now() - startedMs) / 1000).toFixed(0).padStart(5)} s  ${target.connections} connections, ${target.lines} lines: answered ${answered}, closed ${closed}, vanished ${vanished}; `
    + `${target.honestShares} honest shares; ${target.megabytes().toFixed(0)} MB`);
};
const progress = setInterval(say, PROGRESS_MS);
const problems = [];
let next = 0;
await Promise.all(Array.from({length: lanes}, async () => {
  while (performance.now() < endMs && problems.length === 0) {
    try {
      await target.connection(next++);
      await target.honestShare();
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
}));
clearInterval(progress);
say();
try {
  problems.push(...await target.problems());
} catch (error) {
  problems.push(error instanceof Error ? error.message : String(error));
}
await target.dispose();
for (const problem of problems) console.log(problem);
console.log(problems.length === 0 ? '0 problems' : `${problems.length} problems; seed ${seed}`);
process.exit(problems.length === 0 ? 0 : 1);
