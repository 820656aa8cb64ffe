// SPDX-License-Identifier: AGPL-3.0-or-later
// Deliveries are verified by the package of the Standard Webhooks authors.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { Webhook } from 'standardwebhooks';

const at = process.env.HORA_URL;

async function graphql(query, input, token) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await (await fetch(`${at}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables: { input } }) })).json();
  assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
  const [payload] = Object.values(answer.data);
  assert.deepEqual(payload.userErrors, []);
  return payload;
}

test('deliveries are signed as Standard Webhooks says', async (t) => {
  const came = [];
  const waiting = [];
  const receiver = createServer((request, answer) => {
    let body = '';
    request.on('data', (part) => { body += part; }).on('end', () => {
      answer.end();
      const parcel = { body, headers: request.headers };
      waiting.length ? waiting.shift()(parcel) : came.push(parcel);
    });
  }).listen(0, 'localhost');
  t.after(() => receiver.close());
  await once(receiver, 'listening');
  const next = () => came.shift() ?? new Promise((resolve) => { waiting.push(resolve); });

  const name = `w${Date.now()}`;
  const { session } = await graphql(`mutation($input: RegisterInput!) { register(input: $input) { session { accessToken } userErrors { message } } }`,
    { email: `${name}@example.org`, password: 'une heure vaut une heure', displayName: 'Fatou', locale: 'fr' });
  const token = session.accessToken;
  const { community } = await graphql(`mutation($input: CreateCommunityInput!) { createCommunity(input: $input) { community { id } userErrors { message } } }`,
    { name: 'Accorderie du Quai', slug: name, preset: 'accorderie', locale: 'fr', timeZone: 'Europe/Paris' }, token);
  const made = await graphql(`mutation($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id } secret userErrors { message } } }`,
    { communityId: community.id, url: `http://localhost:${receiver.address().port}/`, events: ['*'] }, token);
  const again = () => graphql(`mutation($input: TestWebhookInput!) { testWebhook(input: $input) { delivery { id } userErrors { message } } }`, { webhookId: made.webhook.id }, token);

  // The program's clock may have been moved; a receiver's is the same one here.
  const { now } = await (await fetch(`${at}/dev/clock`)).json();
  const skew = new Date(now) - Date.now();
  const wall = Date.now;
  const verified = (secret, parcel) => {
    Date.now = () => wall() + skew;
    try { return new Webhook(secret).verify(parcel.body, parcel.headers); } finally { Date.now = wall; }
  };

  await again();
  let parcel = await next();
  while (JSON.parse(parcel.body).type !== 'TEST') { // its own creation is an event too
    assert.ok(verified(made.secret, parcel).data.position > 0);
    parcel = await next();
  }
  assert.equal(verified(made.secret, parcel).data.community, community.id);
  assert.throws(() => verified(made.secret, { ...parcel, body: parcel.body.replace('TEST', 'REST') }), /signature/i);
  assert.throws(() => verified(made.secret, { ...parcel, headers: { ...parcel.headers, 'webhook-id': 'another' } }), /signature/i);
  assert.throws(() => verified('whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=', parcel), /signature/i);

  const renewed = await graphql(`mutation($input: RotateWebhookSecretInput!) { rotateWebhookSecret(input: $input) { secret userErrors { message } } }`, { webhookId: made.webhook.id }, token);
  await again();
  do { parcel = await next(); } while (JSON.parse(parcel.body).type !== 'TEST');
  verified(made.secret, parcel);
  verified(renewed.secret, parcel);
});
