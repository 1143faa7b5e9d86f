// Runs ONE compiled uvu file in this process and reports {passed, failed, skipped} to the parent.
// uvu 0.5.6 exits 0 when `before` throws, when `after.each` throws and when a file forgets `.run()`;
// it has no deadline per test. Here each of these fails the file.
//
// Properties run from a fixed seed, so that `npm test` says the same twice; PROPERTY_SEED=n or =random explores.
import * as fc from 'fast-check';
import {readFile} from 'node:fs/promises';
import {pathToFileURL} from 'node:url';

const DEFAULT_PROPERTY_SEED = 20_251_121;

const file = process.argv[2];
const wantedSeed = process.env.PROPERTY_SEED ?? String(DEFAULT_PROPERTY_SEED);
const propertySeed = wantedSeed === 'random' ? Math.trunc(Math.random() * 2 ** 31) : Number(wantedSeed);
fc.configureGlobal({seed: propertySeed});
let passed = 0;
let failed = 0;
let skipped = 0;

process.on('unhandledRejection', (reason) => fail(`unhandled rejection: ${reason?.stack ?? reason}`));
process.on('uncaughtException', (error) => fail(`uncaught exception: ${error?.stack ?? error}`));

function fail(why) {
  failed += 1;
  console.log(`\n  FAIL ${why}\n`);
}

globalThis.UVU_DEFER = 1;
globalThis.UVU_QUEUE = [[file]];
globalThis.UVU_INDEX = 0;

const source = (await readFile(file, 'utf8')).replace(/^\s*\/\/.*$/gm, '');
const declared = source.match(/(?<![.\w])suite\(/g)?.length ?? 0;
const started = source.match(/\.run\(\)/g)?.length ?? 0;
if (declared === 0) fail('the file declares no suite');
if (started < declared) fail(`${declared} suites declared, ${started} run: a .run() is missing`);

try {
  await import(pathToFileURL(file).href);
  const runs = globalThis.UVU_QUEUE[0].slice(1);
  if (runs.length === 0) fail('no suite was queued');
  for (const run of runs) {
    const [errors, ran, skips, total] = await run();
    passed += ran;
    skipped += skips;
    if (typeof errors === 'string') {
      console.log(errors);
      failed += Math.max(1, total - ran);
    } else if (ran < total) {
      fail(`a hook failed: ${ran} of ${total} tests ran`);
    } else if (total === 0) {
      fail('a suite without tests');
    }
  }
} catch (error) {
  fail(error?.stack ?? String(error));
}
process.send?.({passed, failed, skipped}, () => process.exit(failed > 0 ? 1 : 0));
if (!process.send) process.exit(failed > 0 ? 1 : 0);
