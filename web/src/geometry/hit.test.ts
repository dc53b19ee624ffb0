import { expect, it } from "vitest";
import { point } from "../testing/point";
import { endAt } from "./hit";
import { toStage, type View } from "./view";

const points = [point(1, [10, 10], [50, 10]), point(2, [12, 10])];

it("finds the nearest end", () => {
  const view: View = { zoom: 4, left: 0, top: 0 };
  expect(endAt(points, view, toStage(view, [10.2, 10]), 14)).toEqual({ id: 1, end: "handle" });
  expect(endAt(points, view, toStage(view, [12.2, 10]), 14)).toEqual({ id: 2, end: "handle" });
  expect(endAt(points, view, toStage(view, [50, 10]), 14)).toEqual({ id: 1, end: "goal" });
});

it("reaches equally far on the screen at any zoom", () => {
  for (const zoom of [0.1, 1, 8]) {
    const view: View = { zoom, left: 30, top: -5 };
    const [x, y] = toStage(view, [50, 10]);
    expect(endAt(points, view, [x + 11.9, y], 12)).toEqual({ id: 1, end: "goal" });
    expect(endAt([point(1, [10, 10])], view, [x + 5000, y], 12)).toBeNull();
  }
});

it("gives the goal where both ends are in one place, so that it can be pulled away", () => {
  const view: View = { zoom: 1, left: 0, top: 0 };
  const both = [point(1, [5, 5], [5, 5])];
  expect(endAt(both, view, [5.5, 5.5], 14)).toEqual({ id: 1, end: "goal" });
});
