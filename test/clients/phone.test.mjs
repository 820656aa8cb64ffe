// SPDX-License-Identifier: AGPL-3.0-or-later
// The phone of docs/examples, as an app's author would run it: switched off after each
// step, on a network that loses answers.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after } from 'node:test';
import { ask, badNetwork, balances, claims, done, found, offer, url } from './town.mjs';

const claim = claims('phone');
const town = await found();
let lose = () => false;
const network = await badNetwork({ after }, (document) => lose(document));
const folder = mkdtempSync(join(tmpdir(), 'hora-phone-'));
after(() => rmSync(folder, { recursive: true }));
const example = resolve('../../docs/examples/phone.mts');
const file = join(folder, 'my.json');
const memory = () => JSON.parse(readFileSync(file, 'utf8'));

// A Node that does not run TypeScript runs what the compiler leaves when it takes the
// types away, which is the same.
const program = process.features.typescript ? example : join(folder, 'phone.mjs');

async function phone(...args) {
  const node = spawn(process.execPath, [program, file, ...args], {
    env: { ...process.env, HORA_EMAIL: town.bruno.email, HORA_PASSWORD: town.bruno.password }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const out of [node.stdout, node.stderr]) out.on('data', (some) => { said += some; });
  const [status] = await once(node, 'close');
  return { status, said };
}

async function works(...args) {
  const { status, said } = await phone(...args);
  assert.equal(status, 0, said);
  return said;
}

claim('TypeScript accepts it, and plain Node can take its types away', () => {
  const checked = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '--strict', '--erasableSyntaxOnly', '--skipLibCheck', '--module', 'nodenext',
    '--target', 'es2023', '--types', 'node', '--typeRoots', resolve('node_modules/@types'), '--outDir', folder, example], { encoding: 'utf8' });
  assert.equal(checked.status, 0, checked.stdout);
});

let toPropose, toConfirm, archived;

claim('it signs in and reads the community', async () => {
  [toPropose, toConfirm, archived] = [await offer(town, 'Jardinage'), await done(town, 75), await offer(town, 'À retirer')];
  await works('begin', network, town.slug);
  const { things, outbox } = memory();
  assert.deepEqual(outbox, []);
  assert.equal(things[toConfirm].state, 'DONE');
  assert.equal(things[archived].title, 'À retirer');
});

claim('offline it drafts: two drafts, two keys, kept through a restart', async () => {
  lose = () => true; // every answer; the phone cannot tell that from no network
  await works('confirm', toConfirm, '75');
  await works('propose', toPropose, '45');
  const { outbox } = memory();
  assert.deepEqual(outbox.map((d) => d.mutation), ['confirmExchange', 'proposeExchange']);
  assert.notEqual(outbox[0].key, outbox[1].key);
});

claim('it comes back twice with the same keys after answers were lost; the hours move once', async () => {
  const { outbox } = memory();
  const before = await balances(town);
  for (const mutation of ['confirmExchange', 'proposeExchange']) {
    for (let attempt = 1; attempt <= 2; attempt++) {
      lose = (document) => document.includes(`${mutation}(`); // it arrives; its answer does not
      const { status, said } = await phone('sync');
      assert.deepEqual([status, said.trim()], [2, 'the network failed; nothing is lost']);
      assert.equal(memory().outbox.find((d) => d.mutation === mutation).key, outbox.find((d) => d.mutation === mutation).key);
    }
  }
  lose = () => false;
  await works('sync');
  assert.deepEqual(memory().outbox, []);
  assert.deepEqual(await balances(town), [before[0] + 75, before[1] - 75]);
  const { community } = await ask(town.bruno, 'query ($slug: String!) { community(slug: $slug) { exchanges(first: 50) { nodes { id state } } } }', { slug: town.slug });
  assert.deepEqual(community.exchanges.nodes.map((x) => x.state).sort(), ['CONFIRMED', 'PROPOSED']);
});

claim('what happened while it was away comes with changes: new, different and gone', async () => {
  await ask(town.anna, 'mutation ($input: ArchiveListingInput!) { archiveListing(input: $input) { userErrors { message } } }', { input: { listingId: archived } });
  const later = await offer(town, 'Lecture à voix haute');
  const accepted = Object.values(memory().things).find((x) => x.state === 'PROPOSED').id;
  await ask(town.anna, 'mutation ($input: AcceptExchangeInput!) { acceptExchange(input: $input) { userErrors { message } } }', { input: { exchangeId: accepted } });
  await works('sync');
  const { things } = memory();
  assert.equal(things[later].title, 'Lecture à voix haute');
  assert.equal(things[accepted].state, 'ACCEPTED');
  assert.equal(things[town.bruno.account].held, 45);
  assert.equal(things[archived], undefined);
});

claim('an expired token is refreshed once, and the new pair kept', async () => {
  const old = memory();
  writeFileSync(file, JSON.stringify({ ...old, accessToken: 'expired' }));
  await works('sync');
  assert.notEqual(memory().accessToken, 'expired');
  assert.notEqual(memory().refreshToken, old.refreshToken);
});

claim('a cursor that leads nowhere: it reads the community anew', async () => {
  const old = memory();
  writeFileSync(file, JSON.stringify({ ...old, cursor: `${old.cursor}A`, things: { gone: { id: 'gone' } } }));
  await works('sync');
  assert.deepEqual(memory().things, old.things);
});

claim('what is refused stays for its person to see', async () => {
  await works('confirm', toConfirm, '90'); // it was settled long ago
  assert.match(await works('sync'), /confirmExchange: \S/);
  assert.equal(memory().outbox.length, 1);
});

claim('in the end it holds what the server holds', async () => {
  const { things } = memory();
  const { community } = await ask(town.bruno, `query ($slug: String!) { community(slug: $slug) {
    members(first: 100) { nodes { id account { id } } } listings(first: 100) { nodes { id } } exchanges(first: 100) { nodes { id } } } }`, { slug: town.slug });
  const ids = [...community.members.nodes.flatMap(({ id, account }) => [id, account?.id]), ...community.listings.nodes.map((l) => l.id), ...community.exchanges.nodes.map((x) => x.id)];
  const all = {};
  for (const id of ids.filter(Boolean)) {
    all[id] = (await ask(town.bruno, `query ($id: ID!) { node(id: $id) { __typename id
      ... on Member { displayName participation } ... on Listing { title is: state }
      ... on Exchange { state version minutes { estimated settled } provider { id } receiver { id } } ... on Account { balance held } } }`, { id })).node;
  }
  assert.deepEqual(things, all);
  assert.ok(Object.keys(all).length >= 3 + 1 + 2 + 2);
});
