import type { Xy } from "../geometry/view";
import type { PointView } from "../wire/messages";

export function point(id: number, handle: Xy, goal: Xy | null = null): PointView {
  return { id, start: handle, handle, goal, lost: false };
}
