// SPDX-License-Identifier: AGPL-3.0-or-later

/** What a sign-in gives. */
export interface Given {
  accessToken: string;
  refreshToken: string;
}

/** What keeps this browser signed in. */
export interface Kept extends Given {
  /** When the access token ends, by this device's own clock, which may be wrong. */
  ends: number;
}

// Volunteers share the office's computer: unless somebody asks to stay signed in,
// what keeps them signed in ends with the tab.
const name = 'hora.session';

/** What keeps this browser signed in; null when nothing does. */
export function kept(): Kept | null {
  const text = sessionStorage.getItem(name) ?? localStorage.getItem(name);
  return text ? (JSON.parse(text) as Kept) : null;
}

/** Keeps a session for this tab, or with `stay` for this browser; where it was kept unless said. */
export function keep({ accessToken, refreshToken }: Given, stay = localStorage.getItem(name) !== null) {
  forget();
  const value: Kept = { accessToken, refreshToken, ends: Date.now() + lifetime(accessToken) };
  (stay ? localStorage : sessionStorage).setItem(name, JSON.stringify(value));
}

/** Forgets who was signed in here. */
export function forget() {
  sessionStorage.removeItem(name);
  localStorage.removeItem(name);
}

function lifetime(token: string): number {
  const claims = JSON.parse(atob(token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/'))) as { iat: number; exp: number };
  return (claims.exp - claims.iat) * 1000;
}
