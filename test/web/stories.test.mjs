// SPDX-License-Identifier: AGPL-3.0-or-later
// Mornings at the desk, as people have them: what the pages say is what is waited for, and
// what the API says afterwards is what counts, to the minute.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { answersReport, calm, inbox, moderator, some, toast } from './acts.mjs';
import { antoine, applicant, ask, at, go, lucie, margaret, pick, report, settled, url } from './people.mjs';

async function admits(w, slug, person) {
  await inbox(w, person.displayName, slug);
  await w.page.getByRole('button', { name: w.say('members.admit'), exact: true }).click();
  await toast(w, 'members.admitted', person.displayName);
  const { node } = await ask(person, 'query ($id: ID!) { node(id: $id) { ... on Member { number participation account { balance } } } }', { id: person.member });
  assert.equal(node.participation, 'NEWCOMER');
  assert.ok(node.number > 0 && node.account);
}

/** Twenty slips by keyboard alone; the first says that somebody helped themselves. */
async function entersSlips(w, who) {
  const { page, say } = w;
  const balances = async () => (await ask(who, `query ($slug: String!) { community(slug: $slug) {
    members(first: 60, filter: { participation: [NEWCOMER, ACTIVE, ENGAGED] }) { nodes { id number displayName account { balance } } }
    serviceTypes { children { children { code label } } } } }`, { slug: who.slug })).community;
  const before = await balances();
  const [first, ...others] = before.members.nodes.filter((m) => m.account).sort((a, b) => a.account.balance - b.account.balance);
  const [gave, received] = [first, others.at(-1)];
  const service = before.serviceTypes[0].children[0].children[0];
  const minutes = Array.from({ length: 20 }, (_, i) => 15 * (1 + (i % 3))); // whole units of the charter, which counts others up or down
  const typed = (m) => ({ 15: '15 min', 30: '0h30', 45: '0,75' })[m];
  const keys = page.keyboard;
  const cell = (row, column) => page.waitForFunction((at) => document.activeElement?.dataset.cell === at, `${row} ${column}`);
  const member = (m) => pick(page, String(m.number), `${m.number} · ${m.displayName}`);

  await keys.press('g');
  await keys.press('s');
  const anew = page.getByRole('link', { name: say('slips.new'), exact: true });
  await anew.focus();
  await keys.press('Enter');
  await page.waitForURL(/\/slips\/new$/);
  await settled(w);
  await page.locator('[data-cell="0 0"]').focus();
  const began = Date.now();
  for (const [row, m] of minutes.entries()) {
    await cell(row, 0);
    if (row === 0) await keys.type(`${some()}-0001`);
    await keys.press('Enter');
    await cell(row, 1);
    await member(gave);
    await cell(row, 2);
    await member(row === 0 ? gave : received);
    await cell(row, 3);
    await keys.type(typed(m));
    await keys.press('Enter');
    await cell(row, 4);
    await keys.press('Enter'); // the day is that of the line above
    await cell(row, 5);
    if (row === 0) await pick(page, service.code, service.code);
    else await keys.press('Enter');
  }
  await cell(20, 0);
  await keys.press('Control+Enter');
  // What is wrong is said beside its cell, nothing was entered, and everything else is still there.
  await cell(0, 2);
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-invalid')), 'true');
  assert.match(await page.evaluate(() => document.getElementById(document.activeElement.getAttribute('aria-describedby')).textContent), /\S/);
  await keys.press('Control+A');
  await member(received);
  await keys.press('Control+Enter');
  await page.waitForURL((now) => /\/slips\/(?!new$)[^/]+$/.test(now.pathname));
  await toast(w, 'slips.entered');
  console.log(`story: ${w.language}: 20 slips entered by keyboard, the first corrected, in ${((Date.now() - began) / 1000).toFixed(1)} s`);

  const sum = minutes.reduce((a, b) => a + b);
  const { node } = await ask(who, 'query ($id: ID!) { node(id: $id) { ... on TimeChequeBatch { count minutes } } }', { id: decodeURIComponent(new URL(page.url()).pathname.split('/').at(-1)) });
  assert.deepEqual(node, { count: 20, minutes: sum });
  const after = (await balances()).members.nodes;
  const moved = (m) => after.find(({ id }) => id === m.id).account.balance - m.account.balance;
  assert.deepEqual([moved(gave), moved(received)], [sum, -sum]);
}

