// SPDX-License-Identifier: AGPL-3.0-or-later
// A community that begins, where listings are looked at and a service asks for an attestation.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { calm, clean, some, toast } from './acts.mjs';
import { applicant, ask, at, register, settled, url } from './people.mjs';

/** Somebody new who founds a community in which listings are looked at, and a service asks for an attestation. */
async function founder(language) {
  const who = { ...(await register(`Fanny ${some()}`, language)), slug: `essai-${randomUUID().slice(0, 8)}` };
  const { createCommunity } = await ask(who, `mutation ($input: CreateCommunityInput!) { createCommunity(input: $input) {
    community { id serviceTypes { id } } userErrors { message } } }`, { input: { name: 'Le Nouveau Pas', slug: who.slug, locale: language, timeZone: 'America/Toronto' } });
  const { id, serviceTypes } = createCommunity.community;
  await ask(who, 'mutation ($input: AmendCharterInput!) { amendCharter(input: $input) { userErrors { message } } }', { input: {
    communityId: id, reason: 'Pour commencer.', changes: { listings: { review: true }, safety: { gates: [{ serviceTypeId: serviceTypes[0].id, vetting: ['RECORD_CHECK'] }] } } } });
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
