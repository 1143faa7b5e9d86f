// Proves that an operator is told once of what begins and once of what ends, that good and bad news reach the webhooks
// that want them, at a bounded pace and again after a failure, and that nothing is told for ever. Under the simulator;
// the webhook is a port of the test's (over a real socket: net/webhook-sender).
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {alertsActor, type AlertsInbox, type AlertsOptions} from '../../../../src/actors/alerts/actor.js';
import {AlertBook} from '../../../../src/actors/alerts/behaviour.js';
import {Delivery} from '../../../../src/actors/alerts/delivery.js';
import type {Alert, AlertsView, GetAlerts, TestAlerts} from '../../../../src/actors/alerts/messages.js';
import type {WebhookSender} from '../../../../src/actors/alerts/ports.js';
import {lookAtDisk, OrphanWatch, ShareWatch, type Finding} from '../../../../src/actors/alerts/watch.js';
import type {AccountingMessage, FoundBlockView} from '../../../../src/actors/accounting/messages.js';
import type {PayoutView} from '../../../../src/actors/payouts/messages.js';
import {createSimulation, type Simulation} from '../../../../src/runtime/sim/simulation.js';

const MINUTE_MS = 60_000;

interface Scene {
  readonly sim: Simulation;
  readonly told: {readonly url: string; readonly alert: Alert}[];
  sums: {hashes: number; sharesAccepted: number; sharesRejected: number; connected: number};
  blocks: FoundBlockView[];
  freeBytes: number;
  /** Statuses that the webhook answers with; 204 when none is left. */
  answers: (number | Error)[];
  publish(event: {readonly type: string} & Record<string, unknown>): Promise<void>;
  titles(): string[];
  view(): Promise<AlertsView>;
}

function aBlock(facts: Partial<FoundBlockView> = {}): FoundBlockView {
  return {
    height: 7, hash: new Uint8Array(32).fill(7), account: 'bcrt1qalice', minerName: 'rig1', foundAtSec: 1, status: 'pending', confirmations: 1, rewardSats: 5_000_000_000n,
    effort: 0.5, credits: [], feeSats: 0n, ...facts,
  };
}

async function aScene(options: Partial<AlertsOptions> = {}): Promise<Scene> {
  const sim = createSimulation({seed: 5, wallStartMs: 1_767_225_600_000});
  const told: Scene['told'] = [];
  const scene: Pick<Scene, 'sums' | 'blocks' | 'freeBytes' | 'answers'> = {
    sums: {hashes: 0, sharesAccepted: 0, sharesRejected: 0, connected: 2}, blocks: [], freeBytes: 100e9, answers: [],
  };
  const accounting = sim.system.spawn<AccountingMessage>({
    protocol: {kind: 'accounting', mailbox: {capacity: 64, policy: 'refuse'}},
    create: () => ({
      receive(message, ctx) {
        if (message.type === 'accounting.getWorkSums') ctx.reply({pool: scene.sums, accounts: []});
        if (message.type === 'accounting.listBlocks') ctx.reply(scene.blocks);
      },
    }),
  }, {name: 'accounting'});
  const sender: WebhookSender = {
    async send({url}, alert) {
      const answer = scene.answers.shift() ?? 204;
      if (answer instanceof Error) throw answer;
      if (answer < 300) told.push({url, alert});
      return {status: answer};
    },
  };
  const alerts = sim.system.spawn(alertsActor({
    destinations: [{url: 'http://127.0.0.1/all', format: 'discord', minSeverity: 'good'}], perMinute: 20, noSharesMs: 5 * MINUTE_MS, rejectRatio: 0.2,
    templateStaleMs: 3 * MINUTE_MS, diskFreeBytesMin: 2e9, accounting, sender, disk: {freeBytes: async () => scene.freeBytes}, ...options,
  }), {name: 'alerts'});
  await sim.runUntilIdle();
  return Object.assign(scene, {
    sim, told,
    publish: async (event: {readonly type: string}) => {
      sim.system.events.publish(event);
      await sim.runUntilIdle();
    },
    titles: () => told.map(({alert}) => `${alert.state}: ${alert.title}`),
    view: async () => {
      const asked = sim.system.ask<AlertsInbox, GetAlerts>(alerts, {type: 'alerts.get'}, {timeoutMs: 1_000});
      await sim.runUntilIdle();
      return asked;
    },
    test: async () => {
      const asked = sim.system.ask<AlertsInbox, TestAlerts>(alerts, {type: 'alerts.test'}, {timeoutMs: 1_000});
      await sim.runUntilIdle();
      return asked;
    },
  });
}

const alerts = suite('actors / alerts');

