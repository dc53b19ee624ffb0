import { expect, it } from "vitest";
import { seededRandom } from "../testing/seeded_random";
import { GALLERY_SIZE, lockToggled, newGallery, rerolled } from "./gallery";

it("begins with the picture at hand", () => {
  const gallery = newGallery(14, seededRandom(1));
  expect(gallery.seeds[0]).toBe(14);
  expect(new Set(gallery.seeds).size).toBe(GALLERY_SIZE);
});

it("keeps locked seeds in their places when it is rolled again", () => {
  const random = seededRandom(2);
  let gallery = newGallery(14, random);
  const [, second = -1, , , fifth = -1] = gallery.seeds;
  gallery = lockToggled(lockToggled(gallery, second), fifth);
  const before = gallery.seeds;
  const after = rerolled(gallery, random).seeds;
  expect(after[1]).toBe(second);
  expect(after[4]).toBe(fifth);
  expect(after.filter((seed) => before.includes(seed))).toHaveLength(2);
  expect(new Set(after).size).toBe(GALLERY_SIZE);
});

it("lets go of a lock", () => {
  const gallery = newGallery(14, seededRandom(3));
  expect(lockToggled(lockToggled(gallery, 14), 14).locked.size).toBe(0);
});
