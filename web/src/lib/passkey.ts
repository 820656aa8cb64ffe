// SPDX-License-Identifier: AGPL-3.0-or-later

import { BeginPasskeySignInDocument, FinishPasskeySignInDocument, type FinishPasskeySignInMutation } from '../api/graphql.ts';
import { act, type Done } from './api.ts';
import { t } from './texts.svelte.ts';

/** Whether this browser can use passkeys. */
export const passkeys = 'PublicKeyCredential' in window && 'parseRequestOptionsFromJSON' in PublicKeyCredential;

/** Signs in with a passkey. */
export async function withKey(deviceName: string): Promise<Done<FinishPasskeySignInMutation['finishPasskeySignIn']>> {
  const begun = await act(BeginPasskeySignInDocument, {});
  if (begun.problems.length) return begun as never;
  const { ceremony, options } = begun.payload as { ceremony: string; options: { publicKey?: unknown } };
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON((options.publicKey ?? options) as never);
  try {
    const used = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
    return (await act(FinishPasskeySignInDocument, { input: { ceremony, response: used.toJSON() as never, deviceName } })) as never;
  } catch (error) {
    // Whoever closed the browser's own question said no; that is no mistake.
    if (error instanceof DOMException) return { payload: {} as never, problems: [{ code: 'PASSKEY_REFUSED', message: t('signIn.passkeyNone') }] };
    throw error;
  }
}
