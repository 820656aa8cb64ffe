// SPDX-License-Identifier: AGPL-3.0-or-later
// Pa11y, with HTML_CodeSniffer's rules, which are not axe's, reads every screen where it stands.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import pa11y from 'pa11y';
import puppeteer from 'puppeteer';
import { antoine, at, devtools, everyScreen, lucie, margaret } from './people.mjs';

// Whoever keeps the books sees other screens; what these lead to is the same for both. Turns of duty are Riverside's alone.
for (const who of [lucie, antoine, margaret]) test(`pa11y finds nothing on any screen of ${who.email}`, async (t) => {
  const w = await at(who, { bypassCSP: true }); // its own scripts are put into the page
  const browser = await puppeteer.connect({ browserURL: devtools, defaultViewport: null });
  t.after(() => browser.disconnect());
  const page = (await browser.pages()).find((one) => one.url() === w.page.url());
  const issues = [];
  const screens = await everyScreen(w, who.slug, async (name) => {
    const found = await pa11y(w.page.url(), { browser, page, ignoreUrl: true, runners: ['htmlcs'], standard: 'WCAG2AA', timeout: 60_000 });
    issues.push(...found.issues.map((issue) => `${name}: ${issue.code} ${issue.selector} ${issue.message}`));
  }, { deep: who !== antoine });
  console.log(`pa11y: ${issues.length} issues on ${screens.length} screens`);
  assert.equal(issues.join('\n'), '');
  await w.close();
});
