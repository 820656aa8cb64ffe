// SPDX-License-Identifier: AGPL-3.0-or-later

import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import 'graphiql/style.css';
import './page.css';
import { english, french } from './examples.js';

const lang = document.documentElement.lang;
const examples = lang === 'fr' ? french : english;

createRoot(document.getElementById('graphiql')).render(createElement(GraphiQL, {
  fetcher: createGraphiQLFetcher({ url: '/graphql' }),
  defaultTabs: examples.map((query) => ({ query, headers: '{}' })),
  defaultQuery: examples[0],
  isHeadersEditorEnabled: true,
  shouldPersistHeaders: false,
  defaultEditorToolsVisibility: 'headers',
}));
