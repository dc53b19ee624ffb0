import { describe, expect, it } from "vitest";
import { point } from "../testing/point";
import {
  edited,
  forgotten,
  holding,
  NO_POINTS,
  nudged,
  received,
  shown,
  stepped,
  toInputs,
  withEnd,
  withNew,
  without,
} from "./points";

const one = point(1, [10, 10], [20, 20]);
const two = point(2, [50, 50], [60, 60]);

describe("a change that the server has not confirmed", () => {
  const local = edited(received(NO_POINTS, [one], false), [one, two]);

  it("is shown at once and outlives a state from before it", () => {
    expect(shown(local)).toEqual([one, two]);
    expect(shown(received(local, [one], false))).toEqual([one, two]);
  });

  it("is the server's once it agrees", () => {
    const confirmed = received(local, [one, { ...two, start: [50, 50] }], false);
    expect(confirmed.local).toBeNull();
    expect(shown(confirmed)).toHaveLength(2);
  });

  it("is taken back when it was refused", () => {
    expect(shown(forgotten(local))).toEqual([one]);
  });

  it("agrees in a drag though handles have moved on", () => {
    const moved = { ...two, handle: [55, 55] as [number, number] };
    expect(received(local, [one, moved], true).local).toBeNull();
    expect(received(local, [one, moved], false).local).not.toBeNull();
  });
});

describe("the end in the hand", () => {
  const held = holding(edited(received(NO_POINTS, [one, two], false), [one, two]), {
    id: 1,
    end: "goal",
  });
  const moving = edited(held, withEnd(shown(held), { id: 1, end: "goal" }, [33, 33]));

  it("does not follow the server, the others do", () => {
    const state = received(moving, [one, { ...two, goal: [61, 61] }], true);
    expect(shown(state)[0]?.goal).toEqual([33, 33]);
    expect(shown(state)[1]?.goal).toEqual([61, 61]);
  });

  it("does not follow a step either", () => {
    const holdsHandle = holding(received(NO_POINTS, [one, two], false), { id: 1, end: "handle" });
    const after = stepped(holdsHandle, [
      { id: 1, handle: [11, 11], lost: false },
      { id: 2, handle: [51, 51], lost: true },
    ]);
    expect(shown(after)[0]?.handle).toEqual([10, 10]);
    expect(shown(after)[1]).toMatchObject({ handle: [51, 51], lost: true });
  });

  it("of a new point is kept though the server does not know the point", () => {
    const fresh = edited(held, withNew([one], 9, [1, 1]));
    const state = received(holding(fresh, { id: 9, end: "handle" }), [one, two], false);
    expect(shown(state).map((it) => it.id)).toEqual([1, 2, 9]);
  });
});

describe("lists", () => {
  it("nudge within the picture", () => {
    const picture = { width: 100, height: 21 };
    expect(nudged([one], { id: 1, end: "goal" }, [10, 10], picture)[0]?.goal).toEqual([30, 20]);
    expect(nudged([one], { id: 5, end: "goal" }, [10, 10], picture)).toEqual([one]);
  });

  it("send only what the server does not know", () => {
    expect(toInputs([one])).toEqual([{ id: 1, handle: [10, 10], goal: [20, 20] }]);
  });

  it("lose a point", () => {
    expect(without([one, two], 1)).toEqual([two]);
  });

  it("find a lost handle again when it is set", () => {
    const lost = { ...one, lost: true };
    expect(withEnd([lost], { id: 1, end: "handle" }, [3, 3])[0]?.lost).toBe(false);
    expect(withEnd([lost], { id: 1, end: "goal" }, [3, 3])[0]?.lost).toBe(true);
  });
});
