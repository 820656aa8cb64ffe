// SPDX-License-Identifier: AGPL-3.0-or-later

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coordinates, judge, readFragment, readReleased } from './judge.js';

const before = (version, deprecated = '') => readReleased(`# Hora ${version}, feature level 4

type Query { listing: Listing }
type Listing { title: String! picture: String ${deprecated} }
enum State { OPEN }`);
const added = 'type Query { listing: Listing } type Listing { title: String! picture: String photos(size: Int): [String!]! } enum State { OPEN CLOSED }';
const removed = 'type Query { listing: Listing } type Listing { title: String! } enum State { OPEN }';
const said = (name, text) => readFragment(name, `${text}\n\nListings show pictures.`);

async function wrong(released, current, fragments, today = '2027-01-01') {
  return (await judge({ released, current, fragments, today })).wrong.join('\n');
}

test('what nobody speaks of is refused, however harmless', async () => {
  const said = await wrong(before('1.2.0'), added, []);
  assert.match(said, /speaks of Listing\.photos/);
  assert.match(said, /speaks of State\.CLOSED/);
});

test('a fragment that speaks of each change lets it through, and raises the level', async () => {
  const verdict = await judge({
    released: before('1.2.0'), current: added, today: '2027-01-01',
    fragments: [said('0005-photos.md', 'Contract: Listing.photos'), said('0006-closed.md', 'Contract: State.CLOSED')],
  });
  assert.deepEqual(verdict.wrong, []);
  assert.equal(verdict.level, 6);
});

test('a fragment has a sentence, a level of its own, and speaks of what changed', async () => {
  const levels = await wrong(before('1.2.0'), added, [said('0005-a.md', 'Contract: Listing.photos'), said('0005-b.md', 'Contract: State.CLOSED')]);
  assert.match(levels, /follow one another from 5: 5, 5/);
  const empty = await wrong(before('1.2.0'), added, [readFragment('0005-a.md', 'Contract: Listing.photos State.CLOSED\n\nTODO: say it.')]);
  assert.match(empty, /does not say what changes/);
  const idle = await wrong(before('1.2.0'), added, [said('0005-a.md', 'Contract: Listing.photos State.CLOSED Listing.title')]);
  assert.match(idle, /speaks of Listing\.title, which did not change/);
  const nameless = await wrong(before('1.2.0'), added, [said('photos.md', 'Contract: Listing.photos State.CLOSED')]);
  assert.match(nameless, /call it NNNN-what\.md/);
});

test('a field goes after the day that its deprecation named, and not before', async () => {
  const declared = [said('0005-gone.md', 'Breaking: Listing.picture')];
  const named = '@deprecated(reason: "Use `photos`. Since 2026-06-01, gone from 2027-06-01.")';
  assert.match(await wrong(before('1.2.0'), removed, declared), /it was not deprecated/);
  assert.match(await wrong(before('1.2.0', named), removed, declared, '2027-05-31'), /before its day \(2027-06-01\)/);
  assert.equal(await wrong(before('1.2.0', named), removed, declared, '2027-06-01'), '');
  assert.match(await wrong(before('1.2.0', named), removed, [said('0005-gone.md', 'Contract: Listing.picture')], '2027-06-01'), /not declared so/);
});

test('before 1.0.0 a break only has to be declared', async () => {
  assert.match(await wrong(before('0.3.0'), removed, [said('0005-gone.md', 'Contract: Listing.picture')]), /not declared so/);
  assert.equal(await wrong(before('0.3.0'), removed, [said('0005-gone.md', 'Breaking: Listing.picture')]), '');
});

test('other words are no change', async () => {
  assert.equal(await wrong(before('1.2.0'), `"All." type Query { "One." listing: Listing } type Listing { title: String! picture: String } enum State { OPEN }`, []), '');
});

test('a type speaks for all that is in it', () => {
  assert.deepEqual(coordinates([{ path: 'Photo' }, { path: 'Photo.url' }, { path: 'Listing.photos' }]), ['Listing.photos', 'Photo']);
});
