// SPDX-License-Identifier: AGPL-3.0-or-later
// A community that begins, where listings are looked at, a service asks for an attestation, and people of 16 are welcome.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { calm, clean, inbox, some, toast } from './acts.mjs';
import { applicant, ask, at, go, register, report, settled, url } from './people.mjs';

/** Somebody new who founds a community in which listings are looked at, and a service asks for an attestation. */
async function founder(language) {
  const who = { ...(await register(`Fanny ${some()}`, language)), slug: `essai-${randomUUID().slice(0, 8)}` };
  const { createCommunity } = await ask(who, `mutation ($input: CreateCommunityInput!) { createCommunity(input: $input) {
    community { id serviceTypes { id } } userErrors { message } } }`, { input: { name: 'Le Nouveau Pas', slug: who.slug, locale: language, timeZone: 'America/Toronto' } });
  const { id, serviceTypes } = createCommunity.community;
  await ask(who, 'mutation ($input: AmendCharterInput!) { amendCharter(input: $input) { userErrors { message } } }', { input: {
    communityId: id, reason: 'Pour commencer.', changes: { listings: { review: true }, minors: { fromAge: 16 }, suggestions: { nonMembers: true }, safety: { gates: [{ serviceTypeId: serviceTypes[0].id, vetting: ['RECORD_CHECK'] }] } } } });
  return who;
}

/** Sends a listing back with what to change; its author files it again, and it is published once the page shows it anew. */
async function sendsBack(w, who, author) {
  const { page, say } = w;
  const title = 'Lire ensemble';
  const { community } = await ask(author, 'query ($slug: String!) { community(slug: $slug) { id serviceTypes { children { children { id } } } } }', { slug: who.slug });
  const { createListing } = await ask(author, 'mutation ($input: CreateListingInput!) { createListing(input: $input) { listing { id state } userErrors { message } } }',
    { input: { communityId: community.id, kind: 'OFFER', title, serviceTypeId: community.serviceTypes[0].children[0].children[0].id } });
  const { id, state } = createListing.listing;
  assert.equal(state, 'PENDING_REVIEW');
  const stands = async () => (await ask(author, 'query ($id: ID!) { node(id: $id) { ... on Listing { state reviews { step reason } vetting { valid } } } }', { id })).node;

  await page.keyboard.press('g');
  await page.keyboard.press('l');
  await page.waitForURL(/\/listings$/);
  await settled(w);
  const card = page.locator('li', { hasText: title });
  await card.getByRole('button', { name: say('listings.sendBackThis') }).click();
  const dialog = page.getByRole('dialog');
  const go = dialog.getByRole('button', { name: say('listings.sendBack'), exact: true });
  await go.click();
  await dialog.locator('[aria-invalid=true]').waitFor(); // never without what to change
  await clean(w);
  const reason = 'Dites à qui cela s’adresse, et combien de temps cela prend.';
  await dialog.getByLabel(say('listings.toChange'), { exact: true }).fill(reason);
  await go.click();
  await toast(w, 'listings.sentBack', title);
  assert.deepEqual(await stands(), { state: 'DRAFT', reviews: [{ step: 'SENT_BACK', reason }], vetting: [{ valid: false }] });

  await ask(author, 'mutation ($input: SubmitListingInput!) { submitListing(input: $input) { userErrors { message } } }', { input: { listingId: id } });
  await card.getByText(reason).waitFor(); // the list is live, and says what was asked before
  await card.getByRole('button', { name: say('listings.approveThis') }).click();
  await toast(w, 'listings.approved', title);
  await page.goto(`${url}/admin/${who.slug}/listings/${id}`);
  await page.getByRole('heading', { name: say('listings.steps'), exact: true }).waitFor();
  const after = await stands();
  assert.deepEqual([after.state, after.reviews.map(({ step }) => step)], ['PUBLISHED', ['SENT_BACK', 'FILED_AGAIN', 'APPROVED']]);
  console.log(`story: ${w.language}: a listing is sent back with what to change, filed again and published`);
  return id;
}

