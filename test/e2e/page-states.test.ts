// Proves the page in a real browser in every state that a node can be in, served by the real HTTP server over actors whose
// answers the test sets (page.test.ts has a real process): what it shows, that it follows the node without moving, both lights, a phone's width, contrast, and a node that goes away. Where no
// chromium is installed, it proves what can be proved without: that the built page refers to files that are served.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {chromium, type Browser} from 'playwright-core';
import {createActorSystem} from '../../src/runtime/system.js';
import {startHttpServer, type HttpModules, type HttpServer} from '../../src/http/http-server.js';
import type {AccountView, FoundBlockView, HashrateView} from '../../src/actors/accounting/messages.js';
import {CHROMIUM, CHROMIUM_FLAGS, openPage, outsideOf, until, WAIT_MS, WEAK_TEXTS, type Visit} from '../support/browser-visit.js';
import {anAccount, FakeNode, HTTP_OPTIONS, REWARD_SATS} from '../unit/http/fake-node.js';

const ADDRESS = 'bcrt1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqvtwc6x';
const SECONDS_A_BLOCK = 9;

function hashrate(last5m: number): HashrateView {
  return {last1m: last5m, last5m, last1h: last5m};
}

function aRig(minerName: string, facts: {readonly rate: number; readonly connected?: number; readonly lastShareAtSec: number}): AccountView['rigs'][number] {
  return {
    minerName, userAgent: 'cpuminer/2.5.1 with a name that is longer than a phone is wide', hashrate: hashrate(facts.rate), difficulty: 2 ** -12,
    connected: facts.connected ?? 1, sharesAccepted: 12_873, sharesRejected: 4, lastShareAtSec: facts.lastShareAtSec,
  };
}

function aFind(node: FakeNode, back: number, facts: Partial<FoundBlockView>): FoundBlockView {
  const height = node.blocks.length - 1 - back;
  const {hash, timeSec} = node.blocks[height]!.header;
  return {
    height, hash, account: ADDRESS, minerName: 'rig1', foundAtSec: timeSec, status: 'pending', confirmations: back + 1, rewardSats: REWARD_SATS + 137n,
    effort: 1.04, credits: [], feeSats: 0n, ...facts,
  };
}

/** A devnet in full swing: three rigs, found blocks of every kind, the newest block some seconds old. */
function runDevnet(node: FakeNode): void {
  const nowSec = Math.floor(node.system.clock.wallMs() / 1000);
  const blocks = 1_234;
  for (let i = 1; i <= blocks; i += 1) node.addBlock({timeSec: nowSec - 5 - (blocks - i) * SECONDS_A_BLOCK, tag: '/Pithead/', txCount: 1 + (i % 7), bits: 0x1f0fffff});
  node.accounts = [
    {...anAccount(ADDRESS, {hashrate: 2_400_000}), rigs: [aRig('rig1', {rate: 1_600_000, lastShareAtSec: nowSec - 2}), aRig('garage', {rate: 800_000, lastShareAtSec: nowSec - 5})]},
    {...anAccount('mkHS9ne12qx9pS9VojpwU5xtRd4T7X7ZUt', {hashrate: 310_000}), rigs: [aRig('', {rate: 310_000, connected: 0, lastShareAtSec: nowSec - 4_212})]},
  ];
  node.mempool = {...node.mempool, count: 17, totalVsize: 4_213, totalFeeSats: 12_345n};
  node.totals = {
    ...node.totals, hashrate: hashrate(2_710_000), accountCount: 2, sharesAccepted: 118_736, sharesRejected: {stale: 41, duplicate: 3}, blocksFound: 4, roundEffort: 0.43, windowFill: 0.87,
  };
  node.authorised = 2;
  node.found = [
    aFind(node, 0, {}), aFind(node, 3, {status: 'orphaned', confirmations: -1}), aFind(node, 9, {status: 'rejected', confirmations: -1}),
    aFind(node, 140, {status: 'confirmed', minerName: ''}),
  ];
}

interface Scene {
  readonly node: FakeNode;
  readonly http: HttpServer;
  end(): Promise<void>;
}

