// SPDX-License-Identifier: AGPL-3.0-or-later

const dayLong = 86_400_000;

/** A day some days later, both like 2026-03-03. */
export function later(day: string, days: number): string {
  return new Date(Date.parse(day) + days * dayLong).toISOString().slice(0, 10);
}

/** The Monday of a day's week; of today's where the address says no day. */
export function monday(said: string | null, today: string): string {
  const day = said && !Number.isNaN(Date.parse(said)) ? said.slice(0, 10) : today;
  return later(day, -((new Date(day).getUTCDay() + 6) % 7));
}

/** Points with their sign, as a counter shows them. */
export const signed = (points: number) => (points > 0 ? `+${points}` : String(points).replace('-', '−'));
