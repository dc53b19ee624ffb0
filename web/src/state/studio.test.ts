import { beforeEach, describe, expect, it, vi } from "vitest";
import { sendPoints, showPoints } from "../commands/points";
import { point } from "../testing/point";
import type { ClientMessage, State, Welcome } from "../wire/messages";
import { Studio } from "./studio";

const welcome: Welcome = {
  type: "welcome",
  protocol: 1,
  version: "1",
  session: "s1",
  resumed: false,
  models: [],
  limits: { max_points: 200, max_upload_bytes: 1, max_gallery: 24, max_steps: 1000 },
  recoverable: [],
  formats: [],
  exports: [],
  photo_exports: [],
};
const state: State = {
  type: "state",
  revision: 1,
  phase: "idle",
  generator: {
    name: "toy",
    width_px: 64,
    height_px: 32,
    domain: "blobs",
    licence: "Apache-2.0",
    notes: "",
    classes: 0,
    rows: 4,
    blocks_px: [16],
    preferred: {},
  },
  start: { seed: 14, psi: 0.5, label: null },
  points: [point(1, [1, 1], [2, 2])],
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

let studio: Studio;
let sent: ClientMessage[];
const receive = (message: Parameters<Studio["receive"]>[0]) =>
  studio.receive(message, sessionStorage);

beforeEach(() => {
  sessionStorage.clear();
  studio = new Studio(new URL("http://127.0.0.1/?token=t"), sessionStorage);
  sent = [];
  vi.spyOn(studio.connection, "send").mockImplementation((message) => {
    sent.push(message);
    return true;
  });
  receive(welcome);
  receive(state);
});

describe("the document", () => {
  it("comes from the server", () => {
    const { store } = studio;
    expect(store.list.value).toEqual(state.points);
    expect(store.picture.value).toEqual({ width: 64, height: 32 });
    expect(store.gallery.value).toMatchObject({ psi: 0.5 });
    expect(store.gallery.value?.seeds[0]).toBe(14);
    expect(store.isUntouched.value).toBe(true);
    expect(sessionStorage.getItem("tugan-session")).toBe("s1");
  });

  it("can be started only when it is idle, has a goal, and there is a connection", () => {
    const { store } = studio;
    expect(store.canStart.value).toBe(false);
    store.link.value = { status: "open" };
    expect(store.canStart.value).toBe(true);
    receive({ ...state, phase: "dragging" });
    expect(store.canStart.value).toBe(false);
    receive({ ...state, points: [point(1, [1, 1])] });
    expect(store.canStart.value).toBe(false);
  });
});

describe("changes made here", () => {
  const two = [...state.points, point(2, [5, 5], [6, 6])];
  const place = () => {
    showPoints(studio, two);
    sendPoints(studio, "add", "g");
    return sent.at(-1) as { id: number };
  };

  it("are shown at once and sent with a number", () => {
    expect(place()).toMatchObject({ type: "set-points", change: "add", gesture: "g" });
    expect(studio.store.list.value).toHaveLength(2);
    receive({ ...state, revision: 2 });
    expect(studio.store.list.value).toHaveLength(2);
  });

  it("are taken back when they are refused, and it is said why", () => {
    const { id } = place();
    receive({
      type: "notice",
      level: "warning",
      code: "too-many",
      text: "Too many points.",
      remedy: "Remove one.",
      reply_to: id,
    });
    expect(studio.store.list.value).toHaveLength(1);
    expect(studio.store.notices.value[0]).toMatchObject({ text: "Too many points." });
  });

  it("are sent again after the connection was lost", () => {
    place();
    sent.length = 0;
    receive({ ...welcome, resumed: true });
    expect(sent[0]).toMatchObject({ type: "set-points", points: [{ id: 1 }, { id: 2 }] });
  });

  it("do not go into other work that is opened", () => {
    place();
    sent.length = 0;
    receive({ ...welcome, session: "other", resumed: true });
    expect(sent).toEqual([]);
    receive({ ...state, points: [] });
    expect(studio.store.list.value).toEqual([]);
  });

  it("never use a point's number twice", () => {
    const first = studio.newPointId();
    expect(first).toBeGreaterThan(1);
    expect(studio.newPointId()).toBeGreaterThan(first);
  });
});

it("advice is forgotten with its point", () => {
  receive({ type: "advice", point: 1, text: "little texture", better: [3, 3] });
  expect(studio.store.advice.value.get(1)?.better).toEqual([3, 3]);
  receive({ ...state, points: [] });
  expect(studio.store.advice.value.size).toBe(0);
});