async function settlesDispute(w, who) {
  const { page, say } = w;
  await page.keyboard.press('g');
  await page.keyboard.press('i');
  await page.waitForURL((now) => now.pathname === `/admin/${who.slug}`);
  await settled(w);
  await page.locator('a[data-row][href*="/exchanges/"]').first().click();
  await settled(w);
  const id = decodeURIComponent(new URL(page.url()).pathname.split('/').at(-1));
  await page.getByLabel(say('exchanges.outcomeMinutes')).fill('1h15');
  await page.getByLabel(say('exchanges.reason')).fill('Les deux se sont parlé au téléphone : une heure et quart.');
  await page.getByRole('button', { name: say('exchanges.decide'), exact: true }).click();
  await toast(w, 'exchanges.resolved');
  const { node } = await ask(who, 'query ($id: ID!) { node(id: $id) { ... on Exchange { state minutes { settled } } } }', { id });
  assert.deepEqual(node, { state: 'CONFIRMED', minutes: { settled: 75 } });
}

/** Has somebody publish an offer, which a coordinator looks at first where the charter says so. */
async function offers(who, title, coordinator) {
  const { community } = await ask(who, 'query ($slug: String!) { community(slug: $slug) { id serviceTypes { children { children { id } } } } }', { slug: coordinator.slug });
  const { createListing } = await ask(who, 'mutation ($input: CreateListingInput!) { createListing(input: $input) { listing { id state } userErrors { message } } }',
    { input: { communityId: community.id, kind: 'OFFER', title, serviceTypeId: community.serviceTypes[0].children[0].children[0].id } });
  const { id, state } = createListing.listing;
  if (state === 'PENDING_REVIEW') await ask(coordinator, 'mutation ($input: ApproveListingInput!) { approveListing(input: $input) { userErrors { message } } }', { input: { listingId: id } });
  return id;
}

/**
 * A colleague hides an offer, and its author appeals. Whoever hid it reads why they cannot answer; somebody else
 * weighs both sides and undoes it, and the offer is back.
 */
