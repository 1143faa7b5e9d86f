// Proves the dashboard's pages in a real browser, over actors whose answers the test sets: a miner finds itself by its
// address, every page has an address of its own and survives a reload and the back button, the operator gets in with the
// token alone, a lone miner sees its odds, and all of it fits a phone, keeps its contrast in both lights and says so when
// there is nothing to show. Without a chromium the suite says so and passes over.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {chromium, type Browser} from 'playwright-core';
import {startHttpServer, type HttpModules, type HttpServer} from '../../src/http/http-server.js';
import type {FoundBlockView} from '../../src/actors/accounting/messages.js';
import type {PayoutView} from '../../src/actors/payouts/messages.js';
import {hashToDisplayHex} from '../../src/protocol/bytes/hex.js';
import {createActorSystem} from '../../src/runtime/system.js';
import {CHROMIUM, CHROMIUM_FLAGS, openPage, outsideOf, until, WAIT_MS, WEAK_TEXTS, type Visit} from '../support/browser-visit.js';
import {anAccount, FakeNode, HTTP_OPTIONS, OPERATOR_TOKEN} from '../unit/http/fake-node.js';

const ADDRESS = 'bcrt1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqvtwc6x';
const OTHER = 'mkHS9ne12qx9pS9VojpwU5xtRd4T7X7ZUt';

interface Scene {
  readonly node: FakeNode;
  readonly http: HttpServer;
  end(): Promise<void>;
}

function aFind(node: FakeNode, back: number, facts: Partial<FoundBlockView> = {}): FoundBlockView {
  const height = node.blocks.length - 1 - back;
  const {hash, timeSec} = node.blocks[height]!.header;
  return {
    height, hash, account: ADDRESS, minerName: 'rig1', foundAtSec: timeSec, status: 'pending', confirmations: back + 1, rewardSats: 5_000_000_137n, effort: 0.4 + (back % 5) * 0.4,
    credits: [{account: ADDRESS, sats: 4_000_000_000n}, {account: OTHER, sats: 950_000_137n}], feeSats: 50_000_000n, ...facts,
  };
}

function aPayout(id: number, nowMs: number, facts: Partial<PayoutView> = {}): PayoutView {
  return {
    id, kind: 'payout', state: 'confirmed', plannedAtMs: nowMs - id * 3_600_000, changedAtMs: nowMs - 60_000, paidSats: 300_000_000n, feeSats: 141n, feeRateSatsPerVb: 1, vsize: 141,
    txid: new Uint8Array(32).fill(id), replacedTxids: [], confirmations: 9, height: 7, inputCount: 1, payeeCount: 2,
    payees: [{account: ADDRESS, sats: 200_000_000n, feeSats: 71n}, {account: OTHER, sats: 100_000_000n, feeSats: 70n}], problem: undefined, ...facts,
  };
}