/** Attests that a check was seen, which opens the service that asks for it; and withdraws it, for a reason. */
async function attests(w, who, member, listing) {
  const { page, say } = w;
  await page.goto(`${url}/admin/${who.slug}/members/${member.member}`);
  await settled(w);
  const record = page.getByRole('button', { name: say('members.recordVetting'), exact: true });
  await record.click();
  await record.click();
  await page.locator('[aria-invalid=true]').waitFor();
  await clean(w);
  await page.getByLabel(say('members.vettingKind'), { exact: true }).selectOption('RECORD_CHECK');
  await record.click();
  await toast(w, 'members.vettingRecorded');
  const stands = async () => (await ask(member, `query ($id: ID!, $listing: ID!) {
    member: node(id: $id) { ... on Member { vettings { kind { code } valid withdrawReason } } }
    listing: node(id: $listing) { ... on Listing { vetting { valid } } } }`, { id: member.member, listing }));
  assert.deepEqual(await stands(), { member: { vettings: [{ kind: { code: 'RECORD_CHECK' }, valid: true, withdrawReason: null }] }, listing: { vetting: [{ valid: true }] } });

  await page.getByRole('button', { name: say('members.withdrawVettingOf') }).click();
  const reason = 'C’était pour une autre personne.';
  await page.getByRole('dialog').getByRole('textbox').fill(reason);
  await page.getByRole('dialog').getByRole('button', { name: say('members.withdrawVetting'), exact: true }).click();
  await toast(w, 'members.vettingWithdrawn');
  assert.deepEqual(await stands(), { member: { vettings: [{ kind: { code: 'RECORD_CHECK' }, valid: false, withdrawReason: reason }] }, listing: { vetting: [{ valid: false }] } });
  console.log(`story: ${w.language}: an attestation is recorded, opens a service, and is withdrawn`);
}

/** A day some days ahead. */
const ahead = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

/** Whoever is under 18 is welcomed once a guardian's consent was seen; it is withdrawn with a reason that both sides read. */
async function welcomesMinor(w, who) {
  const { page, say } = w;
  const lou = await applicant(`Lou ${some()}`, who);
  // What a bar that stays covers of a page that was scrolled is no target.
  const looks = async () => {
    await page.evaluate(() => scrollTo(0, 0));
    await clean(w);
  };
  const press = (key) => page.getByRole('button', { name: say(key), exact: true }).click();
  const stands = async () => (await ask(who, `query ($id: ID!) { node(id: $id) { ... on Member { participation
    minor { comesOfAgeOn takesPart consent { guardianName standing withdrawReason } } } } }`, { id: lou.member })).node;
  await inbox(w, lou.displayName, who.slug);
  await press('members.minor.note');
  await press('members.minor.note');
  await page.locator('[aria-invalid=true]').waitFor();
  await page.getByLabel(say('members.minor.day'), { exact: true }).fill(ahead(200));
  await looks();
  await press('members.minor.note');
  await toast(w, 'members.minor.noted', lou.displayName);
  assert.deepEqual((await stands()).minor, { comesOfAgeOn: ahead(200), takesPart: false, consent: null });
  await page.locator('.badge.care', { hasText: say('members.minor.waits') }).waitFor();
  // Nobody is welcomed before; it is said why, and nothing is lost.
  await press('members.admit');
  await page.getByRole('alert').waitFor();
  assert.equal((await stands()).participation, 'APPLICANT');
  await press('members.minor.record');
  await page.getByLabel(say('members.minor.whoPaper'), { exact: true }).check();
  await page.getByLabel(say('members.minor.covers'), { exact: true }).fill('Toutes les activités, sauf le soir.');
  await press('members.minor.recordGo');
  await page.locator('[aria-invalid=true]').waitFor();
  await page.getByLabel(say('members.minor.guardianName'), { exact: true }).fill('Claire Roy');
  await looks();
  await press('members.minor.recordGo');
  await toast(w, 'members.minor.recorded', lou.displayName);
  await page.locator('summary', { hasText: say('members.minor.may') }).click();
  await looks();
  await press('members.admit');
  await toast(w, 'members.admitted', lou.displayName);
  assert.deepEqual(await stands(), { participation: 'NEWCOMER', minor: { comesOfAgeOn: ahead(200), takesPart: true, consent: { guardianName: 'Claire Roy', standing: true, withdrawReason: null } } });

  await press('members.minor.withdraw');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: say('members.minor.withdrawGo'), exact: true }).click();
  await dialog.locator('[aria-invalid=true]').waitFor();
  await dialog.getByRole('textbox').fill('Mme Roy le demande.');
  await looks();
  await dialog.getByRole('button', { name: say('members.minor.withdrawGo'), exact: true }).click();
  await toast(w, 'members.minor.withdrawn', lou.displayName);
  assert.deepEqual((await stands()).minor.consent, { guardianName: 'Claire Roy', standing: false, withdrawReason: 'Mme Roy le demande.' });
  await page.getByText('Mme Roy le demande.').waitFor();
  await go(w, `/admin/${who.slug}/members?q=${encodeURIComponent(lou.displayName)}`);
  await page.locator('tr', { hasText: say('members.minor.waits') }).waitFor();
  await looks();
  console.log(`story: ${w.language}: a minor is welcomed once a consent was seen, and waits once it is withdrawn`);
}

