// Proves that docs/error-codes.md is complete and alive: every code that the source can say stands on the page, and every
// code on the page is still said. Codes are read from the source text, so that nobody has to register one.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {readFileSync} from 'node:fs';
import {RPC_CODE} from '../../src/http/rpc/rpc-fault.js';
import {SCRIPT_ERROR_CODES} from '../../src/protocol/script/script-error.js';
import {PROJECT_ROOT, sourceFiles, withoutComments} from '../support/source-tree.js';

/** `reject('code'`, also when the code stands on the next line. */
const REJECT = /\breject\(\s*'([^']+)'/g;
/** `code: 'a'` in an object, `code: 'a' | 'b'` in a type, `code = 'a'` in a class. */
const CODE_MEMBER = /\bcode(?: =|:) ('[^']+'(?:\s*\|\s*'[^']+')*)/g;
/** `type SomethingCode = 'a' | 'b';` and the like. */
const CODE_UNION = /\btype \w*(?:Code|Rejection|RejectReason) =([^;]+);/g;
/** `Verdict<Something, 'code'>`. */
const VERDICT_TYPE = /\b(?:Verdict|Rejection)<(?:[^<>]|<[^<>]*>)*>/g;
const LITERAL = /'([^']+)'/g;

function codesOf(text: string): string[] {
  const code = withoutComments(text);
  const unions = [...code.matchAll(CODE_UNION), ...code.matchAll(CODE_MEMBER), ...code.matchAll(VERDICT_TYPE)].map((match) => match[1] ?? match[0]);
  return [
    ...[...code.matchAll(REJECT)].map((match) => match[1]!),
    ...unions.flatMap((union) => [...union.matchAll(LITERAL)].map((match) => match[1]!)),
  ];
}

const page = readFileSync(`${PROJECT_ROOT}docs/error-codes.md`, 'utf8');
const listed = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]!);
const origins = new Map<string, string>();
for (const file of sourceFiles('src').filter(({path}) => !path.startsWith('src/web/browser/'))) {
  for (const code of codesOf(file.text)) if (!origins.has(code)) origins.set(code, file.path);
}
for (const code of SCRIPT_ERROR_CODES) origins.set(code, 'src/protocol/script/script-error.ts');
for (const code of Object.values(RPC_CODE)) origins.set(String(code), 'src/http/rpc/rpc-fault.ts');

const errorCodes = suite('arch / error-codes');

errorCodes('every code of the source is on the page', () => {
  const missing = [...origins].filter(([code]) => !listed.includes(code)).map(([code, path]) => `${code} (${path})`).sort();
  assert.equal(missing, [], 'add these to docs/error-codes.md');
});

errorCodes('every code of the page is in the source', () => {
  assert.equal(listed.filter((code) => !origins.has(code)), [], 'these are said no more: take them off docs/error-codes.md');
});

errorCodes('no code stands twice, and each says what it means', () => {
  assert.equal(listed.filter((code, index) => listed.indexOf(code) !== index), []);
  const rows = [...page.matchAll(/^\| `([^`]+)` \|(.*)\|$/gm)];
  assert.is(rows.length, listed.length);
  assert.equal(rows.filter(([, , rest]) => rest!.split('|')[0]!.trim().length < 10).map(([, code]) => code), []);
});

errorCodes('the reader of codes sees all forms', () => {
  assert.equal(codesOf(`return reject(\n  'a-b', 'text'); // reject('comment')`), ['a-b']);
  assert.equal(codesOf(`log.warn({code: 'c', x}, 'y')`), ['c']);
  assert.equal(codesOf(`code: 'g' | 'h'; readonly code = 'i';`), ['g', 'h', 'i']);
  assert.equal(codesOf(`export type XCode =\n  /** why */\n  | 'd' | 'e e';`), ['d', 'e e']);
  assert.equal(codesOf(`f(): Verdict<Map<string, X>, 'f-f'> {`), ['f-f']);
});

errorCodes.run();
