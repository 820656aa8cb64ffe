// SPDX-License-Identifier: AGPL-3.0-or-later
// Everything by keyboard alone: no pointer is moved here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lucie, password, settled, url, window } from './people.mjs';

const focused = (page) => page.evaluate(() => document.activeElement?.closest('[data-row], input, button, a, h1, main')?.outerHTML.slice(0, 200) ?? '');

/** Presses Tab until something has the focus; each stop must show that it has it. */
async function tabTo(page, what) {
  for (let i = 0; i < 60; i++) {
    if (await what.evaluate((node) => node === document.activeElement)) return;
    await page.keyboard.press('Tab');
    const bare = await page.evaluate(() => {
      const at = document.activeElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(at);
      return at !== document.body && (outlineStyle === 'none' || outlineWidth === '0px') ? at.outerHTML.slice(0, 200) : '';
    });
    assert.equal(bare, '', 'the focus does not show');
  }
  assert.fail(`Tab never comes to ${what}, but to ${await focused(page)}`);
}

for (const language of ['fr', 'en']) {
  test(`sign in, menu, rows, search, help, sign out: ${language}`, async () => {
    const w = await window({ language });
    const { page, say } = w;
    const keys = page.keyboard;
    await page.goto(`${url}/admin`);
    await settled(w);
    await tabTo(page, page.getByLabel(say('signIn.email')));
    await keys.type(lucie.email);
    await keys.press('Tab');
    await keys.type(password);
    await keys.press('Enter');
    await page.getByRole('heading', { level: 1, name: say('screen.inbox') }).waitFor();
    await settled(w);

    // The first Tab offers to skip the menu.
    await page.evaluate(() => document.activeElement.blur());
    await tabTo(page, page.getByRole('link', { name: say('skip') }));
    await keys.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'content');

    // ? says which keys there are; they are what the menu says.
    await keys.press('?');
    const help = page.getByRole('dialog');
    await help.waitFor();
    const letters = await help.locator('dt').evaluateAll((all) => all.map((dt) => [...dt.querySelectorAll('kbd')].map((k) => k.textContent)).filter((k) => k[0] === 'g').map((k) => k[1]));
    const menu = await page.locator('nav#menu li a').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
    assert.equal(letters.length, menu.length);
    assert.equal(new Set(letters).size, letters.length, `a letter opens two screens: ${letters}`);
    await keys.press('Escape');
    await help.waitFor({ state: 'detached' });

    // g and a letter open each screen; there, / searches if one can, j and k go through rows, Enter opens one.
    let [searched, walked] = [0, 0];
    for (const i of [...letters.keys()].map((k) => (k + 1) % letters.length)) { // the inbox, where one is, comes last
      await keys.press('g');
      await keys.press(letters[i]);
      await page.waitForURL((now) => now.pathname === menu[i]);
      await settled(w);
      assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1', `${menu[i]}: whoever listens does not hear where they came`);
      if (await page.locator('[type=search]').count()) {
        await keys.press('/');
        assert.equal(await page.evaluate(() => document.activeElement.type), 'search');
        await page.evaluate(() => document.activeElement.blur());
        searched++;
      }
      const rows = page.locator('[data-row]');
      if ((await rows.count()) < 2) continue;
      const at = (n) => rows.nth(n).evaluate((row) => row === document.activeElement);
      await keys.press('j');
      assert.ok(await at(0), `${menu[i]}: j`);
      await keys.press('j');
      assert.ok(await at(1), `${menu[i]}: j again`);
      await keys.press('k');
      assert.ok(await at(0), `${menu[i]}: k`);
      await keys.press('Enter');
      await page.waitForURL((now) => now.pathname !== menu[i]);
      await settled(w);
      walked++;
    }
    // The parts of a screen are links: each is come to with Tab, and opens with Enter.
    await keys.press('g');
    await keys.press('d');
    for (const part of ['measures', 'appeals', 'complaints']) {
      await page.waitForURL(/\/moderation(\/[a-z]+)?$/);
      await settled(w);
      await tabTo(page, page.locator(`main nav a[href$="/moderation/${part}"]`));
      await keys.press('Enter');
      await page.waitForURL((now) => now.pathname.endsWith(`/moderation/${part}`));
      await settled(w);
      assert.equal(await page.locator('main nav [aria-current=page]').getAttribute('href'), `/admin/${lucie.slug}/moderation/${part}`);
      assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1');
    }

    console.log(`keyboard: ${language}: ${letters.length} screens by a letter, ${searched} searched, ${walked} lists walked and opened`);
    assert.ok(walked > 0);

    await tabTo(page, page.getByRole('button', { name: say('signOut') }));
    await keys.press('Enter');
    await page.getByLabel(say('signIn.email')).waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length + Number(localStorage.getItem('hora.session') !== null)), 0);
    assert.equal(w.wrong.join('\n'), '');
    await w.close();
  });
}
