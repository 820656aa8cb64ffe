// SPDX-License-Identifier: AGPL-3.0-or-later
// urql, which names event streams in the Accept of every request.
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { Client, fetchExchange, gql, subscriptionExchange } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { retryExchange } from '@urql/exchange-retry';
import { createClient as createSocket } from 'graphql-ws';
import WebSocket from 'ws';
import { badNetwork, balances, claims, cursor, done, found, offer, serveAlso, url, within } from './town.mjs';

const claim = claims('urql');
const town = await found();
const NAMES = gql`query Names($slug: String!) { community(slug: $slug) { id members(first: 10) { nodes { id displayName } } } }`;
const CONFIRM = gql`mutation Confirm($input: ConfirmExchangeInput!) {
  confirmExchange(input: $input) { exchange { id state } userErrors { code message } } }`;
const FOLLOW = gql`subscription Follow($community: ID!, $since: Cursor) {
  communityActivity(communityId: $community, since: $since) { cursor node { id ... on Listing { title } } } }`;

// connect makes a client; asked are the requests it sends, with their answers.
function connect(who, exchanges = [fetchExchange], options = {}) {
  const asked = [];
  const client = new Client({
    url: `${url}/graphql`, exchanges, preferGetMethod: false,
    fetchOptions: () => ({ headers: { Authorization: `Bearer ${who.accessToken}` } }),
    fetch: async (address, init) => {
      const answer = await fetch(address, init);
      asked.push({ method: init.method, address: String(address), accept: init.headers.accept, body: init.body, status: answer.status, type: answer.headers.get('Content-Type') });
      return answer;
    },
    ...options,
  });
  return { client, asked };
}

claim('a query is answered in JSON, though it would take a stream', async () => {
  const { client, asked } = connect(town.anna);
  const { data, error } = await client.query(NAMES, { slug: town.slug });
  assert.equal(error, undefined);
  assert.deepEqual(data.community.members.nodes.map((m) => m.displayName).sort(), ['Anna', 'Bruno', 'Fatou']);
  assert.match(asked[0].accept, /text\/event-stream/);
  assert.match(asked[0].type, /^application\/graphql-response\+json/);
});

claim('a query by GET', async () => {
  const { client, asked } = connect(town.anna, [fetchExchange], { preferGetMethod: 'force' });
  const { data } = await client.query(NAMES, { slug: town.slug });
  assert.equal(data.community.id, town.id);
  assert.deepEqual([asked[0].method, asked[0].status], ['GET', 200]);
});

claim('errors arrive as GraphQL errors, with codes', async () => {
  const { client } = connect(town.anna);
  const { error } = await client.query('{ nothing }', {});
  assert.deepEqual([error.networkError, error.graphQLErrors[0].extensions.code], [undefined, 'BAD_USER_INPUT']);
  const stranger = connect({ accessToken: 'nonsense' }).client;
  const refused = await stranger.query('query ($id: ID!) { changes(communityId: $id) { nextCursor } }', { id: town.id });
  assert.equal(refused.error.graphQLErrors[0].extensions.code, 'UNAUTHENTICATED');
});

claim('a user error is data, of a type with figures', async () => {
  const { data } = await connect(town.bruno).client.mutation(gql`mutation Give($input: GiveHoursInput!) {
    giveHours(input: $input) { transfer { id } userErrors { __typename code ... on InsufficientHours { available required } } } }`,
  { input: { from: town.bruno.account, to: town.anna.account, minutes: 6000, idempotencyKey: randomUUID() } });
  const { transfer, userErrors: [{ __typename, code, required }] } = data.giveHours;
  assert.deepEqual([transfer, __typename, code, required], [null, 'InsufficientHours', 'INSUFFICIENT_HOURS', 6000]);
});

claim('an answer is lost on the way: the same key, sent again by its retries, moves the hours once', async (t) => {
  let lost = 0;
  const network = await badNetwork(t, (document) => document.includes('confirmExchange') && lost++ < 2);
  const retries = retryExchange({ initialDelayMs: 20, maxNumberAttempts: 5, retryIf: (error) => !!error.networkError });
  const { client } = connect(town.bruno, [retries, fetchExchange], { url: `${network}/graphql` });
  const input = { exchangeId: await done(town, 45), minutes: 45, idempotencyKey: randomUUID() };
  const before = await balances(town);
  const { data, error, extensions } = await client.mutation(CONFIRM, { input });
  assert.equal(error, undefined);
  assert.equal(data.confirmExchange.exchange.state, 'CONFIRMED');
  assert.deepEqual([lost, extensions.replayed], [3, ['confirmExchange']]);
  assert.deepEqual(await balances(town), [before[0] + 45, before[1] - 45]);
});

claim('automatic persisted queries: unknown once, then by hash alone', async () => {
  const persisted = persistedExchange({ preferGetForPersistedQueries: false, generateHash: async (text) => createHash('sha256').update(text).digest('hex') });
  const { client, asked } = connect(town.anna, [persisted, fetchExchange]);
  for (let i = 0; i < 2; i++) {
    const { data, error } = await client.query(NAMES, { slug: town.slug }, { requestPolicy: 'network-only' });
    assert.equal(error, undefined);
    assert.equal(data.community.id, town.id);
  }
  assert.deepEqual(asked.map(({ body }) => 'query' in JSON.parse(body)), [false, true, false]);
});

// follows subscribes, and is told the titles of listings until the last one.
function follows(client, variables) {
  const titles = [];
  let following;
  const all = new Promise((resolve, reject) => {
    following = client.subscription(FOLLOW, variables).subscribe(({ data, error }) => {
      if (error) return reject(error);
      titles.push(data.communityActivity.node.title);
      if (titles.at(-1) === 'fin') resolve(titles);
    });
  });
  return within(20, all, 'the last').finally(() => following.unsubscribe());
}

claim('a subscription over a WebSocket, and over another after the server stopped', async (t) => {
  const other = await serveAlso(t);
  const addresses = [other.url, url];
  const begun = await cursor(town);
  let since = begun;
  const wire = createSocket({
    url: () => `${(addresses.length > 1 ? addresses.shift() : addresses[0]).replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket, retryAttempts: 5, connectionParams: { Authorization: `Bearer ${town.bruno.accessToken}` },
  });
  t.after(() => wire.dispose());
  const { client } = connect(town.bruno, [subscriptionExchange({
    forwardSubscription: ({ query, variables }) => ({
      subscribe: (sink) => ({
        unsubscribe: wire.subscribe({ query, variables: { ...variables, get since() { return since; } } }, {
          ...sink, next: (answer) => { since = answer.data?.communityActivity.cursor ?? since; sink.next(answer); },
        }),
      }),
    }),
  })]);
  const all = follows(client, { community: town.id });
  await offer(town, 'avant');
  // A server that stops before it has taken the socket resets it, which is no close.
  await within(10, (async () => { while (since === begun) await new Promise((r) => setTimeout(r, 20)); })(), 'the first');
  const stopping = other.stop();
  await offer(town, 'pendant');
  await stopping;
  await offer(town, 'fin');
  assert.deepEqual(await all, ['avant', 'pendant', 'fin']);
});

claim('a subscription over server-sent events, by its own fetch', async () => {
  const { client, asked } = connect(town.bruno, [fetchExchange], { fetchSubscriptions: true });
  const all = follows(client, { community: town.id, since: await cursor(town) });
  await offer(town, 'avant');
  await offer(town, 'fin');
  assert.deepEqual(await all, ['avant', 'fin']);
  assert.match(asked[0].type, /^text\/event-stream/);
});
