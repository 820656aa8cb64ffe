// SPDX-License-Identifier: AGPL-3.0-or-later
// What every proof needs: a browser, people who sign in as people do, every screen
// there is, and what must never happen meanwhile.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { after } from 'node:test';
import { chromium } from 'playwright-core';

export const url = process.env.HORA_URL;
export const password = 'demo-hora-2026';
export const lucie = { email: 'lucie@example.org', slug: 'baie' };
export const antoine = { email: 'antoine@example.org', slug: 'deux-rives' };
export const margaret = { email: 'margaret@example.org', slug: 'riverside' };

/** Chromium as CHROME_PATH has it, else from the PATH. */
export const executablePath = process.env.CHROME_PATH ?? process.env.PATH.split(delimiter)
  .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name))).find(existsSync);
export const args = ['--no-sandbox'];

let running;
const port = 20_000 + (process.pid % 20_000);
/** Where tools that others wrote find the browser. */
export const devtools = `http://localhost:${port}`;
/** The one browser of a file; it closes when the file's tests are over. */
export function browser() {
  running ??= chromium.launch({ executablePath, args: [...args, `--remote-debugging-port=${port}`] });
  return running;
}
after(async () => (await running)?.close());

const words = Object.fromEntries(['fr', 'en'].map((language) =>
  [language, JSON.parse(readFileSync(new URL(`../../internal/i18n/${language}.json`, import.meta.url)))]));

/** A text as the pages say it, `say('fr')('signIn.go')`; of a plural, or of one with a place for something, a pattern. */
export const say = (language) => (key) => {
  const text = words[language][`web.${key}`] ?? words[language][key];
  assert.ok(text, `${language}.json lacks ${key}`);
  const one = (s) => s.replaceAll(/[.*+?^$()|[\]\\/]/g, '\\$&').replaceAll(/\{\{[^}]*\}\}/g, '.*').replaceAll(/\s/g, '\\s');
  if (typeof text === 'object') return new RegExp(`^(${Object.values(text).map(one).join('|')})$`);
  return text.includes('{{') ? new RegExp(`^${one(text)}$`) : text;
};

/** A window of somebody's own. What goes wrong in it is in `wrong`, which must be empty in the end. */
export async function window({ language = 'fr', width = 1440, scheme = 'light', bypassCSP = false } = {}) {
  const context = await (await browser()).newContext({
    viewport: { width, height: width < 600 ? 844 : 900 }, colorScheme: scheme, reducedMotion: 'reduce', bypassCSP,
    locale: language === 'fr' ? 'fr-FR' : 'en-GB',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const wrong = [];
  const here = () => new URL(page.url()).pathname;
  await page.addInitScript(() => addEventListener('securitypolicyviolation', (e) => console.error(`CSP ${e.violatedDirective}: ${e.blockedURI} ${e.sample}`)));
  page.on('console', (message) => message.type() === 'error' && wrong.push(`${here()}: console: ${message.text()}`));
  page.on('pageerror', (error) => wrong.push(`${here()}: ${error.stack ?? error}`));
  let inFlight = 0;
  page.on('request', () => inFlight++);
  page.on('requestfinished', () => inFlight--);
  page.on('requestfailed', (request) => {
    inFlight--;
    // Who goes on to another page no longer waits for this one's answers.
    const why = request.failure()?.errorText;
    if (why !== 'net::ERR_ABORTED') wrong.push(`${here()}: ${request.url()}: ${why}`);
  });
  page.on('response', async (response) => {
    if (response.status() >= 400) wrong.push(`${here()}: ${response.status()} ${response.url()}`);
    else if (response.url().endsWith('/graphql')) {
      const { errors } = await response.json().catch(() => ({}));
      if (errors) wrong.push(`${here()}: ${JSON.stringify(errors)} ${response.request().postData()?.slice(0, 300)}`);
    }
  });
  return { page, context, wrong, language, say: say(language), quiet: () => inFlight === 0, close: () => context.close() };
}

/** Waits until the page shows what it was asked for, and asks for nothing more. */
export async function settled(w) {
  for (let calm = 0; calm < 2;) {
    await w.page.waitForFunction(() => document.querySelector('main h1, main .note') && !document.querySelector('.skeleton'));
    await w.page.evaluate(() => new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(then))));
    calm = w.quiet() ? calm + 1 : 0;
  }
}

export async function signIn(w, who) {
  await w.page.goto(`${url}/admin`);
  await w.page.getByLabel(w.say('signIn.email')).fill(who.email);
  await w.page.getByLabel(w.say('signIn.password')).fill(who.password ?? password);
  await w.page.getByRole('button', { name: w.say('signIn.go'), exact: true }).click();
  await w.page.locator('nav#menu').waitFor({ state: 'attached' });
  await settled(w);
}

export async function go(w, path) {
  await w.page.goto(url + path);
  await settled(w);
}

/** A person in a window of theirs, signed in. */
export async function at(who, how) {
  const w = await window(how);
  await signIn(w, who);
  return w;
}

/** Types in the field that has the focus, waits until it finds what one means, and takes that with Enter. */
export async function pick(page, text, meant) {
  await page.keyboard.type(text);
  const list = await page.evaluate(() => document.activeElement.getAttribute('aria-controls'));
  await page.locator(`[id="${list}"] [role=option][aria-selected=true]`, { hasText: meant }).waitFor();
  await page.keyboard.press('Enter');
}

