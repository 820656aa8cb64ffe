// SPDX-License-Identifier: AGPL-3.0-or-later

/** The moment when a day begins in a time zone. */
function begin(day: string, timeZone: string): Date {
  const naive = Date.parse(`${day}T00:00:00Z`);
  const parts = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  const shift = (at: number) => Date.parse(`${parts.format(at).replace(' ', 'T')}Z`) - at;
  // Twice, since the clocks may change between the two.
  return new Date(naive - shift(naive - shift(naive)));
}

function after(day: string): string {
  return new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
}

/** Days as the API's stretch of time, the last day included; an empty day is no bound. */
export function periodOf(from: string, until: string, timeZone: string): { from?: string; until?: string } {
  return {
    ...(from ? { from: begin(from, timeZone).toISOString() } : {}),
    ...(until ? { until: begin(after(until), timeZone).toISOString() } : {}),
  };
}
