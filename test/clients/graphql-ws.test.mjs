// SPDX-License-Identifier: AGPL-3.0-or-later
// graphql-ws, whose authors wrote the protocol: operations, what each close code
// makes it do, and coming back with a cursor after the server went away.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { advance, ask, balances, claims, done, found, offer, register, send, serveAlso, url, within } from './town.mjs';

const claim = claims('graphql-ws');
const town = await found();
const socket = (at) => `${at.replace('http', 'ws')}/graphql`;
const FOLLOW = `subscription ($community: ID!, $since: Cursor) {
  communityActivity(communityId: $community, since: $since) { cursor kind objectId node { __typename ... on Listing { title } ... on Exchange { state } } } }`;

// connect makes a client for one test; closes are the codes that its connections ended with.
function connect(t, who, options = {}) {
  const closes = [];
  const client = createClient({
    url: socket(url), webSocketImpl: WebSocket, lazyCloseTimeout: 2_000, retryAttempts: 0,
    connectionParams: who && (() => ({ Authorization: `Bearer ${who.accessToken}` })),
    ...options,
    on: { closed: ({ code }) => closes.push(code) },
  });
  t.after(() => client.dispose());
  return { client, closes };
}

async function once(client, query, variables) {
  for await (const answer of client.iterate({ query, variables })) return answer;
  throw new Error('it completes without an answer');
}

claim('a query is answered once, then complete', async (t) => {
  const { client } = connect(t, town.anna);
  const answers = [];
  for await (const answer of client.iterate({ query: '{ viewer { person { displayName } } }' })) answers.push(answer);
  assert.deepEqual(answers, [{ data: { viewer: { person: { displayName: 'Anna' } } }, extensions: answers[0].extensions }]);
});

claim('a mutation with its key, sent twice, moves the hours once', async (t) => {
  const { client } = connect(t, town.bruno);
  const input = { exchangeId: await done(town, 45), minutes: 45, idempotencyKey: randomUUID() };
  const before = await balances(town);
  const confirm = 'mutation ($input: ConfirmExchangeInput!) { confirmExchange(input: $input) { exchange { state } userErrors { code } } }';
  const [first, second] = [await once(client, confirm, { input }), await once(client, confirm, { input })];
  assert.deepEqual(first.data, { confirmExchange: { exchange: { state: 'CONFIRMED' }, userErrors: [] } });
  assert.deepEqual(second.data, first.data);
  assert.deepEqual(second.extensions.replayed, ['confirmExchange']);
  assert.deepEqual(await balances(town), [before[0] + 45, before[1] - 45]);
});

claim('a document that does not fit is an error of its own, and the connection lives on', async (t) => {
  const { client, closes } = connect(t, town.anna);
  await assert.rejects(once(client, '{ nothing }'), (errors) => errors[0].extensions.code === 'BAD_USER_INPUT');
  assert.equal((await once(client, '{ serverInfo { featureLevel } }')).errors, undefined);
  assert.deepEqual(closes, []);
});

claim('a subscription tells what happens, each with its cursor', async (t) => {
  const { client } = connect(t, town.bruno);
  const events = client.iterate({ query: FOLLOW, variables: { community: town.id } });
  const next = events.next();
  await once(client, '{ serverInfo { version } }'); // taken up after the subscription: nothing can be missed now
  const id = await offer(town, 'Réparer un vélo');
  const { value } = await within(10, next, 'the event');
  const told = value.data.communityActivity;
  assert.deepEqual([told.kind, told.objectId, told.node.title], ['UPSERT', id, 'Réparer un vélo']);
  assert.ok(told.cursor);
  await events.return();
});

