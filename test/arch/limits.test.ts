// Proves that docs/limits.md says what the source does: every mailbox with its capacity and policy, every constant and
// setting that the page names with its value, and no constant that is gone.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {readFileSync} from 'node:fs';
import {SETTINGS} from '../../src/config/setting-keys.js';
import {PROJECT_ROOT, sourceFiles, withoutComments} from '../support/source-tree.js';

const page = readFileSync(`${PROJECT_ROOT}docs/limits.md`, 'utf8');
const sources = sourceFiles('src').map(({path, text}) => ({path, code: withoutComments(text)}));

/** A number as source or page writes it: `1 << 20`, `16 * 1024`, `32_768`, `32,768`. */
function numberOf(text: string): number {
  const factors = text.replace(/[_,\s]/g, '').split('*');
  return factors.reduce((product, factor) => {
    const [base, shift] = factor.split('<<');
    return product * (shift === undefined ? Number(base) : Number(base) * 2 ** Number(shift));
  }, 1);
}

function constantIn(code: string, name: string): number | undefined {
  const found = new RegExp(`\\b${name}(?: =|:) ([\\d_][\\d_ *<]*)`).exec(code);
  return found === null ? undefined : numberOf(found[1]!);
}

const limits = suite('arch / limits');

limits('every mailbox stands on the page with its capacity and policy', () => {
  const mailboxes = sources.flatMap(({path, code}) => [...code.matchAll(/kind: '([\w-]+)',\s*mailbox: \{capacity: ([\w]+), policy: '([\w-]+)'/g)]
    .map(([, kind, capacity, policy]) => ({kind: kind!, policy: policy!, capacity: /^\d/.test(capacity!) ? numberOf(capacity!) : constantIn(code, capacity!), path})))
    .filter(({path}) => path.startsWith('src/actors/'));
  assert.ok(mailboxes.length >= 7, 'the pattern finds the mailboxes');
  const rows = new Map([...page.matchAll(/^\| `([\w-]+)` \| ([\d,]+) \| `([\w-]+)` \|/gm)].map(([, kind, capacity, policy]) => [kind!, {capacity: numberOf(capacity!), policy: policy!}]));
  for (const {kind, capacity, policy} of mailboxes) assert.equal(rows.get(kind), {capacity, policy}, `the row of ${kind}`);
  assert.equal([...rows.keys()].filter((kind) => !mailboxes.some((mailbox) => mailbox.kind === kind)), []);
});

limits('every constant that the page names has the value that it names', () => {
  const rows = [...page.matchAll(/^\| [^|`]+ \| ([^|]+) \| ((?:`[\w.]+`(?:, )?)+) \|/gm)];
  assert.ok(rows.length > 30);
  for (const [line, bounds, named] of rows) {
    const values = [...bounds!.matchAll(/[\d][\d,]*/g)].map(([text]) => numberOf(text));
    const names = [...named!.matchAll(/`([\w.]+)`/g)].map((match) => match[1]!);
    assert.is(values.length, names.length, line);
    for (const [index, name] of names.entries()) {
      if (name.includes('.')) assert.is(SETTINGS.find(({key}) => key === name)?.preset, values[index], name);
      else assert.ok(sources.some(({code}) => constantIn(code, name) === values[index]), `${name} is not ${values[index]} anywhere in src`);
    }
  }
});

limits('numbers are read as they are written', () => {
  assert.equal(['32_768', '16 * 1024', '1 << 20', '10,000'].map(numberOf), [32_768, 16_384, 1_048_576, 10_000]);
  assert.is(constantIn('const A_MAX = 7;', 'A_MAX'), 7);
  assert.is(constantIn('const A_MAX = other;', 'A_MAX'), undefined);
});

limits.run();
