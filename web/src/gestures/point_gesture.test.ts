import { describe, expect, it } from "vitest";
import type { Xy } from "../geometry/view";
import { point } from "../testing/point";
import type { PointView } from "../wire/messages";
import {
  applied,
  change,
  dragged,
  heldEnd,
  type PointGesture,
  type Press,
  pressed,
  pullOf,
} from "./point_gesture";

const picture = { width: 100, height: 80 };

function press(more: Partial<Press>): PointGesture | null {
  return pressed({
    tool: "points",
    at: [10, 10],
    stageAt: [10, 10],
    inside: true,
    hit: null,
    points: [],
    awaiting: null,
    newId: 7,
    ...more,
  });
}

function must(gesture: PointGesture | null): PointGesture {
  if (gesture === null) {
    throw new Error("expected a gesture");
  }
  return gesture;
}

const drag = (gesture: PointGesture, to: Xy) => dragged(gesture, to, to, picture, 4);

describe("pressing on the picture", () => {
  it("and dragging makes a handle and its goal", () => {
    const gesture = drag(must(press({})), [40, 30]);
    expect(applied(gesture, [])).toEqual([point(7, [10, 10], [40, 30])]);
    expect(change(gesture)).toBe("add");
    expect(heldEnd(gesture)).toEqual({ id: 7, end: "goal" });
  });

  it("and letting go makes a handle that waits for its goal", () => {
    const gesture = drag(must(press({})), [12, 11]);
    expect(applied(gesture, [])).toEqual([point(7, [10, 10])]);
    expect(change(gesture)).toBe("add");
    expect(heldEnd(gesture)).toEqual({ id: 7, end: "handle" });
  });

  it("a second time sets the goal of the one that waits", () => {
    const points = [point(3, [5, 5])];
    const gesture = must(press({ at: [60, 60], points, awaiting: 3 }));
    expect(applied(gesture, points)).toEqual([point(3, [5, 5], [60, 60])]);
    expect(change(gesture)).toBe("add");
    expect(applied(drag(gesture, [61, 60]), points)).toEqual([point(3, [5, 5], [61, 60])]);
  });

  it("makes a new handle when the one that waited has gone", () => {
    expect(must(press({ points: [], awaiting: 3 }))).toMatchObject({ id: 7, isNew: true });
  });

  it("does nothing beside the picture, or with the select tool", () => {
    expect(press({ inside: false })).toBeNull();
    expect(press({ tool: "select" })).toBeNull();
  });

  it("keeps goals in the picture", () => {
    const gesture = drag(must(press({})), [500, -20]);
    expect(applied(gesture, [])).toEqual([point(7, [10, 10], [99, 0])]);
  });
});

describe("pressing on an end", () => {
  const points: PointView[] = [point(1, [20, 20], [50, 50]), point(2, [70, 20])];

  it("moves it by as much as the pointer moves, with either tool", () => {
    for (const tool of ["points", "select"] as const) {
      const gesture = must(
        press({ tool, points, hit: { id: 1, end: "goal" }, at: [52, 49], stageAt: [52, 49] }),
      );
      const moved = drag(gesture, [62, 59]);
      expect(applied(moved, points)[0]?.goal).toEqual([60, 60]);
      expect(change(moved)).toBe("move");
    }
  });

  it("without moving changes nothing", () => {
    const gesture = must(press({ points, hit: { id: 1, end: "handle" }, at: [20, 20] }));
    expect(change(gesture)).toBeNull();
    expect(applied(gesture, points)).toEqual(points);
  });

  it("that has no goal pulls one out with the points tool, moves with select", () => {
    const hit = { id: 2, end: "handle" } as const;
    const pull = drag(must(press({ points, hit, at: [70, 20], stageAt: [70, 20] })), [90, 20]);
    expect(applied(pull, points)[1]).toEqual(point(2, [70, 20], [90, 20]));
    const move = drag(
      must(press({ tool: "select", points, hit, at: [70, 20], stageAt: [70, 20] })),
      [90, 20],
    );
    expect(applied(move, points)[1]?.handle).toEqual([90, 20]);
  });
});

describe("a press that becomes a pull in live", () => {
  const points = [point(1, [20, 20], [50, 50]), point(2, [70, 20])];
  const pull = (more: Partial<Press>) =>
    pullOf(must(press({ points, ...more })), more.at ?? [10, 10], [1, 2]);

  it("takes the picture where it was pressed, also while a point waits for its goal", () => {
    const expected = { at: [30, 40], grip: [0, 0], from: [1, 2] };
    expect(pull({ at: [30, 40] })).toEqual(expected);
    expect(pull({ at: [30, 40], awaiting: 2 })).toEqual(expected);
  });

  it("takes a handle without a goal at its own place", () => {
    const hit = { id: 2, end: "handle" } as const;
    expect(pull({ at: [72, 19], hit })).toEqual({ at: [70, 20], grip: [-2, 1], from: [1, 2] });
  });

  it("moves ends as ever", () => {
    expect(pull({ at: [20, 20], hit: { id: 1, end: "handle" } })).toBeNull();
    expect(pull({ at: [50, 50], hit: { id: 1, end: "goal" } })).toBeNull();
  });
});