claim('4401 for a token that expired: refresh once, come back', async (t) => {
  // It has a clock of its own. How often one may refresh is counted for all servers
  // together, by network, so who lives in the future must not come from ours.
  const other = await serveAlso(t, '--trusted-proxies', '127.0.0.1/32,::1/128');
  let who = await register('Clara');
  await advance('11m', other.url);
  let refreshes = 0;
  const { client, closes } = connect(t, null, {
    url: socket(other.url), retryAttempts: 3,
    connectionParams: async () => {
      if (closes.at(-1) === 4401) {
        const { data } = await send(null, { query: `mutation ($input: RefreshSessionInput!) {
          refreshSession(input: $input) { session { accessToken refreshToken } userErrors { message } } }`,
        variables: { input: { refreshToken: who.refreshToken } } }, other.url, { 'X-Forwarded-For': '192.0.2.1' });
        who = data.refreshSession.session;
        refreshes++;
      }
      return { Authorization: `Bearer ${who.accessToken}` };
    },
  });
  const question = '{ viewer { person { displayName } } }';
  // The library takes 4401 for final, which is why it is the code: the app asks again.
  await assert.rejects(once(client, question), (close) => close.code === 4401);
  assert.equal((await once(client, question)).data.viewer.person.displayName, 'Clara');
  assert.deepEqual([closes, refreshes], [[4401], 1]);
});

claim('4403 for a token that is none', async (t) => {
  const { client, closes } = connect(t, { accessToken: 'nonsense' });
  await assert.rejects(once(client, '{ viewer { person { id } } }'), (close) => close.code === 4403);
  assert.deepEqual(closes, [4403]);
});

claim('4403 within five seconds of signing out; the app says not to try again', async (t) => {
  const clara = await register('Clara');
  const { client, closes } = connect(t, clara, { retryAttempts: 5, shouldRetry: ({ code }) => code !== 4403 });
  const told = client.iterate({ query: 'subscription { notificationReceived { notification { id } } }' }).next();
  await once(client, '{ serverInfo { version } }');
  await ask(clara, 'mutation { signOut(input: {}) { userErrors { message } } }');
  await assert.rejects(within(5, told, 'the end'), (close) => close.code === 4403);
  assert.deepEqual(closes, [4403]);
});

claim('1012 when the server stops: it comes back elsewhere with its cursor, and nothing was missed', async (t) => {
  const other = await serveAlso(t);
  const addresses = [other.url, url];
  const { client, closes } = connect(t, town.bruno, {
    url: () => socket(addresses.length > 1 ? addresses.shift() : addresses[0]), retryAttempts: 5,
  });
  const titles = [];
  let cursor;
  const variables = { community: town.id, get since() { return cursor; } };
  const follow = () => new Promise((resolve, reject) => client.subscribe({ query: FOLLOW, variables }, {
    next: ({ data, errors }) => {
      if (errors) reject(errors);
      cursor = data.communityActivity.cursor;
      titles.push(data.communityActivity.node.title);
      if (titles.at(-1) === 'fin') resolve();
    },
    error: reject, complete: resolve,
  }));
  const all = follow();
  await once(client, '{ serverInfo { version } }');
  await offer(town, 'avant');
  await within(10, (async () => { while (titles.length < 1) await new Promise((r) => setTimeout(r, 20)); })(), 'the first');
  const stopping = other.stop();
  for (const title of ['pendant', 'ensuite', 'encore']) await offer(town, title);
  await stopping;
  await offer(town, 'fin');
  await within(20, all, 'the last');
  assert.equal(closes[0], 1012);
  assert.deepEqual(titles, ['avant', 'pendant', 'ensuite', 'encore', 'fin']);
});

// What no library does by itself, message by message on a plain socket.
async function closed(...messages) {
  const wire = new WebSocket(socket(url), 'graphql-transport-ws');
  wire.on('open', () => messages.forEach((m) => wire.send(typeof m === 'string' ? m : JSON.stringify(m))));
  return within(15, new Promise((resolve) => wire.on('close', resolve)), 'the close');
}
const init = { type: 'connection_init', payload: { Authorization: `Bearer ${town.bruno.accessToken}` } };
const follow = { type: 'subscribe', id: '1', payload: { query: FOLLOW, variables: { community: town.id } } };
const silent = closed(); // it takes ten seconds
silent.catch(() => {});

for (const [code, why, messages] of [
  [4400, 'a message the protocol does not have', [init, 'what is this']],
  [4401, 'an operation before the greeting', [follow]],
  [4409, 'two operations under one id', [init, follow, follow]],
  [4429, 'two greetings', [init, init]],
]) {
  claim(`${code} for ${why}`, async () => assert.equal(await closed(...messages), code));
}

claim('4408 for no greeting within ten seconds', async () => assert.equal(await silent, 4408));
