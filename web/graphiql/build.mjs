// SPDX-License-Identifier: AGPL-3.0-or-later

// Makes dist/ from the pinned packages: one script, one sheet, no address of
// anybody else in them. The same packages give the same bytes.

import { readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const { metafile } = await build({
  entryPoints: { graphiql: 'src/main.js' },
  outdir: 'dist',
  bundle: true,
  tsconfigRaw: {}, // the dashboard's, a folder above, is none of this page's business
  external: ['graphql-ws'], // optional to GraphiQL, and this page subscribes to nothing
  minify: true,
  format: 'iife',
  target: ['es2022'],
  jsx: 'automatic',
  define: { 'process.env.NODE_ENV': '"production"' },
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
});

// A package missing here would be looked for in the dashboard's, a folder above:
// what is bundled would then depend on whether that one was installed yet.
const strangers = Object.keys(metafile.inputs).filter((path) => path.startsWith('..'));
if (strangers.length > 0) throw new Error(`not of web/graphiql/package-lock.json: ${strangers.join(', ')}`);

// Three hundred kilobytes of fonts are left out: every system has some.
const sheet = readFileSync('dist/graphiql.css', 'utf8');
writeFileSync('dist/graphiql.css', sheet.replace(/@font-face\{[^}]*\}/g, ''));

// Whose work it is, and under which licence, goes with it.
const packages = ['graphiql', '@graphiql/react', '@graphiql/toolkit', 'graphql', 'react', 'react-dom'];
const lines = packages.map((name) => {
  const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8'));
  return `${name} ${version} (${license})`;
});
writeFileSync('dist/NOTICE.txt', `Bundled by web/graphiql/build.mjs:\n${lines.join('\n')}\n\n${readFileSync('node_modules/graphiql/LICENSE', 'utf8')}`);
