// SPDX-License-Identifier: AGPL-3.0-or-later
// Apollo Client: its cache by id, its connections, links and persisted queries.
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { RetryLink } from '@apollo/client/link/retry';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { relayStylePagination } from '@apollo/client/utilities';
import { createClient as createSocket } from 'graphql-ws';
import WebSocket from 'ws';
import { badNetwork, balances, claims, cursor, done, found, offer, serveAlso, url, within } from './town.mjs';

const claim = claims('Apollo Client');
const town = await found();
const LISTINGS = gql`query Listings($slug: String!, $after: String) {
  community(slug: $slug) { id listings(first: 2, after: $after, orderBy: NEWEST) { edges { cursor node { id title } } pageInfo { hasNextPage endCursor } } } }`;
const CONFIRM = gql`mutation Confirm($input: ConfirmExchangeInput!) {
  confirmExchange(input: $input) { exchange { id state version receiver { id account { id balance } } } userErrors { code message } } }`;
const FOLLOW = gql`subscription Follow($community: ID!, $since: Cursor) {
  communityActivity(communityId: $community, since: $since) { cursor objectId node { id ... on Listing { title } } } }`;

// connect makes a client; asked are the requests it sends.
function connect(who, before = [], at = url) {
  const asked = [];
  const http = new HttpLink({
    uri: `${at}/graphql`, headers: { Authorization: `Bearer ${who.accessToken}`, 'apollographql-client-name': 'test', 'apollographql-client-version': '1.0' },
    fetch: async (address, init) => {
      asked.push({ method: init.method, address: String(address), body: init.body });
      return fetch(address, init);
    },
  });
  const cache = new InMemoryCache({ typePolicies: { Community: { fields: { listings: relayStylePagination() } } } });
  return { client: new ApolloClient({ cache, link: ApolloLink.from([...before, http]) }), asked };
}

claim('pages of a connection join in its cache', async () => {
  const titles = ['Jardin', 'Cuisine', 'Couture', 'Lecture', 'Bricolage'];
  for (const title of titles) await offer(town, title);
  const { client } = connect(town.anna);
  const variables = { slug: town.slug };
  const read = client.watchQuery({ query: LISTINGS, variables });
  const watching = read.subscribe(() => {});
  for (let page = (await client.query({ query: LISTINGS, variables })).data.community.listings.pageInfo; page.hasNextPage;) {
    page = (await read.fetchMore({ variables: { after: page.endCursor } })).data.community.listings.pageInfo;
  }
  watching.unsubscribe();
  const { community } = client.readQuery({ query: LISTINGS, variables });
  assert.deepEqual(community.listings.edges.map((e) => e.node.title), titles.toReversed());
});

claim('a mutation renews what its cache keeps by id: the exchange and the balance', async () => {
  const { client } = connect(town.bruno);
  const exchangeId = await done(town, 60);
  const READ = gql`query Read($exchange: ID!, $account: ID!) {
    exchange: node(id: $exchange) { id ... on Exchange { state version } } account: node(id: $account) { id ... on Account { balance } } }`;
  const variables = { exchange: exchangeId, account: town.bruno.account };
  const before = (await client.query({ query: READ, variables })).data;
  await client.mutate({ mutation: CONFIRM, variables: { input: { exchangeId, minutes: 60, idempotencyKey: randomUUID() } } });
  const after = client.readQuery({ query: READ, variables });
  assert.deepEqual([before.exchange.state, after.exchange.state], ['DONE', 'CONFIRMED']);
  assert.equal(after.account.balance, before.account.balance - 60);
});

claim('a document that does not fit is CombinedGraphQLErrors with a code, not a broken answer', async () => {
  await assert.rejects(connect(town.anna).client.query({ query: gql`{ nothing }` }), (error) =>
    CombinedGraphQLErrors.is(error) && error.errors[0].extensions.code === 'BAD_USER_INPUT');
  await assert.rejects(connect({ accessToken: 'nonsense' }).client.query({ query: gql`query ($id: ID!) { changes(communityId: $id) { nextCursor } }`, variables: { id: town.id } }),
    (error) => CombinedGraphQLErrors.is(error) && error.errors[0].extensions.code === 'UNAUTHENTICATED');
});

claim('an answer is lost on the way: the same key, sent again by RetryLink, moves the hours once', async (t) => {
  let sent = 0;
  const network = await badNetwork(t, (document) => document.includes('confirmExchange') && sent++ < 2);
  const { client } = connect(town.bruno, [new RetryLink({ delay: { initial: 20 }, attempts: { max: 5 } })], network);
  const exchangeId = await done(town, 45);
  const before = await balances(town);
  const { data } = await client.mutate({ mutation: CONFIRM, variables: { input: { exchangeId, minutes: 45, idempotencyKey: randomUUID() } } });
  assert.deepEqual([data.confirmExchange.exchange.state, sent], ['CONFIRMED', 3]);
  assert.deepEqual(await balances(town), [before[0] + 45, before[1] - 45]);
});

claim('persisted queries: unknown once, then by GET with the hash alone', async () => {
  const persisted = new PersistedQueryLink({ useGETForHashedQueries: true, sha256: (text) => createHash('sha256').update(text).digest('hex') });
  const { client, asked } = connect(town.anna, [persisted]);
  for (let i = 0; i < 2; i++) {
    const { data } = await client.query({ query: LISTINGS, variables: { slug: town.slug }, fetchPolicy: 'network-only' });
    assert.equal(data.community.id, town.id);
  }
  assert.deepEqual(asked.map(({ method, address, body }) => [method, new URL(address).searchParams.has('extensions'), !!body && 'query' in JSON.parse(body)]),
    [['GET', true, false], ['POST', false, true], ['GET', true, false]]);
});

claim('a subscription ends with the server; the app subscribes again with its cursor, and nothing was missed', async (t) => {
  const other = await serveAlso(t);
  const titles = [];
  let since = await cursor(town);
  // follow tells titles from one server until it stops, or the last one came.
  const follow = (at) => {
    const wire = createSocket({ url: `${at.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: { Authorization: `Bearer ${town.bruno.accessToken}` } });
    t.after(() => wire.dispose());
    const client = new ApolloClient({ cache: new InMemoryCache(), link: new GraphQLWsLink(wire) });
    return new Promise((resolve) => {
      const following = client.subscribe({ query: FOLLOW, variables: { community: town.id, since } }).subscribe({
        next: ({ data, error }) => {
          if (error) return resolve(error);
          since = data.communityActivity.cursor;
          titles.push(data.communityActivity.node.title);
          if (titles.at(-1) === 'fin') {
            following.unsubscribe();
            resolve();
          }
        },
        error: resolve, complete: resolve,
      });
    });
  };
  const cut = follow(other.url);
  await offer(town, 'avant');
  await within(10, (async () => { while (titles.length < 1) await new Promise((r) => setTimeout(r, 20)); })(), 'the first');
  const stopping = other.stop();
  await offer(town, 'pendant');
  await within(10, cut, 'the end');
  await stopping;
  const rest = follow(url);
  await offer(town, 'fin');
  await within(20, rest, 'the last');
  assert.deepEqual(titles, ['avant', 'pendant', 'fin']);
});
