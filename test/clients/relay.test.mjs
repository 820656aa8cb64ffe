// SPDX-License-Identifier: AGPL-3.0-or-later
// relay-compiler reads the contract as strictly as Relay does, and writes the
// manifest of a release; relay-runtime then lives on a server that runs nothing else.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { createClient as createSocket } from 'graphql-ws';
import relay from 'relay-runtime';
import WebSocket from 'ws';
import { ask, balances, claims, cursor, done, found, offer, send, serveAlso, url, within } from './town.mjs';

const { commitMutation, Environment, fetchQuery, Network, Observable, RecordSource, requestSubscription, Store } = relay;
const claim = claims('relay-compiler and relay-runtime');
const town = await found();

// Documents as an app writes them: connections, fragments that are fetched again by
// id, a mutation and a subscription.
const source = `
graphql\`query AppQuery($slug: String!) { community(slug: $slug) { id ...AppFeed ...AppMembers } viewer { person { id displayName } } }\`;
graphql\`fragment AppFeed on Community
  @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, cursor: { type: "String" })
  @refetchable(queryName: "AppFeedMore") {
  listings(first: $count, after: $cursor, orderBy: NEWEST) @connection(key: "AppFeed_listings") { edges { node { id title ...AppListing } } } }\`;
graphql\`fragment AppMembers on Community { members(first: 20) @connection(key: "AppMembers_members") { edges { node { id displayName } } } }\`;
graphql\`fragment AppListing on Listing @refetchable(queryName: "AppListingAgain") { id title state member { id displayName } }\`;
graphql\`query AppAccountQuery($id: ID!) { node(id: $id) { id ... on Account { balance } } }\`;
graphql\`mutation AppConfirmMutation($input: ConfirmExchangeInput!) {
  confirmExchange(input: $input) { exchange { id state receiver { account { id balance } } } userErrors { __typename code message } } }\`;
graphql\`subscription AppActivitySubscription($community: ID!, $since: Cursor) {
  communityActivity(communityId: $community, since: $since) { cursor kind objectId node { __typename id ... on Listing { title } } } }\`;
`;

const folder = mkdtempSync(join(tmpdir(), 'hora-relay-'));
after(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, 'src'));
symlinkSync(join(import.meta.dirname ?? process.cwd(), 'node_modules'), join(folder, 'node_modules'));
writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}');
writeFileSync(join(folder, 'contract.graphql'), await (await fetch(`${url}/schema.graphqls`)).text());
writeFileSync(join(folder, 'relay.config.json'), JSON.stringify({
  src: './src', schema: './contract.graphql', language: 'javascript', artifactDirectory: './made', eagerEsModules: false, persistConfig: { file: './documents.json', algorithm: 'SHA256' },
}));

// compile runs the compiler on an app.
function compile(text) {
  writeFileSync(join(folder, 'src', 'App.js'), text);
  mkdirSync(join(folder, 'made'), { recursive: true });
  writeFileSync(join(folder, 'documents.json'), '{}');
  const { status, stdout, stderr } = spawnSync(process.execPath, [join('node_modules', 'relay-compiler', 'cli.js')], { cwd: folder, encoding: 'utf8' });
  return { status, said: stdout + stderr };
}
const manifest = () => JSON.parse(readFileSync(join(folder, 'documents.json'), 'utf8'));
const made = (name) => createRequire(join(folder, 'package.json'))(`./made/${name}.graphql.js`);

claim('the compiler refuses what the contract does not have', () => {
  for (const [broken, why] of [
    [source.replace('listings(first: $count', 'listings(firsst: $count'), /firsst/],
    [source.replace('title state member', 'title statte member'), /statte/],
  ]) {
    const { status, said } = compile(broken);
    assert.notEqual(status, 0);
    assert.match(said, why);
  }
});

claim('it compiles connections, refetchable fragments, a mutation and a subscription, and writes the manifest', () => {
  const { status, said } = compile(source);
  assert.equal(status, 0, said);
  assert.equal(readdirSync(join(folder, 'made')).length, 9, 'artefacts');
  assert.equal(Object.keys(manifest()).length, 6, 'documents: two queries, two fetched again, mutation, subscription');
});

