// SPDX-License-Identifier: AGPL-3.0-or-later

// node contract.mjs check            every change since the last release is declared
// node contract.mjs draft NAME       writes a fragment for those that are not
// node contract.mjs release X.Y.Z    what is declared becomes the changelog, what is becomes the released contract

import { readFileSync, readdirSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { coordinates, judge, readFragment, readReleased } from './judge.js';

const root = new URL('../../', import.meta.url);
const at = (path) => new URL(path, root);
const read = (path) => readFileSync(at(path), 'utf8');

const [command, name] = process.argv.slice(2);
const current = read('test/contract/contract.graphqls');
const released = readReleased(read('docs/contract/released.graphqls'));
const fragments = readdirSync(at('docs/changes')).filter((f) => f.endsWith('.md') && f !== 'README.md').sort()
  .map((f) => readFragment(f, read(`docs/changes/${f}`)));
const today = new Date().toISOString().slice(0, 10);
const verdict = await judge({ released, current, fragments, today });

if (command === 'check') {
  for (const sentence of verdict.wrong) console.error(sentence);
  const breaking = verdict.changes.filter((c) => c.breaking).length;
  console.log(`contract: ${verdict.changes.length} changes since ${released.version}, ${breaking} of them breaking, `
    + `in ${fragments.length} fragments; feature level ${verdict.level}; ${verdict.wrong.length} undeclared or wrong`);
  process.exitCode = verdict.wrong.length ? 1 : 0;
} else if (command === 'draft' && /^[a-z0-9-]+$/.test(name ?? '')) {
  const told = (c) => !fragments.some((f) => [...f.contract, ...f.breaking].some((p) => c.path === p || c.path.startsWith(`${p}.`)));
  const rest = verdict.changes.filter(told);
  const file = `docs/changes/${String(verdict.level + 1).padStart(4, '0')}-${name}.md`;
  const breaking = coordinates(rest.filter((c) => c.breaking));
  const contract = coordinates(rest.filter((c) => !c.breaking));
  writeFileSync(at(file), `${contract.length ? `Contract: ${contract.join(' ')}\n` : ''}${breaking.length ? `Breaking: ${breaking.join(' ')}\n` : ''}
TODO: say in a sentence what changes for somebody who writes an app.\n`);
  console.log(`${file}: say what changes, and raise FeatureLevel in graph/contract.go to ${verdict.level + 1}`);
} else if (command === 'release' && /^\d+\.\d+\.\d+$/.test(name ?? '')) {
  if (verdict.wrong.length) throw new Error('not before "check" is content');
  const section = `## ${name}, ${today}\n\nFeature level ${verdict.level}.\n\n`
    + fragments.map((f) => `${f.breaking.length ? '**Breaking.** ' : ''}${f.body}${f.level ? ` *(level ${f.level})*` : ''}\n`).join('\n');
  const log = existsSync(at('CHANGELOG.md')) ? read('CHANGELOG.md') : '# What changed\n';
  const [title, ...rest] = log.split(/\n(?=## )/);
  writeFileSync(at('CHANGELOG.md'), [title.trimEnd() + '\n', section.trimEnd() + '\n', ...rest].join('\n'));
  writeFileSync(at('docs/contract/released.graphqls'), `# Hora ${name}, feature level ${verdict.level}\n\n${current}`);
  for (const f of fragments) rmSync(at(`docs/changes/${f.name}`));
  console.log(`CHANGELOG.md and docs/contract/released.graphqls are those of ${name}`);
} else {
  console.error('node contract.mjs check | draft NAME | release X.Y.Z');
  process.exitCode = 2;
}
