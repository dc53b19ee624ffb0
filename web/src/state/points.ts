/**
 * The points as shown: the server's, except what this page has changed and the server has not
 * confirmed yet, and except the end that is being moved right now.
 */

import type { End, EndOfPoint } from "../geometry/hit";
import { distance, intoPicture, type Size, type Xy } from "../geometry/view";
import type { MovedPoint, PointInput, PointView } from "../wire/messages";

export interface Points {
  server: readonly PointView[];
  /** Changed here and not confirmed yet. */
  local: readonly PointView[] | null;
  /** The end in a hand: the server's word on it does not count until it is let go. */
  held: EndOfPoint | null;
}

export const NO_POINTS: Points = { server: [], local: null, held: null };

/** Two places that are the same but for rounding. */
const SAME_PX = 0.75;

export function shown(points: Points): readonly PointView[] {
  return points.local ?? points.server;
}

export function edited(points: Points, local: readonly PointView[]): Points {
  return { ...points, local };
}

export function holding(points: Points, held: EndOfPoint | null): Points {
  return { ...points, held };
}

/** The server's word counts again. */
export function forgotten(points: Points): Points {
  return { server: points.server, local: null, held: null };
}

/** A state came. `moving`: handles move by themselves, so that theirs need not agree. */
export function received(points: Points, server: readonly PointView[], moving: boolean): Points {
  if (points.local === null) {
    return { ...points, server };
  }
  if (points.held !== null) {
    return { ...points, server, local: withHeld(server, points.local, points.held) };
  }
  if (agrees(server, points.local, moving)) {
    return { ...points, server, local: null };
  }
  return { ...points, server };
}

/** A step of a drag: handles are elsewhere, but not one that is in the hand. */
export function stepped(points: Points, moved: readonly MovedPoint[]): Points {
  const places = new Map(moved.map((one) => [one.id, one]));
  const move = (point: PointView): PointView => {
    const place = places.get(point.id);
    const inHand = points.held?.id === point.id && points.held.end === "handle";
    return place === undefined || inHand
      ? point
      : { ...point, handle: place.handle, lost: place.lost };
  };
  return {
    held: points.held,
    server: points.server.map(move),
    local: points.local?.map(move) ?? null,
  };
}

export function withEnd(
  list: readonly PointView[],
  { id, end }: EndOfPoint,
  xy: Xy,
): readonly PointView[] {
  return list.map((point) => {
    if (point.id !== id) {
      return point;
    }
    // A handle that the user sets is found again, and starts from there.
    return end === "goal" ? { ...point, goal: xy } : { ...point, handle: xy, lost: false };
  });
}

export function without(list: readonly PointView[], id: number): readonly PointView[] {
  return list.filter((point) => point.id !== id);
}

export function withNew(list: readonly PointView[], id: number, handle: Xy): readonly PointView[] {
  return [...list, { id, start: handle, handle, goal: null, lost: false }];
}

export function endOf(list: readonly PointView[], { id, end }: EndOfPoint): Xy | null {
  return list.find((point) => point.id === id)?.[end] ?? null;
}

export function nudged(
  list: readonly PointView[],
  which: EndOfPoint,
  by: Xy,
  picture: Size,
): readonly PointView[] {
  const xy = endOf(list, which);
  return xy === null
    ? list
    : withEnd(list, which, intoPicture([xy[0] + by[0], xy[1] + by[1]], picture));
}

export function toInputs(list: readonly PointView[]): PointInput[] {
  return list.map(({ id, handle, goal }) => ({ id, handle, goal }));
}

/** One that was never used in this page, so that an undone point is not mixed up with a new one. */
export function freshId(list: readonly PointView[], highest: number): number {
  return Math.max(highest, 0, ...list.map((point) => point.id)) + 1;
}

export function hasSomethingToDrag(list: readonly PointView[]): boolean {
  return list.some((point) => point.goal !== null);
}

export function otherEnd(end: End): End {
  return end === "handle" ? "goal" : "handle";
}

function withHeld(
  server: readonly PointView[],
  local: readonly PointView[],
  held: EndOfPoint,
): readonly PointView[] {
  const mine = local.find((point) => point.id === held.id);
  if (mine === undefined) {
    return server;
  }
  if (!server.some((point) => point.id === held.id)) {
    return [...server, mine];
  }
  return server.map((point) =>
    point.id === held.id ? { ...point, [held.end]: mine[held.end] } : point,
  );
}

function agrees(
  server: readonly PointView[],
  local: readonly PointView[],
  moving: boolean,
): boolean {
  return (
    server.length === local.length &&
    local.every((mine) => {
      const theirs = server.find((point) => point.id === mine.id);
      return (
        theirs !== undefined &&
        same(theirs.goal, mine.goal) &&
        (moving || same(theirs.handle, mine.handle))
      );
    })
  );
}

function same(a: Xy | null, b: Xy | null): boolean {
  return a === null || b === null ? a === b : distance(a, b) < SAME_PX;
}
