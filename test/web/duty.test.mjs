// SPDX-License-Identifier: AGPL-3.0-or-later
// Work by turns: somebody who coordinates looks at the week, finds a place for who telephones, notes who came,
// finds somebody in another's place, closes a day, answers who asks for leave, and has something new come round.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { toast } from './acts.mjs';
import { applicant, ask, at, axeSays, go, margaret, pick, settled, tooWide } from './people.mjs';

/** What one sees is for everybody, on a phone as well. */
async function looks(w, name) {
  for (const width of [390, 1440]) {
    await w.page.setViewportSize({ width, height: 900 });
    await settled(w);
    w.wrong.push(...(await axeSays(w.page)).map((line) => `${name}, ${width} px: ${line}`));
    if ((await tooWide(w.page)) > 0) w.wrong.push(`${name}: wider than ${width} px`);
  }
}

async function shifts() {
  const { community } = await ask(margaret, `query ($slug: String!, $from: DateTime!) { community(slug: $slug) {
    past: dutyShifts(from: $from, first: 100) { nodes { id startsAt cancelledAt roster { outcome member { id displayName } } } }
    next: dutyShifts(first: 50) { nodes { id startsAt placesLeft cancelledAt } } } }`,
  { slug: margaret.slug, from: new Date(Date.now() - 40 * 86_400_000).toISOString() });
  const now = Date.now();
  return {
    past: community.past.nodes.filter((s) => !s.cancelledAt && Date.parse(s.startsAt) < now && s.roster.some((b) => b.outcome === 'BOOKED')),
    next: community.next.nodes.filter((s) => !s.cancelledAt && Date.parse(s.startsAt) > now + 86_400_000 && s.placesLeft > 0),
  };
}

for (const language of ['fr', 'en']) {
  test(`turns of duty, ${language}`, async () => {
    const rose = await applicant(`Rose ${language}`, margaret, true);
    const { past, next } = await shifts();
    assert.ok(past.length && next.length, 'the demonstration has no shifts');
    const w = await at(margaret, { language });
    const { page, say } = w;
    const press = (name) => page.getByRole('button', { name: say(name), exact: true }).first().click();
    const field = (name) => page.getByLabel(say(name), { exact: true });
    const duty = `/admin/${margaret.slug}/duty`;

    await go(w, duty);
    await looks(w, 'the week');
    await page.getByRole('link', { name: say('duty.after'), exact: true }).click();
    await settled(w);
    assert.ok(new URL(page.url()).searchParams.get('from'), 'the week is not in the address');
    await page.goBack();
    await settled(w);

    await go(w, `${duty}/${encodeURIComponent(next[0].id)}`);
    await looks(w, 'a shift to come');
    await field('duty.book').focus();
    await pick(page, rose.displayName, rose.displayName);
    await press('duty.bookNow');
    await toast(w, 'duty.bookedNow');
    await page.getByRole('link', { name: rose.displayName, exact: true }).click();
    await settled(w);
    await looks(w, 'where a member stands');
    await page.goBack();
    await settled(w);
    const free = page.getByRole('row').filter({ hasText: rose.displayName }).getByRole('button', { name: say('duty.freeOf') });
    if (await free.count()) {
      await free.click();
      await page.getByRole('dialog').getByText(/\d/).first().waitFor(); // what follows is said before
      await page.getByRole('dialog').getByRole('button', { name: say('close'), exact: true }).click();
    }

    await go(w, `${duty}/${encodeURIComponent(past[0].id)}`);
    await page.getByRole('button', { name: say('duty.mark.ATTENDED.of') }).first().click();
    await toast(w, 'duty.noted');
    await page.locator('.badge', { hasText: say('duty.outcome.ATTENDED') }).first().waitFor();
    await looks(w, 'a shift that is over');

    await go(w, `${duty}/swaps`);
    await looks(w, 'swaps');
    const instead = page.getByRole('button', { name: say('duty.takeOf') });
    if (await instead.count()) { // the demonstration has one
      await instead.first().click();
      await page.getByRole('dialog').getByRole('button', { name: say('duty.take'), exact: true }).click();
      await page.getByRole('dialog').locator('.problem').first().waitFor(); // not without somebody
      await page.getByRole('dialog').getByLabel(say('duty.takeWho'), { exact: true }).focus();
      await pick(page, rose.displayName, rose.displayName);
      await page.getByRole('dialog').getByRole('button', { name: say('duty.take'), exact: true }).click();
      await toast(w, 'duty.taken');
      await page.getByText(say('duty.noSwaps')).waitFor();
    }

    await go(w, `${duty}/late`);
    await looks(w, 'who is behind');
    await page.getByRole('cell', { name: say('duty.suspended') }).first().waitFor();

    await go(w, duty);
    const [table] = await Promise.all([page.waitForEvent('download'), press('csv')]);
    const lines = readFileSync(await table.path(), 'utf8').trim().split('\r\n');
    assert.equal(lines.length, 1 + (await page.locator('tbody tr').count()), 'the table is not what is shown');
    const day = new Date(Date.now() + (language === 'fr' ? 40 : 41) * 86_400_000).toISOString().slice(0, 10);
    await press('duty.closeDay');
    await page.getByRole('dialog').getByLabel(say('duty.day'), { exact: true }).fill(day);
    await page.getByRole('dialog').getByRole('button', { name: say('duty.closeDay'), exact: true }).click();
    await page.getByRole('dialog').locator('.problem').first().waitFor(); // not without a reason
    await page.getByRole('dialog').getByLabel(say('duty.callOffReason'), { exact: true }).fill('Travaux.');
    await page.getByRole('dialog').getByRole('button', { name: say('duty.closeDay'), exact: true }).click();
    await toast(w, 'duty.dayClosed');

    await go(w, `${duty}/leaves`);
    await looks(w, 'leaves');
    if (await page.getByRole('button', { name: say('duty.decline'), exact: true }).count()) {
      await press('duty.decline');
      await page.getByRole('dialog').getByRole('button', { name: say('duty.decline'), exact: true }).click();
      await page.getByRole('dialog').locator('.problem, [role=alert]').first().waitFor(); // not without a reason
      await page.keyboard.press('Escape');
      await press('duty.grant');
      await toast(w, 'duty.granted');
    }

    await go(w, `${duty}/rounds`);
    await looks(w, 'what comes round');
    const what = `Four à pain ${language}`;
    await field('duty.what').fill(what);
    await press('duty.create');
    await page.locator('.problem').first().waitFor();
    await field('duty.long').fill('2h30');
    await press('duty.create');
    await page.getByRole('cell', { name: what, exact: true }).waitFor();
    await page.getByRole('button', { name: new RegExp(what) }).click();
    await page.getByRole('dialog').getByLabel(say('duty.callOffReason'), { exact: true }).fill('Le four est en panne.');
    await page.getByRole('dialog').getByRole('button', { name: say('duty.end'), exact: true }).click();
    await toast(w, 'duty.ended');
    assert.equal(w.wrong.join('\n'), '');
    await w.close();
    console.log(`story: ${language}: a week of turns, a place for who telephones, who came, a swap, who is behind, a day closed, a leave, and what comes round`);
  });
}
