/**
 * Placing and moving points with one pointer, as a pure state machine.
 *
 * Press, drag and release makes a handle and its goal at once. Click and then click does too: a
 * point without a goal that is selected takes the next press as its goal (WCAG 2.2, 2.5.7).
 */

import type { EndOfPoint } from "../geometry/hit";
import { distance, intoPicture, type Size, type Xy } from "../geometry/view";
import { endOf, withEnd, withNew } from "../state/points";
import type { PointView } from "../wire/messages";

export type PointGesture =
  | {
      kind: "place";
      id: number;
      isNew: boolean;
      handle: Xy;
      goal: Xy | null;
      /** Where the press was on the stage; null if the goal is being set without any travel. */
      from: Xy | null;
    }
  | { kind: "move"; which: EndOfPoint; from: Xy; grip: Xy; to: Xy | null };

export interface Press {
  tool: "points" | "select";
  at: Xy;
  stageAt: Xy;
  inside: boolean;
  hit: EndOfPoint | null;
  points: readonly PointView[];
  /** The point that waits for its goal. */
  awaiting: number | null;
  newId: number;
}

/** A hand is not perfectly still: less travel than this, in CSS pixels, is a click. */
export const TRAVEL = { mouse: 4, touch: 10 } as const;

export function pressed(press: Press): PointGesture | null {
  const { hit, points } = press;
  if (hit !== null) {
    const xy = endOf(points, hit) ?? press.at;
    const hasGoal = points.some((point) => point.id === hit.id && point.goal !== null);
    if (press.tool === "points" && !hasGoal) {
      return {
        kind: "place",
        id: hit.id,
        isNew: false,
        handle: xy,
        goal: null,
        from: press.stageAt,
      };
    }
    const grip: Xy = [xy[0] - press.at[0], xy[1] - press.at[1]];
    return { kind: "move", which: hit, from: press.stageAt, grip, to: null };
  }
  if (press.tool === "select" || !press.inside) {
    return null;
  }
  const waiting = points.find((point) => point.id === press.awaiting && point.goal === null);
  if (waiting !== undefined) {
    return {
      kind: "place",
      id: waiting.id,
      isNew: false,
      handle: waiting.handle,
      goal: press.at,
      from: null,
    };
  }
  return {
    kind: "place",
    id: press.newId,
    isNew: true,
    handle: press.at,
    goal: null,
    from: press.stageAt,
  };
}

/** In live: what a press takes hold of once it travels. */
export interface Pull {
  at: Xy;
  /** From the pointer to that place. */
  grip: Xy;
  /** Where the press was on the stage. */
  from: Xy;
}

/**
 * What would place a handle and pull its goal out moves the picture instead; a handle without a
 * goal is taken at its own place. Ends are moved as ever, which is null here.
 */
export function pullOf(gesture: PointGesture, pressAt: Xy, stageAt: Xy): Pull | null {
  if (gesture.kind === "move") {
    return null;
  }
  const isOnHandle = !gesture.isNew && gesture.goal === null;
  const at = isOnHandle ? gesture.handle : pressAt;
  return { at, grip: [at[0] - pressAt[0], at[1] - pressAt[1]], from: stageAt };
}

export function dragged(
  gesture: PointGesture,
  at: Xy,
  stageAt: Xy,
  picture: Size,
  travel: number,
): PointGesture {
  if (gesture.kind === "move") {
    if (gesture.to === null && distance(gesture.from, stageAt) < travel) {
      return gesture;
    }
    const to: Xy = [at[0] + gesture.grip[0], at[1] + gesture.grip[1]];
    return { ...gesture, to: intoPicture(to, picture) };
  }
  if (gesture.goal === null && gesture.from && distance(gesture.from, stageAt) < travel) {
    return gesture;
  }
  return { ...gesture, goal: intoPicture(at, picture) };
}

/** The points as they are with the gesture so far. */
export function applied(gesture: PointGesture, points: readonly PointView[]): readonly PointView[] {
  if (gesture.kind === "move") {
    return gesture.to === null ? points : withEnd(points, gesture.which, gesture.to);
  }
  const missing = !points.some((point) => point.id === gesture.id);
  const list = gesture.isNew && missing ? withNew(points, gesture.id, gesture.handle) : points;
  return gesture.goal === null
    ? list
    : withEnd(list, { id: gesture.id, end: "goal" }, gesture.goal);
}

/** What the history shall call it; null if nothing was changed. */
export function change(gesture: PointGesture): "add" | "move" | null {
  if (gesture.kind === "place") {
    return gesture.isNew || gesture.goal !== null ? "add" : null;
  }
  return gesture.to === null ? null : "move";
}

/** The end that follows the pointer. */
export function heldEnd(gesture: PointGesture): EndOfPoint {
  if (gesture.kind === "move") {
    return gesture.which;
  }
  return { id: gesture.id, end: gesture.goal === null ? "handle" : "goal" };
}
