// SPDX-License-Identifier: AGPL-3.0-or-later

import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { texts } from './texts.ts';

// One workspace, an entry for each kind of user: the dashboard now. The program serves what stands below `base`, so that
// an app for members is a build of its own over the same src/lib and src/ui: another root, base '/app/' and outDir.
export default defineConfig({
  base: '/admin/',
  plugins: [svelte({ compilerOptions: { runes: true } }), texts()],
  build: {
    outDir: 'dist',
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // the policy runs nothing that stands in a page
    reportCompressedSize: false,
    license: { fileName: 'NOTICE.md' }, // whose work it is, and under which licence, goes with it
    rollupOptions: { output: { hashCharacters: 'hex' }, checks: { pluginTimings: false } },
  },
  server: { proxy: { '/graphql': { target: 'http://localhost:8080', ws: true } } },
});
