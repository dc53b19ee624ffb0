import { describe, expect, it } from "vitest";
import { seededRandom } from "../testing/seeded_random";
import {
  distance,
  fitted,
  intoPicture,
  isInside,
  kept,
  MAX_ZOOM,
  MIN_ZOOM,
  panned,
  pinched,
  type Size,
  tidy,
  toPicture,
  toStage,
  type View,
  wheelFactor,
  type Xy,
  zoomedAt,
} from "./view";

const NO_INSETS = { top: 0, right: 0, bottom: 0, left: 0 };
const random = seededRandom(7);
const between = (low: number, high: number) => low + (high - low) * random();
const anyView = (): View => ({
  zoom: Math.exp(between(Math.log(MIN_ZOOM), Math.log(MAX_ZOOM))),
  left: between(-3000, 3000),
  top: between(-3000, 3000),
});
const anyXy = (): Xy => [between(-2000, 4000), between(-2000, 4000)];
const times = (n: number, check: () => void) => {
  for (let i = 0; i < n; i += 1) {
    check();
  }
};

describe("the two frames", () => {
  it("put a pixel's centre half a pixel in", () => {
    expect(toStage({ zoom: 1, left: 0, top: 0 }, [0, 0])).toEqual([0.5, 0.5]);
    expect(toPicture({ zoom: 2, left: 10, top: 20 }, [11, 21])).toEqual([0, 0]);
  });

  it("round trip at any zoom and place", () => {
    times(500, () => {
      const view = anyView();
      const xy = anyXy();
      expect(distance(toPicture(view, toStage(view, xy)), xy)).toBeLessThan(1e-6);
    });
  });

  it("lose less than a pixel to whole CSS pixels once a picture pixel is as large", () => {
    times(200, () => {
      const view = { ...anyView(), zoom: between(1, MAX_ZOOM) };
      const xy = anyXy();
      const [x, y] = toStage(view, xy);
      const back = toPicture(view, [Math.round(x), Math.round(y)]);
      expect(Math.abs(back[0] - xy[0])).toBeLessThanOrEqual(0.5 + 1e-9);
      expect(Math.abs(back[1] - xy[1])).toBeLessThanOrEqual(0.5 + 1e-9);
    });
  });

  it("are tidy to a hundredth", () => {
    expect(tidy([659.9999871292011, 7.12345])).toEqual([660, 7.12]);
  });
});

describe("zoom", () => {
  it("leaves what is under the pointer where it is", () => {
    times(500, () => {
      const view = anyView();
      const at = anyXy();
      const under = toPicture(view, at);
      const next = zoomedAt(view, at, Math.exp(between(-2, 2)));
      expect(distance(toStage(next, under), at)).toBeLessThan(1e-5);
    });
  });

  it("stays in its limits", () => {
    times(100, () => {
      const { zoom } = zoomedAt(anyView(), anyXy(), Math.exp(between(-20, 20)));
      expect(zoom).toBeGreaterThanOrEqual(MIN_ZOOM);
      expect(zoom).toBeLessThanOrEqual(MAX_ZOOM);
    });
  });

  it("by wheel goes in and out by the same", () => {
    const notch = { deltaY: 100, deltaMode: 0, ctrlKey: false };
    expect(wheelFactor(notch) * wheelFactor({ ...notch, deltaY: -100 })).toBeCloseTo(1);
    expect(wheelFactor(notch)).toBeLessThan(1);
  });
});

describe("two fingers", () => {
  it("keep hold of what they are on, if they stay as far apart", () => {
    times(200, () => {
      const view = anyView();
      const a = anyXy();
      const b: Xy = [a[0] + between(20, 300), a[1] + between(20, 300)];
      const [dx, dy] = [between(-200, 200), between(-200, 200)];
      const to: [Xy, Xy] = [
        [a[0] + dx, a[1] + dy],
        [b[0] + dx, b[1] + dy],
      ];
      const under = toPicture(view, a);
      expect(distance(toStage(pinched(view, [a, b], to), under), to[0])).toBeLessThan(1e-4);
    });
  });

  it("zoom by how far they part", () => {
    const view = { zoom: 1, left: 0, top: 0 };
    const from: [Xy, Xy] = [
      [100, 100],
      [200, 100],
    ];
    const to: [Xy, Xy] = [
      [50, 100],
      [250, 100],
    ];
    const next = pinched(view, from, to);
    expect(next.zoom).toBeCloseTo(2);
    expect(toStage(next, toPicture(view, [150, 100]))).toEqual([150, 100]);
  });
});

describe("fitting", () => {
  it("shows the whole of a picture of any shape, centred", () => {
    times(200, () => {
      const picture: Size = { width: between(16, 2048), height: between(16, 2048) };
      const stage: Size = { width: between(600, 2000), height: between(600, 1200) };
      const insets = { top: 20, right: 30, bottom: 60, left: 10 };
      const view = fitted(picture, stage, insets);
      const [left, top] = toStage(view, [-0.5, -0.5]);
      const [right, bottom] = toStage(view, [picture.width - 0.5, picture.height - 0.5]);
      expect(left).toBeGreaterThanOrEqual(9.99);
      expect(top).toBeGreaterThanOrEqual(19.99);
      expect(right).toBeLessThanOrEqual(stage.width - 29.99);
      expect(bottom).toBeLessThanOrEqual(stage.height - 59.99);
      expect(left - 10).toBeCloseTo(stage.width - 30 - right, 4);
    });
  });

  it("does not stretch", () => {
    const view = fitted({ width: 1024, height: 512 }, { width: 1000, height: 1000 }, NO_INSETS);
    expect(view.zoom).toBeCloseTo(1000 / 1024);
    expect(view.top).toBeCloseTo(250);
  });

  it("lets no picture be panned out of sight", () => {
    times(200, () => {
      const picture: Size = { width: 1024, height: 640 };
      const stage: Size = { width: 800, height: 600 };
      const view = kept(panned(anyView(), between(-9e4, 9e4), between(-9e4, 9e4)), picture, stage);
      const right = view.left + picture.width * view.zoom;
      expect(Math.min(right, stage.width) - Math.max(view.left, 0)).toBeGreaterThan(40);
    });
  });
});

describe("the picture's border", () => {
  const picture: Size = { width: 10, height: 4 };

  it("is at the outer edge of the outermost pixels", () => {
    expect(isInside([-0.5, 3.4], picture)).toBe(true);
    expect(isInside([9.5, 0], picture)).toBe(false);
    expect(isInside([0, -0.6], picture)).toBe(false);
  });

  it("takes places outside in to the nearest centre", () => {
    expect(intoPicture([-20, 2], picture)).toEqual([0, 2]);
    expect(intoPicture([30, 30], picture)).toEqual([9, 3]);
  });
});
