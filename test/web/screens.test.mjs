// SPDX-License-Identifier: AGPL-3.0-or-later
// Every screen and state, in both languages, light and dark, on a phone and on a desk:
// axe finds nothing, nothing is wider than the window, and the browser complains of nothing.
// Each language, each width and each set of colours is seen, not each with every other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { antoine, at, axeSays, everyScreen, go, lucie, narrowed, settled, tooWide, window } from './people.mjs';

const ways = {
  fr: [{ width: 390, scheme: 'light' }, { width: 1440, scheme: 'dark' }],
  en: [{ width: 390, scheme: 'dark' }],
};
const figures = new Map();

async function look(w, name) {
  const said = [];
  for (const { width, scheme } of ways[w.language]) {
    await w.page.setViewportSize({ width, height: 900 });
    await w.page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await settled(w);
    said.push(...(await axeSays(w.page)).map((line) => `${name}, ${w.language}, ${width} px, ${scheme}: ${line}`));
    if ((await tooWide(w.page)) > 0) said.push(`${name}, ${w.language}: wider than ${width} px`);
  }
  await w.page.setViewportSize({ width: 320, height: 640 });
  if ((await tooWide(w.page)) > 0) said.push(`${name}, ${w.language}: wider than 320 px, which is 1280 px at 400 %`);
  figures.set(name, (figures.get(name) ?? 0) + said.length);
  w.wrong.push(...said);
}

// Whoever coordinates sees nearly everything; a treasurer sees the books, and must be offered nothing that is refused.
// What the menu leads to is followed further for the first in French; with HORA_WEB=all in English and for the treasurer as well.
const all = process.env.HORA_WEB === 'all';
for (const [who, languages] of [[lucie, ['fr', 'en']], [antoine, ['fr', 'en']]]) {
  test(`every screen of ${who.email}`, async () => {
    const windows = await Promise.all(languages.map((language) => at(who, { language })));
    await Promise.all(
      windows.map((w) => everyScreen(w, who.slug, (name) => look(w, `${who.slug}: ${name}`), { deep: all || (who === lucie && w.language === 'fr') })),
    );
    assert.equal(windows.flatMap((w) => w.wrong).join('\n'), '');
    await Promise.all(windows.map((w) => w.close()));
  });
}

for (const language of ['fr', 'en']) {
  test(`every state, ${language}`, async () => {
    const w = await window({ language });
    const { page, say } = w;
    await go(w, '/admin');
    await look(w, 'sign-in');
    await page.getByLabel(say('signIn.email')).fill(lucie.email);
    await page.getByLabel(say('signIn.password')).fill('not it, at all');
    await page.getByRole('button', { name: say('signIn.go'), exact: true }).click();
    await page.getByRole('alert').or(page.locator('.problem')).first().waitFor();
    await look(w, 'sign-in, refused');
    await page.getByRole('button', { name: say('signIn.letter') }).click();
    await page.getByLabel(say('signIn.code')).waitFor();
    await look(w, 'sign-in by letter');
    assert.equal(w.wrong.join('\n'), '');
    await w.close();
  });

  test(`every state signed in, ${language}`, async () => {
    const w = await at(lucie, { language });
    const { page, say } = w;
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await look(w, 'help');
    await page.keyboard.press('Escape');
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByRole('button', { name: say('menu'), exact: true }).click();
    await look(w, 'the menu of a phone');
    for (const address of narrowed) {
      await go(w, `/admin/${lucie.slug}/${address}`);
      await look(w, address);
    }
    await go(w, `/admin/${lucie.slug}/nowhere`);
    await look(w, 'no such screen');
    await go(w, '/admin/elsewhere');
    await look(w, 'no such community');
    assert.equal(w.wrong.join('\n'), '');
    // Without a network everything complains; the page says so and stays.
    await go(w, `/admin/${lucie.slug}/settings`);
    await w.context.setOffline(true);
    await page.locator('nav#menu a').first().evaluate((link) => link.click());
    await page.getByRole('alert').or(page.locator('.note.care')).first().waitFor();
    w.wrong.length = 0;
    await look(w, 'offline');
    assert.equal(w.wrong.filter((line) => !line.includes('ERR_INTERNET_DISCONNECTED')).join('\n'), '');
    await w.close();
  });
}

test('what was looked at', () => {
  const counts = [...figures.values()];
  for (const [name, found] of figures) console.log(`axe: ${name}: ${found} violations`);
  console.log(`axe: ${counts.filter((found) => found === 0).length} of ${counts.length} screens and states are without a violation`);
});
