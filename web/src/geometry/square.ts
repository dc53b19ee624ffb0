/**
 * An oriented square of a photograph, in its pixels (an integer is a pixel's centre). Turned
 * clockwise, as seen. Corners are top left, bottom left, bottom right, top right.
 */

import type { Corners } from "../wire/photo";
import { clamp, distance, type Size, type Xy } from "./view";

export interface Square {
  centre: Xy;
  side: number;
  angleDeg: number;
}

/** Smaller ones say nothing of what is in them. */
const SMALLEST_PX = 32;
/** Of the photograph's longer side: a face close up wants more around it than there is. */
const LARGEST_SHARE = 1.5;

export function squareOf(corners: Corners): Square {
  const [topLeft, bottomLeft, bottomRight, topRight] = corners;
  const across: Xy = [
    (topRight[0] + bottomRight[0] - topLeft[0] - bottomLeft[0]) / 2,
    (topRight[1] + bottomRight[1] - topLeft[1] - bottomLeft[1]) / 2,
  ];
  return {
    centre: [
      (topLeft[0] + bottomLeft[0] + bottomRight[0] + topRight[0]) / 4,
      (topLeft[1] + bottomLeft[1] + bottomRight[1] + topRight[1]) / 4,
    ],
    side: Math.hypot(...across),
    angleDeg: degrees(Math.atan2(across[1], across[0])),
  };
}

export function cornersOf({ centre, side, angleDeg }: Square): Corners {
  const turn = (angleDeg * Math.PI) / 180;
  const right: Xy = [(Math.cos(turn) * side) / 2, (Math.sin(turn) * side) / 2];
  const down: Xy = [-right[1], right[0]];
  const corner = (x: number, y: number): Xy => [
    centre[0] + x * right[0] + y * down[0],
    centre[1] + x * right[1] + y * down[1],
  ];
  return [corner(-1, -1), corner(-1, 1), corner(1, 1), corner(1, -1)];
}

/** What is suggested where no face was found: most of the middle. */
export function middleSquare(photo: Size): Square {
  const side = Math.min(photo.width, photo.height) * 0.8;
  const centre: Xy = [(photo.width - 1) / 2, (photo.height - 1) / 2];
  return within({ centre, side, angleDeg: 0 }, photo);
}

export function isInSquare({ centre, side, angleDeg }: Square, xy: Xy): boolean {
  const turn = (angleDeg * Math.PI) / 180;
  const [x, y] = [xy[0] - centre[0], xy[1] - centre[1]];
  const across = x * Math.cos(turn) + y * Math.sin(turn);
  const along = y * Math.cos(turn) - x * Math.sin(turn);
  return Math.max(Math.abs(across), Math.abs(along)) <= side / 2;
}

/** Of the squares that a place lies in, the one whose middle is nearest; -1 if none. */
export function squareAt(squares: readonly Square[], xy: Xy): number {
  const away = (index: number) => distance(squares[index]?.centre ?? xy, xy);
  return squares.reduce(
    (best, square, index) =>
      isInSquare(square, xy) && (best < 0 || away(index) < away(best)) ? index : best,
    -1,
  );
}

export function sideLimits(photo: Size): { least: number; most: number } {
  const longer = Math.max(photo.width, photo.height);
  return { least: Math.min(SMALLEST_PX, longer), most: Math.round(longer * LARGEST_SHARE) };
}

/** Its middle on the photograph, and of a size that can be cut. */
export function within(square: Square, photo: Size): Square {
  const { least, most } = sideLimits(photo);
  return {
    centre: [
      clamp(square.centre[0], 0, photo.width - 1),
      clamp(square.centre[1], 0, photo.height - 1),
    ],
    side: clamp(square.side, least, most),
    angleDeg: degreesWithin(square.angleDeg),
  };
}

export function moved(square: Square, by: Xy, photo: Size): Square {
  const centre: Xy = [square.centre[0] + by[0], square.centre[1] + by[1]];
  return within({ ...square, centre }, photo);
}

/** A corner is pulled to `xy`; the one across from it stays. */
export function resized(square: Square, corner: number, xy: Xy, photo: Size): Square {
  const corners = cornersOf(square);
  const from = corners[(corner + 2) % 4] ?? square.centre;
  const to = corners[corner % 4] ?? square.centre;
  const diagonal = Math.max(distance(from, to), 1e-9);
  const toward: Xy = [(to[0] - from[0]) / diagonal, (to[1] - from[1]) / diagonal];
  const { least, most } = sideLimits(photo);
  const pulled = (xy[0] - from[0]) * toward[0] + (xy[1] - from[1]) * toward[1];
  const half = (clamp(pulled / Math.SQRT2, least, most) * Math.SQRT2) / 2;
  const centre: Xy = [from[0] + toward[0] * half, from[1] + toward[1] * half];
  return within({ ...square, centre, side: half * Math.SQRT2 }, photo);
}

function degrees(radians: number): number {
  return (radians * 180) / Math.PI;
}

function degreesWithin(angle: number): number {
  const turned = (((angle + 180) % 360) + 360) % 360;
  return turned === 0 && angle > 0 ? 180 : turned - 180;
}
