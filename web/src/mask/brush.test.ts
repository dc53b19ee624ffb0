import { expect, it } from "vitest";
import { beginsFilled, crisp, largestBrush, onCanvas, resized, toCoverage } from "./brush";

const picture = { width: 1024, height: 512 };

it("is sent as pure black and white, opaque", () => {
  const rgba = new Uint8ClampedArray([255, 255, 255, 128, 255, 255, 255, 127, 0, 0, 0, 0]);
  crisp(rgba);
  expect([...rgba]).toEqual([255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255]);
});

it("comes back as it was sent", () => {
  const rgba = new Uint8ClampedArray([255, 255, 255, 255, 0, 0, 0, 255]);
  toCoverage(rgba);
  expect([rgba[3], rgba[7]]).toEqual([255, 0]);
  crisp(rgba);
  expect([...rgba]).toEqual([255, 255, 255, 255, 0, 0, 0, 255]);
});

it("means 'only here' or 'all but here' when it is the first stroke", () => {
  expect(beginsFilled("may-change")).toBe(false);
  expect(beginsFilled("keep")).toBe(true);
});

it("grows and shrinks, never stuck, in its limits", () => {
  let size = 4;
  for (let i = 0; i < 60; i += 1) {
    const next = resized(size, 1.2, picture);
    expect(next > size || next === largestBrush(picture)).toBe(true);
    size = next;
  }
  for (let i = 0; i < 60; i += 1) {
    size = resized(size, 1 / 1.2, picture);
  }
  expect(size).toBe(4);
});

it("paints around a pixel's centre", () => {
  expect(onCanvas([0, 0])).toEqual([0.5, 0.5]);
});
