/** The history's entries in the order of the filmstrip, and how they hang together. Pure. */

import type { EntryView } from "../wire/messages";

export interface StripEntry {
  entry: EntryView;
  /** Its parent is not the entry to its left, but this number (1 is the first). */
  branchesFrom: number | null;
  number: number;
  isCurrent: boolean;
  /** On the way from the beginning to the current entry. */
  isBefore: boolean;
  /** More than one entry goes on from here. */
  forks: boolean;
}

/** Each branch is kept together: a parent, then its newest child's line, then the other lines. */
export function strip(entries: readonly EntryView[], current: number): StripEntry[] {
  const children = byParent(entries);
  const before = ancestors(entries, current);
  const order = depthFirst(entries, children);
  const numbers = new Map(order.map((entry, index) => [entry.id, index + 1]));
  return order.map((entry, index) => ({
    entry,
    number: index + 1,
    branchesFrom:
      entry.parent === null || order[index - 1]?.id === entry.parent
        ? null
        : (numbers.get(entry.parent) ?? null),
    isCurrent: entry.id === current,
    isBefore: before.has(entry.id),
    forks: (children.get(entry.id)?.length ?? 0) > 1,
  }));
}

function byParent(entries: readonly EntryView[]): Map<number | null, EntryView[]> {
  const ids = new Set(entries.map((entry) => entry.id));
  const children = new Map<number | null, EntryView[]>();
  for (const entry of [...entries].sort((a, b) => a.id - b.id)) {
    // One whose parent was forgotten stands at the beginning.
    const parent = entry.parent !== null && ids.has(entry.parent) ? entry.parent : null;
    children.set(parent, [...(children.get(parent) ?? []), entry]);
  }
  return children;
}

function depthFirst(
  entries: readonly EntryView[],
  children: ReadonlyMap<number | null, EntryView[]>,
): EntryView[] {
  const order: EntryView[] = [];
  const waiting = [...(children.get(null) ?? [])].reverse();
  while (waiting.length > 0 && order.length <= entries.length) {
    const entry = waiting.pop();
    if (entry !== undefined) {
      order.push(entry);
      waiting.push(...[...(children.get(entry.id) ?? [])].reverse());
    }
  }
  return order;
}

function ancestors(entries: readonly EntryView[], current: number): ReadonlySet<number> {
  const parents = new Map(entries.map((entry) => [entry.id, entry.parent]));
  const path = new Set<number>();
  let at: number | null = current;
  while (at !== null && !path.has(at)) {
    path.add(at);
    at = parents.get(at) ?? null;
  }
  return path;
}
