// Proves the house rules that a linter does not know: no ambient time, chance or environment where it is not allowed,
// no leftovers in tests or source, every file says what it is, and every actor folder has its public page.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {existsSync} from 'node:fs';
import {PROJECT_ROOT, sourceFiles, withoutComments, type SourceFile} from '../support/source-tree.js';

interface Ban {
  readonly text: RegExp;
  readonly where: (path: string) => boolean;
  readonly instead: string;
}

const BANS: readonly Ban[] = [
  {text: /\bconsole\./, where: (path) => path.startsWith('src/') && !path.startsWith('src/cli/'), instead: 'ctx.log, or the logger of the edge'},
  {text: /\bas any\b|: any\b|<any>/, where: () => true, instead: 'unknown and a check'},
  {text: /\bprocess\.env\b/, where: (path) => path.startsWith('src/') && !/^src\/config[./]/.test(path), instead: 'Config, read once by src/config'},
  {text: /\bDate\.now\b|\bnew Date\(\)/, where: (path) => /^src\/(protocol|actors|storage)\//.test(path), instead: 'ctx.clock, or a time given as an argument'},
  {text: /\bMath\.random\b/, where: (path) => path.startsWith('src/') && !path.startsWith('src/web/'), instead: 'ctx.random, or randomness given as an argument'},
  {text: /\.only\(/, where: (path) => path.startsWith('test/'), instead: 'running the one file with scripts/run-tests.mjs'},
  {text: /\bpostMessage\(/, where: (path) => path.startsWith('src/') && !path.startsWith('src/runtime/threads/'), instead: 'src/runtime/threads'},
  {text: /\{\.\.\.((transaction|output|coinbase|prevout|outpoint)\b(?!\.)|input, (witness|scriptSig|sequence|prevout))/, where: (path) => path.startsWith('src/'), instead: 'the fields, or spread transactionParts(...): a decoded transaction has getters, which a spread leaves out'},
  {text: /\bnamespace \w|\benum \w/, where: () => true, instead: 'a union of literals'},
];

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

function offences(file: SourceFile, ban: Ban): string[] {
  const code = withoutComments(file.text).replace(/'(?:[^'\\\n]|\\.)*'|\/(?:[^/\\\n]|\\.)+\/[gimsuy]*(?=[,);.\s])/g, (literal) => ' '.repeat(literal.length));
  const found = ban.text.exec(code);
  return found === null ? [] : [`${file.path}:${lineOf(code, found.index)}: ${found[0]} (write ${ban.instead})`];
}

const tidy = suite('arch / tidy');
const files = [...sourceFiles('src'), ...sourceFiles('test'), ...sourceFiles('native-bench')];

for (const ban of BANS) {
  tidy(`no ${ban.text.source} outside its place`, () => {
    assert.equal(files.filter((file) => ban.where(file.path)).flatMap((file) => offences(file, ban)), []);
  });
}

tidy('no FIXME or TODO anywhere', () => {
  const leftovers = files.filter((file) => !file.path.startsWith('test/arch/') && /\b(FIXME|TODO|XXX)\b/.test(file.text));
  assert.equal(leftovers.map((file) => file.path), []);
});

tidy('every source file opens with its @module comment', () => {
  const silent = sourceFiles('src').filter((file) => !/^(\/\/[^\n]*\n)?\/\*\*[\s\S]{0,40}@module/.test(file.text));
  assert.equal(silent.map((file) => file.path), []);
});

tidy('no file or folder is named utils, helpers, common or manager', () => {
  const vague = files.filter((file) => /(^|\/)(utils?|helpers?|common|manager|misc)(\/|\.|-)/.test(file.path));
  assert.equal(vague.map((file) => file.path), []);
});

tidy('every folder of src/actors has its messages', () => {
  const folders = new Set(sourceFiles('src/actors').map((file) => file.path.split('/')[2]!).filter((name) => !name.endsWith('.ts')));
  assert.equal([...folders].filter((name) => !existsSync(`${PROJECT_ROOT}src/actors/${name}/messages.ts`)), []);
});

tidy('message types are unique over the whole program', () => {
  const owners = new Map<string, Set<string>>();
  for (const file of sourceFiles('src/actors').filter(({path}) => path.endsWith('/messages.ts'))) {
    for (const [, type] of withoutComments(file.text).matchAll(/Query<'([\w.]+)'|readonly type: '([\w.]+)'/g)) {
      if (type !== undefined) owners.set(type, (owners.get(type) ?? new Set()).add(file.path));
    }
  }
  assert.equal([...owners].filter(([, paths]) => paths.size > 1).map(([type]) => type), []);
  assert.ok(owners.size > 10);
});

tidy.run();
