// SPDX-License-Identifier: AGPL-3.0-or-later
// What somebody typed, chose or had before them stays, whatever the network and the pages do;
// and what waits for somebody waits until it is done.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calm, moderator, some, toast } from './acts.mjs';
import { applicant, ask, at, go, lucie, margaret, pick, settled, url, window } from './people.mjs';

/** What the browser says of a network that was taken away on purpose is no fault of the pages. */
const forgive = (w) => w.wrong.splice(0, w.wrong.length, ...w.wrong.filter((line) => !/ERR_INTERNET_DISCONNECTED|ERR_FAILED|RATE_LIMITED|WebSocket|Failed to load resource/.test(line)));

/** A question in front of the page gives the focus back, keeps what was typed, and closes only where one meant it. */
async function questions(w, who) {
  const { page, say } = w;
  await go(w, `/admin/${who.slug}/books`);
  const dialog = page.getByRole('dialog');
  const opener = page.getByRole('button', { name: say('books.give'), exact: true });
  const word = dialog.getByLabel(say('books.word'), { exact: true });
  const gone = async () => {
    await dialog.waitFor({ state: 'detached' });
    assert.ok(await opener.evaluate((node) => node === document.activeElement), 'the focus is lost');
  };
  await opener.focus();
  await page.keyboard.press('Enter');
  await word.fill('Merci à toi');
  await dialog.getByRole('button', { name: say('cancel'), exact: true }).press('Enter');
  await gone();
  await page.keyboard.press('Enter');
  assert.equal(await word.inputValue(), 'Merci à toi');
  await page.keyboard.press('Escape');
  await gone();
  await page.keyboard.press('Enter');
  const [box, field] = [await dialog.boundingBox(), await word.boundingBox()];
  const beside = [box.x - 40, box.y + box.height / 2];
  await page.mouse.move(field.x + 20, field.y + 20); // who marks a text may let go of the button anywhere
  await page.mouse.down();
  await page.mouse.move(...beside, { steps: 3 });
  await page.mouse.up();
  await page.mouse.click(box.x + 6, box.y + 6);
  assert.ok(await dialog.isVisible());
  await page.mouse.click(...beside);
  await gone();

  await page.locator('a[data-row]').first().click();
  await settled(w);
  const limits = page.getByRole('button', { name: say('books.setLimits'), exact: true });
  await limits.click();
  await dialog.getByLabel(say('reason'), { exact: true }).fill('Décidé à l’assemblée');
  await dialog.getByRole('button', { name: say('close'), exact: true }).click();
  await limits.click();
  assert.equal(await dialog.getByLabel(say('reason'), { exact: true }).inputValue(), 'Décidé à l’assemblée');
  await page.keyboard.press('Escape');
}

/** Rows that are there stay when more of them do not come, and come once the server can be reached. */
async function lists(w, who) {
  const { page, say } = w;
  await go(w, `/admin/${who.slug}/exchanges`);
  const rows = page.locator('[data-row]');
  const down = () => page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  const more = (than) => page.waitForFunction((n) => document.querySelectorAll('[data-row]').length > n, than);
  const first = await rows.count();
  const busy = 'Trop de demandes à la fois.';
  await page.route('**/graphql', (route) => route.fulfill({ json: { errors: [{ message: busy, extensions: { code: 'RATE_LIMITED' } }] } }));
  await down();
  await page.getByRole('alert').filter({ hasText: busy }).waitFor();
  assert.equal(await rows.count(), first);
  await page.unroute('**/graphql');
  await page.getByRole('alert').getByRole('button', { name: say('again'), exact: true }).click();
  await more(first);

  const second = await rows.count();
  const banner = page.locator('main').getByRole('status').filter({ hasText: say('offline') });
  await w.context.setOffline(true);
  await banner.waitFor();
  await page.locator('nav#menu a[href$="/members"]').click();
  await page.getByRole('alert').filter({ hasText: say('offline') }).waitFor();
  await page.goBack();
  await w.context.setOffline(false);
  await banner.waitFor({ state: 'detached' });
  await settled(w);
  assert.ok((await rows.count()) > 0 && second > first);

  // A list that somebody went on in stays where it is without a network, and goes on by itself with one.
  await w.context.setOffline(true);
  await banner.waitFor();
  const had = await rows.count();
  await down();
  await page.waitForTimeout(300); // long enough for it to fail
  assert.equal(await rows.count(), had);
  await w.context.setOffline(false);
  await banner.waitFor({ state: 'detached' });
  await more(had);
  forgive(w);
}

