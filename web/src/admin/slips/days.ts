// SPDX-License-Identifier: AGPL-3.0-or-later

/** A day that somebody typed, like 2026-03-31: "31/3/2026", "31.3.26", "2026-03-31"; without a year or a month the last such day. null when it is none. */
export function typedDay(text: string, today: string): string | null {
  const s = text.trim();
  let m = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(s);
  if (m) return made(Number(m[1]), Number(m[2]), Number(m[3]));
  m = /^(\d{1,2})(?:[/. -](\d{1,2})(?:[/. -](\d{4}|\d{2}))?)?$/.exec(s);
  if (!m) return null;
  const [year, month] = today.split('-').map(Number) as [number, number];
  const day = Number(m[1]);
  if (m[3]) return made(m[3].length === 2 ? 2000 + Number(m[3]) : Number(m[3]), Number(m[2]), day);
  if (m[2]) {
    const here = made(year, Number(m[2]), day);
    return here && here > today ? made(year - 1, Number(m[2]), day) : here;
  }
  for (let back = 0; back < 12; back++) {
    const at = year * 12 + month - 1 - back;
    const found = made(Math.floor(at / 12), (at % 12) + 1, day);
    if (found && found <= today) return found;
  }
  return null;
}

function made(year: number, month: number, day: number): string | null {
  const at = new Date(Date.UTC(year, month - 1, day));
  return at.getUTCMonth() === month - 1 && at.getUTCDate() === day ? at.toISOString().slice(0, 10) : null;
}