// trusted is a server that runs this release's documents only.
const trusted = (t) => serveAlso(t, '--documents', 'trusted', '--trusted-documents', join(folder, 'documents.json'));

function environment(t, who, at) {
  const wire = createSocket({ url: `${at.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, connectionParams: { Authorization: `Bearer ${who.accessToken}` } });
  t.after(() => wire.dispose());
  return new Environment({
    store: new Store(new RecordSource()),
    network: Network.create(
      (request, variables) => send(who, { documentId: request.id, variables }, at),
      (request, variables) => Observable.create((sink) => wire.subscribe({ extensions: { documentId: request.id }, query: '', variables }, sink)),
    ),
  });
}

claim('a query by its name alone, kept by id; the next page by the generated query', async (t) => {
  for (const title of ['Jardin', 'Cuisine', 'Couture']) await offer(town, title);
  const app = environment(t, town.anna, (await trusted(t)).url);
  const { community } = await fetchQuery(app, made('AppQuery'), { slug: town.slug }).toPromise();
  assert.equal(community.id, town.id);
  const titles = () => Object.values(app.getStore().getSource().toJSON()).filter((r) => r.__typename === 'Listing').map((r) => r.title).sort();
  assert.deepEqual(titles(), ['Couture', 'Cuisine']);
  const feed = Object.values(app.getStore().getSource().toJSON()).find((r) => r.__id.includes('listings') && r.pageInfo);
  const { endCursor } = app.getStore().getSource().get(feed.pageInfo.__ref);
  await fetchQuery(app, made('AppFeedMore'), { id: town.id, count: 2, cursor: endCursor }).toPromise();
  assert.deepEqual(titles(), ['Couture', 'Cuisine', 'Jardin']);
});

claim('a mutation by its name renews the balance it keeps', async (t) => {
  const app = environment(t, town.bruno, (await trusted(t)).url);
  const { node: { balance } } = await fetchQuery(app, made('AppAccountQuery'), { id: town.bruno.account }).toPromise();
  const input = { exchangeId: await done(town, 60), minutes: 60, idempotencyKey: randomUUID() };
  for (let i = 0; i < 2; i++) { // the second is a retry
    const { confirmExchange } = await new Promise((onCompleted, onError) => commitMutation(app, { mutation: made('AppConfirmMutation'), variables: { input }, onCompleted, onError }));
    assert.deepEqual([confirmExchange.exchange.state, confirmExchange.userErrors], ['CONFIRMED', []]);
  }
  assert.equal(app.getStore().getSource().get(town.bruno.account).balance, balance - 60);
  assert.equal((await balances(town))[1], balance - 60);
});

claim('a subscription by its name', async (t) => {
  const app = environment(t, town.bruno, (await trusted(t)).url);
  const warnings = t.mock.method(console, 'error', () => {});
  const since = await cursor(town);
  const id = await offer(town, 'Lecture');
  let following;
  const told = new Promise((onNext, onError) => {
    following = requestSubscription(app, { subscription: made('AppActivitySubscription'), onNext, onError, variables: { community: town.id, since } });
  });
  assert.equal((await within(10, told, 'the event')).communityActivity.objectId, id);
  following.dispose();
  assert.equal(app.getStore().getSource().get(id).title, 'Lecture');
  assert.deepEqual(warnings.mock.calls, [], 'what Relay complains about');
});

claim('that server runs no other document', async (t) => {
  const at = (await trusted(t)).url;
  const { errors } = await send(town.anna, { query: '{ viewer { person { email } } }' }, at);
  assert.equal(errors[0].extensions.code, 'BAD_USER_INPUT');
  assert.equal(errors[0].extensions.reason, 'DOCUMENT_NOT_TRUSTED');
  const [known] = Object.values(manifest()).filter((text) => text.startsWith('query AppAccountQuery'));
  assert.ok((await ask(town.anna, known, { id: town.anna.account }, at)).node.id, 'sent in full it is trusted too');
});
