// SPDX-License-Identifier: AGPL-3.0-or-later
// graphql-sse, one connection for each operation.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createClient } from 'graphql-sse';
import { ask, balances, claims, cursor, done, found, offer, register, serveAlso, url, within } from './town.mjs';

const claim = claims('graphql-sse');
const town = await found();
const FOLLOW = `subscription ($community: ID!, $since: Cursor) {
  exchangeUpdated(communityId: $community, since: $since) { cursor exchange { id state minutes { settled } } } }`;

// connect makes a client for one test.
function connect(t, who, options = {}) {
  const client = createClient({ url: `${url}/graphql`, headers: { Authorization: `Bearer ${who.accessToken}` }, retryAttempts: 0, ...options });
  t.after(() => client.dispose());
  return client;
}

async function first(client, query, variables) {
  for await (const answer of client.iterate({ query, variables })) return answer;
  throw new Error('it completes without an answer');
}

claim('a query is one event, then complete', async (t) => {
  const answers = [];
  for await (const answer of connect(t, town.anna).iterate({ query: '{ viewer { person { displayName } } }' })) answers.push(answer.data);
  assert.deepEqual(answers, [{ viewer: { person: { displayName: 'Anna' } } }]);
});

claim('a mutation with its key, sent twice, moves the hours once', async (t) => {
  const client = connect(t, town.bruno);
  const input = { exchangeId: await done(town, 30), minutes: 30, idempotencyKey: randomUUID() };
  const before = await balances(town);
  const confirm = 'mutation ($input: ConfirmExchangeInput!) { confirmExchange(input: $input) { exchange { state } userErrors { code } } }';
  const answers = [await first(client, confirm, { input }), await first(client, confirm, { input })];
  assert.deepEqual(answers.map((a) => a.data.confirmExchange.exchange.state), ['CONFIRMED', 'CONFIRMED']);
  assert.deepEqual(answers.map((a) => a.extensions.replayed), [undefined, ['confirmExchange']]);
  assert.deepEqual(await balances(town), [before[0] + 30, before[1] - 30]);
});

claim('a document that does not fit is an event with errors, then complete', async (t) => {
  const answers = [];
  for await (const answer of connect(t, town.anna).iterate({ query: '{ nothing }' })) answers.push(answer.errors[0].extensions.code);
  assert.deepEqual(answers, ['BAD_USER_INPUT']);
});

claim('a subscription tells what happens, each with its cursor', async (t) => {
  const events = connect(t, town.anna).iterate({ query: FOLLOW, variables: { community: town.id, since: await sinceFor(town.anna) } });
  const exchangeId = await done(town, 15);
  await ask(town.bruno, 'mutation ($input: ConfirmExchangeInput!) { confirmExchange(input: $input) { userErrors { message } } }',
    { input: { exchangeId, idempotencyKey: randomUUID() } });
  for (let state; state !== 'CONFIRMED';) {
    const { value } = await within(10, events.next(), 'the event');
    const told = value.data.exchangeUpdated;
    assert.ok(told.cursor);
    assert.equal(told.exchange.id, exchangeId);
    state = told.exchange.state;
  }
  await events.return();
});

async function sinceFor(who) {
  return (await ask(who, 'query ($id: ID!) { changes(communityId: $id) { nextCursor } }', { id: town.id })).changes.nextCursor;
}

claim('the server stops: the client comes back elsewhere with its cursor, and nothing was missed', async (t) => {
  const other = await serveAlso(t);
  const addresses = [other.url, url];
  let reconnects = 0;
  const client = connect(t, town.bruno, {
    url: () => `${addresses.length > 1 ? addresses.shift() : addresses[0]}/graphql`, retryAttempts: 5, retry: async () => { reconnects++; },
  });
  const variables = { community: town.id, since: await cursor(town) };
  const titles = [];
  const all = new Promise((resolve, reject) => client.subscribe({
    query: `subscription ($community: ID!, $since: Cursor) { communityActivity(communityId: $community, since: $since) {
      cursor node { ... on Listing { title } } } }`, variables,
  }, {
    next: ({ data, errors }) => {
      if (errors) return reject(errors);
      variables.since = data.communityActivity.cursor; // what is sent the next time
      titles.push(data.communityActivity.node.title);
      if (titles.at(-1) === 'fin') resolve();
    },
    error: reject, complete: () => reject(new Error('it completes')),
  }));
  await offer(town, 'avant');
  await within(10, (async () => { while (titles.length < 1) await new Promise((r) => setTimeout(r, 20)); })(), 'the first');
  const stopping = other.stop();
  for (const title of ['pendant', 'ensuite', 'encore']) await offer(town, title);
  await stopping;
  await offer(town, 'fin');
  await within(20, all, 'the last');
  assert.ok(reconnects > 0);
  assert.deepEqual(titles, ['avant', 'pendant', 'ensuite', 'encore', 'fin']);
});

claim('signing out ends a stream within five seconds, and says why', async (t) => {
  const clara = await register('Clara');
  const events = connect(t, clara, { retryAttempts: 3 }).iterate({ query: 'subscription { notificationReceived { notification { id } } }' });
  const told = events.next();
  await new Promise((resolve) => setTimeout(resolve, 300));
  await ask(clara, 'mutation { signOut { userErrors { message } } }');
  assert.equal((await within(5, told, 'the end')).value.errors[0].extensions.code, 'UNAUTHENTICATED');
  assert.equal((await within(5, events.next(), 'complete')).done, true);
});

claim('one connection for all operations is refused, not misunderstood', async (t) => {
  const client = connect(t, town.anna, { singleConnection: true });
  await assert.rejects(first(client, '{ serverInfo { version } }'), (error) => error.response.status === 405 || error.response.status === 400);
});
