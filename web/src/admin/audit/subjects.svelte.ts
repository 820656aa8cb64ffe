// SPDX-License-Identifier: AGPL-3.0-or-later

import { AuditSubjectsDocument, type AuditSubjectsQuery } from '../../api/graphql.ts';
import { ask } from '../../lib/api.ts';
import { to } from '../../lib/router.svelte.ts';
import { t } from '../../lib/texts.svelte.ts';

type Node = NonNullable<AuditSubjectsQuery['nodes'][number]>;

const most = 50;

/** What the entries of a log are about: asked for once, however long the log is read. */
export class Subjects {
  private known = $state.raw<ReadonlyMap<string, Node>>(new Map());
  private asked = new Set<string>();

  /** The subject of an id, once it is known and the viewer may see it. */
  get(id: string | null | undefined): Node | undefined {
    return id ? this.known.get(id) : undefined;
  }

  /** Asks for those that were not asked for yet; what is refused is asked for the next time. */
  async learn(ids: readonly string[]) {
    const fresh = [...new Set(ids)].filter((id) => !this.asked.has(id));
    for (const id of fresh) this.asked.add(id);
    for (let i = 0; i < fresh.length; i += most) {
      const part = fresh.slice(i, i + most);
      try {
        const { nodes } = await ask(AuditSubjectsDocument, { ids: part });
        this.known = new Map([...this.known, ...nodes.flatMap((node) => (node ? [[node.id, node] as const] : []))]);
      } catch (error) {
        for (const id of fresh.slice(i)) this.asked.delete(id);
        throw error;
      }
    }
  }
}

/** What a subject is called, and where it stands; undefined where no screen shows it. */
export function told(node: Node, slug: string): { text: string; href: string } | undefined {
  switch (node.__typename) {
    case 'Member': return { text: node.displayName, href: to(slug, 'members', node.id) };
    case 'Listing': return { text: node.title, href: to(slug, 'listings', node.id) };
    case 'Exchange': return { text: t('audit.exchange', { number: node.number }), href: to(slug, 'exchanges', node.id) };
    case 'Decision': return { text: node.question, href: to(slug, 'decisions', node.id) };
    case 'Cycle': return { text: t('audit.cycle'), href: to(slug, 'cycles', node.id) };
    case 'Activity': return { text: t('audit.activity'), href: to(slug, 'together', 'activities', node.id) };
    case 'ModerationMeasure': return { text: t(`moderation.action.${node.action}`), href: to(slug, 'moderation', node.id) };
    case 'Vetting': return { text: node.kind.label, href: to(slug, 'members', node.member.id) };
    case 'Appeal': return { text: t('audit.appeal', { who: node.member.displayName }), href: to(slug, 'moderation', 'appeals', node.id) };
    case 'Complaint': return { text: t('complaint.title'), href: to(slug, 'moderation', 'complaints', node.id) };
    default: return undefined;
  }
}
