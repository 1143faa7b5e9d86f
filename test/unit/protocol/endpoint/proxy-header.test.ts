// Proves that a PROXY header is read as its specification says, byte for byte and in pieces, and that nothing else is taken
// for one. Fuzzed in protocol / fuzz-decoders.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {decodeProxyHeader, PROXY_HEADER_BYTES_MAX} from '../../../../src/protocol/endpoint/proxy-header.js';

const proxy = suite('protocol / endpoint / proxy-header');
const text = (line: string): Uint8Array => new Uint8Array(Buffer.from(line, 'latin1'));
const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];

function v2(verCmd: number, family: number, body: readonly number[], length = body.length): Uint8Array {
  return Uint8Array.from([...SIGNATURE, verCmd, family, length >> 8, length & 255, ...body]);
}

const V4_BODY = [192, 0, 2, 7, 10, 0, 0, 1, 0xdc, 0x04, 0x0d, 0x05];
const V6_BODY = [0x20, 1, 0x0d, 0xb8, ...Array.from({length: 11}, () => 0), 9, ...Array.from({length: 16}, () => 1), 0, 80, 0x0d, 5];

proxy('version 1: TCP4, TCP6, UNKNOWN, and what follows is left alone', () => {
  assert.equal(decodeProxyHeader(text('PROXY TCP4 192.0.2.7 10.0.0.1 56324 3333\r\n{"id":1')), {kind: 'header', length: 42, source: {address: '192.0.2.7', port: 56_324}});
  assert.equal(decodeProxyHeader(text('PROXY TCP6 2001:db8::9 ::1 0 65535\r\n')), {kind: 'header', length: 36, source: {address: '2001:db8::9', port: 0}});
  assert.equal(decodeProxyHeader(text('PROXY UNKNOWN\r\n')), {kind: 'header', length: 15, source: undefined});
  assert.equal(decodeProxyHeader(text('PROXY UNKNOWN ffff::1 ::1 65535 65535\r\n')), {kind: 'header', length: 39, source: undefined});
});

proxy('version 2: both families, additions behind the addresses, LOCAL and unknown families', () => {
  assert.equal(decodeProxyHeader(v2(0x21, 0x11, V4_BODY)), {kind: 'header', length: 28, source: {address: '192.0.2.7', port: 56_324}});
  assert.equal(decodeProxyHeader(v2(0x21, 0x11, [...V4_BODY, 4, 0, 1, 9])), {kind: 'header', length: 32, source: {address: '192.0.2.7', port: 56_324}});
  assert.equal(decodeProxyHeader(v2(0x21, 0x21, V6_BODY)), {kind: 'header', length: 52, source: {address: '2001:db8:0:0:0:0:0:9', port: 80}});
  assert.equal(decodeProxyHeader(v2(0x20, 0x00, [])), {kind: 'header', length: 16, source: undefined});
  assert.equal(decodeProxyHeader(v2(0x20, 0x11, V4_BODY)), {kind: 'header', length: 28, source: undefined});
  assert.equal(decodeProxyHeader(v2(0x21, 0x31, [1, 2, 3])), {kind: 'header', length: 19, source: undefined});
});

proxy('every beginning of a header waits for the rest', () => {
  for (const whole of [text('PROXY TCP4 192.0.2.7 10.0.0.1 56324 3333\r\n'), v2(0x21, 0x21, V6_BODY)]) {
    for (let length = 0; length < whole.length; length++) assert.equal(decodeProxyHeader(whole.subarray(0, length)), {kind: 'incomplete'}, String(length));
  }
});

proxy('what is no header is malformed as soon as that can be told', () => {
  const bad = ['{"id":1', 'PROXX', 'PROXY TCP4 192.0.2.7 10.0.0.1 56324 3333\n', 'PROXY TCP4 192.0.2.7 10.0.0.1 56324\r\n', 'PROXY TCP4 2001:db8::9 ::1 1 2\r\n', 'PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n',
    'PROXY TCP4 256.0.2.7 10.0.0.1 1 2\r\n', 'PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n', 'PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n', 'PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n', 'PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n',
    'PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n', `PROXY TCP4 ${' '.repeat(200)}`, 'PROXY TCP4\r\n', 'proxy TCP4'];
  for (const line of bad) assert.equal(decodeProxyHeader(text(line)), {kind: 'malformed'}, line);
  for (const bytes of [v2(0x11, 0x11, V4_BODY), v2(0x22, 0x11, V4_BODY), v2(0x21, 0x11, V4_BODY.slice(0, 11)), v2(0x21, 0x21, V4_BODY), v2(0x21, 0x11, [], PROXY_HEADER_BYTES_MAX - 15), Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0b)]) {
    assert.equal(decodeProxyHeader(bytes), {kind: 'malformed'});
  }
});

proxy.run();
