// SPDX-License-Identifier: AGPL-3.0-or-later
// What people do in more than one story.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { applicant, ask, axeSays, settled } from './people.mjs';

/** What tells one name from another. */
export const some = () => randomUUID().slice(0, 4);
/** Nothing went wrong in a window, which closes. */
export const calm = async (w) => {
  assert.equal(w.wrong.join('\n'), '');
  await w.close();
};
/** Waits until the page says what was done. */
export const toast = (w, key, about = '') => w.page.locator('.toast > span', { hasText: w.say(key) }).filter({ hasText: about }).waitFor();

/** What is open now, a question in front of the page for example, has nothing that axe finds wrong. */
export const clean = async (w) => assert.equal((await axeSays(w.page)).join('\n'), '');

/** Opens what waits in the inbox of somebody. */
export async function inbox(w, who, where) {
  await w.page.keyboard.press('g');
  await w.page.keyboard.press('i');
  await w.page.waitForURL((now) => now.pathname === `/admin/${where}`);
  await settled(w);
  await w.page.locator('a[data-row]', { hasText: who }).first().click();
  await settled(w);
}

/** Answers a report, with the statement that its member reads: it is read before it is sent. */
export async function answersReport(w, slug, about, action, limits = []) {
  const { page, say } = w;
  await inbox(w, about.displayName, slug);
  await page.locator(`input[name=action][value=${action}]`).check();
  await page.getByRole('button', { name: w.language === 'fr' ? 'Français' : 'English', exact: true }).click();
  const statement = page.getByLabel(say('moderation.statement'), { exact: true });
  await page.waitForFunction((field) => field.value.length > 20, await statement.elementHandle());
  // What stands in brackets is for people to fill in; nothing goes out before.
  const look = page.getByRole('button', { name: say('moderation.look'), exact: true });
  await look.click();
  await page.locator('[aria-invalid=true]').waitFor();
  await statement.fill(`${(await statement.inputValue()).replaceAll(/\[[^\]]*\]/g, '…')} 0123`);
  const said = await statement.inputValue();
  if (action === 'LIMIT') {
    // A limit that names nothing is none.
    await look.click();
    await page.locator('fieldset .problem').waitFor();
    for (const ability of limits) await page.locator(`input[name=limits][value=${ability}]`).check();
  }
  await look.click();
  const preview = page.getByRole('dialog');
  await preview.getByText(said.trim()).waitFor();
  await clean(w);
  const shown = (await preview.locator('.said').innerText()).trim();
  await preview.getByRole('button', { name: say('moderation.doIt'), exact: true }).click();
  await toast(w, 'moderation.answeredNow');
  const { node } = await ask(about, 'query ($id: ID!) { node(id: $id) { ... on Member { participation measures { id action limits statement text until decidedBy { id } } limits { ability until } } } }', { id: about.member });
  assert.equal(node.measures.length, 1);
  const [measure] = node.measures;
  assert.deepEqual({ action: measure.action, statement: measure.statement, by: measure.decidedBy }, { action, statement: said.trim(), by: null });
  assert.ok(measure.text.includes(said.trim()));
  assert.deepEqual([measure.limits, node.limits.map(({ ability }) => ability)], [limits, limits]);
  // Word for word, but for the moments, which go on from when it was read.
  const words = (text) => text.replaceAll(/\d+/g, '#').replaceAll(/\s+/g, ' ');
  assert.equal(words(shown), words(measure.text));
  return { measure, participation: node.participation };
}

/** Somebody new to whom a coordinator entrusts the moderation. */
export async function moderator(displayName, coordinator) {
  const who = await applicant(displayName, coordinator, true);
  await ask(coordinator, 'mutation ($input: GrantRoleInput!) { grantRole(input: $input) { userErrors { message } } }', { input: { memberId: who.member, role: 'MODERATOR' } });
  return who;
}
