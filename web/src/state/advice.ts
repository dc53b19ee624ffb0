/** Advice about handles, for as long as they are where it was given. Pure. */

import type { Advice, PointView } from "../wire/messages";

export type AdviceById = ReadonlyMap<number, Advice>;

export function advised(all: AdviceById, advice: Advice): AdviceById {
  return new Map(all).set(advice.point, advice);
}

export function withoutAdvice(all: AdviceById, id: number): AdviceById {
  if (!all.has(id)) {
    return all;
  }
  const next = new Map(all);
  next.delete(id);
  return next;
}

export function stillMeant(all: AdviceById, points: readonly PointView[]): AdviceById {
  const ids = new Set(points.map((point) => point.id));
  const next = new Map([...all].filter(([id]) => ids.has(id)));
  return next.size === all.size ? all : next;
}
