// SPDX-License-Identifier: AGPL-3.0-or-later

import { configs, parser, rules } from '@graphql-eslint/eslint-plugin';

// The contract is looked at whole, as `hora schema` prints it: what an app's
// developer reads is what must be clean. Both presets hold as they stand; each
// exception says why the rule would make the contract worse.
const recommended = configs['flat/schema-recommended'].rules;
const relay = configs['flat/schema-relay'].rules;
const [severity, naming] = recommended['@graphql-eslint/naming-convention'];
const objects = 'ObjectTypeDefinition,ObjectTypeExtension';

export default [
  {
    files: ['contract.graphqls'],
    languageOptions: { parser, parserOptions: { graphQLConfig: { schema: 'contract.graphqls' } } },
    plugins: { '@graphql-eslint': { rules } },
    rules: {
      ...recommended,
      ...relay,

      // Beyond the preset: arguments, input fields and enum values are described too.
      '@graphql-eslint/require-description': ['error', {
        types: true, rootField: true, DirectiveDefinition: true, EnumValueDefinition: true, FieldDefinition: true, InputValueDefinition: true,
      }],
      '@graphql-eslint/require-deprecation-reason': 'error',

      // "Type of service" is the field's own word (the catalogue of service types);
      // the suffix is not a habit of programmers here.
      '@graphql-eslint/naming-convention': [severity, {
        ...naming,
        [objects]: { forbiddenPrefixes: naming[objects].forbiddenPrefixes },
      }],

      // Connections offer `nodes` beside `edges`, and short complete lists (a
      // listing's pictures, a member's roles) are lists: paging what cannot be long
      // costs a phone two levels for nothing. An account's entries are read through
      // their account alone, so their edge's node is no Node.
      '@graphql-eslint/relay-edge-types': ['error', { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false }],

      // A person's memberships and notifications are read from the newest on; nobody
      // needs them from the other end.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],

      // What has an identity is a Node, and the server's own tests hold every Node to
      // its id. The rest are values: a payload, a page, an error, a sum.
      '@graphql-eslint/strict-id-in-types': 'off',
    },
  },
];
