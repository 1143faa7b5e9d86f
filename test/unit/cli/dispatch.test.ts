// Proves the exit codes and hints of the command line on the real command: bad usage is 2, and says what would be right.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {indentJson} from '../../../src/cli/rpc.js';
import {runPithead} from '../../support/pithead-process.js';

const folder = mkdtempSync(join(tmpdir(), 'pithead-cli-'));
const cli = suite('cli / dispatch');
cli.after(() => rmSync(folder, {recursive: true}));

cli('help lists the commands, each has its own help, and promises nothing that is not there', async () => {
  const help = await runPithead(['help']);
  assert.is(help.code, 0);
  const names = [...help.stdout.matchAll(/^ {2}([a-z-]+) /gm)].map((match) => match[1]!);
  assert.ok(names.includes('rpc') && names.includes('init'));
  assert.not.match(help.stdout, /inspect|devnet /);
  const each = await Promise.all(names.map((name) => runPithead([name, '--help'])));
  for (const [index, outcome] of each.entries()) {
    assert.is(outcome.code, 0);
    assert.match(outcome.stdout, new RegExp(`^pithead ${names[index]}`));
  }
});

cli('an unknown command or flag ends with 2 and a hint', async () => {
  const [command, flag, value, word] = await Promise.all([
    runPithead(['iniit']), runPithead(['init', '--rol', 'full']), runPithead(['init', '--role', 'pool']), runPithead(['version', 'now']),
  ]);
  assert.equal([command.code, flag.code, value.code, word.code], [2, 2, 2, 2]);
  assert.match(command.stderr, /did you mean init\?/);
  assert.match(flag.stderr, /did you mean --role\?/);
  assert.match(value.stderr, /one of all-in-one, full/);
});

cli('init writes a file once', async () => {
  const out = join(folder, 'pithead.toml');
  assert.is((await runPithead(['init', '--role', 'solo-pool', '--out', out])).code, 0);
  assert.match(readFileSync(out, 'utf8'), /roles = \["full", "solo-pool", "explorer"\]/);
  const again = await runPithead(['init', '--out', out]);
  assert.is(again.code, 2);
  assert.match(again.stderr, /--force/);
});

cli('rpc without a node says how to get one', async () => {
  const noCookie = await runPithead(['rpc', '--data', folder, 'getblockcount']);
  assert.is(noCookie.code, 2);
  assert.match(noCookie.stderr, /no cookie/);
  const nobody = await runPithead(['rpc', '--rpc-url', 'http://127.0.0.1:9', '--user', 'a', '--password', 'b', 'getblockcount']);
  assert.is(nobody.code, 1);
  assert.match(nobody.stderr, /is `pithead start` running/);
  assert.not.ok(existsSync(join(folder, '.cookie')));
});

cli('indenting keeps every digit and every text as it was', () => {
  assert.is(indentJson('{"a":50.00000000,"b":[1,"x,:{\\"y"],"c":[],"d":{}}'),
    '{\n  "a": 50.00000000,\n  "b": [\n    1,\n    "x,:{\\"y"\n  ],\n  "c": [],\n  "d": {}\n}');
});

cli.run();