async function answersAppeal(w, who, author, reporter) {
  const { page, say } = w;
  const colleague = await moderator(`Mona ${some()}`, who);
  const offer = await offers(author, 'Coudre ensemble le samedi', who);
  await report(reporter, offer, 'UNSUITABLE', 'Est-ce bien un échange ?');
  const theirs = await at(colleague, { language: w.language });
  const { measure } = await answersReport(theirs, who.slug, author, 'HIDE');
  const stands = () => ask(author, `query ($offer: ID!, $measure: ID!) {
    offer: node(id: $offer) { ... on Listing { state } }
    measure: node(id: $measure) { ... on ModerationMeasure { endedAt endReason appeal { outcome statement decidedBy { id } } } } }`, { offer, measure: measure.id });
  assert.notEqual((await stands()).offer.state, 'PUBLISHED');

  const plea = 'C’est une rencontre ouverte à tout le monde, et chacun y donne son heure.';
  await ask(author, 'mutation ($input: AppealMeasureInput!) { appealMeasure(input: $input) { userErrors { message } } }', { input: { measureId: measure.id, reason: plea } });

  await theirs.page.keyboard.press('g');
  await theirs.page.keyboard.press('d');
  await theirs.page.waitForURL(/\/moderation$/);
  await settled(theirs);
  await theirs.page.locator('main').getByRole('link', { name: say('appeal.title'), exact: true }).click();
  await settled(theirs);
  await theirs.page.locator('a[data-row]', { hasText: author.displayName }).click();
  await settled(theirs);
  await theirs.page.getByText(plea).waitFor();
  await theirs.page.getByText(say('appeal.own')).waitFor();
  assert.equal(await theirs.page.getByRole('button', { name: say('appeal.go'), exact: true }).count(), 0);
  await calm(theirs);

  await inbox(w, author.displayName, who.slug);
  assert.match(page.url(), /\/moderation\/appeals\//);
  await page.getByText(plea).waitFor();
  await page.locator('summary', { hasText: say('moderation.read') }).click();
  await page.getByText(measure.statement).waitFor();
  await page.getByLabel(say('appeal.choice.OVERTURNED'), { exact: true }).check();
  // It is never answered without a reason.
  await page.getByRole('button', { name: say('appeal.go'), exact: true }).click();
  await page.locator('[aria-invalid=true]').waitFor();
  const reasons = 'L’offre suit la charte : on y partage du temps, rien d’autre.';
  await page.getByLabel(say('appeal.statement'), { exact: true }).fill(reasons);
  await page.getByRole('button', { name: say('appeal.go'), exact: true }).click();
  await toast(w, 'appeal.done');
  await page.getByRole('heading', { name: say('appeal.outcome.OVERTURNED'), exact: true }).waitFor();

  const after = await stands();
  assert.equal(after.offer.state, 'PUBLISHED');
  assert.ok(after.measure.endedAt);
  assert.deepEqual([after.measure.endReason, after.measure.appeal], [reasons, { outcome: 'OVERTURNED', statement: reasons, decidedBy: null }]);
  console.log(`story: ${w.language}: an appeal is answered by somebody else than who took the measure, and the offer is back`);
}

/** The rows of a file as spreadsheets read it. */
function rows(csv, part) {
  const cell = new RegExp(`("(?:[^"]|"")*"|[^${part}\r\n]*)(${part}|\r\n)`, 'g');
  const all = [[]];
  for (const [, text, end] of csv.replace('\ufeff', '').matchAll(cell)) {
    all.at(-1).push(text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text);
    if (end === '\r\n') all.push([]);
  }
  return all.slice(0, -1);
}

/** When a day begins somewhere. */
function midnight(day, timeZone) {
  const utc = Date.parse(`${day}T00:00:00Z`);
  return new Date(2 * utc - Date.parse(`${new Date(utc).toLocaleString('sv-SE', { timeZone }).replace(' ', 'T')}Z`)).toISOString();
}

/** Takes the month's lines of the community's account away as a file, which adds up to what the API says of it. */
async function exportsMonth(w, who) {
  const { page, say } = w;
  await page.keyboard.press('g');
  await page.keyboard.press('b');
  await page.waitForURL(/\/books$/);
  await settled(w);
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/books\/[^/]+$/);
  await settled(w);
  const account = decodeURIComponent(new URL(page.url()).pathname.split('/').at(-1));
  const [month] = new Date(Date.now() - 7 * 86_400_000).toISOString().match(/^\d{4}-\d\d/); // in its first days, the one that is over
  const [from, until] = [`${month}-01`, new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 0)).toISOString().slice(0, 10)];
  const next = new Date(Date.parse(until) + 86_400_000).toISOString().slice(0, 10);
  await page.getByLabel(say('books.from'), { exact: true }).fill(from);
  await page.getByLabel(say('books.until'), { exact: true }).fill(until);
  await page.waitForURL((now) => now.searchParams.get('from') === from && now.searchParams.get('until') === until);
  await settled(w);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: say('csv'), exact: true }).click()]);
  const [head, ...lines] = rows(readFileSync(await download.path(), 'utf8'), w.language === 'fr' ? ';' : ',');
  const { community } = await ask(who, 'query ($slug: String!) { community(slug: $slug) { timeZone } }', { slug: who.slug });
  const { node } = await ask(who, `query ($id: ID!, $period: PeriodInput!) { node(id: $id) { ... on Account { totals(period: $period) { opening given received closing lines } } } }`,
    { id: account, period: { from: midnight(from, community.timeZone), until: midnight(next, community.timeZone) } });
  const minutes = lines.map((line) => Number(line[head.indexOf(say('books.minutes'))]));
  const after = lines.map((line) => Number(line[head.indexOf(say('books.after'))]));
  assert.ok(lines.length > 0 && minutes.every(Number.isInteger));
  assert.equal(lines.length, node.totals.lines);
  assert.equal(minutes.reduce((a, b) => a + b), node.totals.given - node.totals.received);
  assert.equal([after[0], after.at(-1)].includes(node.totals.closing), true, 'the last balance is that of the month’s end');
  console.log(`story: ${w.language}: ${lines.length} lines of the month exported; their minutes add up`);
}

