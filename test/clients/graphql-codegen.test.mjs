// SPDX-License-Identifier: AGPL-3.0-or-later
// graphql-codegen: types that TypeScript accepts, with a case for values to come, and
// the manifest of a release.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import zlib from 'node:zlib';
import { claims, found, send, serveAlso, url } from './town.mjs';

const claim = claims('graphql-codegen');
const folder = mkdtempSync(join(tmpdir(), 'hora-codegen-'));
after(() => rmSync(folder, { recursive: true }));
symlinkSync(join(import.meta.dirname ?? process.cwd(), 'node_modules'), join(folder, 'node_modules'));
writeFileSync(join(folder, 'package.json'), '{"type":"module"}');

const documents = `
query Home($slug: String!) { community(slug: $slug) { id name members(first: 10) { nodes { ...Face } } } }
fragment Face on Member { id displayName participation }
mutation Propose($input: ProposeExchangeInput!) {
  proposeExchange(input: $input) { exchange { id state } userErrors { __typename code message ... on OutOfRange { minimum maximum } } } }
subscription Follow($community: ID!, $since: Cursor) { exchangeUpdated(communityId: $community, since: $since) { cursor exchange { id state } } }
query Sync($community: ID!, $since: Cursor) {
  changes(communityId: $community, since: $since, first: 100) { nextCursor hasMore resetRequired
    items { kind objectId node { __typename id ... on Exchange { state version } ... on Listing { title } ... on Account { balance } } } } }
`;

writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ files: ['app.ts', 'careless.ts'], compilerOptions: {
  noEmit: true, strict: true, skipLibCheck: true, module: 'nodenext', target: 'es2022', allowImportingTsExtensions: true, types: [] } }));

// run runs one of the packages' programs there.
function run(program, ...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join('node_modules', program), ...args], { cwd: folder, encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

// generate asks the server for its contract, and writes types and manifest. Where
// Node has no zstd its fetch says all the same that it takes it.
function generate(text) {
  const at = { [`${url}/graphql`]: { headers: 'createZstdDecompress' in zlib ? {} : { 'accept-encoding': 'br' } } };
  writeFileSync(join(folder, 'app.graphql'), text);
  writeFileSync(join(folder, 'codegen.json'), JSON.stringify({
    schema: [at], documents: ['app.graphql'],
    generates: { './made/': { preset: 'client', presetConfig: { persistedDocuments: { hashAlgorithm: 'sha256' }, fragmentMasking: false }, config: { useTypeImports: true, enumsAsTypes: true, futureProofEnums: true } } },
  }));
  return run('@graphql-codegen/cli/cjs/bin.js', '--config', 'codegen.json');
}
const manifest = () => JSON.parse(readFileSync(join(folder, 'made', 'persisted-documents.json'), 'utf8'));

claim('it refuses what the contract does not have', () => {
  const { status, said } = generate(documents.replace('displayName', 'displayedName'));
  assert.notEqual(status, 0);
  assert.match(said, /displayedName/);
});

claim('it reads the contract from the server and generates', () => {
  const { status, said } = generate(documents);
  assert.equal(status, 0, said);
  assert.equal(Object.keys(manifest()).length, 4);
  for (const id of Object.keys(manifest())) assert.match(id, /^sha256:[0-9a-f]{64}$/);
});

claim('TypeScript accepts it, holds an app to it, and knows of values to come', () => {
  const app = (line) => `import type { HomeQuery, ProposeMutation } from './made/graphql.ts'
export function shown(home: HomeQuery, answer: ProposeMutation): string {
  const names: string[] = home.community?.members.nodes.map((m) => m.displayName) ?? []
  for (const e of answer.proposeExchange.userErrors) if (e.__typename === 'OutOfRange') names.push(String(e.maximum + 1))
  const state = answer.proposeExchange.exchange?.state
  ${line}
  return names.join()
}`;
  writeFileSync(join(folder, 'app.ts'), app(`if (state === '%future added value') names.push('?')`));
  writeFileSync(join(folder, 'careless.ts'), app('names.push(home.community!.slug)')); // which it does not ask for
  const { said } = run('typescript/bin/tsc', '--project', '.');
  assert.deepEqual(said.trim().split('\n').map((line) => line.replace(/ on type.*/, '')), ["careless.ts(6,30): error TS2339: Property 'slug' does not exist"]);
});

claim('a server that trusts this release runs its documents by name, and no other', async (t) => {
  const town = await found();
  const at = (await serveAlso(t, '--documents', 'trusted', '--trusted-documents', join(folder, 'made', 'persisted-documents.json'))).url;
  const named = (name) => Object.keys(manifest()).find((id) => manifest()[id].includes(` ${name}(`));
  const home = await send(town.anna, { documentId: named('Home'), variables: { slug: town.slug } }, at);
  assert.deepEqual(home.data.community.members.nodes.map((m) => m.displayName).sort(), ['Anna', 'Bruno', 'Fatou']);
  const sync = await send(town.anna, { documentId: named('Sync'), variables: { community: town.id } }, at);
  assert.equal(sync.data.changes.items.length, 0);
  const propose = await send(town.bruno, { documentId: named('Propose'), variables: { input: {
    communityId: town.id, providerId: town.anna.member, receiverId: town.bruno.member, serviceTypeId: town.serviceType, minutes: 60 } } }, at);
  assert.equal(propose.data.proposeExchange.exchange.state, 'PROPOSED');
  const stranger = await send(town.anna, { query: '{ serverInfo { version } }' }, at);
  assert.equal(stranger.errors[0].extensions.reason, 'DOCUMENT_NOT_TRUSTED');
});
