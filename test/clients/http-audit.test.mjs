// SPDX-License-Identifier: AGPL-3.0-or-later
// GraphQL over HTTP, as the authors of graphql-http understand it: every MUST,
// SHOULD and MAY.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverAudits } from 'graphql-http';

const audits = serverAudits({ url: `${process.env.HORA_URL}/graphql` });
let right = 0;

for (const audit of audits) {
  test(`${audit.id} ${audit.name}`, async () => {
    const { status, reason } = await audit.fn();
    assert.equal(status, 'ok', reason);
    right++;
  });
}

test('the audit is whole', () => {
  console.log(`graphql-http audit: ${right} of ${audits.length}`);
  assert.equal(right, 61);
});
