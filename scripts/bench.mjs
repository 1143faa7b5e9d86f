// Runs the benchmarks one after the other, each in a process of its own, and prints one table of medians and ratios.
//   npm run bench [-- SUITE ...] [-- --json FILE]
// Each suite is a compiled native-bench/*.bench.ts that exports run(): Promise<BenchRow[]>.
import {fork} from 'node:child_process';
import {readdir, writeFile} from 'node:fs/promises';
import {cpus} from 'node:os';
import {fileURLToPath} from 'node:url';

// As `pithead` itself runs: bin/pithead.mjs.
const YOUNG_GENERATION = '--max-semi-space-size=4';

const folder = fileURLToPath(new URL('../dist/native-bench/', import.meta.url));

if (process.argv[2] === '--child') {
  const {run} = await import(`${folder}${process.argv[3]}`);
  const rows = await run();
  process.send(rows, () => process.exit(0));
} else {
  const args = process.argv.slice(2).filter((argument) => argument !== '--');
  const jsonAt = args.indexOf('--json');
  const jsonFile = jsonAt < 0 ? undefined : args.splice(jsonAt, 2)[1];
  const files = (await readdir(folder))
    .filter((name) => name.endsWith('.bench.js') && (args.length === 0 || args.some((wanted) => name.includes(wanted))))
    .sort();
  if (files.length === 0) {
    console.error(`No benchmark is named ${args.join(', ')}.`);
    process.exit(2);
  }
  console.log(`Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores. Medians; a ratio is ours / peer.\n`);
  const all = [];
  let failed = 0;
  for (const file of files) {
    process.stderr.write(`running ${file} ...\n`);
    const rows = await runSuite(file);
    if (rows === undefined) failed += 1;
    else {
      printRows(rows);
      all.push(...rows);
    }
  }
  if (jsonFile !== undefined) await writeFile(jsonFile, `${JSON.stringify(all, null, 2)}\n`);
  process.exit(failed > 0 ? 1 : 0);
}

/** Resolves to the rows, or undefined when the suite crashed (its own output says why). */
function runSuite(file) {
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(import.meta.url), ['--child', file], {execArgv: ['--expose-gc', YOUNG_GENERATION]});
    let rows;
    child.on('message', (value) => { rows = value; });
    child.on('exit', () => resolve(rows));
  });
}

function printRows(rows) {
  const cells = rows.flatMap((row) => {
    const peers = Object.entries(row.peers ?? {});
    const own = [`${row.suite} / ${row.name}`, `${format(row.ours)} ${row.unit}`];
    if (peers.length === 0) return [[...own, '', '']];
    return peers.map(([peer, value], index) => [
      ...(index === 0 ? own : ['', '']),
      `${peer} ${format(value)}`,
      value === 0 ? '' : `x${(row.ours / value).toFixed(2)}${row.higherIsBetter ? '' : ' (lower is better)'}`,
    ]);
  });
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column].length)));
  for (const row of cells) console.log(row.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd());
  console.log();
}

function format(value) {
  if (Math.abs(value) >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  if (Math.abs(value) >= 1e4) return `${(value / 1e3).toFixed(1)} k`;
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
