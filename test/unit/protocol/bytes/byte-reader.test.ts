/** Numbers and lengths survive the round trip; lengths in a longer form than needed, or past the end, are refused. */
import * as fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {ByteReader, COUNT_MAX, DecodeError, decodeWith} from '../../../../src/protocol/bytes/byte-reader.js';
import {ByteWriter, varintSize} from '../../../../src/protocol/bytes/byte-writer.js';

const test = suite('protocol / bytes / byte-reader');
const readLength = (bytes: readonly number[]) => decodeWith(Uint8Array.from(bytes), 'broken', (reader) => reader.varint());

test('what the writer writes the reader reads', () => {
  fc.assert(fc.property(
    fc.record({a: fc.nat(0xff), b: fc.nat(0xffff), c: fc.nat(0xffffffff), d: fc.integer(), e: fc.bigInt({min: -(2n ** 63n), max: 2n ** 63n - 1n}), f: fc.nat(COUNT_MAX), g: fc.uint8Array({maxLength: 600})}),
    ({a, b, c, d, e, f, g}) => {
      const bytes = new ByteWriter(1).u8(a).u16(b).u32(c).u32(d).u64(e).varint(f).varBytes(g).finish();
      const reader = new ByteReader(bytes);
      assert.equal([reader.u8(), reader.u16(), reader.u32(), reader.i32(), reader.i64(), reader.varint(), reader.varBytes()], [a, b, c, d, e, f, g]);
      assert.is(reader.remaining, 0);
    }));
});

test('amounts at the borders of a double are exact', () => {
  for (const value of [2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, -1n, -(2n ** 63n), 2n ** 63n - 1n]) {
    assert.is(new ByteReader(new ByteWriter().u64(value).finish()).i64(), value);
  }
});

test('a length must be in its shortest form', () => {
  assert.not.ok(readLength([0xfd, 0xfc, 0]).ok);
  assert.equal(readLength([0xfd, 0xfd, 0]), {ok: true, value: 0xfd});
  assert.not.ok(readLength([0xfe, 0xff, 0xff, 0, 0]).ok);
  assert.equal(readLength([0xfe, 0, 0, 1, 0]), {ok: true, value: 0x10000});
  assert.not.ok(readLength([0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]).ok);
});

test('no length above 32 MiB is read', () => {
  assert.equal(readLength([0xfe, 0, 0, 0, 2]), {ok: true, value: COUNT_MAX});
  assert.not.ok(readLength([0xfe, 1, 0, 0, 2]).ok);
  assert.not.ok(readLength([0xff, 0, 0, 0, 0, 1, 0, 0, 0]).ok);
});

test('a count that cannot fit fails at once', () => {
  const verdict = decodeWith(Uint8Array.of(0xfd, 0xff, 0xff, 0), 'broken', (reader) => reader.count(1));
  assert.is(verdict.ok, false);
});

test('reading past the end and bytes left over are refusals, other errors pass through', () => {
  assert.equal(decodeWith(Uint8Array.of(1), 'broken', (reader) => reader.u16()).ok, false);
  assert.equal(decodeWith(Uint8Array.of(1, 2), 'broken', (reader) => reader.u8()).ok, false);
  assert.throws(() => decodeWith(new Uint8Array(0), 'broken', () => { throw new TypeError('a bug'); }), 'a bug');
  assert.ok(new DecodeError('x') instanceof Error);
});

test('the size of a length is what the writer uses', () => {
  for (const value of [0, 0xfc, 0xfd, 0xffff, 0x10000, 0xffffffff, 0x100000000]) {
    assert.is(new ByteWriter().varint(value).size, varintSize(value));
  }
});

test.run();