/** A call for projects over an hour and a half of the community's, to which three people who are no members suggest something. */
async function suggested(who) {
  const { community } = await ask(who, 'query ($slug: String!) { community(slug: $slug) { id account { id } pools { id purpose } } }', { slug: who.slug });
  const pool = community.pools.find(({ purpose }) => purpose === 'PROJECTS').id;
  await ask(who, 'mutation ($input: GiveHoursInput!) { giveHours(input: $input) { userErrors { message } } }', { input: { from: community.account.id, to: pool, minutes: 90, idempotencyKey: randomUUID() } });
  const { openCycle } = await ask(who, 'mutation ($input: OpenCycleInput!) { openCycle(input: $input) { cycle { id } userErrors { message } } }',
    { input: { communityId: community.id, poolId: pool, title: 'Printemps', minutes: 90, calendar: { feasibilityAt: new Date(Date.now() + 7 * 86_400_000).toISOString() } } });
  const cycle = openCycle.cycle.id;
  for (const title of ['Un banc', 'Une fanfare', 'Une insulte']) {
    const outside = await register(`Noa ${some()}`);
    await ask(outside, 'mutation ($input: SuggestProjectInput!) { suggestProject(input: $input) { userErrors { message } } }', { input: {
      cycleId: cycle, title, purpose: 'À l’ombre du tilleul, devant l’école.', beneficiaries: 'Les personnes âgées de la rue.', minimumMinutes: 60, maximumMinutes: 90 } });
  }
  return cycle;
}

