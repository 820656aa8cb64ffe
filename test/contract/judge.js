// SPDX-License-Identifier: AGPL-3.0-or-later

// What changed in the contract since the last release, and whether somebody said so.

import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';

/** Reads a released contract: its first line names the version and the feature level. */
export function readReleased(text) {
  const head = /^# Hora (\d+\.\d+\.\d+), feature level (\d+)$/m.exec(text);
  if (!head) throw new Error('released.graphqls does not begin with "# Hora X.Y.Z, feature level N"');
  return { version: head[1], level: Number(head[2]), sdl: text };
}

/**
 * Reads a fragment of the changelog. Its name is NNNN-what.md, NNNN the feature
 * level it makes; its first lines say what it speaks of, by coordinates:
 *
 *     Contract: Photo Listing.photos
 *     Breaking: Listing.picture
 *
 *     What changes for somebody who writes an app.
 */
export function readFragment(name, text) {
  const level = /^(\d{4})-[a-z0-9-]+\.md$/.exec(name);
  const list = (word) => text.match(new RegExp(`^${word}:(.*)$`, 'm'))?.[1].trim().split(/\s+/).filter(Boolean) ?? [];
  const body = text.replace(/^(Contract|Breaking):.*$/gm, '').trim();
  return { name, level: level ? Number(level[1]) : 0, contract: list('Contract'), breaking: list('Breaking'), body };
}

/** The changes that a program can notice: other words in a description are none. */
export async function changesBetween(released, current) {
  const found = await diff(buildSchema(released), buildSchema(current));
  return found
    .filter((c) => !/DESCRIPTION|DEPRECATION_REASON/.test(c.type))
    .map((c) => ({
      path: c.path || 'schema', // a root type came or went
      breaking: c.criticality.level === CriticalityLevel.Breaking,
      message: c.message,
    }));
}

const covers = (coordinate, path) => path === coordinate || path.startsWith(`${coordinate}.`);

/** Until when the released contract promised a thing: its @deprecated says "gone from YYYY-MM-DD". */
function promisedUntil(sdl, path) {
  const [typeName, fieldName, argName] = path.split('.');
  const type = buildSchema(sdl).getType(typeName);
  let of;
  if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)) of = type.getFields()[fieldName];
  if (isEnumType(type)) of = type.getValue(fieldName);
  const arg = argName && of?.args?.find((a) => a.name === argName);
  const reason = (arg || of)?.deprecationReason ?? of?.deprecationReason;
  return /gone from (\d{4}-\d{2}-\d{2})/.exec(reason ?? '')?.[1];
}

/**
 * All that is wrong, a sentence each; nothing when every change is declared. From
 * 1.0.0 on, what a released contract has may go only after the day it named.
 */
export async function judge({ released, current, fragments, today }) {
  const wrong = [];
  const changes = await changesBetween(released.sdl, current);
  const levels = fragments.filter((f) => f.contract.length || f.breaking.length);
  for (const f of levels) {
    if (!f.level) wrong.push(`${f.name} speaks of the contract: call it NNNN-what.md, NNNN its feature level`);
    if (!f.body || /^TODO/m.test(f.body)) wrong.push(`${f.name} does not say what changes for somebody`);
  }
  const numbers = levels.map((f) => f.level).sort((a, b) => a - b);
  numbers.forEach((n, i) => {
    if (n !== released.level + 1 + i) wrong.push(`feature levels follow one another from ${released.level + 1}: ${numbers.join(', ')} do not`);
  });
  for (const c of changes) {
    if (!levels.some((f) => [...f.contract, ...f.breaking].some((at) => covers(at, c.path)))) {
      wrong.push(`no fragment in docs/changes speaks of ${c.path}: ${c.message}`);
    } else if (c.breaking) {
      const declared = levels.some((f) => f.breaking.some((at) => covers(at, c.path)));
      const until = promisedUntil(released.sdl, c.path);
      if (!declared) wrong.push(`${c.path} breaks apps and is not declared so: ${c.message}`);
      else if (!released.version.startsWith('0.') && !(until && until <= today)) {
        wrong.push(`${c.path} breaks apps before its day${until ? ` (${until})` : ': it was not deprecated'}: ${c.message}`);
      }
    }
  }
  for (const f of levels) {
    for (const at of [...f.contract, ...f.breaking]) {
      if (!changes.some((c) => covers(at, c.path))) wrong.push(`${f.name} speaks of ${at}, which did not change`);
    }
  }
  return { wrong: [...new Set(wrong)], changes, level: numbers.at(-1) ?? released.level };
}

/** The shortest list of coordinates that speaks of all these changes. */
export function coordinates(changes) {
  const paths = [...new Set(changes.map((c) => c.path))].sort();
  return paths.filter((p) => !paths.some((q) => q !== p && covers(q, p)));
}
