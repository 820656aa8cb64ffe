// SPDX-License-Identifier: AGPL-3.0-or-later
// A passkey is made and used in Chromium, as a person with a fingerprint reader
// does; the browser decides what it accepts of the server's options.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { chromium } from 'playwright-core';

const at = process.env.HORA_URL;
const executablePath = [process.env.CHROME_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => path && existsSync(path));

async function graphql(query, variables, token) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await (await fetch(`${at}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })).json();
  assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
  const [payload] = Object.values(answer.data);
  assert.deepEqual(payload.userErrors ?? [], []);
  return payload;
}

const begin = `mutation { beginPasskeySignIn { ceremony options userErrors { message } } }`;
const finish = `mutation($input: FinishPasskeySignInInput!) { finishPasskeySignIn(input: $input) {
  session { accessToken } viewer { person { displayName } passkeys { name lastUsedAt } } userErrors { code message } } }`;

test('a passkey is made and used in a browser', async (t) => {
  assert.ok(executablePath, 'Chromium is not installed: apt-get install chromium, or set CHROME_PATH');
  assert.match(at, /^http:\/\/localhost:/, 'browsers take an address for no domain: passkeys need localhost');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  t.after(() => browser.close());
  const page = await browser.newPage();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  await page.goto(`${at}/sign-in`);
  const create = (options) => page.evaluate(async (o) =>
    (await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(o) })).toJSON(), options);
  const get = (options) => page.evaluate(async (o) =>
    (await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(o) })).toJSON(), options);

  const { session } = await graphql(`mutation($input: RegisterInput!) { register(input: $input) { session { accessToken } userErrors { message } } }`,
    { input: { email: `odile-${Date.now()}@example.org`, password: 'une heure vaut une heure', displayName: 'Odile', locale: 'fr' } });
  const begun = await graphql(`mutation { beginPasskeyRegistration(input: {name: "portable"}) { ceremony options userErrors { message } } }`, {}, session.accessToken);
  const made = await create(begun.options);
  await graphql(`mutation($input: FinishPasskeyRegistrationInput!) { finishPasskeyRegistration(input: $input) { passkey { id } userErrors { message } } }`,
    { input: { ceremony: begun.ceremony, response: made } }, session.accessToken);
  const { credentials } = await devtools.send('WebAuthn.getCredentials', { authenticatorId });
  assert.equal(credentials.length, 1);
  assert.equal(credentials[0].isResidentCredential, true);

  for (let turn = 0; turn < 2; turn++) { // the counter goes on
    const asked = await graphql(begin);
    const used = await get(asked.options);
    const signedIn = await graphql(finish, { input: { ceremony: asked.ceremony, response: used } });
    assert.equal(signedIn.viewer.person.displayName, 'Odile');
    assert.equal(signedIn.viewer.passkeys[0].name, 'portable');
    assert.ok(signedIn.viewer.passkeys[0].lastUsedAt);
  }

  // The browser itself refuses a second passkey for the same person on this device.
  const again = await graphql(begin);
  const { session: fresh } = await graphql(finish, { input: { ceremony: again.ceremony, response: await get(again.options) } });
  const more = await graphql(`mutation { beginPasskeyRegistration(input: {}) { ceremony options userErrors { message } } }`, {}, fresh.accessToken);
  await assert.rejects(create(more.options), /InvalidStateError/);
});
