/** Which end of which point lies under the pointer. */

import type { PointView } from "../wire/messages";
import { distance, toStage, type View, type Xy } from "./view";

export type End = "handle" | "goal";

export interface EndOfPoint {
  id: number;
  end: End;
}

/** Radii in CSS pixels: a hit area is at least 24 px wide whatever the zoom (WCAG 2.2, 2.5.8). */
export const HIT_RADIUS = { mouse: 14, touch: 22 } as const;

/** The nearest end within reach; a tie goes to the goal, which is drawn on top. */
export function endAt(
  points: readonly PointView[],
  view: View,
  stageXy: Xy,
  radius: number,
): EndOfPoint | null {
  let nearest: EndOfPoint | null = null;
  let best = radius;
  for (const point of points) {
    for (const end of ["handle", "goal"] as const) {
      const xy = point[end];
      if (xy === null) {
        continue;
      }
      const away = distance(toStage(view, xy), stageXy);
      if (away <= best) {
        best = away;
        nearest = { id: point.id, end };
      }
    }
  }
  return nearest;
}
