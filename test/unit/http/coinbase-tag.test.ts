// Proves that what a stranger wrote in a coinbase reaches a page only as printable ASCII, and that chance bytes are no tag.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {coinbaseTag} from '../../../src/http/coinbase-tag.js';

const ascii = (text: string): number[] => [...new TextEncoder().encode(text)];
const pushed = (bytes: readonly number[]): number[] => [bytes.length, ...bytes];
const script = (...parts: readonly (readonly number[])[]): Uint8Array => Uint8Array.from(parts.flat());
const HEIGHT = [3, 0x40, 0x0d, 0x03];

const tags = suite('http / coinbase-tag');

tags('takes text that was pushed on its own', () => {
  assert.is(coinbaseTag(script(HEIGHT, pushed([0xff, 0x80, 0x41, 0x42]), pushed(ascii('/Pithead/')))), '/Pithead/');
  assert.is(coinbaseTag(script(HEIGHT, [0x4c], pushed(ascii('/a longer tag/')))), '/a longer tag/');
});

tags('prefers it to a longer run of chance bytes around it', () => {
  assert.is(coinbaseTag(script(HEIGHT, pushed([0x00, ...ascii('abcdefghijkl'), 0x00]), pushed(ascii('/pool/')))), '/pool/');
});

tags('finds the longest run where the script is no list of pushes', () => {
  assert.is(coinbaseTag(script(HEIGHT, [0xf0, 0x9f], ascii('/F2Miner/'), [0x00, 0x01], ascii('ab'), [0x02])), '/F2Miner/');
});

tags('is empty without four printable characters with a letter among them', () => {
  assert.is(coinbaseTag(script(HEIGHT, pushed([1, 2, 3, 4, 5, 6, 7, 8]))), '');
  assert.is(coinbaseTag(script(HEIGHT, pushed(ascii('abc')))), '');
  assert.is(coinbaseTag(script(HEIGHT, pushed(ascii('12345')))), '');
  assert.is(coinbaseTag(script(HEIGHT, pushed(ascii('abcd')))), 'abcd');
  assert.is(coinbaseTag(new Uint8Array(0)), '');
});

tags('lets nothing but printable ASCII out, for every script of two random-like patterns', () => {
  let seed = 1;
  for (let round = 0; round < 2_000; round += 1) {
    const bytes = Uint8Array.from({length: round % 101}, () => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return round % 2 === 0 ? seed >>> 24 : 0x18 + (seed >>> 24) % 0x70;
    });
    const tag = coinbaseTag(bytes);
    assert.match(tag, /^[\x20-\x7e]{0,40}$/);
    assert.is(tag, tag.trim());
  }
});

tags('cuts at forty characters', () => {
  assert.is(coinbaseTag(script(pushed(ascii('x'.repeat(70))))).length, 40);
});

tags.run();