/** Whoever comes back to a list from somebody in it finds it narrowed as they left it. */
async function comesBack(w, who) {
  const { page, say } = w;
  await go(w, `/admin/${who.slug}/members?participation=HERE`);
  await page.locator('a[data-row]').first().click();
  await settled(w);
  // What somebody may do and why is asked for when somebody wants to know.
  const may = page.locator('details', { hasText: say('members.may') });
  await may.locator('summary').click();
  await may.locator('dt').first().waitFor();
  await page.goBack();
  await page.waitForURL((now) => now.searchParams.get('participation') === 'HERE');
  await settled(w);
  assert.equal(await page.getByLabel(say('members.participation'), { exact: true }).inputValue(), 'HERE');
}

/** The answer to a pile of slips is lost, and a line is changed: the page says that the pile was entered, and enters nothing twice. */
async function losesAnAnswer(w, who) {
  const { page, say } = w;
  const { community } = await ask(who, `query ($slug: String!) { community(slug: $slug) {
    members(first: 60, filter: { participation: [NEWCOMER, ACTIVE, ENGAGED] }) { nodes { id number displayName account { balance } } }
    serviceTypes { children { children { code } } } } }`, { slug: who.slug });
  const [gave, ...others] = community.members.nodes.filter((m) => m.account).sort((a, b) => a.account.balance - b.account.balance);
  const received = others.at(-1);
  const { code } = community.serviceTypes[0].children[0].children[0];
  await go(w, `/admin/${who.slug}/slips/new`);
  const cell = (column) => page.locator(`[data-cell="0 ${column}"]`);
  await cell(0).fill(`${some()}-0001`);
  for (const [column, text, meant] of [[1, gave.number, gave.displayName], [2, received.number, received.displayName], [5, code, code]]) {
    await cell(column).focus();
    await pick(page, String(text), meant);
  }
  await cell(3).fill('15 min');
  let lost;
  await page.route('**/graphql', async (route) => {
    if (lost || !route.request().postData()?.includes('"cheques"')) return route.fallback();
    lost = await (await route.fetch()).json();
    return route.abort();
  });
  const enter = page.getByRole('button', { name: say('slips.enter'), exact: true });
  await enter.click();
  await page.getByRole('alert').filter({ hasText: say('offline') }).waitFor();
  assert.equal(Object.values(lost.data)[0].batch.count, 1);
  await cell(3).fill('30 min');
  await enter.click();
  const note = page.getByRole('alert').filter({ hasText: say('slips.sentBefore') });
  await note.getByRole('link', { name: say('slips.seeBatches') }).waitFor();
  await note.getByRole('button', { name: say('slips.anew') }).click();
  await toast(w, 'slips.emptied');
  assert.equal(await cell(1).inputValue(), '');
  await page.locator('.toast').getByRole('button', { name: say('slips.takeBack') }).click();
  assert.match(await cell(1).inputValue(), new RegExp(gave.displayName));
  await enter.click(); // another key now, and the number of the slip says the same
  await page.locator('[data-cell="0 0"][aria-invalid=true]').waitFor();
  await page.locator('.foot').getByRole('button', { name: say('slips.anew') }).click();
  await page.unroute('**/graphql');
  forgive(w);
}

