// Proves that the page of a real process works in a real browser: it shows the tip, follows it live, says when the node
// is gone, comes back by itself, and fits a phone; and that its own security headers block nothing of it.
// Without a Chromium (PATH or /usr/bin/chromium) the suite says so and passes over.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {existsSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {delimiter, join} from 'node:path';
import {chromium, type Browser, type Page} from 'playwright-core';
import {startPithead, type PitheadProcess} from '../support/pithead-process.js';

const ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

function findChromium(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin'];
  return folders.flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name))).find((path) => existsSync(path));
}

const executablePath = findChromium();
if (executablePath === undefined) process.stdout.write('note: no Chromium here; the page was not driven\n');
const page = suite('e2e / page');
const drive = executablePath === undefined ? page.skip : page;
const dataDir = mkdtempSync(join(tmpdir(), 'pithead-page-'));
let node: PitheadProcess;
let browser: Browser;
let tab: Page;
const complaints: string[] = [];

page.before(async () => {
  if (executablePath === undefined) return;
  node = await startPithead({dataDir});
  browser = await chromium.launch({executablePath, headless: true, args: FLAGS});
  tab = await browser.newPage({viewport: {width: 1280, height: 900}, colorScheme: 'dark'});
  tab.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  tab.on('pageerror', (error) => complaints.push(String(error)));
});
page.after(async () => {
  await browser?.close();
  await node?.dispose();
  rmSync(dataDir, {recursive: true, force: true});
});

const shows = (text: string): Promise<void> => tab.getByText(text).first().waitFor({timeout: 10_000});

drive('an empty chain is shown as it is, and nothing is blocked', async () => {
  await tab.goto(node.endpoints.http!);
  await shows('live');
  assert.is(await tab.getByLabel('Height of the tip').innerText(), '0');
  assert.equal(complaints, []);
});

drive('the tip follows without a reload', async () => {
  const [hash] = await node.rpc<string[]>('generatetoaddress', 1, ADDRESS);
  await shows(hash!);
  assert.is(await tab.getByLabel('Height of the tip').innerText(), '1');
});

drive('it fits a phone and both lights', async () => {
  await tab.setViewportSize({width: 390, height: 844});
  const overflow = (): Promise<number> => tab.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
  assert.is(await overflow(), 0);
  const ink = (): Promise<string> => tab.evaluate('getComputedStyle(document.querySelector("h1")).color');
  const dark = await ink();
  await tab.getByRole('button', {name: 'Light'}).click();
  await tab.getByRole('button', {name: 'Dark'}).waitFor();
  await tab.locator('html[data-light="day"]').waitFor();
  assert.is.not(await ink(), dark);
  await tab.setViewportSize({width: 1280, height: 900});
  assert.is(await overflow(), 0);
});

drive('it says when the node is gone, and is live again when it is back', async () => {
  const {port} = new URL(node.endpoints.http!);
  assert.is(await node.stop(), 0, 'an open page does not hold the stop');
  await tab.locator('.link-state.offline').waitFor({timeout: 10_000});
  node = await startPithead({dataDir, flags: ['--set', `http.port=${port}`]});
  await tab.locator('.link-state.live').waitFor({timeout: 30_000});
  assert.is(await tab.getByLabel('Height of the tip').innerText(), '1');
});

page.run();
