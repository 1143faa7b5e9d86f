// Runs compiled uvu files, each in a process of its own, and closes uvu's holes: see run-test-file.mjs.
//   node scripts/run-tests.mjs [area or path fragment ...]     e.g. `unit`, `functional`, `protocol/script`
// With no argument: every area of `npm test`. Exits 1 on any failure; the last line is `N passed, N failed`.
import {spawn} from 'node:child_process';
import {readdir} from 'node:fs/promises';
import {availableParallelism} from 'node:os';
import {fileURLToPath} from 'node:url';
import {relative, sep} from 'node:path';

const DEFAULT_AREAS = ['arch', 'unit', 'vectors', 'sim', 'functional'];
// A hung test fails its file; generous because CI machines are shared.
const FILE_DEADLINE_MS = 300_000;
const CONCURRENCY = Math.max(1, Math.min(4, availableParallelism()));

const compiledTests = fileURLToPath(new URL('../dist/test/', import.meta.url));
const runner = fileURLToPath(new URL('./run-test-file.mjs', import.meta.url));
const wanted = process.argv.slice(2);

const files = (await readdir(compiledTests, {recursive: true}))
  .filter((name) => name.endsWith('.test.js'))
  .map((name) => name.split(sep).join('/'))
  .filter((name) =>
    wanted.length === 0 ? DEFAULT_AREAS.includes(name.split('/')[0]) : wanted.some((fragment) => name.includes(fragment)))
  // Long files first, so that the last process does not run alone.
  .sort((a, b) => Number(b.startsWith('functional')) - Number(a.startsWith('functional')) || a.localeCompare(b));

if (files.length === 0) {
  console.error(`No test file matches ${wanted.join(' ') || 'the default areas'}.`);
  process.exit(1);
}

/** Runs one file; resolves to {passed, failed, output}. */
function runFile(name) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--enable-source-maps', '--expose-gc', runner, compiledTests + name],
      {stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: {...process.env, FORCE_COLOR: '0'}, detached: true});
    let output = '';
    let result;
    const startedMs = Date.now();
    child.stdout.on('data', (chunk) => { output += chunk; });
    child.stderr.on('data', (chunk) => { output += chunk; });
    child.on('message', (value) => { result = value; });
    const deadline = setTimeout(() => {
      output += `\nDEADLINE: not finished after ${FILE_DEADLINE_MS} ms\n`;
      killGroup(child.pid);
    }, FILE_DEADLINE_MS);
    child.on('close', (code) => {
      clearTimeout(deadline);
      killGroup(child.pid); // Whatever the file left running goes with it.
      const crashed = result === undefined || (code !== 0 && result.failed === 0);
      resolve({
        name,
        passed: result?.passed ?? 0,
        failed: (result?.failed ?? 0) + (crashed ? 1 : 0),
        skipped: result?.skipped ?? 0,
        seconds: (Date.now() - startedMs) / 1000,
        output: crashed ? `${output}\nexited with ${code} without a result` : output,
      });
    });
  });
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Already gone: the usual case.
  }
}

let passed = 0;
let failed = 0;
let skipped = 0;
let next = 0;
async function lane() {
  while (next < files.length) {
    const outcome = await runFile(files[next++]);
    passed += outcome.passed;
    failed += outcome.failed;
    skipped += outcome.skipped;
    const mark = outcome.failed > 0 ? 'FAIL' : 'ok  ';
    console.log(`${mark} ${relative('', outcome.name)}  ${outcome.passed} passed, ${outcome.failed} failed  (${outcome.seconds.toFixed(1)} s)`);
    const notes = outcome.output.split('\n').filter((line) => line.startsWith('note: '));
    if (outcome.failed > 0 || process.env.VERBOSE) console.log(outcome.output.replace(/^/gm, '    '));
    else for (const line of notes) console.log(`     ${line.slice(6)}`);
  }
}
await Promise.all(Array.from({length: CONCURRENCY}, lane));
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 ? 1 : 0);
