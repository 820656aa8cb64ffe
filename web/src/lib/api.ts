// SPDX-License-Identifier: AGPL-3.0-or-later

import { Client, fetchExchange, type CombinedError, type TypedDocumentNode } from '@urql/core';
import { authExchange } from '@urql/exchange-auth';
import { RefreshSessionDocument } from '../api/graphql.ts';
import { reach } from './reach.svelte.ts';
import { forget, keep, kept } from './tokens.ts';
import { language } from './texts.svelte.ts';

/** What is wrong with a field of what was sent, or with all of it; the message is for people. */
export interface Problem {
  code: string;
  field?: readonly string[] | null;
  message: string;
}

/** A request that was not answered. OFFLINE is ours; other codes are in docs/errors.md. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
    /** What says more than the code, like STEP_UP_REQUIRED. */
    readonly reason?: string,
  ) {
    super(message);
  }

  /** Whether what was answered before may not be seen any more. */
  get gone(): boolean {
    return ['NOT_FOUND', 'FORBIDDEN', 'UNAUTHENTICATED'].includes(this.code);
  }
}

type Doc<D, V> = TypedDocumentNode<D, V>;

/** The name by which the program knows a document: the build leaves no more of it here. */
export function documentId(doc: object): string {
  return (doc as { __meta__: { documentId: string } }).__meta__.documentId;
}

function named<D, V>(doc: Doc<D, V>): Doc<D, V> {
  return { kind: 'Document', definitions: [], documentId: documentId(doc) } as unknown as Doc<D, V>;
}

/** What the program calls this app: "who still uses this field?" can be answered. */
export const client = { name: 'hora-admin', version: '1' };

const shared = {
  url: '/graphql',
  preferGetMethod: false as const,
  fetchOptions: () => ({
    headers: { 'Accept-Language': language.now, 'Hora-Client-Name': client.name, 'Hora-Client-Version': client.version },
  }),
};

const stranger = new Client({ ...shared, exchanges: [fetchExchange] });

const urql = new Client({
  ...shared,
  exchanges: [
    authExchange(async (utils) => ({
      addAuthToOperation(operation) {
        const tokens = kept();
        return tokens ? utils.appendHeaders(operation, { Authorization: `Bearer ${tokens.accessToken}` }) : operation;
      },
      willAuthError: old,
      didAuthError: (error) => kept() !== null && error.graphQLErrors.some((e) => e.extensions.code === 'UNAUTHENTICATED'),
      refreshAuth: refresh,
    })),
    fetchExchange,
  ],
});

function old(): boolean {
  const tokens = kept();
  return tokens !== null && tokens.ends < Date.now() + 15_000;
}

// One tab refreshes at a time, and the next one finds the new pair.
async function refresh() {
  const before = kept()?.accessToken;
  await navigator.locks.request('hora.refresh', async () => {
    const tokens = kept();
    if (!tokens || tokens.accessToken !== before) return;
    const { data, error } = await stranger.mutation(named(RefreshSessionDocument), { input: { refreshToken: tokens.refreshToken } }).toPromise();
    if (data?.refreshSession.session) keep(data.refreshSession.session);
    else if (!error?.networkError) signedOut();
  });
}

/** What is to happen when the session ends though nobody here ended it. */
export const ended = { then: () => {} };

function signedOut() {
  forget();
  ended.then();
}

/** The access token, fresh enough to open a stream with. */
export async function accessToken(): Promise<string | undefined> {
  if (old()) await refresh();
  return kept()?.accessToken;
}

/** Asks; throws a Refusal when there is no answer. */
export async function ask<D, V extends object>(doc: Doc<D, V>, variables: V): Promise<D> {
  return answer(await urql.query(named(doc), variables as never, { requestPolicy: 'network-only' }).toPromise());
}

/** Has something done. What the payload says is wrong comes back as problems; a Refusal is thrown. */
export async function act<D extends object, V extends object>(doc: Doc<D, V>, variables: V): Promise<Done<D[keyof D]>> {
  const data = answer(await urql.mutation(named(doc), variables as never).toPromise());
  const payload = Object.values(data).find((value) => typeof value === 'object') as D[keyof D] & { userErrors: Problem[] };
  return { payload, problems: payload.userErrors };
}

/** What a mutation answered, and what it says is wrong. */
export interface Done<P> {
  payload: P;
  problems: readonly Problem[];
}

function answer<D>({ data, error }: { data?: D; error?: CombinedError }): D {
  if (error?.networkError) {
    reach.lost();
    throw new Refusal('OFFLINE', '');
  }
  reach.found();
  const first = error?.graphQLErrors[0];
  if (first) {
    const code = String(first.extensions.code ?? 'INTERNAL');
    if (code === 'UNAUTHENTICATED') signedOut();
    throw new Refusal(code, first.message, first.extensions.reason as string | undefined);
  }
  if (!data) throw new Refusal('INTERNAL', '');
  return data;
}