alerts('a node that goes down is told once, however often it is heard, and once that it is back', async () => {
  const scene = await aScene();
  const down = {type: 'upstream.nodeDown', node: 'core', state: 'unreachable', detail: 'connection refused'};
  await scene.publish(down);
  await scene.publish(down);
  await scene.publish({type: 'upstream.servingChanged', from: 'core', to: 'spare', reason: 'failover'});
  await scene.publish({type: 'upstream.nodeUp', node: 'core'});
  await scene.publish({type: 'upstream.servingChanged', from: 'spare', to: 'core', reason: 'newer-tip'});
  assert.equal(scene.titles(), ['raised: Node core is down', 'notice: Another node serves', 'resolved: Node core is down: over']);
  assert.equal([scene.told[0]!.alert.severity, scene.told[0]!.alert.text], ['critical', 'connection refused']);
  assert.equal((await scene.view()).active, []);
});

alerts('a node that comes and goes every minute is told of once, then again after a quiet time', async () => {
  const scene = await aScene();
  for (let i = 0; i < 5; i += 1) {
    await scene.publish({type: 'upstream.nodeDown', node: 'core', state: 'failing', detail: ''});
    await scene.sim.advance(30_000);
    await scene.publish({type: 'upstream.nodeUp', node: 'core'});
    await scene.sim.advance(30_000);
  }
  assert.equal(scene.titles(), ['raised: Node core is down', 'resolved: Node core is down: over']);
  await scene.sim.advance(11 * MINUTE_MS);
  await scene.publish({type: 'upstream.nodeDown', node: 'core', state: 'failing', detail: ''});
  assert.is(scene.told.length, 3);
});

alerts('silence of the miners is told when there had been shares, and so is its end', async () => {
  const scene = await aScene();
  await scene.sim.advance(20 * MINUTE_MS);
  assert.equal(scene.titles(), [], 'a pool that waits for its first miner is quiet');
  scene.sums = {...scene.sums, sharesAccepted: 5};
  await scene.sim.advance(6 * MINUTE_MS);
  assert.equal(scene.titles(), ['raised: No shares']);
  scene.sums = {...scene.sums, sharesAccepted: 6};
  await scene.sim.advance(MINUTE_MS);
  assert.equal(scene.titles(), ['raised: No shares', 'resolved: No shares: over']);
});

alerts('work that no job follows grows stale', async () => {
  const scene = await aScene();
  await scene.publish({type: 'jobs.published'});
  await scene.sim.advance(4 * MINUTE_MS);
  assert.equal(scene.titles(), ['raised: Stale work']);
  await scene.publish({type: 'jobs.published'});
  assert.equal(scene.titles().at(-1), 'resolved: Stale work: over');
});

alerts('a found block is good news, a refused one a warning, an orphaned one is told when it happens', async () => {
  const scene = await aScene();
  scene.blocks = [aBlock({height: 3, hash: new Uint8Array(32).fill(3), status: 'orphaned'})];
  await scene.sim.advance(30_000);
  await scene.publish({type: 'accounting.blockFound', block: aBlock()});
  await scene.publish({type: 'accounting.blockFound', block: aBlock({height: 8, status: 'rejected'})});
  scene.blocks = [aBlock(), ...scene.blocks];
  await scene.sim.advance(30_000);
  scene.blocks = [aBlock({status: 'orphaned'}), ...scene.blocks.slice(1)];
  await scene.sim.advance(60_000);
  assert.equal(scene.told.map(({alert}) => `${alert.kind} ${alert.severity} ${alert.facts['height'] ?? ''}`.trim()), ['block-found good 7', 'block-refused warning 8', 'block-orphaned warning']);
  assert.is(scene.told[0]!.alert.facts['reward'], '50.00000000');
});

alerts('a payout in trouble is told until it goes on; a full disk until there is room', async () => {
  const scene = await aScene();
  const payout = {id: 4, state: 'broadcast', paidSats: 100_000_000n, payeeCount: 2, problem: 'payout-stuck'} as PayoutView;
  await scene.publish({type: 'payouts.problem', payout, code: 'payout-stuck', detail: 'in no block for a day'});
  await scene.publish({type: 'payouts.changed', payout});
  await scene.publish({type: 'payouts.changed', payout: {...payout, state: 'confirmed', problem: undefined}});
  scene.freeBytes = 1e9;
  await scene.sim.advance(30_000);
  scene.freeBytes = 2.1e9;
  await scene.sim.advance(30_000);
  assert.equal(scene.titles(), ['raised: Payout 4 needs a look', 'resolved: Payout 4 needs a look: over', 'raised: The disk is nearly full']);
  scene.freeBytes = 3e9;
  await scene.sim.advance(30_000);
  assert.is(scene.titles().at(-1), 'resolved: The disk is nearly full: over');
});

alerts('a webhook that fails gets the message again after growing pauses; one that calls it wrong does not', async () => {
  const scene = await aScene();
  scene.answers = [500, new Error('refused'), 429];
  await scene.publish({type: 'accounting.blockFound', block: aBlock()});
  assert.is(scene.told.length, 0);
  await scene.sim.advance(1_000 + 2_000 + 4_000 + 10);
  assert.equal(scene.titles(), ['notice: Block 7 found']);
  scene.answers = [404];
  await scene.publish({type: 'accounting.blockFound', block: aBlock({height: 9})});
  await scene.sim.advance(10 * MINUTE_MS);
  assert.equal(scene.titles(), ['notice: Block 7 found']);
  const [{sent, lost, waiting, lastProblem, host}] = (await scene.view()).destinations as [AlertsView['destinations'][number]];
  assert.equal({sent, lost, waiting, lastProblem, host}, {sent: 1, lost: 1, waiting: 0, lastProblem: 'HTTP 404', host: '127.0.0.1'});
});