/** A pool with a day behind it: history with a gap, thirty found blocks, payouts in three states, two nodes. */
function runPool(node: FakeNode): void {
  const nowMs = node.system.clock.wallMs();
  const nowSec = Math.floor(nowMs / 1000);
  for (let i = 1; i <= 60; i += 1) node.addBlock({timeSec: nowSec - (60 - i) * 9 - 3, tag: '/Pithead/', bits: 0x1f0fffff});
  node.accounts = [{...anAccount(ADDRESS, {hashrate: 2_400_000}), payingSats: 5n, sharesRejected: {stale: 41, duplicate: 3}}, anAccount(OTHER, {hashrate: 310_000})];
  node.totals = {...node.totals, hashrate: {last1m: 2_710_000, last5m: 2_710_000, last1h: 2_710_000}, accountCount: 2, sharesAccepted: 118_736, blocksFound: 30, roundEffort: 0.43};
  node.authorised = 2;
  node.found = Array.from({length: 30}, (_, back) => aFind(node, back, back === 3 ? {status: 'orphaned', confirmations: 0} : back === 7 ? {status: 'rejected', confirmations: 0, credits: []} : {}));
  const start = nowSec - (nowSec % 60) - 86_400 + 60;
  node.history = Array.from({length: 1_440}, (_, index) => ({
    startSec: start + index * 60, coveredSec: 60, hashes: 60 * 2_400_000 * (1 + 0.3 * Math.sin(index / 90)), sharesAccepted: 12, sharesRejected: index % 7 === 0 ? 1 : 0, connectedMax: 2,
  })).filter((_bucket, index) => index < 500 || index > 560);
  node.payouts = [
    aPayout(3, nowMs, {state: 'broadcast', confirmations: 0, height: undefined, problem: 'payout-stuck'}), aPayout(2, nowMs), aPayout(1, nowMs, {state: 'failed', txid: undefined}),
  ];
  node.payoutStatus = {...node.payoutStatus, thresholdSats: 10n ** 17n, payableSats: 123_456_789n, payableCount: 2, nextRunAtMs: nowMs + 1_800_000};
  node.upstreamHealth = {
    isStalled: false, servingNode: 'core', workHeight: 61, confirmedAgoMs: 800,
    nodes: [
      {name: 'core', state: 'healthy', detail: '', isServing: true, hasBlockNotices: true, height: 60, tipHash: node.tip.header.hash, lagBlocks: 0, peers: 8, version: '/Satoshi:28.1.0/', latencyMs: 1.2, lastAnswerAgoMs: 200, failures: 0},
      {name: 'spare', state: 'unreachable', detail: 'connection refused', isServing: false, hasBlockNotices: false, height: undefined, tipHash: undefined, lagBlocks: 0, peers: undefined, version: '', latencyMs: undefined, lastAnswerAgoMs: undefined, failures: 4},
    ],
  };
  node.sessions = [{
    id: 5, remoteEndpoint: '203.0.113.9:50000', userAgent: 'cpuminer/2.5.1', connectedAtSec: nowSec, accounts: [{account: ADDRESS, minerName: 'rig1'}], difficulty: 1, hashrate: 2_400_000,
    sharesAccepted: 3, sharesRejected: 0, lastRejectText: undefined,
  }];
  node.alertsView = {
    active: [{id: 1, kind: 'node-down', state: 'raised', severity: 'critical', title: 'Node spare is down', text: 'connection refused', facts: {}, atMs: nowMs - 60_000}],
    recent: [{id: 1, kind: 'node-down', state: 'raised', severity: 'critical', title: 'Node spare is down', text: 'connection refused', facts: {}, atMs: nowMs - 60_000}],
    destinations: [{host: 'discord.com', format: 'discord', minSeverity: 'good', sent: 4, lost: 0, waiting: 0, lastProblem: undefined}],
  };
}

async function aScene(fill: (node: FakeNode) => void = runPool, modulesOf = (node: FakeNode): HttpModules => node.fullModules()): Promise<Scene> {
  const system = createActorSystem();
  const node = new FakeNode(system);
  fill(node);
  const http = await startHttpServer({...HTTP_OPTIONS, requestsPerSec: 0}, modulesOf(node));
  return {
    node, http,
    end: async () => {
      await http.close();
      await system.terminate('now');
    },
  };
}

const dashboard = suite('e2e / dashboard');

