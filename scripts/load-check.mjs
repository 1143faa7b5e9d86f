// Runs the load harness against a pool of its own in a temporary folder and compares its books with `pithead audit`.
//   npm run load:check -- [--miners 1000] [--duration 60] [--profile mixed] [--threads T] [--seed S] [--hashrate H] [--ramp S]
//                         [--end term|kill] [--set key=value ...] [--json FILE] [--html FILE]
// --end kill ends the pool with SIGKILL while the miners mine; then a share without an answer may be in the log or not.
// Exit code 0 when nothing was lost and the books agree, 1 when not (then the data folder is kept and named).
import {readFileSync, rmSync, writeFileSync, mkdtempSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {defaultAccounts} from '../dist/src/cli/load.js';
import {PROFILES, profileNamed, withRamp} from '../dist/src/load/profiles.js';
import {reportPage} from '../dist/src/load/report-page.js';
import {progressLine, reportText} from '../dist/src/load/report-text.js';
import {runLoad} from '../dist/src/load/run-load.js';
import {auditedShares, disagreements} from '../dist/test/support/load-books.js';
import {startPithead} from '../dist/test/support/pithead-process.js';

const CHAIN = 'devnet';
const PROGRESS_SEC = 10;
/** The kill comes in the middle of the load. */
const KILL_AT = 0.7;
/** 256 hashes a share at first, and never below 4: a crowd of slow miners on one machine. */
const POOL = {'pool.startDifficulty': 2 ** -24, 'pool.minDifficulty': 2 ** -30, 'stratum.maxSessions': 50_000, 'stratum.maxSessionsPerAddress': 50_000};

const {values} = parseArgs({options: {
  miners: {type: 'string', default: '1000'}, duration: {type: 'string', default: '60'}, profile: {type: 'string', default: 'mixed'},
  threads: {type: 'string', default: '1'}, seed: {type: 'string', default: '1'}, end: {type: 'string', default: 'term'},
  set: {type: 'string', multiple: true, default: []}, hashrate: {type: 'string'}, ramp: {type: 'string'}, json: {type: 'string'}, html: {type: 'string'},
}});
const [miners, durationSec, threads, seed] = [values.miners, values.duration, values.threads, values.seed].map(Number);
const profile = profileNamed(values.profile);
if (![miners, durationSec, threads, seed].every((value) => value >= 0) || profile === undefined || !['term', 'kill'].includes(values.end)) {
  console.error(`usage: npm run load:check -- [--miners N] [--duration S] [--profile ${PROFILES.map(({name}) => name).join('|')}] [--end term|kill]`);
  process.exit(2);
}

const dataDir = mkdtempSync(join(tmpdir(), 'pithead-load-'));
const settings = [...Object.entries(POOL).map(([key, value]) => `${key}=${value}`), ...values.set];
const pool = await startPithead({dataDir, chain: CHAIN, flags: ['--role', 'full', '--role', 'mining-pool', ...settings.flatMap((setting) => ['--set', setting])]});
process.once('SIGINT', () => void pool.kill().then(() => process.exit(130)));
const [host, port] = pool.endpoints.stratum.split(':');
let seconds = 0;
if (values.end === 'kill') setTimeout(() => void pool.kill(), durationSec * KILL_AT * 1_000);
const report = await runLoad({
  host, port: Number(port), miners, durationSec, profile: withRamp(profile, values.ramp === undefined ? undefined : Number(values.ramp)), threads, seed, accounts: defaultAccounts(), password: 'x', hashrateMean: values.hashrate === undefined ? undefined : Number(values.hashrate), drainSec: 20,
  onSecond: (point, totals) => {
    seconds += 1;
    if (seconds % PROGRESS_SEC === 0) console.error(progressLine(point, totals));
  },
});
console.log(reportText(report));
if (values.end === 'term') await describePool();
const exitCode = values.end === 'term' ? await pool.stop() : 0;
const problems = disagreements(report, await auditedShares(dataDir));
if (exitCode !== 0) problems.push(`the pool ended with ${exitCode}`);
if (values.end === 'term' && !report.isEachAnsweredOnce) problems.push('a submit has no answer, or more than one');
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
if (values.html !== undefined) writeFileSync(values.html, reportPage(report));
for (const problem of problems) console.log(`DOES NOT AGREE: ${problem}`);
if (problems.length === 0) {
  const accepted = Object.values(report.accounts).reduce((sum, books) => sum + books.accepted, 0);
  console.log(`The books agree: ${accepted} accepted shares of ${Object.keys(report.accounts).length} accounts, each once in the pool's log.`);
  rmSync(dataDir, {recursive: true, force: true});
} else console.log(`The data is kept in ${dataDir}`);
process.exit(problems.length === 0 ? 0 : 1);

/** Its own event loop and memory, by its metrics. */
async function describePool() {
  const text = await (await fetch(`${pool.endpoints.http}/metrics`)).text();
  const wanted = /^(pithead_event_loop_delay_seconds|pithead_scheduler_longest_drain_seconds|process_resident_memory_bytes|pithead_process_resident_memory_bytes|process_cpu_\w+)[^\n]*/gm;
  for (const [line] of text.matchAll(wanted)) console.log(`pool: ${line}`);
  const status = readFileSync(`/proc/${pool.pid}/status`, 'utf8');
  console.log(`pool: ${/VmHWM[^\n]*/.exec(status)?.[0] ?? ''} ${/VmRSS[^\n]*/.exec(status)?.[0] ?? ''}`.replace(/\s+/g, ' '));
}
