import { expect, it } from "vitest";
import { arrivedFile } from "./arrived_file";

it("tells projects, photos and the rest apart", () => {
  expect(arrivedFile("Face.TUGAN", "")).toBe("project");
  expect(arrivedFile("me.png", "image/png")).toBe("photo");
  expect(arrivedFile("me.HEIC", "")).toBe("photo");
  expect(arrivedFile("scan.TIFF", "")).toBe("photo");
  expect(arrivedFile("", "image/avif")).toBe("photo");
  expect(arrivedFile("me.jpg.tugan", "")).toBe("project");
  expect(arrivedFile("notes.txt", "text/plain")).toBe("unknown");
});
