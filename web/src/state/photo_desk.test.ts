import { beforeEach, describe, expect, it, vi } from "vitest";
import { leavePhoto, moveSquare, shapeSquare } from "../commands/photo";
import type { Square } from "../geometry/square";
import { incoming } from "../testing/incoming";
import type { WireFrame } from "../wire/frames";
import { type ClientMessage, FrameKind, type IncomingView, type State } from "../wire/messages";
import { Studio } from "./studio";

const face: Square = { centre: [300, 300], side: 200, angleDeg: 0 };
const idle: State = {
  type: "state",
  revision: 1,
  phase: "idle",
  generator: null,
  start: null,
  points: [],
  has_mask: false,
  method: null,
  history: [],
  current: 0,
  can_undo: false,
  can_redo: false,
  outcome: null,
  steps: 0,
  photo: null,
  incoming: null,
};
const kept = { name: "me.jpg", width_px: 900, height_px: 700, quality: null };
const frame = (kind: FrameKind, seq: number): WireFrame => ({
  kind,
  seq,
  step: 0,
  timeS: 0,
  encoded: new Uint8Array([0xff, 0xd8]),
});

let studio: Studio;
let sent: ClientMessage[];
const receive = (view: IncomingView | null, more: Partial<State> = {}) =>
  studio.receive({ ...idle, incoming: view, ...more }, sessionStorage);

beforeEach(() => {
  studio = new Studio(new URL("http://127.0.0.1/?token=t"), sessionStorage);
  sent = [];
  vi.spyOn(studio.connection, "send").mockImplementation((message) => {
    sent.push(message);
    return true;
  });
});

describe("a square that is being chosen", () => {
  it("is the suggestion first, and stays as it was moved", () => {
    receive(incoming([face]));
    expect(studio.store.choice.value?.face).toBe(0);
    moveSquare(studio, face, [10, 0]);
    shapeSquare(studio, { side: 250 });
    receive(incoming([face], { warning: "news" }));
    expect(studio.store.choice.value).toEqual({
      square: { centre: [310, 300], side: 250, angleDeg: 0 },
      face: null,
    });
  });

  it("is gone with the photograph", () => {
    receive(incoming([face]));
    receive(null);
    expect(studio.store.choice.value).toBeNull();
  });
});

describe("Esc", () => {
  it.each([
    ["finding", undefined],
    ["choose", "photo-cancel"],
    ["invert", "stop"],
    ["tune", "stop"],
    ["ready", undefined],
  ] as const)("while it is at %s asks for %s", (stage, asked) => {
    receive(incoming([face], { stage }));
    leavePhoto(studio);
    expect(sent.at(-1)?.type).toBe(asked);
  });
});

it("a photograph that is gone without having been let go is spoken of", () => {
  receive(incoming([face], { stage: "tune" }));
  studio.ask({ type: "photo-cancel" });
  receive(null);
  expect(studio.store.notices.value).toEqual([]);
  receive(incoming([face], { stage: "tune" }));
  receive(null);
  expect(studio.store.notices.value[0]?.text).toContain("me.jpg");
});

describe("pictures", () => {
  it("are acknowledged, and say whose they are", () => {
    receive(incoming([face]));
    studio.photo.receiveFrame(frame(FrameKind.PHOTO, 4));
    studio.photo.receiveFrame(frame(FrameKind.TARGET, 5));
    expect(sent).toEqual([
      { type: "ack", seq: 4 },
      { type: "ack", seq: 5 },
    ]);
    expect(studio.photo.pictures.photo.value).toMatch(/^blob:/);
    expect(studio.photo.pictures.target.value).toMatch(/^blob:/);
  });

  it("of the work go when another square is chosen", () => {
    receive(incoming([face], { stage: "tune" }));
    studio.photo.receiveFrame(frame(FrameKind.TARGET, 5));
    studio.receive(
      { type: "photo-progress", stage: "tune", step: 1, total: 9, psnr_db: 1, left_s: null },
      sessionStorage,
    );
    receive(incoming([face], { stage: "ready" }));
    expect(studio.photo.pictures.target.value).not.toBeNull();
    receive(incoming([face]));
    expect(studio.photo.pictures.target.value).toBeNull();
    expect(studio.store.photoProgress.value).toBeNull();
  });

  it("of an earlier square are not taken for the next one's, but stay for more steps", () => {
    receive(incoming([face]));
    studio.store.previewsDrawn.value = 1;
    receive(incoming([face], { stage: "invert" }));
    expect(studio.store.previewsDrawn.value).toBe(0);
    studio.store.previewsDrawn.value = 5;
    studio.receive(
      { type: "photo-progress", stage: "tune", step: 90, total: 90, psnr_db: 1, left_s: 0 },
      sessionStorage,
    );
    receive(incoming([face], { stage: "ready" }));
    receive(incoming([face], { stage: "tune" }));
    expect(studio.store.previewsDrawn.value).toBe(5);
    expect(studio.store.photoProgress.value).toBeNull();
  });

  it("the photograph stays to be compared with once it is kept, and goes when it is not", () => {
    studio.photo.receiveFrame(frame(FrameKind.PHOTO, 4));
    receive(incoming([face], { stage: "ready" }));
    receive(null, { photo: kept });
    expect(studio.store.hasPhotoBefore.value).toBe(true);
    // Undone: the picture is of no photograph.
    receive(null);
    expect(studio.store.hasPhotoBefore.value).toBe(false);

    receive(incoming([face], { name: "other.jpg" }), { photo: kept });
    receive(null, { photo: kept });
    expect(studio.photo.pictures.photo.value).toBeNull();
    expect(studio.store.hasPhotoBefore.value).toBe(false);
  });
});
