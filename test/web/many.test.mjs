// SPDX-License-Identifier: AGPL-3.0-or-later
// A community of 100,000 members, in a browser: one scrolls, one finds somebody, and
// what the page holds stays small. Whoever starts this made the members (web_test.go).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ask, at, browser, go, margaret, settled } from './people.mjs';

const limit = 150 * 2 ** 20;
const mib = (bytes) => `${Math.round(bytes / 2 ** 20)} MiB`;

test('the list of 100,000 members', async () => {
  const { community } = await ask(margaret, 'query ($slug: String!) { community(slug: $slug) { members { totalCount } } }', { slug: margaret.slug });
  assert.ok(community.members.totalCount >= 100_000, `there are ${community.members.totalCount}`);

  const w = await at(margaret, { language: 'en' });
  const { page } = w;
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  let [heap, nodes] = [0, 0];
  const weigh = async () => {
    const { metrics } = await devtools.send('Performance.getMetrics');
    const now = (name) => metrics.find((m) => m.name === name).value;
    [heap, nodes] = [Math.max(heap, now('JSHeapUsedSize')), Math.max(nodes, now('Nodes'))];
  };

  await go(w, `/admin/${margaret.slug}/members`);
  const rows = page.locator('[data-row]');
  const last = () => rows.last().getAttribute('href');
  let [passed, most] = [0, 0];
  const began = Date.now();
  while (passed < 1_000) {
    const before = await last();
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await page.waitForFunction((href) => [...document.querySelectorAll('[data-row]')].at(-1)?.getAttribute('href') !== href, before);
    passed += 50;
    most = Math.max(most, await rows.count());
    await weigh();
  }
  const scrolled = Date.now() - began;
  assert.ok(most <= 400, `${most} rows stand in the page`);

  await page.evaluate(() => scrollTo(0, 0));
  const found = Date.now();
  await page.keyboard.press('/');
  await page.keyboard.type('Zénobie 99999');
  await page.waitForFunction(() => document.querySelectorAll('[data-row]').length === 1);
  assert.match(await rows.first().textContent(), /Zénobie 99999/);
  await settled(w);
  const finding = Date.now() - found;
  await weigh();

  // The whole process that shows the page, as the system counts what is its own.
  const whole = await (await browser()).newBrowserCDPSession();
  const { processInfo } = await whole.send('SystemInfo.getProcessInfo');
  const own = (pid) => [...readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').matchAll(/^Private_\w+:\s+(\d+) kB$/gm)].reduce((sum, m) => sum + 1024 * Number(m[1]), 0);
  const process = Math.max(...processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => own(id)));

  console.log(`memory: 100,000 members: at most ${mib(heap)} of JavaScript and ${nodes} nodes, ${most} rows; the page's process ${mib(process)}`);
  console.log(`memory: ${passed} rows scrolled in ${scrolled} ms, one of 100,000 found by name in ${finding} ms`);
  assert.ok(heap < limit && process < limit);
  assert.equal(w.wrong.join('\n'), '');
  await w.close();
});
