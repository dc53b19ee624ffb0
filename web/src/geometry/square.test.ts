import { describe, expect, it } from "vitest";
import { seededRandom } from "../testing/seeded_random";
import {
  cornersOf,
  isInSquare,
  middleSquare,
  moved,
  resized,
  type Square,
  sideLimits,
  squareAt,
  squareOf,
  within,
} from "./square";
import { distance, type Size, toPicture, toStage, type Xy } from "./view";

const photo: Size = { width: 900, height: 700 };
const random = seededRandom(11);
const between = (low: number, high: number) => low + (high - low) * random();
const anySquare = (): Square => ({
  centre: [between(0, photo.width - 1), between(0, photo.height - 1)],
  side: between(40, 900),
  angleDeg: between(-179, 179),
});
const times = (n: number, check: () => void) => {
  for (let i = 0; i < n; i += 1) {
    check();
  }
};

describe("corners", () => {
  it("go down the left side first, and turn clockwise as seen", () => {
    const square: Square = { centre: [100, 50], side: 20, angleDeg: 0 };
    expect(cornersOf(square)).toEqual([
      [90, 40],
      [90, 60],
      [110, 60],
      [110, 40],
    ]);
    const [topLeft] = cornersOf({ ...square, angleDeg: 90 });
    expect(topLeft[0]).toBeCloseTo(110);
    expect(topLeft[1]).toBeCloseTo(40);
  });

  it("give the square back", () => {
    times(300, () => {
      const square = anySquare();
      const back = squareOf(cornersOf(square));
      expect(distance(back.centre, square.centre)).toBeLessThan(1e-9);
      expect(back.side).toBeCloseTo(square.side, 8);
      expect(back.angleDeg).toBeCloseTo(square.angleDeg, 8);
    });
  });

  it("go to the screen and back at any size of the photograph", () => {
    times(200, () => {
      const view = { zoom: between(0.02, 4), left: between(0, 500), top: between(0, 500) };
      for (const corner of cornersOf(anySquare())) {
        expect(distance(toPicture(view, toStage(view, corner)), corner)).toBeLessThan(1e-6);
      }
    });
  });
});

describe("what lies in a square", () => {
  it("is told by its turned sides", () => {
    const diamond: Square = { centre: [0, 0], side: 10, angleDeg: 45 };
    expect(isInSquare(diamond, [6.9, 0])).toBe(true);
    expect(isInSquare(diamond, [4.9, 4.9])).toBe(false);
    times(200, () => {
      const square = anySquare();
      const inside = (share: number): Xy[] => cornersOf({ ...square, side: square.side * share });
      expect(inside(0.99).every((xy) => isInSquare(square, xy))).toBe(true);
      expect(inside(1.01).some((xy) => isInSquare(square, xy))).toBe(false);
    });
  });

  it("is the nearest of faces whose squares overlap", () => {
    const faces: Square[] = [
      { centre: [100, 100], side: 160, angleDeg: 0 },
      { centre: [200, 100], side: 140, angleDeg: 5 },
    ];
    expect(squareAt(faces, [110, 100])).toBe(0);
    expect(squareAt(faces, [170, 100])).toBe(1);
    expect(squareAt(faces, [500, 500])).toBe(-1);
    expect(squareAt([], [0, 0])).toBe(-1);
  });
});

describe("a square stays", () => {
  it("with its middle on the photograph, however it is moved", () => {
    times(300, () => {
      const after = moved(anySquare(), [between(-2000, 2000), between(-2000, 2000)], photo);
      expect(after.centre[0]).toBeGreaterThanOrEqual(0);
      expect(after.centre[0]).toBeLessThanOrEqual(photo.width - 1);
      expect(after.centre[1]).toBeGreaterThanOrEqual(0);
      expect(after.centre[1]).toBeLessThanOrEqual(photo.height - 1);
    });
    const square: Square = { centre: [300, 300], side: 100, angleDeg: 10 };
    expect(moved(square, [5, -7], photo)).toEqual({ ...square, centre: [305, 293] });
  });

  it("of a size that can be cut, and turned by no more than half", () => {
    const { least, most } = sideLimits(photo);
    const square: Square = { centre: [1, 1], side: 1, angleDeg: 270 };
    expect(within(square, photo)).toEqual({ ...square, side: least, angleDeg: -90 });
    expect(within({ ...square, side: 1e6, angleDeg: 180 }, photo)).toMatchObject({
      side: most,
      angleDeg: 180,
    });
    expect(within({ ...square, angleDeg: -180 }, photo).angleDeg).toBe(-180);
  });

  it("no larger than a photograph of a few pixels allows", () => {
    const tiny = { width: 20, height: 10 };
    expect(middleSquare(tiny)).toEqual({ centre: [9.5, 4.5], side: 20, angleDeg: 0 });
    expect(middleSquare(photo)).toEqual({ centre: [449.5, 349.5], side: 560, angleDeg: 0 });
  });
});

describe("pulling a corner", () => {
  it("leaves the one across from it where it is, and follows the hand", () => {
    times(200, () => {
      const square: Square = {
        centre: [between(300, 600), between(250, 450)],
        side: between(150, 250),
        angleDeg: between(-179, 179),
      };
      const corner = Math.floor(between(0, 4));
      const before = cornersOf(square);
      const across = before[(corner + 2) % 4] as Xy;
      const pulled = before[corner] as Xy;
      // A fifth longer along the diagonal.
      const hand: Xy = [
        pulled[0] + (pulled[0] - across[0]) * 0.2,
        pulled[1] + (pulled[1] - across[1]) * 0.2,
      ];
      const after = resized(square, corner, hand, photo);
      const corners = cornersOf(after);
      expect(distance(corners[(corner + 2) % 4] as Xy, across)).toBeLessThan(1e-6);
      expect(distance(corners[corner] as Xy, hand)).toBeLessThan(1e-6);
      expect(after.side).toBeCloseTo(square.side * 1.2, 6);
    });
  });

  it("past the corner across stops at the smallest", () => {
    const square: Square = { centre: [300, 300], side: 100, angleDeg: 0 };
    const after = resized(square, 2, [0, 0], photo);
    expect(after.side).toBeCloseTo(sideLimits(photo).least);
    expect(after.centre[0]).toBeCloseTo(266);
  });
});
