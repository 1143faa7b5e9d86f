// Proves that addresses and networks are read in one way only, compared by their bits, and written in one form; by known
// pairs, by refused spellings, and by properties over all addresses against node's own parser.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {isIP} from 'node:net';
import fc from 'fast-check';
import {formatIpNetwork, IpNetworkList, IpNetworkMap, networkContains, parseIpAddress, parseIpNetwork, senderNetwork} from '../../../../src/protocol/endpoint/ip-network.js';
import type {IpNetwork} from '../../../../src/protocol/endpoint/ip-network.js';

const network = suite('protocol / endpoint / ip-network');

function net(text: string): IpNetwork {
  const parsed = parseIpNetwork(text);
  assert.ok(parsed !== undefined, text);
  return parsed;
}

const addr = (text: string) => parseIpAddress(text)!;

network('one address has one value, however it is written', () => {
  for (const text of ['2001:db8::1', '2001:DB8:0:0:0:0:0:1', '2001:0db8::0001', '2001:db8:0::0:1']) assert.is(formatIpNetwork(net(text)), '2001:db8::1');
  assert.equal(parseIpAddress('::ffff:192.0.2.7'), parseIpAddress('192.0.2.7'));
  assert.equal(parseIpAddress('::ffff:c000:207'), parseIpAddress('192.0.2.7'));
  assert.is(formatIpNetwork(net('::')), '::');
  assert.is(formatIpNetwork(net('::1')), '::1');
  assert.is(formatIpNetwork(net('1:0:0:2:0:0:0:3')), '1:0:0:2::3');
  assert.is(formatIpNetwork(net('1:2:3:4:5:6:0:8')), '1:2:3:4:5:6:0:8');
});

network('what could be read in two ways is refused', () => {
  for (const text of ['', '1.2.3', '1.2.3.4.5', '01.2.3.4', '256.1.1.1', '1.2.3.4 ', '0x1.2.3.4', ':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::', 'fe80::1%eth0', '12345::', 'g::', '1.2.3.4::', '::1.2.3', 'localhost']) assert.is(parseIpAddress(text), undefined, text);
  for (const text of ['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/08', '10.0.0.0/-1', '10.0.0.1/8', '::/129', '2001:db8::1/64', '10.0.0.0/8/8']) assert.is(parseIpNetwork(text), undefined, text);
});

network('a network holds its own and no neighbour', () => {
  const list = new IpNetworkList([net('10.1.0.0/16'), net('2001:db8:5::/48'), net('192.0.2.1')]);
  for (const text of ['10.1.0.0', '10.1.255.255', '2001:db8:5:ffff::1', '192.0.2.1', '::ffff:10.1.2.3']) assert.ok(list.has(addr(text)), text);
  for (const text of ['10.0.255.255', '10.2.0.0', '2001:db8:6::', '2001:db8:4:ffff::', '192.0.2.0', '::']) assert.not.ok(list.has(addr(text)), text);
  assert.ok(networkContains(net('0.0.0.0/0'), addr('255.255.255.255')));
  assert.not.ok(networkContains(net('0.0.0.0/0'), addr('::1')));
});

network('a sender is an IPv4 address, or 64 bits of IPv6', () => {
  assert.is(formatIpNetwork(senderNetwork(addr('198.51.100.9'))), '198.51.100.9');
  assert.is(formatIpNetwork(senderNetwork(addr('2001:db8:1:2:3:4:5:6'))), '2001:db8:1:2::/64');
});

network('the map finds every entry above an address, and forgets', () => {
  const map = new IpNetworkMap<string>();
  for (const text of ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.3', '::/0']) map.set(net(text), text);
  assert.equal(map.matches(addr('10.1.2.3')).sort(), ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.3']);
  assert.equal(map.matches(addr('2001:db8::')), ['::/0']);
  assert.ok(map.delete(net('10.1.0.0/16')));
  assert.not.ok(map.delete(net('10.1.0.0/16')));
  assert.equal(map.matches(addr('10.1.2.4')), ['10.0.0.0/8']);
  assert.is(map.size, 3);
});

network('every address that is written is read back, and node reads it too', () => {
  fc.assert(fc.property(fc.boolean(), fc.bigInt({min: 0n, max: 2n ** 128n - 1n}), fc.nat({max: 128}), (isV4, random, anyBits) => {
    const width = isV4 ? 32 : 128;
    const bits = anyBits % (width + 1);
    const cut = BigInt(width - bits);
    const value = ((random & (2n ** BigInt(width) - 1n)) >> cut) << cut;
    const one: IpNetwork = {family: isV4 ? 4 : 6, value, bits};
    const text = formatIpNetwork(one);
    assert.is(isIP(text.split('/')[0]!), one.family, text);
    const back = parseIpNetwork(text);
    // An IPv6 network inside ::ffff:0:0/96 names IPv4 addresses, which are read as such.
    if (!isV4 && value >> 32n === 0xffffn) return;
    assert.equal(back, one, text);
  }));
  fc.assert(fc.property(fc.ipV6(), (text) => {
    assert.is(parseIpAddress(text) === undefined, isIP(text) === 0, text);
  }));
  fc.assert(fc.property(fc.string({maxLength: 20}), (text) => {
    if (parseIpAddress(text) !== undefined) assert.ok(isIP(text) !== 0, text);
  }));
});

network.run();