const shape = (path) => path.split('/').slice(3).map((part) => (/^[a-z-]{1,20}$/.test(part) ? part : ':id')).join('/') || 'inbox';
const parts = (shape) => shape.split('/');

/**
 * Goes to every screen of the menu, to whatever each leads to within the dashboard, once for each kind of
 * address and each screen that leads there, and does `look(name)` in each. A new screen is found by itself.
 * Of what goes through stages, one page each: there are questions and cycles in several.
 */
export async function everyScreen(w, slug, look, { deep = true } = {}) {
  await go(w, `/admin/${slug}`);
  const links = (where) => w.page.locator(`${where} a[href^="/admin/${slug}"]`).evaluateAll((all) => all.map((a) => a.getAttribute('href').split(/[?#]/)[0]));
  const ahead = (await links('nav#menu')).map((path) => ({ path, from: '' }));
  assert.ok(ahead.length > 1, 'the menu is empty');
  const [seen, been] = [new Set(), new Set()];
  while (ahead.length) {
    const { path, from } = ahead.shift();
    const name = shape(path);
    // Where the inbox leads, something waits: what one does there differs from what one does elsewhere.
    const kind = `${from === 'inbox' && parts(name).length > 1 ? 'inbox > ' : ''}${name}`;
    const key = /^(decisions|cycles)\/:id$/.test(kind) && seen.has(kind) ? `${kind} ${[2, 3].find((n) => !seen.has(`${kind} ${n}`)) ?? 2}` : kind;
    if (seen.has(key) || been.has(path)) continue;
    seen.add(key);
    been.add(path);
    await go(w, path);
    if (deep) ahead.push(...(await links('main')).map((path) => ({ path, from: name })));
    await look(key);
  }
  return [...seen];
}

/** What a filter in the address shows, where no plain link leads. */
export const narrowed = ['members?participation=HERE&quiet=30', 'members?listing=none', 'members?role=FACILITATOR', 'members?q=zzzz', 'vitality?months=36',
  'listings?show=back', 'moderation/measures?state=IN_EFFECT', 'moderation/measures?state=UNDONE', 'audit?what=moderation', 'audit?what=badges&from=2020-01-01&until=2020-01-31'];

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** What axe finds wrong with a page as it stands, in one line each. */
export async function axeSays(page) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, {
    resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }));
  return found.violations.flatMap((v) => v.nodes.map((node) => `${v.id} (${v.impact}): ${node.target.join(' ')} ${node.html.slice(0, 160)} ${node.any[0]?.message ?? node.all[0]?.message ?? v.help}`));
}

/** By how many pixels a page is wider than its window. */
export const tooWide = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Asks the API as somebody, and wants data without errors; says what it did wrong otherwise. */
export async function ask(who, query, variables = {}) {
  const { data, errors } = await (await fetch(`${url}/graphql`, {
    method: 'POST', body: JSON.stringify({ query, variables }),
    headers: { 'Content-Type': 'application/json', ...(who && { Authorization: `Bearer ${who.accessToken ?? (await session(who))}` }) },
  })).json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  for (const [name, payload] of Object.entries(data)) assert.deepEqual(payload?.userErrors ?? [], [], name);
  return data;
}

async function session(who) {
  const { signIn } = await ask(null, 'mutation ($input: SignInInput!) { signIn(input: $input) { session { accessToken } userErrors { message } } }',
    { input: { email: who.email, password: who.password ?? password } });
  who.accessToken = signIn.session.accessToken;
  return who.accessToken;
}

/** Somebody new, who has joined nothing yet. */
export async function register(displayName, locale = 'fr') {
  const who = { displayName, email: `${randomUUID()}@example.org`, password: 'une heure vaut une heure' };
  const { register } = await ask(null, `mutation ($input: RegisterInput!) {
    register(input: $input) { session { accessToken } viewer { person { id } } userErrors { message } } }`,
  { input: { displayName, email: who.email, password: who.password, locale } });
  return { ...who, person: register.viewer.person.id, accessToken: register.session.accessToken };
}

/** Somebody who asks to join a community, and perhaps is admitted at once by who coordinates it. */
export async function applicant(displayName, coordinator, admitted = false) {
  const who = await register(displayName);
  const { community } = await ask(coordinator, 'query ($slug: String!) { community(slug: $slug) { id } }', { slug: coordinator.slug });
  const { applyToJoin } = await ask(who, `mutation ($input: ApplyToJoinInput!) {
    applyToJoin(input: $input) { member { id } userErrors { message } } }`, { input: { communityId: community.id, message: 'Bonjour ! Je répare des vélos.' } });
  who.member = applyToJoin.member.id;
  if (admitted) await ask(coordinator, 'mutation ($input: AdmitMemberInput!) { admitMember(input: $input) { userErrors { message } } }', { input: { memberId: who.member } });
  return who;
}

/** Has somebody report somebody else. */
export const report = (who, subjectId, reason, details) => ask(who, 'mutation ($input: ReportContentInput!) { reportContent(input: $input) { userErrors { message } } }',
  { input: { subjectId, reason, details } });