async function aScene(fill: (node: FakeNode) => void, modulesOf = (node: FakeNode): HttpModules => node.modules()): Promise<Scene> {
  const system = createActorSystem();
  const node = new FakeNode(system);
  fill(node);
  const http = await startHttpServer(HTTP_OPTIONS, modulesOf(node));
  return {
    node, http,
    end: async () => {
      await http.close();
      await system.terminate('now');
    },
  };
}

const aVisit = (browser: Browser, scene: Scene, options: Parameters<typeof openPage>[2] = {}): Promise<Visit> => openPage(browser, scene.http.endpoint, options);

const pages = suite('e2e / page-states');

pages('the built page refers only to files that are served, and has nothing inline', async () => {
  const scene = await aScene(runDevnet);
  const html = await (await fetch(scene.http.endpoint)).text();
  const files = [...html.matchAll(/(?:src|href)="(\/[\w.-]+\.\w+)"/g)].map((match) => match[1]!);
  assert.equal(files.sort(), ['/icon.svg', '/main.css', '/main.js', '/page.css']);
  for (const file of files) assert.is((await fetch(scene.http.endpoint + file)).status, 200, file);
  assert.not.match(html, /<script(?![^>]*src=)|<style|style="|\son\w+="/);
  await scene.end();
});

if (CHROMIUM === undefined) {
  process.stdout.write('note: no chromium on this machine: the page was not opened in a browser\n');
} else {
  const executablePath = CHROMIUM;
  let browser: Browser;
  pages.before(async () => { browser = await chromium.launch({executablePath, args: CHROMIUM_FLAGS}); });
  pages.after(async () => { await browser.close(); });

  pages('shows the chain, the pool, the miners and the blocks', async () => {
    const scene = await aScene(runDevnet);
    const visit = await aVisit(browser, scene);
    for (const text of [
      '1 234', '2.71 MH/s', 'rejected: 41 stale, 3 duplicate', 'PPLNS window 87.0 % full', 'fee 1.0 %', '43.0 %', 'rig1', 'garage',
      'unnamed, away', '1.60 MH/s', '12 873', '50.00000137', 'maturing 1', 'orphaned', 'rejected', 'confirmed', '/Pithead/', 'stratum+tcp://127.0.0.1:3333',
    ]) await visit.has(text);
    assert.is(await visit.page.title(), '1234 \u2013 Pithead');
    assert.is(await visit.page.locator('.seam .bar').count(), 24);
    assert.equal(visit.errors, []);
    await visit.end();
    await scene.end();
  });

  pages('a new block, new shares and a new rate appear by themselves, and nothing moves', async () => {
    const scene = await aScene(runDevnet);
    // Tall enough for the whole page: what is out of sight is not counted.
    const visit = await aVisit(browser, scene, {viewport: {width: 1280, height: 2_400}});
    await visit.has('garage');
    await visit.page.evaluate(`globalThis.shifts = []; new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) globalThis.shifts.push({value: entry.value, moved: entry.sources.map(({node}) => node?.outerHTML?.slice(0, 80) ?? String(node?.textContent))});
    }).observe({type: 'layout-shift', buffered: false}); undefined`);
    scene.node.addBlock({timeSec: Math.floor(scene.node.system.clock.wallMs() / 1000), tag: '/another/', txCount: 12, bits: 0x1f0fffff});
    await until(visit.page, 'document.querySelector(".height").textContent.endsWith("235")', 'the new height');
    await visit.has('/another/');
    scene.node.totals = {...scene.node.totals, hashrate: hashrate(98_765_432), sharesAccepted: 118_999, sharesRejected: {stale: 45, duplicate: 3, 'low-difficulty': 1}};
    await visit.has('98.8 MH/s');
    await visit.has('118 999');
    const shifts = await visit.page.evaluate('globalThis.shifts') as {value: number; moved: string[]}[];
    assert.equal(shifts.filter(({value}) => value > 0.001), []);
    assert.equal(visit.errors, []);
    await visit.end();
    await scene.end();
  });

  for (const width of [1280, 768, 390, 320]) {
    pages(`nothing is wider than a screen of ${width} pixels`, async () => {
      const scene = await aScene(runDevnet);
      const visit = await aVisit(browser, scene, {viewport: {width, height: 844}});
      await visit.has('garage');
      assert.is(await visit.page.evaluate('document.documentElement.scrollWidth'), width);
      const outside = await outsideOf(visit.page);
      assert.equal(outside, []);
      await visit.end();
      await scene.end();
    });
  }

  for (const scheme of ['dark', 'light'] as const) {
    pages(`every text has the contrast of WCAG AA in the ${scheme} light`, async () => {
      const scene = await aScene(runDevnet);
      const visit = await aVisit(browser, scene, {colorScheme: scheme});
      await visit.has('garage');
      assert.equal(await visit.page.evaluate(WEAK_TEXTS), []);
      await visit.end();
      await scene.end();
    });
  }

  pages('the light is the visitor\'s, is turned by keyboard, and is kept', async () => {
    const scene = await aScene(runDevnet);
    const visit = await aVisit(browser, scene, {colorScheme: 'light'});
    const ground = (): Promise<unknown> => visit.page.evaluate('getComputedStyle(document.body).backgroundColor');
    const day = await ground();
    await visit.page.keyboard.press('Tab');
    assert.is(await visit.page.evaluate('document.activeElement.textContent'), 'Dark');
    assert.ok(await visit.page.evaluate('document.activeElement.matches(":focus-visible") && parseFloat(getComputedStyle(document.activeElement).outlineWidth) >= 2'));
    await visit.page.keyboard.press('Enter');
    await until(visit.page, 'document.documentElement.dataset.light === "night"', 'the dark light is on');
    const night = await ground();
    assert.is.not(night, day);
    await visit.page.reload();
    await visit.page.locator('.link-state.live').waitFor({timeout: WAIT_MS});
    assert.is(await ground(), night);
    assert.equal(visit.errors, []);
    await visit.end();
    await scene.end();
  });

  pages('an empty chain and a node without a pool say so', async () => {
    const empty = await aScene(() => undefined);
    const first = await aVisit(browser, empty);
    for (const text of ['the genesis block: nothing is mined yet', 'No miner has sent a share yet', 'None found yet', 'Too little history', 'none rejected']) await first.has(text);
    assert.equal(first.errors, []);
    await first.end();
    await empty.end();
    const poolless = await aScene(runDevnet, (node) => {
      const {pool: _pool, ...rest} = node.modules();
      return rest;
    });
    const second = await aVisit(browser, poolless);
    await second.has('This node runs no pool.');
    assert.is(await second.page.locator('#rigs-title').count(), 0);
    assert.equal(second.errors, []);
    await second.end();
    await poolless.end();
  });

  pages('a pool that is slow is named, and its last values stay', async () => {
    const scene = await aScene(runDevnet);
    const visit = await aVisit(browser, scene);
    await visit.has('2.71 MH/s');
    scene.node.silent.add('accounting');
    await visit.page.locator('.link-state.slow').waitFor({timeout: WAIT_MS});
    assert.match(String(await visit.page.getAttribute('.link-state', 'title')), /pool/);
    await visit.has('2.71 MH/s');
    await visit.end();
    await scene.end();
  });

  pages('a node that goes away leaves its last values, and its return is noticed', async () => {
    const scene = await aScene(runDevnet);
    const visit = await aVisit(browser, scene);
    await scene.http.close();
    await visit.has('The node does not answer. The page tries again by itself.');
    await visit.has('1 234');
    scene.node.addBlock({timeSec: Math.floor(scene.node.system.clock.wallMs() / 1000), bits: 0x1f0fffff});
    const again = await startHttpServer({...HTTP_OPTIONS, port: Number(new URL(scene.http.endpoint).port)}, scene.node.modules());
    await until(visit.page, 'document.querySelector(".height").textContent.endsWith("235")', 'the new height');
    await visit.page.locator('.link-state.live').waitFor({timeout: WAIT_MS});
    assert.is(await visit.page.locator('.notice').count(), 0);
    await visit.end();
    await again.close();
    await scene.end();
  });
}

pages.run();