alerts('severities below what a webhook wants do not reach it, a test does', async () => {
  const destinations = [{url: 'http://127.0.0.1/bad', format: 'json', minSeverity: 'warning'}, {url: 'http://127.0.0.1/all', format: 'json', minSeverity: 'good'}] as const;
  const scene = await aScene({destinations}) as Scene & {test(): Promise<{destinations: number}>};
  await scene.publish({type: 'accounting.blockFound', block: aBlock()});
  assert.equal(scene.told.map(({url}) => url), ['http://127.0.0.1/all']);
  assert.equal(await scene.test(), {destinations: 2});
  assert.equal(scene.told.map(({url}) => url).slice(1).sort(), ['http://127.0.0.1/all', 'http://127.0.0.1/bad']);
});

alerts('at most so many a minute are sent; the rest waits, and the oldest of too many is lost', async () => {
  const scene = await aScene({perMinute: 3});
  for (let height = 0; height < 100; height += 1) await scene.publish({type: 'accounting.blockFound', block: aBlock({height})});
  assert.is(scene.told.length, 3);
  await scene.sim.advance(MINUTE_MS + 10);
  assert.is(scene.told.length, 6);
  const [{lost, waiting}] = (await scene.view()).destinations as [AlertsView['destinations'][number]];
  assert.is(lost + waiting + 6, 100);
  assert.ok(waiting <= 64);
});

alerts('a spike of rejects needs shares enough to say so, and ends when it is clearly over', () => {
  const watch = new ShareWatch({noSharesMs: 1e9, rejectRatio: 0.2});
  const at = (minute: number, sharesAccepted: number, sharesRejected: number): string[] =>
    watch.look({hashes: 0, sharesAccepted, sharesRejected, connected: 1}, minute * MINUTE_MS).map((finding: Finding) => ('raise' in finding ? `raise ${finding.raise.key}` : `resolve ${finding.resolve}`)).filter((text) => text.includes('reject'));
  assert.equal(at(0, 0, 0), ['resolve reject-spike']);
  assert.equal(at(1, 10, 10), [], 'twenty shares say nothing');
  assert.equal(at(2, 100, 40), ['raise reject-spike']);
  assert.equal(at(3, 200, 45), [], '18 % stands between: nothing begins, nothing ends');
  assert.equal(at(4, 900, 46), ['resolve reject-spike']);
});

alerts('the disk, the book and the orphans at their edges', () => {
  assert.is(lookAtDisk(2.1e9, {diskFreeBytesMin: 2e9}), undefined);
  const book = new AlertBook();
  assert.is(book.resolve('never raised', 'x', 0), undefined);
  const condition = {key: 'k', kind: 'test', severity: 'info', title: 't', text: 'x'} as const;
  for (let i = 0; i < 300; i += 1) book.notice(condition, i);
  assert.is(book.recent.length, 100);
  assert.is(book.recent[0]!.id, 300);
  const orphans = new OrphanWatch();
  const block = (status: FoundBlockView['status']): Parameters<OrphanWatch['look']>[0] => [{hashHex: 'aa', height: 1, status}];
  assert.equal([orphans.look(block('orphaned')), orphans.look(block('orphaned'))], [[], []]);
  assert.equal([orphans.look(block('pending')).length, orphans.look(block('orphaned')).length, orphans.look(block('orphaned')).length], [0, 1, 0]);
});

alerts('a delivery gives up after ten tries, and honours the pause that the receiver asks for', () => {
  const delivery = new Delivery({url: 'https://user:pw@discord.example/api/webhooks/1/secret', format: 'discord', minSeverity: 'good'}, 20);
  const alert: Alert = {id: 1, kind: 'test', state: 'notice', severity: 'info', title: 't', text: 'x', facts: {}, atMs: 0};
  assert.is(delivery.view.host, 'discord.example');
  delivery.put(alert);
  let nowMs = 0;
  let tries = 0;
  while (delivery.view.lost === 0) {
    assert.ok(delivery.next(nowMs));
    assert.is(delivery.next(nowMs), undefined, 'one at a time');
    delivery.failed({problem: 'HTTP 500', isFinal: false}, nowMs);
    tries += 1;
    nowMs += 300_000;
  }
  assert.is(tries, 10);
  delivery.put(alert);
  delivery.next(nowMs);
  delivery.failed({problem: 'HTTP 429', isFinal: false, retryAfterMs: 42_000}, nowMs);
  assert.is(delivery.waitMs(nowMs), 42_000);
});

alerts.run();
