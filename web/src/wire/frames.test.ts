import { describe, expect, it } from "vitest";
import { HEADER_BYTES, imageBlob, isLater, parseFrame } from "./frames";
import { FrameKind } from "./messages";

function packed(kind: number, seq: number, step: number, timeS: number, body: number[]) {
  const buffer = new ArrayBuffer(HEADER_BYTES + body.length);
  const view = new DataView(buffer);
  view.setUint8(0, kind);
  view.setUint32(1, seq, true);
  view.setUint32(5, step, true);
  view.setFloat64(9, timeS, true);
  new Uint8Array(buffer).set(body, HEADER_BYTES);
  return buffer;
}

describe("frames", () => {
  it("are read as they were packed", () => {
    const frame = parseFrame(packed(2, 2 ** 32 - 1, 77, 1234.5, [0x89, 1, 2]));
    expect(frame).toMatchObject({
      kind: FrameKind.RESTING,
      seq: 2 ** 32 - 1,
      step: 77,
      timeS: 1234.5,
    });
    expect([...(frame?.encoded ?? [])]).toEqual([0x89, 1, 2]);
  });

  it("may be empty: a mask that is gone", () => {
    expect(parseFrame(packed(4, 1, 1, 0, []))?.encoded.length).toBe(0);
  });

  it("that are cut off or unknown are no frames", () => {
    expect(parseFrame(new ArrayBuffer(16))).toBeNull();
    expect(parseFrame(packed(99, 1, 1, 0, []))).toBeNull();
  });

  it("know their image's type", () => {
    expect(imageBlob(new Uint8Array([0xff, 0xd8])).type).toBe("image/jpeg");
    expect(imageBlob(new Uint8Array([0x89, 0x50])).type).toBe("image/png");
  });
});

it("sequence numbers wrap", () => {
  expect(isLater(2, 1)).toBe(true);
  expect(isLater(1, 1)).toBe(false);
  expect(isLater(0, 2 ** 32 - 1)).toBe(true);
  expect(isLater(2 ** 32 - 1, 0)).toBe(false);
});
