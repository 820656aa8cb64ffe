// SPDX-License-Identifier: AGPL-3.0-or-later

import { language } from './texts.svelte.ts';

const unbroken = '\u00a0';

/** An amount of time as the program writes it: "2 h 05", "45 min", "−1 h 30". */
export function hours(minutes: number): string {
  const space = language.now === 'fr' ? unbroken : ' ';
  const sign = minutes < 0 ? '−' : '';
  const whole = Math.floor(Math.abs(minutes) / 60);
  const rest = Math.abs(minutes) % 60;
  if (rest === 0) return `${sign}${number(whole)}${space}h`;
  if (whole === 0) return `${sign}${rest}${space}min`;
  return `${sign}${number(whole)}${space}h${space}${String(rest).padStart(2, '0')}`;
}

/** Minutes that somebody typed: "1h30", "1:30", "1,5", "90 min", "2"; hours unless said. null when it says nothing. */
export function typedMinutes(text: string): number | null {
  const s = text.trim().toLowerCase().replaceAll(/\s+/g, '');
  let m = /^(\d{1,4})(?:h|:)(\d{1,2})?(?:min|m)?$/.exec(s);
  if (m) return Number(m[2] ?? 0) < 60 ? Number(m[1]) * 60 + Number(m[2] ?? 0) : null;
  m = /^(\d{1,5})(?:min|mn|m)$/.exec(s);
  if (m) return Number(m[1]);
  m = /^(\d{1,4})(?:[.,](\d{1,2}))?$/.exec(s);
  return m ? Math.round(Number(`${m[1]}.${m[2] ?? 0}`) * 60) : null;
}

/** The same with a sign: a floor lies below zero. */
export function signedMinutes(text: string): number | null {
  const below = /^\s*[-−]/.test(text);
  const minutes = typedMinutes(text.replace(/^\s*[-−]/, ''));
  return minutes === null ? null : below ? -minutes : minutes;
}

/** A figure with its thousands parted. */
export function number(n: number): string {
  return new Intl.NumberFormat(language.now).format(n);
}

/** A share of one as a percentage without decimals. */
export function percent(share: number): string {
  return new Intl.NumberFormat(language.now, { style: 'percent' }).format(share);
}

const zone = { name: 'UTC' };

/** The time zone of the community whose pages are open: all moments are told in it. */
export function tellTimeOf(timeZone: string) {
  zone.name = timeZone;
}

/** A day: "3 mars 2026". */
export function day(at: string): string {
  return moment(at, { day: 'numeric', month: 'long', year: 'numeric' });
}

/** A day in little room: "03/03/2026". */
export function shortDay(at: string): string {
  return moment(at, { day: '2-digit', month: '2-digit', year: 'numeric' });
}

/** A moment: "3 mars 2026, 14:30". */
export function time(at: string): string {
  return moment(at, { day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit' });
}

/** A day without a time is the same day everywhere. */
function moment(at: string, parts: Intl.DateTimeFormatOptions): string {
  const timeZone = /^\d{4}-\d\d-\d\d$/.test(at) ? 'UTC' : zone.name;
  return new Intl.DateTimeFormat(language.now === 'fr' ? 'fr-FR' : 'en-GB', { ...parts, timeZone }).format(new Date(at));
}

/** How long ago or ahead, in the coarsest unit that says it: "il y a 3 jours". */
export function ago(at: string, now = Date.now()): string {
  const seconds = (Date.parse(at) - now) / 1000;
  const units = [['year', 31_557_600], ['month', 2_629_800], ['week', 604_800], ['day', 86_400], ['hour', 3600], ['minute', 60]] as const;
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? ['minute', 60];
  return new Intl.RelativeTimeFormat(language.now, { numeric: 'auto' }).format(Math.trunc(seconds / size), unit);
}

/** What tells the day of a moment in the community's calendar, like 2026-03-03. */
export function calendar(): (at: Date) => string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: zone.name }).format;
}

/** The present day in the community's calendar. */
export function today(): string {
  return calendar()(new Date());
}

/** The month of a day: "mars 2026". */
export function month(at: string): string {
  return moment(at, { month: 'long', year: 'numeric' });
}

/** The moment that a clock on the community's wall showed: of "2026-03-03T14:30" as a field gives it. */
export function instant(wall: string): string {
  const wanted = Date.parse(`${wall}Z`);
  let at = wanted;
  // Once for the offset, once more where that steps over a change of summer time.
  for (let i = 0; i < 2; i++) at += wanted - Date.parse(`${new Date(at).toLocaleString('sv-SE', { timeZone: zone.name }).replace(' ', 'T')}Z`);
  return new Date(at).toISOString();
}

/** The last second of a day of the community's calendar, like 2026-03-03. */
export function endOf(day: string): string {
  return instant(`${day}T23:59:59`);
}
