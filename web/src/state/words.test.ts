import { expect, it } from "vitest";
import { progressWords, psiWords, sizeWords } from "./words";

it("says how a drag goes", () => {
  const progress = { type: "progress", step: 6, farthest_px: 4.12, points: [] } as const;
  expect(progressWords({ ...progress, steps_per_s: 12.2, points: [] })).toBe(
    "step 6, 4.1 px left, 12 steps/s",
  );
  expect(progressWords({ ...progress, steps_per_s: 0.53, points: [] })).toContain("0.5 steps/s");
  expect(progressWords({ ...progress, step: 0, steps_per_s: 0, points: [] })).toBe(
    "step 0, 4.1 px left",
  );
});

it("says sizes and variety", () => {
  expect(sizeWords(31_000_000)).toBe("31 MB");
  expect(sizeWords(1_250_000_000)).toBe("1.3 GB");
  expect(sizeWords(10)).toBe("1 kB");
  expect(psiWords(0)).toContain("average");
  expect(psiWords(1.2)).toBe("strange");
});
