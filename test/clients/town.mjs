// SPDX-License-Identifier: AGPL-3.0-or-later
// What every client needs before it can show anything: people, a community, hours
// to move; servers of its own, to stop in the middle; and a count of what held.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';

export const url = process.env.HORA_URL;

// claims counts a client's tests; the last one says how many of them held.
export function claims(client) {
  let [all, right] = [0, 0];
  const claim = (name, run) => {
    all++;
    return test(name, async (t) => {
      await run(t);
      right++;
    });
  };
  after(() => console.log(`${client}: ${right} of ${all}`));
  return claim;
}

// ask sends a document as somebody, and wants data without errors.
export async function ask(who, query, variables = {}, at = url) {
  const { data, errors } = await send(who, { query, variables }, at);
  assert.equal(errors, undefined, JSON.stringify(errors));
  for (const [name, payload] of Object.entries(data)) {
    assert.deepEqual(payload?.userErrors ?? [], [], `${name}: ${JSON.stringify(payload?.userErrors)}`);
  }
  return data;
}

export async function send(who, body, at = url, headers = {}) {
  const answer = await fetch(`${at}/graphql`, {
    method: 'POST', body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', ...(who && { Authorization: `Bearer ${who.accessToken}` }), ...headers },
  });
  return answer.json();
}

export async function register(displayName) {
  const [email, password] = [`${randomUUID()}@example.org`, 'une heure vaut une heure'];
  const { register } = await ask(null, `mutation ($input: RegisterInput!) {
    register(input: $input) { session { accessToken refreshToken } viewer { person { id } } userErrors { message } } }`,
  { input: { displayName, email, password, locale: 'fr' } });
  return { displayName, email, password, person: register.viewer.person.id, ...register.session };
}

// found makes a community of three: Fatou coordinates, Anna offers, Bruno asks.
export async function found() {
  const [fatou, anna, bruno] = await Promise.all(['Fatou', 'Anna', 'Bruno'].map(register));
  const slug = `port-${randomUUID().slice(0, 8)}`;
  const { createCommunity } = await ask(fatou, `mutation ($input: CreateCommunityInput!) {
    createCommunity(input: $input) { community { id } userErrors { message } } }`,
  { input: { name: 'Accorderie du Port', slug, preset: 'accorderie', locale: 'fr', timeZone: 'Europe/Paris' } });
  const id = createCommunity.community.id;
  for (const one of [anna, bruno]) {
    const { applyToJoin } = await ask(one, `mutation ($input: ApplyToJoinInput!) {
      applyToJoin(input: $input) { member { id } userErrors { message } } }`, { input: { communityId: id, message: 'Bonjour !' } });
    one.member = applyToJoin.member.id;
    const { admitMember } = await ask(fatou, `mutation ($input: AdmitMemberInput!) {
      admitMember(input: $input) { member { account { id } } userErrors { message } } }`, { input: { memberId: one.member } });
    one.account = admitMember.member.account.id;
  }
  const { community } = await ask(fatou, `query ($slug: String!) {
    community(slug: $slug) { serviceTypes { children { children { id } } } } }`, { slug });
  return { id, slug, fatou, anna, bruno, serviceType: community.serviceTypes[0].children[0].children[0].id };
}

// offer has Anna offer something.
export async function offer(town, title = 'Retouches et ourlets') {
  const { createListing } = await ask(town.anna, `mutation ($input: CreateListingInput!) {
    createListing(input: $input) { listing { id } userErrors { message } } }`,
  { input: { communityId: town.id, kind: 'OFFER', title, serviceTypeId: town.serviceType } });
  return createListing.listing.id;
}

// done is an exchange that only Bruno's confirmation is missing to.
export async function done(town, minutes = 60) {
  const { proposeExchange } = await ask(town.bruno, `mutation ($input: ProposeExchangeInput!) {
    proposeExchange(input: $input) { exchange { id } userErrors { message } } }`,
  { input: { communityId: town.id, listingId: await offer(town), minutes } });
  const exchangeId = proposeExchange.exchange.id;
  await ask(town.anna, 'mutation ($input: AcceptExchangeInput!) { acceptExchange(input: $input) { userErrors { message } } }', { input: { exchangeId } });
  await ask(town.anna, 'mutation ($input: CompleteExchangeInput!) { completeExchange(input: $input) { userErrors { message } } }', { input: { exchangeId, minutes } });
  return exchangeId;
}

// balances are Anna's and Bruno's, as the server has them.
export async function balances(town) {
  const of = async (who) => (await ask(who, 'query ($id: ID!) { node(id: $id) { ... on Account { balance } } }', { id: who.account })).node.balance;
  return [await of(town.anna), await of(town.bruno)];
}

// serveAlso starts one more server on the same database, for one test at most; stop
// sends SIGTERM.
export async function serveAlso(t, ...args) {
  const hora = spawn(process.env.HORA_BINARY, ['serve', '--dev', '--no-jobs', '--listen', 'localhost:0', '--metrics-listen', '',
    '--log-level', 'error', '--cost-per-minute', '0', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(hora, 'exit');
  const stop = async () => {
    hora.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null], 'the server does not stop well');
  };
  t.after(stop);
  for await (const line of createInterface(hora.stdout)) {
    const [, at] = line.split('listens on ');
    if (at) {
      hora.stdout.resume();
      return { url: at, stop };
    }
  }
  throw new Error('the server never says where it listens');
}

// advance moves the clock of one server.
export async function advance(by, at) {
  const answer = await fetch(`${at}/dev/clock`, { method: 'POST', body: JSON.stringify({ advance: by }) });
  assert.equal(answer.status, 200);
}

// within waits for something, but not for ever.
export async function within(seconds, promise, what) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`${what}: not within ${seconds} s`)), seconds * 1000); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// cursor is where Bruno's app begins to follow the town.
export async function cursor(town) {
  return (await ask(town.bruno, 'query ($id: ID!) { changes(communityId: $id) { nextCursor } }', { id: town.id })).changes.nextCursor;
}

// badNetwork lies between an app and the server. Everything arrives there; what the
// server answers is lost when lose says so of the request's document.
export async function badNetwork(t, lose) {
  const network = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    const answer = await fetch(url + request.url, {
      method: request.method, ...(body.length && { body }),
      headers: { 'Content-Type': 'application/json', Authorization: request.headers.authorization ?? '', Accept: request.headers.accept ?? '*/*' },
    });
    const text = await answer.text();
    if (lose(body.toString())) {
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.status, { 'Content-Type': answer.headers.get('Content-Type') });
    response.end(text);
  }).listen(0, 'localhost');
  await once(network, 'listening');
  t.after(() => network.close());
  return `http://localhost:${network.address().port}`;
}