for (const [who, language] of [[lucie, 'fr'], [margaret, 'en']]) {
  test(`a coordinator's morning, ${language}`, async () => {
    const [nadia, paul] = await Promise.all(['Nadia', 'Paul'].map((name) => applicant(`${name} ${some()}`, who)));
    const w = await at(who, { language });
    await admits(w, who.slug, nadia);
    await admits(w, who.slug, paul);
    await entersSlips(w, who);
    await settlesDispute(w, who);
    await report(nadia, paul.member, 'HARASSMENT', 'Il téléphone la nuit.');
    await answersReport(w, who.slug, paul, 'WARN');
    await answersAppeal(w, who, nadia, paul);
    await exportsMonth(w, who);
    await calm(w);
  });

  test(`a moderator limits a member, ${language}`, async () => {
    const [nora, luc] = await Promise.all(['Nora', 'Luc'].map((name) => applicant(`${name} ${some()}`, who, true)));
    const them = await moderator(`Max ${some()}`, who);
    await report(nora, luc.member, 'SPAM', 'Dix messages par jour.');
    const w = await at(them, { language });
    const { measure, participation } = await answersReport(w, who.slug, luc, 'LIMIT', ['MESSAGING', 'JOINING']);
    assert.equal(participation, 'NEWCOMER');
    assert.ok(Date.parse(measure.until) > Date.now());
    // What was decided is in the list of it all, and the member's page says what is kept from them.
    await go(w, `/admin/${who.slug}/moderation/measures?member=${encodeURIComponent(luc.member)}`);
    await w.page.locator('a[data-row]', { hasText: w.say('moderation.action.LIMIT') }).waitFor();
    await go(w, `/admin/${who.slug}/members/${luc.member}`);
    await w.page.getByRole('heading', { name: w.say('members.limits'), exact: true }).waitFor();
    console.log(`story: ${language}: a member is limited after the statement was read, word for word`);
    await calm(w);
  });
}

for (const language of ['fr', 'en']) {
  test(`a treasurer's morning, ${language}`, async () => {
    const w = await at(antoine, { language });
    await exportsMonth(w, antoine);
    await calm(w);
  });
}

for (const [who, language] of [[lucie, 'fr'], [margaret, 'en']]) {
  test(`a moderator's morning, ${language}`, async () => {
    const [aline, remi] = await Promise.all(['Aline', 'Rémi'].map((name) => applicant(`${name} ${some()}`, who, true)));
    const marc = await moderator(`Marc ${some()}`, who);
    await report(aline, remi.member, 'UNSAFE_NOW');
    const w = await at(marc, { width: 390, language });
    const { measure, participation } = await answersReport(w, who.slug, remi, 'FREEZE');
    assert.equal(participation, 'SUSPENDED');
    assert.ok(Date.parse(measure.until) > Date.now());
    await calm(w);
  });
}

/** Chosen by keyboard in the list: two who wait and one who is a member already. What would happen is said first, and happens. */
async function welcomesMany(w, who) {
  const { page, say } = w;
  const people = await Promise.all(['Ana', 'Bo', 'Cléo'].map((name) => applicant(`${name} ${some()}`, who)));
  await page.goto(`${url}/admin/${who.slug}/members?participation=APPLICANT`);
  await settled(w);
  for (const { displayName } of people) {
    await page.getByRole('checkbox', { name: displayName }).focus();
    await page.keyboard.press('Space');
  }
  // Somebody else is quicker with one of them.
  await ask(who, 'mutation ($input: AdmitMemberInput!) { admitMember(input: $input) { userErrors { code } } }', { input: { memberId: people[1].member } });
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: say('members.bulk.act'), exact: true }).press('Enter');
  await dialog.getByRole('button', { name: say('members.bulk.foresee'), exact: true }).press('Enter');
  await dialog.locator('li', { hasText: people[1].displayName }).waitFor();
  const states = () => Promise.all(people.map(async (p) => (await ask(p, 'query ($id: ID!) { node(id: $id) { ... on Member { participation } } }', { id: p.member })).node.participation));
  assert.deepEqual(await states(), ['APPLICANT', 'NEWCOMER', 'APPLICANT'], 'a dry run admits nobody');
  await dialog.locator('button.main').press('Enter');
  await dialog.getByRole('button', { name: say('close'), exact: true }).press('Enter');
  await dialog.waitFor({ state: 'detached' });
  assert.deepEqual(await states(), ['NEWCOMER', 'NEWCOMER', 'NEWCOMER']);
  await settled(w);
}

for (const [who, language] of [[lucie, 'fr'], [margaret, 'en']]) {
  test(`many are welcomed at once, ${language}`, async () => {
    const w = await at(who, { language });
    await welcomesMany(w, who);
    await calm(w);
  });
}