/** One suggestion is carried, one declined with a reason, one taken out of sight. */
async function weighsSuggestions(w, who) {
  const { page, say } = w;
  const cycle = await suggested(who);
  await inbox(w, 'Un banc', who.slug);
  assert.match(page.url(), /\/cycles\//);
  const card = (title) => page.locator('article', { has: page.getByRole('heading', { name: title, exact: true }) });
  const dialog = page.getByRole('dialog');
  await clean(w);
  await card('Un banc').getByRole('button', { name: say('cycles.suggestion.adopt') }).click();
  await dialog.getByLabel(say('cycles.suggestion.least'), { exact: true }).fill('beaucoup');
  await dialog.locator('button.main').click();
  await dialog.locator('[aria-invalid=true]').waitFor();
  await clean(w);
  await dialog.getByLabel(say('cycles.suggestion.least'), { exact: true }).fill('1h15');
  await dialog.locator('button.main').click();
  await toast(w, 'cycles.suggestion.adopted', 'Un banc');
  for (const [title, how] of [['Une fanfare', 'decline'], ['Une insulte', 'remove']]) {
    await card(title).getByRole('button', { name: say(`cycles.suggestion.${how}`) }).click();
    await dialog.locator('button.harm').click();
    await dialog.locator('[aria-invalid=true]').waitFor();
    await dialog.getByRole('textbox').fill(`Motif : ${title}.`);
    await clean(w);
    await dialog.locator('button.harm').click();
    await toast(w, how === 'decline' ? 'cycles.suggestion.declined' : 'cycles.suggestion.removed', title);
  }
  const { node } = await ask(who, 'query ($id: ID!) { node(id: $id) { ... on Cycle { suggestions { nodes { title state reason project { minimum maximum } } } } } }', { id: cycle });
  assert.deepEqual(node.suggestions.nodes.sort((a, b) => a.title.localeCompare(b.title)), [
    { title: 'Un banc', state: 'ADOPTED', reason: '', project: { minimum: 75, maximum: 90 } },
    { title: 'Une fanfare', state: 'DECLINED', reason: 'Motif : Une fanfare.', project: null },
    { title: 'Une insulte', state: 'REMOVED', reason: 'Motif : Une insulte.', project: null },
  ]);
  console.log(`story: ${w.language}: of three suggestions one is carried, one declined, one taken out of sight`);
}

/** A decision about somebody without an e-mail waits in the inbox until it is handed over on paper. */
async function handsOver(w, who) {
  const { page, say } = w;
  const { community } = await ask(who, 'query ($slug: String!) { community(slug: $slug) { id } }', { slug: who.slug });
  const name = `Mme Roy ${some()}`;
  const { registerMember } = await ask(who, 'mutation ($input: RegisterMemberInput!) { registerMember(input: $input) { member { id } userErrors { message } } }', { input: { communityId: community.id, displayName: name } });
  const reporter = await applicant(`Rosa ${some()}`, who, true);
  await report(reporter, registerMember.member.id, 'OTHER', 'Un mot de trop.');
  const { community: queue } = await ask(who, 'query ($slug: String!) { community(slug: $slug) { moderationQueue(first: 1) { nodes { id } } } }', { slug: who.slug });
  const { resolveReport } = await ask(who, 'mutation ($input: ResolveReportInput!) { resolveReport(input: $input) { measure { id } userErrors { message } } }',
    { input: { reportId: queue.moderationQueue.nodes[0].id, action: 'WARN', statement: 'Un mot de trop, à la rencontre de mardi.' } });
  const id = resolveReport.measure.id;
  await go(w, `/admin/${who.slug}/moderation/measures`);
  await page.locator('tr', { hasText: say('moderation.toHandOver') }).waitFor();
  await clean(w);
  await inbox(w, name, who.slug);
  await page.getByRole('button', { name: say('moderation.printIt'), exact: true }).click();
  await page.getByRole('dialog').getByText('Un mot de trop, à la rencontre de mardi.').waitFor();
  await page.keyboard.press('Escape');
  await clean(w);
  await page.getByRole('button', { name: say('moderation.noteHandedOver'), exact: true }).click();
  await toast(w, 'moderation.handedOverNow', name);
  await page.locator('li span', { hasText: say('moderation.step.handedOver') }).first().waitFor();
  const { node } = await ask(who, 'query ($id: ID!) { node(id: $id) { ... on ModerationMeasure { toHandOver handedOverAt } } }', { id });
  assert.equal(node.toHandOver, false);
  assert.ok(node.handedOverAt);
  await go(w, `/admin/${who.slug}`);
  assert.equal(await page.locator('a[data-row]', { hasText: name }).count(), 0);
  console.log(`story: ${w.language}: a decision is handed over on paper, and waits no more`);
}

for (const language of ['fr', 'en']) {
  test(`a coordinator of a community that begins, ${language}`, async () => {
    const who = await founder(language);
    const author = await applicant(`Odile ${some()}`, who, true);
    const w = await at(who, { language });
    const listing = await sendsBack(w, who, author);
    await attests(w, who, author, listing);
    await calm(w);
  });
}

for (const language of ['fr', 'en']) {
  test(`a minor asks to join, ${language}`, async () => {
    const who = await founder(language);
    const w = await at(who, { width: 390, language });
    await welcomesMinor(w, who);
    await calm(w);
  });
}

for (const language of ['fr', 'en']) {
  test(`suggestions to a cycle, ${language}`, async () => {
    const who = await founder(language);
    const w = await at(who, { language });
    await weighsSuggestions(w, who);
    await calm(w);
  });

  test(`a decision on paper, ${language}`, async () => {
    const who = await founder(language);
    const w = await at(who, { language });
    await handsOver(w, who);
    await calm(w);
  });
}
