// Proves that a pattern made of one submit reads others of its kind exactly as the general decoder does, in the forms that
// miners write, and leaves every other line to it: changed anywhere, cut, or made longer.
import * as fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {decodeLine} from '../../../../src/protocol/stratum/request.js';
import type {SubmitFields} from '../../../../src/protocol/stratum/request.js';
import {SubmitPattern} from '../../../../src/protocol/stratum/submit-pattern.js';

interface Submit {
  readonly id: number;
  readonly extranonce2: string;
  readonly time: string;
  readonly nonce: string;
  readonly bits: string;
}

/** As cpuminer, ESP-Miner, cgminer and our own load write them. */
const FORMS: readonly ((submit: Submit) => string)[] = [
  ({id, extranonce2, time, nonce}) => `{"method": "mining.submit", "params": ["bc1q.rig", "1f", "${extranonce2}", "${time}", "${nonce}"], "id":${id}}`,
  ({id, extranonce2, time, nonce, bits}) => `{"id": ${id}, "method": "mining.submit", "params": ["bc1q.rig", "1f", "${extranonce2}", "${time}", "${nonce}", "${bits}"]}`,
  ({id, extranonce2, time, nonce, bits}) => `{"params": ["bc1q.rig", "1F", "${extranonce2}", "${time}", "${nonce}","${bits}"], "id": ${id}, "method": "mining.submit"}`,
  ({id, extranonce2, time, nonce}) => `{"id":${id},"method":"mining.submit","params":["bc1q.rig","1f","${extranonce2}","${time}","${nonce}"]}`,
  ({id, extranonce2, time, nonce}) => ` {"jsonrpc":"2.0","id":${id} ,"method":"mining.submit","params":["id","1f","${extranonce2}","${time}","${nonce}"]}\t`,
];

const hex = (digits: number): fc.Arbitrary<string> => fc.string({unit: fc.constantFrom(...'0123456789abcdefABCDEF'), minLength: digits, maxLength: digits});
const submits = fc.record({id: fc.oneof(fc.nat(), fc.nat({max: Number.MAX_SAFE_INTEGER})), extranonce2: hex(8), time: hex(8), nonce: hex(8), bits: hex(8)});

function decoded(line: string): {id: unknown; fields: SubmitFields} | undefined {
  const read = decodeLine(line);
  return read.kind === 'request' && read.request.method === 'mining.submit' ? {id: read.id, fields: read.request} : undefined;
}

function readBy(pattern: SubmitPattern, line: string): {id: unknown; fields: SubmitFields} | undefined {
  if (!pattern.read(line)) return undefined;
  const {id, userName, jobId, extranonce2, timeSec, nonce, versionBits, isNoncePadded} = pattern;
  return {id, fields: {method: 'mining.submit', userName, jobId, extranonce2, timeSec, nonce, versionBits, isNoncePadded} as SubmitFields};
}

function patternOf(line: string): SubmitPattern | undefined {
  const known = decoded(line);
  return known === undefined ? undefined : SubmitPattern.of(line, known.fields);
}

const pattern = suite('protocol / stratum / submit-pattern');

FORMS.forEach((form, index) => {
  pattern(`reads the later submits of form ${index} as the general decoder does`, () => {
    let readCount = 0;
    fc.assert(fc.property(submits, submits, (first, later) => {
      const known = patternOf(form(first));
      if (known === undefined) return;
      const line = form(later);
      const read = readBy(known, line);
      if (read === undefined) return;
      readCount += 1;
      assert.equal(read, decoded(line));
    }), {numRuns: 200});
    // Ids of 16 digits are for the general decoder.
    assert.ok(readCount > 20, `${readCount} lines were read by pattern`);
  });
});

pattern('a line changed in one place is read as the general decoder reads it, or not at all', () => {
  const changes = fc.record({position: fc.nat(), character: fc.constantFrom(...'0129afAFgz"\\,:[]{} .-\te'), change: fc.constantFrom('replace', 'insert', 'delete')});
  let leftCount = 0;
  fc.assert(fc.property(fc.constantFrom(...FORMS), submits, changes, (make, submit, {position, character, change}) => {
    const line = make({...submit, id: submit.id % 1_000});
    const known = patternOf(line);
    assert.ok(known);
    const at = position % line.length;
    const changed = line.slice(0, at) + (change === 'delete' ? '' : character) + line.slice(change === 'insert' ? at : at + 1);
    const read = readBy(known, changed);
    if (read === undefined) leftCount += 1;
    else assert.equal(read, decoded(changed));
  }), {numRuns: 2_000});
  assert.ok(leftCount > 500);
});

pattern('shares in hand keep their extranonce2 when the next line brings another', () => {
  const line = (extranonce2: string): string => FORMS[3]!({id: 1, extranonce2, time: '00000001', nonce: '00000002', bits: ''});
  const known = patternOf(line('00000001'))!;
  assert.ok(known.read(line('00000002')));
  const first = known.extranonce2;
  assert.ok(known.read(line('00000003')));
  assert.equal([...first], [0, 0, 0, 2]);
});

const NO_PATTERNS: readonly [string, string][] = [
  ['no id', '{"method":"mining.submit","params":["a","1","00000000","00000000","00000000"]}'],
  ['a text as id', '{"id":"7","method":"mining.submit","params":["a","1","00000000","00000000","00000000"]}'],
  ['two ids', '{"id":1,"method":"mining.submit","params":["a","1","00000000","00000000","00000000"],"id":2}'],
  ['an escape', '{"id":1,"method":"mining.submit","params":["a\\u0062","1","00000000","00000000","00000000"]}'],
  ['a short nonce', '{"id":1,"method":"mining.submit","params":["a","1","00000000","00000000","0"]}'],
  ['a nested member', '{"id":1,"x":{"y":1},"method":"mining.submit","params":["a","1","00000000","00000000","00000000"]}'],
  ['a second list', '{"id":1,"x":[],"method":"mining.submit","params":["a","1","00000000","00000000","00000000"]}'],
  ['a null for version bits', '{"id":1,"method":"mining.submit","params":["a","1","00000000","00000000","00000000",null]}'],
];
for (const [name, line] of NO_PATTERNS) {
  pattern(`${name} makes no pattern`, () => {
    assert.ok(decoded(line), 'the general decoder reads it');
    assert.is(patternOf(line), undefined);
  });
}

pattern.run();
