// SPDX-License-Identifier: AGPL-3.0-or-later

import type { ModerationAction, ReportReason } from '../../api/graphql.ts';
import { fill } from '../../lib/fill.ts';

/** Why something is reported; each names a rule as well. */
export const reasons: readonly ReportReason[] = ['UNSAFE_NOW', 'HARASSMENT', 'DISCRIMINATION', 'FRAUD', 'UNSUITABLE', 'PRIVACY', 'SPAM', 'OTHER'];

/** For how many days an action lasts; those without end are not here. */
export const lasting: Partial<Record<ModerationAction, { usual: number; most: number }>> = {
  HIDE: { usual: 14, most: 30 },
  FREEZE: { usual: 7, most: 14 },
};

/** What may be done about a subject, from the mildest to the hardest. */
export function actionsFor(subject: string | undefined): ModerationAction[] {
  const all: ModerationAction[] = ['NONE', 'NOTE', 'WARN', 'HIDE', 'REMOVE', 'FREEZE', 'SUSPEND'];
  return all.filter((action) => subject === 'Listing' || (action !== 'HIDE' && action !== 'REMOVE'));
}

/** Whether its member is told: what changes nothing for them stays among those who moderate. */
export const told = (action: ModerationAction) => action !== 'NONE' && action !== 'NOTE';

/** Whether it takes something from a member that time alone does not soon give back. */
export const hard = (action: ModerationAction) => action === 'REMOVE' || action === 'FREEZE' || action === 'SUSPEND';

/** A statement to start from, in the language of who will read it. */
export async function template(lang: 'fr' | 'en', reason: ReportReason, action: ModerationAction): Promise<string> {
  const texts = (await (lang === 'fr' ? import('virtual:texts/fr') : import('virtual:texts/en'))).default;
  const t = (key: string) => fill(lang, texts[`web.${key}`] ?? '', {});
  const asks = t(`moderation.template.${action}`);
  return told(action) ? `${t(`moderation.because.${reason}`)} ${asks}` : asks;
}
