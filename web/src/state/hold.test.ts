import { expect, it } from "vitest";
import { holdWords, notReadyWords, percent } from "./hold";

it("tells the ends and what lies between them apart", () => {
  const told = [0, 0.2, 0.5, 0.8, 1].map(holdWords);
  expect(new Set(told).size).toBe(5);
  expect(told[0]).toContain("whole picture may follow");
  expect(told[4]).toBe("only what is pulled moves");
  expect(percent(0.55)).toBe("55%");
});

it("says what to run for a model that can hold nothing yet", () => {
  expect(notReadyWords("lions")).toContain("tugan models prepare lions");
});
