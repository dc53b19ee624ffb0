/** The brush's size, and what a stroke begins from. Pure. */

import { clamp, type Size, type Xy } from "../geometry/view";

export type Stroke = "may-change" | "keep";

export const SMALLEST_BRUSH_PX = 4;

export function largestBrush(picture: Size): number {
  return Math.round(Math.max(picture.width, picture.height) / 2);
}

/** Diameter in picture pixels, a good start for any size of picture. */
export function usualBrush(picture: Size): number {
  return Math.round(Math.max(picture.width, picture.height) / 10);
}

export function resized(brushPx: number, factor: number, picture: Size): number {
  const next = brushPx * factor;
  // Always by one pixel at least, so that a small brush does not stick.
  const whole = factor > 1 ? Math.ceil(next) : Math.floor(next);
  return clamp(whole, SMALLEST_BRUSH_PX, largestBrush(picture));
}

/** Without a mask all may change: "may change" then means only here, "keep" all but here. */
export function beginsFilled(stroke: Stroke): boolean {
  return stroke === "keep";
}

/** Picture pixels to canvas coordinates, where a pixel's centre is half a unit in. */
export function onCanvas(xy: Xy): Xy {
  return [xy[0] + 0.5, xy[1] + 0.5];
}

/** Every byte fully one or the other: the server reads a mask, not a drawing. */
export function crisp(rgba: Uint8ClampedArray): void {
  for (let at = 0; at < rgba.length; at += 4) {
    const may = (rgba[at + 3] ?? 0) > 127 ? 255 : 0;
    rgba[at] = may;
    rgba[at + 1] = may;
    rgba[at + 2] = may;
    rgba[at + 3] = 255;
  }
}

/** The other way round: a mask's picture to white where it may change and nothing elsewhere. */
export function toCoverage(rgba: Uint8ClampedArray): void {
  for (let at = 0; at < rgba.length; at += 4) {
    const may = (rgba[at] ?? 0) > 127 ? 255 : 0;
    rgba[at] = 255;
    rgba[at + 1] = 255;
    rgba[at + 2] = 255;
    rgba[at + 3] = may;
  }
}
