// SPDX-License-Identifier: AGPL-3.0-or-later

import type { CodegenConfig } from '@graphql-codegen/cli';

// The documents stand beside the screens; what the program trusts is written to
// documents.json, and the pages send only a document's hash.
const config: CodegenConfig = {
  schema: ['../schema.graphqls', '../graph/schema/*.graphqls'],
  documents: 'src/**/*.graphql',
  generates: {
    'src/api/': {
      preset: 'client',
      presetConfig: {
        fragmentMasking: false,
        persistedDocuments: { mode: 'replaceDocumentWithHash', hashPropertyName: 'documentId', hashAlgorithm: 'sha256' },
      },
      config: {
        enumsAsTypes: true,
        useTypeImports: true,
        strictScalars: true,
        scalars: { DateTime: 'string', Date: 'string', Minutes: 'number', Cursor: 'string', Locale: 'string', JSON: 'unknown', MinorUnits: 'number' },
      },
    },
  },
};

export default config;