/** On paper stands what is said; who wishes no motion sees none. */
async function onPaper(w, who) {
  const { page, say } = w;
  await go(w, `/admin/${who.slug}/books`);
  await page.emulateMedia({ media: 'print' });
  const shown = (what) => page.locator(what).first().isVisible();
  assert.deepEqual(await Promise.all(['nav#menu', 'header.bar', 'main button', 'main h1', 'main table'].map(shown)), [false, false, false, true, true]);
  await page.emulateMedia({ media: 'screen' });
  await page.getByRole('button', { name: say('books.give'), exact: true }).click();
  await page.emulateMedia({ media: 'print' });
  assert.deepEqual(await Promise.all(['dialog h2', 'main h1', 'main table'].map(shown)), [true, false, false]);
  await page.emulateMedia({ media: 'screen' });
  await page.keyboard.press('Escape');
  const motion = async (reducedMotion) => {
    await page.emulateMedia({ reducedMotion });
    return page.evaluate(() => {
      const shape = document.body.appendChild(Object.assign(document.createElement('div'), { className: 'skeleton' }));
      const { animationName } = getComputedStyle(shape);
      shape.remove();
      return animationName;
    });
  };
  assert.notEqual(await motion('no-preference'), 'none');
  assert.equal(await motion('reduce'), 'none');
}

for (const [who, language] of [[lucie, 'fr'], [margaret, 'en']]) {
  test(`what was there and what was typed stays, ${language}`, async () => {
    const w = await at(who, { language });
    await questions(w, who);
    if (who === lucie) await lists(w, who);
    await comesBack(w, who);
    await losesAnAnswer(w, who);
    if (who === lucie) await onPaper(w, who);
    console.log(`story: ${language}: focus, text, rows and filters stay, and a lost answer enters nothing twice`);
    await calm(w);
  });
}

/** Tries other starting hours on the past; nothing is changed by it. */
async function tries(w, who) {
  const { page, say } = w;
  const version = async () => (await ask(who, 'query ($slug: String!) { community(slug: $slug) { charter { version } } }', { slug: who.slug })).community.charter.version;
  const before = await version();
  await go(w, `/admin/${who.slug}/charter/change`);
  await page.getByLabel(say('charter.hours.starting'), { exact: true }).fill('7h');
  await page.getByRole('button', { name: say('charter.simulate'), exact: true }).click();
  await page.getByRole('heading', { name: say('charter.simulation'), exact: true }).waitFor();
  assert.ok((await page.locator('section', { hasText: say('charter.simulation') }).locator('tbody tr').count()) > 3);
  assert.equal(await version(), before);
}

/** Says who came to a workshop: the hours move. */
async function settles(w, who) {
  const { page, say } = w;
  const [host, guest] = await Promise.all(['Hugo', 'Gisèle'].map((name) => applicant(`${name} ${some()}`, who, true)));
  const { community } = await ask(who, 'query ($slug: String!) { community(slug: $slug) { id serviceTypes { children { children { id } } } } }', { slug: who.slug });
  const { scheduleSession } = await ask(host, 'mutation ($input: ScheduleSessionInput!) { scheduleSession(input: $input) { groupSession { id } userErrors { message } } }', { input: {
    communityId: community.id, title: 'Réparer ensemble', serviceTypeId: community.serviceTypes[0].children[0].children[0].id,
    startsAt: new Date(Date.now() - 3_600_000).toISOString(), capacity: 5, preparationMinutes: 0, animationMinutes: 60 } });
  const { id } = scheduleSession.groupSession;
  await ask(guest, 'mutation ($input: JoinSessionInput!) { joinSession(input: $input) { userErrors { message } } }', { input: { sessionId: id } });
  await go(w, `/admin/${who.slug}/together/${encodeURIComponent(id)}`);
  await page.getByRole('checkbox', { name: guest.displayName }).waitFor();
  await page.getByRole('button', { name: say('together.settleNow'), exact: true }).click();
  await toast(w, 'together.settled');
  const { node } = await ask(who, 'query ($id: ID!) { node(id: $id) { ... on GroupSession { state settledMinutes } } }', { id });
  assert.deepEqual(node, { state: 'SETTLED', settledMinutes: 60 });
}

