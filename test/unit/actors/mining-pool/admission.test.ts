// Proves who is let in: the order of allow, deny and bans; what leads to a ban, how long it lasts and what is forgiven;
// bounds of every table; and who makes room when the pool is full.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {Admission, FRUITLESS_MAX, offenceOf} from '../../../../src/actors/mining-pool/admission.js';
import {BanList, BANS_MAX, OFFENCE_WINDOW_MS, OFFENDERS_MAX} from '../../../../src/actors/mining-pool/ban-list.js';
import type {Ban} from '../../../../src/actors/mining-pool/messages.js';
import {PENDING_PATIENCE_MS, SessionRegister, UNPROVED_PATIENCE_MS} from '../../../../src/actors/mining-pool/session-register.js';
import type {OpenSession} from '../../../../src/actors/mining-pool/session-register.js';
import {parseIpAddress, parseIpNetwork} from '../../../../src/protocol/endpoint/ip-network.js';
import type {IpAddress, IpNetwork} from '../../../../src/protocol/endpoint/ip-network.js';

const admission = suite('actors / mining-pool / admission');
const MINUTE_MS = 60_000;
const BANS = {durationMs: 10 * MINUTE_MS, offencesMax: 3};
const net = (text: string): IpNetwork => parseIpNetwork(text)!;
const addr = (text: string): IpAddress => parseIpAddress(text)!;

function offend(bans: BanList, address: string, times: number, facts: {nowMs?: number; honest?: number} = {}): Ban | undefined {
  let ban: Ban | undefined;
  for (let i = 0; i < times; i++) ban = bans.offend(addr(address), {offence: 'malformed', honest: facts.honest ?? 0, nowMs: facts.nowMs ?? 0});
  return ban;
}

admission('allow wins over deny and over a ban; deny over nothing else', () => {
  const door = new Admission({allow: [net('10.0.0.0/8')], deny: [net('0.0.0.0/0'), net('::/0')], bans: BANS}, []);
  door.bans.ban(net('10.1.0.0/16'), {note: '', nowMs: 0, untilMs: null});
  assert.equal(door.judge('10.1.2.3', 1), {sender: '10.1.2.3', address: addr('10.1.2.3'), isExempt: true, refusal: undefined});
  assert.is(door.judge('192.0.2.1', 1).refusal, 'denied');
  assert.is(door.judge('2001:db8::1', 1).refusal, 'denied');
  assert.is(door.judge('::ffff:10.1.2.3', 1).isExempt, true);
});

admission('an IPv6 sender is its /64, for limits and for bans', () => {
  const door = new Admission({allow: [], deny: [], bans: BANS}, []);
  assert.is(door.judge('2001:db8:1:2::5', 0).sender, '2001:db8:1:2::/64');
  assert.is(offend(door.bans, '2001:db8:1:2::5', 3)!.network, '2001:db8:1:2::/64');
  assert.is(door.judge('2001:db8:1:2:ffff::9', 1).refusal, 'banned');
  assert.is(door.judge('2001:db8:1:3::9', 1).refusal, undefined);
});

admission('three offences within ten minutes ban, two do not, nor a third later', () => {
  const bans = new BanList(BANS, []);
  assert.is(offend(bans, '192.0.2.1', 2), undefined);
  assert.is(offend(bans, '192.0.2.1', 2, {nowMs: OFFENCE_WINDOW_MS + 1}), undefined);
  const ban = offend(bans, '192.0.2.1', 1, {nowMs: OFFENCE_WINDOW_MS + 2})!;
  assert.is(ban.untilMs! - ban.sinceMs, BANS.durationMs);
  assert.is(bans.find(addr('192.0.2.1'), ban.untilMs! - 1)?.reason, 'malformed');
  assert.is(bans.find(addr('192.0.2.1'), ban.untilMs!), undefined);
});

admission('each further ban within a day lasts twice as long, up to a day; after a day it is the first again', () => {
  const bans = new BanList(BANS, []);
  let nowMs = 0;
  const minutes: number[] = [];
  for (let i = 0; i < 10; i++) {
    const ban = offend(bans, '192.0.2.1', 3, {nowMs})!;
    minutes.push((ban.untilMs! - ban.sinceMs) / MINUTE_MS);
    nowMs = ban.untilMs! + 1;
    bans.expire(nowMs);
  }
  assert.equal(minutes, [10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]);
  nowMs += 2 * 1440 * MINUTE_MS;
  assert.equal(bans.expire(nowMs), ['192.0.2.1']);
  assert.is(offend(bans, '192.0.2.1', 3, {nowMs})!.strikes, 1);
});

admission('a hall behind one address is forgiven one offence more for each machine that mines', () => {
  const bans = new BanList(BANS, []);
  assert.is(offend(bans, '192.0.2.1', 52, {honest: 50}), undefined);
  assert.ok(offend(bans, '192.0.2.1', 1, {honest: 50}));
});

admission('switched off, nobody is banned but by an operator', () => {
  const bans = new BanList({durationMs: 0, offencesMax: 1}, []);
  assert.is(offend(bans, '192.0.2.1', 100), undefined);
  bans.ban(net('192.0.2.0/24'), {note: 'spam', nowMs: 0, untilMs: null});
  assert.is(bans.find(addr('192.0.2.9'), 1e15)?.reason, 'operator');
});

