import { expect, it } from "vitest";
import type { EntryView } from "../wire/messages";
import { strip } from "./history_tree";

const entry = (id: number, parent: number | null): EntryView => ({
  id,
  parent,
  text: `entry ${id}`,
  has_picture: true,
});

it("is a line while nobody branches", () => {
  const line = strip([entry(0, null), entry(1, 0), entry(2, 1)], 1);
  expect(line.map((one) => one.entry.id)).toEqual([0, 1, 2]);
  expect(line.every((one) => one.branchesFrom === null)).toBe(true);
  expect(line.map((one) => one.isBefore)).toEqual([true, true, false]);
  expect(line.map((one) => one.isCurrent)).toEqual([false, true, false]);
});

it("keeps branches together and says where they branch", () => {
  const tree = [entry(0, null), entry(1, 0), entry(2, 1), entry(3, 1), entry(4, 2), entry(5, 3)];
  const line = strip(tree, 5);
  expect(line.map((one) => one.entry.id)).toEqual([0, 1, 2, 4, 3, 5]);
  expect(line.map((one) => one.branchesFrom)).toEqual([null, null, null, null, 2, null]);
  expect(line.find((one) => one.entry.id === 1)?.forks).toBe(true);
  expect(line.filter((one) => one.isBefore).map((one) => one.entry.id)).toEqual([0, 1, 3, 5]);
});

it("shows entries whose parent was forgotten, and survives a circle", () => {
  expect(strip([entry(7, 3), entry(8, 7)], 8).map((one) => one.entry.id)).toEqual([7, 8]);
  expect(strip([entry(1, 2), entry(2, 1)], 1)).toEqual([]);
});