/** Waits until the inbox tells of something that waits at an address, or no more. */
async function waits(w, who, address, key) {
  await go(w, `/admin/${who.slug}`);
  const row = w.page.locator(`a[data-row][href$="${address}"]`);
  if (key) await row.filter({ hasText: w.say(key) }).waitFor();
  else await row.waitFor({ state: 'detached' });
  return row;
}

for (const [who, language] of [[lucie, 'fr'], [margaret, 'en']]) {
  test(`a complaint waits until two who read it together are through with it, ${language}`, async () => {
    const [nina, colleague] = await Promise.all([applicant(`Nina ${some()}`, who, true), moderator(`Mia ${some()}`, who)]);
    const { community } = await ask(nina, 'query ($slug: String!) { community(slug: $slug) { id } }', { slug: who.slug });
    const details = 'Une remarque blessante, dite devant tout le monde.';
    const { fileComplaint } = await ask(nina, 'mutation ($input: FileComplaintInput!) { fileComplaint(input: $input) { complaint { id } userErrors { message } } }', { input: { communityId: community.id, details } });
    const address = `/moderation/complaints/${encodeURIComponent(fileComplaint.complaint.id)}`;
    const [one, two] = [await at(who, { language }), await at(colleague, { language })];
    const asks = async (w, told) => {
      await w.page.getByLabel(w.say('complaint.why'), { exact: true }).fill('Pour en parler avec elle.');
      await w.page.getByRole('button', { name: w.say('complaint.ask'), exact: true }).click();
      await toast(w, told);
    };
    await (await waits(one, who, address, 'inbox.complaint')).click();
    await settled(one);
    await asks(one, 'complaint.asked');
    assert.equal(await one.page.getByText(details).count(), 0);
    // One who asked is not enough: it waits for a second, and then for an end.
    await waits(one, who, address, 'inbox.complaintBegun');
    await (await waits(two, who, address, 'inbox.complaintBegun')).click();
    await settled(two);
    await asks(two, 'complaint.opened');
    await two.page.getByText(details).waitFor();
    await waits(one, who, address, 'inbox.complaintBegun');
    await two.page.getByLabel(two.say('complaint.outcome.SETTLED'), { exact: true }).check();
    await two.page.getByLabel(two.say('complaint.told'), { exact: true }).fill('Nous en avons parlé à trois.');
    await two.page.getByRole('button', { name: two.say('complaint.conclude'), exact: true }).click();
    await toast(two, 'complaint.concludedNow');
    await waits(one, who, address);
    await calm(two);
    await tries(one, who);
    await settles(one, who);
    console.log(`story: ${language}: a complaint is read by two together and concluded; rules are tried; a workshop is settled`);
    await calm(one);
  });
}

test('a passkey opens', async () => {
  const who = await moderator(`Pia ${some()}`, lucie);
  const w = await window();
  const { page, say } = w;
  const devtools = await w.context.newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  await page.goto(`${url}/admin`);
  const { beginPasskeyRegistration: begun } = await ask(who, 'mutation { beginPasskeyRegistration { ceremony options userErrors { message } } }');
  const response = await page.evaluate(async (options) => {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey ?? options);
    return (await navigator.credentials.create({ publicKey })).toJSON();
  }, begun.options);
  await ask(who, 'mutation ($input: FinishPasskeyRegistrationInput!) { finishPasskeyRegistration(input: $input) { userErrors { message } } }', { input: { ceremony: begun.ceremony, response } });
  await page.getByRole('button', { name: say('signIn.passkey'), exact: true }).click();
  await page.locator('header.bar', { hasText: who.displayName }).waitFor();
  await settled(w);
  console.log('story: fr: a passkey opens the dashboard');
  await calm(w);
});
