import { describe, expect, it } from "vitest";
import { cornersOf, type Square } from "../geometry/square";
import { incoming } from "../testing/incoming";
import type { PhotoProgress } from "../wire/messages";
import {
  beginning,
  choiceOfFace,
  isNewChoice,
  leftWords,
  qualityWords,
  stepWords,
  suggested,
} from "./photo";

const large: Square = { centre: [300, 300], side: 200, angleDeg: 5 };
const small: Square = { centre: [600, 320], side: 150, angleDeg: -3 };

describe("what is suggested", () => {
  it("is the largest face, and then what was taken before", () => {
    expect(suggested(incoming([large, small]))).toMatchObject({ face: 0 });
    const again = suggested(incoming([large, small], { chosen: cornersOf(small) }));
    expect(again.face).toBe(1);
    expect(again.square.side).toBeCloseTo(small.side);
    const own: Square = { centre: [100, 100], side: 120, angleDeg: 0 };
    const square = suggested(incoming([large], { chosen: cornersOf(own) }));
    expect(square.face).toBeNull();
    expect(square.square.centre).toEqual([100, 100]);
  });

  it("is the middle where no face was found", () => {
    expect(suggested(incoming([]))).toEqual({
      square: { centre: [449.5, 349.5], side: 560, angleDeg: 0 },
      face: null,
    });
  });
});

describe("what is sent", () => {
  it("is a face as it was found, by number", () => {
    const choice = choiceOfFace(incoming([large, small]), 1);
    expect(beginning(choice)).toEqual({ type: "photo-begin", face: 1 });
  });

  it("is a square of one's own with its place", () => {
    expect(beginning({ square: small, face: null })).toEqual({
      type: "photo-begin",
      square: { centre: [600, 320], side_px: 150, angle_deg: -3 },
    });
  });

  it("is the suggestion if the face is gone", () => {
    expect(choiceOfFace(incoming([large]), 7).face).toBe(0);
  });
});

it("a choice that is being made outlasts messages, but not another photograph", () => {
  const choosing = incoming([large]);
  expect(isNewChoice(null, choosing)).toBe(true);
  expect(isNewChoice(choosing, { ...choosing, warning: "new words" })).toBe(false);
  expect(isNewChoice({ ...choosing, stage: "ready" }, choosing)).toBe(true);
  expect(isNewChoice(choosing, { ...choosing, name: "other.jpg" })).toBe(true);
  expect(isNewChoice(choosing, { ...choosing, stage: "invert" })).toBe(false);
});

describe("words", () => {
  const progress: PhotoProgress = {
    type: "photo-progress",
    stage: "invert",
    step: 40,
    total: 150,
    psnr_db: 18,
    left_s: 118,
  };

  it("say how far it is", () => {
    expect(stepWords("invert", progress)).toBe("Looking for it: step 40 of 150 · about 2 min left");
    expect(stepWords("invert", { ...progress, left_s: null })).toBe(
      "Looking for it: step 40 of 150",
    );
    expect(stepWords("tune", { ...progress, stage: "tune" })).toContain("Tuning the model to it");
  });

  it("do not tell one stage's steps as another's", () => {
    expect(stepWords("tune", progress)).toBe("Tuning the model to it…");
    expect(stepWords("invert", null)).toBe("Looking for it…");
  });

  it("are no more exact than what is known", () => {
    expect(leftWords(3)).toBe("a few seconds left");
    expect(leftWords(42)).toBe("about 40 s left");
    expect(leftWords(57)).toBe("about 1 min left");
    expect(leftWords(200)).toBe("about 3 min left");
  });

  it("do not say the grade twice", () => {
    const quality = { grade: "poor", face_psnr_db: 1, identity_distance: null } as const;
    expect(qualityWords({ ...quality, text: "Poor: it will not look like it." })).toBe(
      "It will not look like it.",
    );
    expect(qualityWords({ ...quality, text: "It is far away." })).toBe("It is far away.");
  });
});
