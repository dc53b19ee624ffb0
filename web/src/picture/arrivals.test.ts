import { expect, it } from "vitest";
import type { WireFrame } from "../wire/frames";
import { FrameKind } from "../wire/messages";
import { arrive, NO_ARRIVALS, taken } from "./arrivals";

const frame = (seq: number): WireFrame => ({
  kind: FrameKind.MOVING,
  seq,
  step: seq,
  timeS: 0,
  encoded: new Uint8Array(),
});

it("draws the newest and tells of those that were skipped", () => {
  let { arrivals, skipped } = arrive(NO_ARRIVALS, frame(1));
  expect(skipped).toBeNull();
  ({ arrivals, skipped } = arrive(arrivals, frame(2)));
  expect(skipped?.seq).toBe(1);
  expect(arrivals.waiting?.seq).toBe(2);
});

it("does not draw an older one over a newer one", () => {
  const { arrivals } = arrive(NO_ARRIVALS, frame(5));
  const drawn = taken(arrivals);
  expect(drawn).toEqual({ waiting: null, drawn: 5 });
  const late = arrive(drawn, frame(4));
  expect(late.skipped?.seq).toBe(4);
  expect(late.arrivals.waiting).toBeNull();
});

it("goes on when the counter wraps", () => {
  const drawn = { waiting: null, drawn: 2 ** 32 - 1 };
  expect(arrive(drawn, frame(0)).arrivals.waiting?.seq).toBe(0);
});
