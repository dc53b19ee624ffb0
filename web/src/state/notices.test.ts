import { expect, it } from "vitest";
import { closed, told } from "./notices";

const notice = (text: string) => ({ level: "info", text, remedy: "" }) as const;

it("does not repeat itself, and does not pile up", () => {
  let all = told([], notice("a"), 1);
  all = told(all, notice("a"), 2);
  expect(all.map((one) => one.key)).toEqual([2]);
  for (let key = 3; key < 20; key += 1) {
    all = told(all, notice(`n${key}`), key);
  }
  expect(all).toHaveLength(4);
  expect(closed(all, 19).map((one) => one.key)).toEqual([16, 17, 18]);
});
