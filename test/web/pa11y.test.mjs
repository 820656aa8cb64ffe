// SPDX-License-Identifier: AGPL-3.0-or-later
// Pa11y, with HTML_CodeSniffer's rules, which are not axe's, reads every screen once in each language.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import pa11y from 'pa11y';
import puppeteer from 'puppeteer';
import { args, at, everyScreen, executablePath, lucie } from './people.mjs';

test('pa11y finds nothing on any screen', async (t) => {
  const browser = await puppeteer.launch({ executablePath, args, headless: true });
  t.after(() => browser.close());
  const issues = [];
  let screens = 0;
  for (const language of ['fr', 'en']) {
    const w = await at(lucie, { language });
    const session = await w.page.evaluate(() => sessionStorage.getItem('hora.session'));
    const page = await browser.newPage();
    await page.evaluateOnNewDocument((language, session) => {
      localStorage.setItem('hora.language', language);
      sessionStorage.setItem('hora.session', session);
    }, language, session);
    await page.setBypassCSP(true); // its own scripts are put into the page
    await everyScreen(w, lucie.slug, async (name) => {
      const found = await pa11y(w.page.url(), {
        browser, page, runners: ['htmlcs'], standard: 'WCAG2AA', timeout: 60_000, includeWarnings: false, level: 'error',
        actions: ['wait for element #content h1 to be visible', 'wait for element .skeleton to be removed'],
      });
      screens++;
      issues.push(...found.issues.map((issue) => `${name}, ${language}: ${issue.code} ${issue.selector} ${issue.message}`));
    });
    await page.close();
    await w.close();
  }
  console.log(`pa11y: ${issues.length} issues on ${screens} pages`);
  assert.equal(issues.join('\n'), '');
});
