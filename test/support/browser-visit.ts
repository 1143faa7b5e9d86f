/**
 * A real browser on a page of ours: how it is found and started, a visit with what it complained about, and the checks
 * that every page must pass (contrast, nothing outside the screen).
 */
import * as assert from 'uvu/assert';
import {existsSync} from 'node:fs';
import type {Browser, BrowserContextOptions, Page} from 'playwright-core';

export const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium'].find(existsSync);
export const CHROMIUM_FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
];
export const WAIT_MS = 10_000;

export interface Visit {
  readonly page: Page;
  /** Errors of the console and of scripts, so far. */
  readonly errors: string[];
  has(text: string): Promise<void>;
  end(): Promise<void>;
}

/** @param options - of the browser; `path` is where the visit begins. */
export async function openPage(browser: Browser, endpoint: string, {path = '/', ...options}: BrowserContextOptions & {readonly path?: string} = {}): Promise<Visit> {
  const context = await browser.newContext({viewport: {width: 1280, height: 900}, colorScheme: 'dark', ...options});
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (message) => { if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text()); });
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(endpoint + path);
  await page.locator('.link-state.live').waitFor({timeout: WAIT_MS});
  return {
    page, errors,
    has: (text) => until(page, `document.body.innerText.replace(/\\s+/g, ' ').includes(${JSON.stringify(text)})`, `the page says "${text}"`),
    end: () => context.close(),
  };
}

/**
 * Asks the page until the expression holds. Not `waitForFunction`: that evaluates inside the page, which its own policy forbids.
 * Spaces of any kind count as one in texts, because numbers are grouped by thin ones.
 */
export async function until(page: Page, expression: string, what: string): Promise<void> {
  const endMs = performance.now() + WAIT_MS;
  while (await page.evaluate(expression) !== true) {
    if (performance.now() > endMs) assert.unreachable(`not so after ${WAIT_MS} ms: ${what}. The page: ${await page.innerText('body')}`);
    await page.waitForTimeout(50);
  }
}

/** Elements that reach beyond the screen, cut texts apart. */
export async function outsideOf(page: Page): Promise<unknown> {
  return page.evaluate(`[...document.querySelectorAll('main *, nav *')].filter((element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && (box.right > innerWidth + 0.5 || box.left < -0.5) && !element.closest('.cut, .plot');
  }).map((element) => element.outerHTML.slice(0, 80))`);
}

/** In the page: texts whose colour against the ground behind them is below 4.5 to 1 (3 to 1 from 24 px on), WCAG 2.1, 1.4.3. */
export const WEAK_TEXTS = `(() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => parts(color).slice(0, 3).map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (element) => {
    const color = getComputedStyle(element).backgroundColor;
    return parts(color)[3] === 0 ? ground(element.parentElement) : color;
  };
  return [...document.querySelectorAll('body *')].filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '')).map((element) => {
    const [a, b] = [light(getComputedStyle(element).color), light(ground(element))].sort((x, y) => y - x);
    const needed = parseFloat(getComputedStyle(element).fontSize) >= 24 ? 3 : 4.5;
    return {text: element.textContent.slice(0, 40), ratio: (a + 0.05) / (b + 0.05), needed};
  }).filter(({ratio, needed}) => ratio < needed);
})()`;
