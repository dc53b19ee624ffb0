import { beforeEach, describe, expect, it, vi } from "vitest";
import { toggleLive, undo } from "../commands/drag";
import { setHold } from "../commands/hold";
import { sendPoints, showPoints } from "../commands/points";
import { setSolver } from "../commands/start_picture";
import { point } from "../testing/point";
import type { ClientMessage, MethodChoice, State, Welcome } from "../wire/messages";
import { Store } from "./store";
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
    hold_ready: true,
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
  localStorage.clear();
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

describe("how much is held", () => {
  const method: MethodChoice = {
    solver: "newton",
    space: "w",
    rows: 4,
    feature_px: 16,
    max_steps: 9,
    hold: 0.5,
  };
  const asked = () => sent.flatMap((one) => (one.type === "set-method" ? [one.method?.hold] : []));
  const held = (hold: number) => ({ ...state, method: { ...method, hold } });

  it("is asked for at once, with the rest of the method as it is", () => {
    receive(held(0.5));
    setHold(studio, 0.8);
    expect(sent).toMatchObject([{ type: "set-method", method: { ...method, hold: 0.8 } }]);
    receive(held(0.8));
    expect(studio.store.wantedHold.value).toBeNull();
    expect(asked()).toEqual([0.8]);
  });

  it("waits for the end of a drag, which keeps its own", () => {
    receive({ ...held(0.5), phase: "dragging" });
    setHold(studio, 0.2);
    setHold(studio, 0.3);
    receive({ ...held(0.5), phase: "dragging" });
    expect(asked()).toEqual([]);
    expect(studio.store.wantedHold.value?.value).toBe(0.3);
    receive(held(0.5));
    expect(asked()).toEqual([0.3]);
  });

  it("is the server's again when it refuses", () => {
    receive(held(0.5));
    setHold(studio, 0.8);
    receive(held(0.5));
    expect(studio.store.wantedHold.value).toBeNull();
  });

  it("is forgotten by an undo, and nothing is asked for what is so already", () => {
    receive({ ...held(0.5), phase: "live", can_undo: true });
    setHold(studio, 0.8);
    undo(studio);
    receive(held(0.4));
    setHold(studio, 0.4);
    expect(asked()).toEqual([]);
  });

  it("stays with another solver if someone chose it, else it suits that solver", () => {
    const preferred = { newton: method, adam: { ...method, solver: "adam" as const, hold: 0 } };
    const generator = state.generator && { ...state.generator, preferred };
    receive({ ...held(0.9), generator });
    setSolver(studio, "adam");
    receive({ ...held(0.5), generator });
    setSolver(studio, "adam");
    expect(asked()).toEqual([0.9, 0]);
  });
});

describe("live", () => {
  it("is on until someone switches it off, and stays so", () => {
    expect(studio.store.live.value).toBe(true);
    toggleLive(studio);
    expect(new Store().live.value).toBe(false);
    toggleLive(studio);
    expect(new Store().live.value).toBe(true);
  });

  it("leaves a point that was clicked waiting for its goal", () => {
    receive({ ...state, points: [point(1, [1, 1])] });
    studio.store.selected.value = { id: 1, end: "handle" };
    expect(studio.store.awaiting.value).toBe(1);
  });
});

it("advice is forgotten with its point", () => {
  receive({ type: "advice", point: 1, text: "little texture", better: [3, 3] });
  expect(studio.store.advice.value.get(1)?.better).toEqual([3, 3]);
  receive({ ...state, points: [] });
  expect(studio.store.advice.value.size).toBe(0);
});
