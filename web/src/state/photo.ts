/** A photograph on its way into the model: the square that is being chosen, and words. Pure. */

import { cornersOf, middleSquare, type Square, squareOf, within } from "../geometry/square";
import type { Size } from "../geometry/view";
import type {
  IncomingView,
  PhotoBegin,
  PhotoProgress,
  PhotoView,
  QualityView,
} from "../wire/messages";

export interface Choice {
  square: Square;
  /** Which of the faces the square is of, untouched; null for a square of one's own. */
  face: number | null;
}

/** Two squares whose corners are this near, in pixels, are one. */
const SAME_PX = 0.5;

export function photoSize(photo: { width_px: number; height_px: number }): Size {
  return { width: photo.width_px, height: photo.height_px };
}

/** Which photograph it is, as far as the page can tell. */
export function photoKey(photo: PhotoView | IncomingView | null): string | null {
  return photo === null ? null : `${photo.name} ${photo.width_px} ${photo.height_px}`;
}

/** What is suggested at first: what was taken before, the largest face, or the middle. */
export function suggested(incoming: IncomingView): Choice {
  const { chosen, faces } = incoming;
  const corners = chosen ?? faces[0];
  if (corners === undefined) {
    return { square: middleSquare(photoSize(incoming)), face: null };
  }
  const square = squareOf(corners);
  const face = faces.findIndex((one) => isSame(squareOf(one), square));
  return face < 0 ? { square: within(square, photoSize(incoming)), face: null } : { square, face };
}

export function choiceOfFace(incoming: IncomingView, face: number): Choice {
  const corners = incoming.faces[face];
  return corners === undefined ? suggested(incoming) : { square: squareOf(corners), face };
}

export function beginning({ face, square }: Choice): PhotoBegin {
  if (face !== null) {
    return { type: "photo-begin", face };
  }
  const { centre, side, angleDeg } = square;
  return { type: "photo-begin", square: { centre, side_px: side, angle_deg: angleDeg } };
}

/** Whether choosing begins: a choice that is being made is not thrown away by every message. */
export function isNewChoice(before: IncomingView | null, now: IncomingView): boolean {
  return (
    now.stage === "choose" &&
    (before?.stage !== "choose" ||
      photoKey(before) !== photoKey(now) ||
      before.faces.length !== now.faces.length)
  );
}

export function isWorking(stage: IncomingView["stage"]): stage is PhotoProgress["stage"] {
  return stage === "invert" || stage === "tune";
}

const DOING = { invert: "Looking for it", tune: "Tuning the model to it" } as const;

/** "Looking for it: step 40 of 150 · about 2 min left". */
export function stepWords(stage: PhotoProgress["stage"], progress: PhotoProgress | null): string {
  if (progress === null || progress.stage !== stage) {
    return `${DOING[stage]}…`;
  }
  const left = progress.left_s === null ? "" : ` · ${leftWords(progress.left_s)}`;
  return `${DOING[stage]}: step ${progress.step} of ${progress.total}${left}`;
}

/** No more exact than it is known. */
export function leftWords(seconds: number): string {
  if (seconds < 8) {
    return "a few seconds left";
  }
  if (seconds < 55) {
    return `about ${Math.round(seconds / 10) * 10} s left`;
  }
  return `about ${Math.max(1, Math.round(seconds / 60))} min left`;
}

export const GRADE_WORDS: Readonly<Record<QualityView["grade"], string>> = {
  good: "Good",
  usable: "Usable",
  poor: "Poor",
};

/** What the grade means; the grade itself is shown beside it. */
export function qualityWords({ grade, text }: QualityView): string {
  const said = `${GRADE_WORDS[grade]}: `;
  if (!text.startsWith(said)) {
    return text;
  }
  const rest = text.slice(said.length);
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}

/** In one piece: with spaces at which no line is broken. */
export function sizeOfPhotoWords(photo: PhotoView | IncomingView): string {
  return `${photo.width_px} × ${photo.height_px} px`.replaceAll(" ", "\u00a0");
}

function isSame(one: Square, other: Square): boolean {
  const others = cornersOf(other);
  return cornersOf(one).every(
    (corner, index) =>
      Math.hypot(
        corner[0] - (others[index]?.[0] ?? Number.NaN),
        corner[1] - (others[index]?.[1] ?? Number.NaN),
      ) < SAME_PX,
  );
}