admission('bans come back from disk, and what cannot be read is left out', () => {
  const row: Ban = {network: '192.0.2.0/24', reason: 'operator', note: '', sinceMs: 0, untilMs: 100, strikes: 1};
  const bans = new BanList(BANS, [row, {...row, network: 'nonsense'}]);
  assert.equal(bans.list(99), [row]);
  assert.equal(bans.list(100), []);
  assert.is(bans.unban(net('192.0.2.0/24'), 100), undefined, 'over already');
});

admission('lifting a ban also forgets what led to it', () => {
  const bans = new BanList(BANS, []);
  offend(bans, '192.0.2.1', 3);
  assert.is(bans.unban(net('192.0.2.1'), 1)?.reason, 'malformed');
  assert.is(bans.find(addr('192.0.2.1'), 1), undefined);
  assert.is(offend(bans, '192.0.2.1', 2, {nowMs: 2}), undefined);
  assert.is(bans.unban(net('192.0.2.7'), 1), undefined);
});

admission('tables stay within their bounds, and an operator\'s ban is not what goes', () => {
  const bans = new BanList({durationMs: MINUTE_MS, offencesMax: 1}, []);
  bans.ban(net('203.0.113.0/24'), {note: '', nowMs: 0, untilMs: null});
  for (let i = 0; i < BANS_MAX + 5; i++) bans.offend({family: 4, value: BigInt(i)}, {offence: 'flood', honest: 0, nowMs: i});
  assert.equal(bans.expire(BANS_MAX), ['0.0.0.0', '0.0.0.1', '0.0.0.2', '0.0.0.3', '0.0.0.4', '0.0.0.5']);
  assert.is(bans.size, BANS_MAX);
  assert.ok(bans.find(addr('203.0.113.5'), BANS_MAX));
  const quiet = new BanList({durationMs: MINUTE_MS, offencesMax: 2}, []);
  for (let i = 0; i <= OFFENDERS_MAX; i++) quiet.offend({family: 4, value: BigInt(i)}, {offence: 'flood', honest: 0, nowMs: 0});
  assert.is(quiet.offend({family: 4, value: 0n}, {offence: 'flood', honest: 0, nowMs: 0}), undefined, 'the oldest was forgotten');
  assert.ok(quiet.offend({family: 4, value: 5n}, {offence: 'flood', honest: 0, nowMs: 0}));
});

admission('connections without a share are an offence by the hundreds in a minute, not over an hour', () => {
  const door = new Admission({allow: [], deny: [], bans: BANS}, []);
  let offences = 0;
  for (let i = 0; i < FRUITLESS_MAX * 2; i++) offences += Number(door.endedFruitless('a', 1_000));
  assert.is(offences, 2);
  for (let i = 0; i < FRUITLESS_MAX * 2; i++) offences += Number(door.endedFruitless('b', i * 1_000));
  assert.is(offences, 2);
});

admission('bad luck and patience that ended are no offences', () => {
  for (const reason of ['only-rejects', 'idle', 'subscribe-timeout', 'authorize-timeout', 'line-timeout', 'slow-reader', 'left', 'failed', 'ended', 'made-room'] as const) {
    assert.is(offenceOf(reason, false), undefined, reason);
  }
  assert.equal((['too-many-malformed-lines', 'line-too-long', 'too-many-requests', 'bad-shares', 'forged-jobs'] as const).map((reason) => offenceOf(reason, false)), ['malformed', 'malformed', 'flood', 'bad-shares', 'forged-jobs']);
  assert.is(offenceOf('too-many-requests', true), undefined, 'it had mined well: the disk was slow');
  assert.is(offenceOf('bad-shares', true), 'bad-shares');
});

function aSession(id: number, openedAtMs: number): OpenSession {
  return {
    id, openedAtMs, ref: {id} as unknown as OpenSession['ref'], connection: {} as OpenSession['connection'], sender: `s${id % 2}`, address: undefined,
    isExempt: false, isAuthorised: false, isProved: false, isLeaving: false, endReason: undefined,
  };
}

admission('who only sits there makes room: the longest pending first, then who never mined; a miner never', () => {
  const register = new SessionRegister();
  const sessions = [0, 1, 2, 3].map((id) => aSession(id, id * 10));
  for (const session of sessions) register.add(session);
  register.authorised(0);
  register.authorised(1);
  register.proved(0);
  assert.equal([register.authorisedCount, register.pendingCount, register.provedCount, register.provedOf('s0'), register.openOf('s1')], [2, 2, 1, 1, 2]);
  assert.is(register.leastWorthy(PENDING_PATIENCE_MS + 19), undefined);
  assert.is(register.leastWorthy(PENDING_PATIENCE_MS + 20)?.id, 2);
  register.leaves(sessions[2]!);
  assert.is(register.staying, 3);
  assert.is(register.leastWorthy(PENDING_PATIENCE_MS + 30)?.id, 3);
  register.leaves(sessions[3]!);
  assert.is(register.leastWorthy(UNPROVED_PATIENCE_MS + 9), undefined);
  assert.is(register.leastWorthy(UNPROVED_PATIENCE_MS + 10)?.id, 1);
  register.leaves(sessions[1]!);
  assert.is(register.leastWorthy(1e12), undefined);
  for (const session of sessions) assert.is(register.remove(session.ref)?.id, session.id);
  assert.equal([register.size, register.staying, register.authorisedCount, register.provedCount, register.openOf('s0')], [0, 0, 0, 0, 0]);
});

admission.run();