if (CHROMIUM === undefined) {
  process.stdout.write('note: no chromium on this machine: the dashboard was not opened in a browser\n');
} else {
  const executablePath = CHROMIUM;
  let browser: Browser;
  dashboard.before(async () => { browser = await chromium.launch({executablePath, args: CHROMIUM_FLAGS}); });
  dashboard.after(async () => { await browser.close(); });

  const visiting = (name: string, path: string, test: (visit: Visit, scene: Scene) => Promise<void>, makeScene: () => Promise<Scene> = aScene): void => {
    dashboard(name, async () => {
      const scene = await makeScene();
      const visit = await openPage(browser, scene.http.endpoint, {path});
      await test(visit, scene);
      assert.equal(visit.errors, []);
      await visit.end();
      await scene.end();
    });
  };

  visiting('a miner finds itself by its address, the page has a link, and back leads back', '/', async (visit) => {
    await visit.page.getByRole('searchbox', {name: 'Your payout address'}).fill(`  ${ADDRESS}.rig1 `);
    await visit.page.keyboard.press('Enter');
    for (const text of ['± 22.6 % from 75 shares', 'from 900 shares', 'Best share', 'stale', 'Rigs', 'Maturing', 'Payable', 'In a payout', '90 071 992.54740993', 'Paid', '1.99999929', 'Toward the next payout 9.0 %']) await visit.has(text);
    assert.is(new URL(visit.page.url()).pathname, `/miners/${ADDRESS}`);
    assert.is(await visit.page.title(), 'Miners \u2013 Pithead');
    await visit.page.reload();
    await visit.has('± 22.6 % from 75 shares');
    await visit.page.goBack();
    await until(visit.page, 'document.querySelector(".height") !== null', 'the overview is back');
    await visit.page.goForward();
    await visit.has('± 22.6 % from 75 shares');
  });

  dashboard('an address without a share is told so, and another may be typed', async () => {
    const scene = await aScene();
    const visit = await openPage(browser, scene.http.endpoint, {path: '/miners/bcrt1qnobody'});
    await visit.has('No share of this address has been accepted');
    await visit.page.getByRole('searchbox').fill(OTHER);
    await visit.page.getByRole('button', {name: 'Show'}).click();
    await visit.has('± 22.6 % from 75 shares');
    // The refusal itself is what the browser complains of.
    assert.ok(visit.errors.every((text) => text.includes('404')));
    await visit.end();
    await scene.end();
  });

  visiting('the hashrate is drawn with its gap, told in words, over a day, a week or a year', '/', async (visit) => {
    await visit.page.locator('.plot canvas').waitFor({timeout: WAIT_MS});
    await visit.has('Each point: 5 min of accepted shares');
    const drawn = await visit.page.evaluate(`(() => {
      const canvas = document.querySelector('.plot canvas');
      const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      let inked = 0;
      for (let i = 3; i < data.length; i += 4) if (data[i] > 0) inked += 1;
      return inked / (canvas.width * canvas.height);
    })()`) as number;
    assert.ok(drawn > 0.2 && drawn < 0.95, `${drawn} of the canvas is drawn`);
    const told = (): Promise<string> => visit.page.locator('.readout').innerText();
    const newest = await told();
    const {width, height} = (await visit.page.locator('.plot').boundingBox())!;
    await visit.page.locator('.plot .u-over').hover({position: {x: width / 4, y: height / 3}});
    await until(visit.page, `document.querySelector(".readout").innerText !== ${JSON.stringify(newest)}`, 'the value under the pointer is told');
    assert.match(await told(), /60 shares/);
    await visit.page.getByRole('button', {name: 'Week'}).click();
    await until(visit.page, 'document.querySelector(".ranges [aria-pressed=true]").textContent === "Week"', 'the week is shown');
    await visit.page.locator('.plot canvas').waitFor({timeout: WAIT_MS});
  });

  visiting('blocks show effort, luck and state; a block shows who got what; older ones come when asked for', '/blocks', async (visit, scene) => {
    for (const text of ['This round', '43.0 %', 'Luck, last 10 blocks', 'orphaned', 'refused', 'maturing 1']) await visit.has(text);
    assert.is(await visit.page.locator('tbody tr').count(), 25);
    await visit.page.getByRole('button', {name: 'Show older ones'}).click();
    await until(visit.page, 'document.querySelectorAll("tbody tr").length === 30', 'all thirty are there');
    assert.is(await visit.page.getByRole('button', {name: 'Show older ones'}).count(), 0);
    await visit.page.locator('tbody a').first().click();
    for (const text of ['Who got what', '40.00000000', '9.50000137', '80.0 %', 'kept by the pool: 0.50000000', 'maturing 1/100', 'Check it yourself', 'Shares 9 to 9 count, by PPLNS', `verify-share PROOF.json --root ${'05'.repeat(32)}`]) await visit.has(text);
    assert.is(new URL(visit.page.url()).pathname, `/blocks/${hashToDisplayHex(scene.node.found[0]!.hash)}`);
  });

  visiting('payouts show their rules, their states and whom they paid', '/payouts', async (visit) => {
    for (const text of ['Paid from', '2 miners above the threshold', 'next in 29 min', 'broadcast', 'payout-stuck', 'confirmed', 'failed', 'shared by who is paid']) await visit.has(text);
    await visit.page.getByRole('link', {name: '2', exact: true}).click();
    for (const text of ['Paid to', '1.99999929', '1.0 sat/vB', 'block 7']) await visit.has(text);
  });

  visiting('the node page shows which node serves and what is wrong with the other', '/node', async (visit, scene) => {
    for (const text of ['core', 'serves', 'healthy', '/Satoshi:28.1.0/', 'unreachable', 'connection refused', 'Mempool', 'Coins issued']) await visit.has(text);
    scene.node.upstreamHealth = {...scene.node.upstreamHealth, isStalled: true};
    await visit.has('No healthy node confirms the work of this pool. Miners are told to wait.');
  });

  dashboard('the operator gets in with the token alone, acts, and leaves; the tab keeps the token, the browser does not', async () => {
    const scene = await aScene();
    const visit = await openPage(browser, scene.http.endpoint, {path: '/operator'});
    const token = visit.page.getByLabel('Operator\'s token');
    await token.fill('a-wrong-token-of-somebody');
    await visit.page.getByRole('button', {name: 'Enter'}).click();
    await visit.has('This is not the token.');
    await token.fill(OPERATOR_TOKEN);
    await visit.page.keyboard.press('Enter');
    for (const text of ['Node spare is down', '203.0.113.9:50000', 'discord.com', 'They run every 1 h', 'Nobody is banned.', 'Settings in force']) await visit.has(text);
    await visit.page.getByLabel('Address or network').fill('192.0.2.0/24');
    await visit.page.getByLabel('Note').fill('floods');
    await visit.page.getByRole('button', {name: 'Ban', exact: true}).last().click();
    await visit.has('Banned until it is lifted.');
    await visit.has('until lifted');
    await visit.page.getByRole('button', {name: 'Lift'}).click();
    await visit.has('Nobody is banned.');
    await visit.page.getByRole('button', {name: 'Pause'}).click();
    await visit.has('Paused: nothing new is planned.');
    assert.is(scene.node.payoutStatus.isPaused, true);
    for (const text of ['bans.ban', 'payouts.pause', 'done']) await visit.has(text);
    await visit.page.reload();
    await visit.has('203.0.113.9:50000');
    assert.equal(await visit.page.evaluate('[sessionStorage.length, document.cookie, JSON.stringify(localStorage).includes("operator")]'), [1, '', false]);
    await visit.page.getByRole('button', {name: 'Leave'}).click();
    await token.waitFor({timeout: WAIT_MS});
    assert.is(await visit.page.evaluate('sessionStorage.length'), 0);
    assert.ok(visit.errors.every((text) => text.includes('401')), visit.errors.join('\n'));
    await visit.end();
    await scene.end();
  });

  const aSoloScene = (): Promise<Scene> => aScene((node) => {
    runPool(node);
    node.totals = {...node.totals, scheme: 'SOLO', feePpm: 0};
  }, (node) => node.modules());
  visiting('a lone miner sees its odds and how near it came, and no earnings that nobody owes it', `/miners/${ADDRESS}`, async (visit) => {
    for (const text of ['A block, on average', 'Within a day', 'Nearest share', 'Blocks lately']) await visit.has(text);
    assert.is(await visit.page.locator('#money-title').count(), 0);
    assert.is(await visit.page.locator('nav.places a', {hasText: 'Payouts'}).count(), 0);
  }, aSoloScene);

  const PATHS = ['/', '/miners', `/miners/${ADDRESS}`, '/blocks', '/payouts', '/payouts/3', '/node', '/operator', '/nothing/here'];
  for (const width of [1280, 390, 320]) {
    dashboard(`no page is wider than a screen of ${width} pixels`, async () => {
      const scene = await aScene();
      const visit = await openPage(browser, scene.http.endpoint, {viewport: {width, height: 844}});
      await visit.page.evaluate(`sessionStorage.setItem('pithead-operator', ${JSON.stringify(OPERATOR_TOKEN)})`);
      for (const path of [...PATHS, `/blocks/${hashToDisplayHex(scene.node.found[0]!.hash)}`]) {
        await visit.page.goto(scene.http.endpoint + path);
        await visit.page.locator('.link-state.live').waitFor({timeout: WAIT_MS});
        await until(visit.page, '!document.body.innerText.includes("Asking")', `${path} has its answers`);
        assert.is(await visit.page.evaluate('document.documentElement.scrollWidth'), width, path);
        assert.equal(await outsideOf(visit.page), [], path);
      }
      await visit.end();
      await scene.end();
    });
  }

  for (const scheme of ['dark', 'light'] as const) {
    dashboard(`every text of every page has the contrast of WCAG AA in the ${scheme} light, and every control a name`, async () => {
      const scene = await aScene();
      const visit = await openPage(browser, scene.http.endpoint, {colorScheme: scheme});
      await visit.page.evaluate(`sessionStorage.setItem('pithead-operator', ${JSON.stringify(OPERATOR_TOKEN)})`);
      for (const path of PATHS) {
        await visit.page.goto(scene.http.endpoint + path);
        await visit.page.locator('.link-state.live').waitFor({timeout: WAIT_MS});
        await until(visit.page, '!document.body.innerText.includes("Asking")', `${path} has its answers`);
        assert.equal(await visit.page.evaluate(WEAK_TEXTS), [], path);
        assert.equal(await visit.page.evaluate(`[...document.querySelectorAll('a, button, input')].filter((element) => !(element.textContent.trim() || element.getAttribute('aria-label'))).map((element) => element.outerHTML)`), [], path);
      }
      await visit.end();
      await scene.end();
    });
  }

  dashboard('the overview opens without a jump: what comes later has its place already', async () => {
    const scene = await aScene();
    const context = await browser.newContext({viewport: {width: 1280, height: 2_600}});
    const page = await context.newPage();
    await page.goto(scene.http.endpoint);
    await page.locator('.link-state.live').waitFor({timeout: WAIT_MS});
    await page.evaluate(`globalThis.shifts = []; new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (entry.value > 0.001) globalThis.shifts.push({value: entry.value, moved: entry.sources.map(({node}) => node?.outerHTML?.slice(0, 80) ?? String(node?.textContent))});
    }).observe({type: 'layout-shift', buffered: false}); undefined`);
    await page.locator('.plot canvas').waitFor({timeout: WAIT_MS});
    await page.getByRole('button', {name: 'Week'}).click();
    await page.waitForTimeout(1_500);
    assert.equal(await page.evaluate('globalThis.shifts'), []);
    await context.close();
    await scene.end();
  });

  visiting('a fresh pool shows what it will have, and claims nothing', '/blocks', async (visit) => {
    await visit.has('None found yet.');
    await visit.page.getByRole('link', {name: 'Miners'}).first().click();
    await visit.has('No share has been accepted yet.');
    await visit.page.getByRole('link', {name: 'Overview'}).click();
    await visit.has('Too little history for a line yet');
  }, () => aScene(() => undefined));
}

dashboard.run();
