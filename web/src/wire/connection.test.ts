import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Connection } from "./connection";
import type { Link } from "./reconnect";

class FakeSocket {
  static OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 0;
  binaryType = "";
  sent: string[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly url: string;
  constructor(url: string) {
    this.url = url;
    FakeSocket.all.push(this);
  }
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.readyState = 3;
  }
  open(): void {
    this.readyState = 1;
    this.onopen?.();
    this.onmessage?.({ data: JSON.stringify({ type: "welcome", session: "s" }) });
  }
  end(code: number): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

const links: Link[] = [];
let isRefused = false;
const connection = () =>
  new Connection(
    () => "ws://here/ws",
    () => Promise.resolve(isRefused),
    { onLink: (link) => links.push(link), onMessage: () => {}, onFrame: () => {} },
  );
const newest = () => FakeSocket.all.at(-1) as FakeSocket;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeSocket);
  FakeSocket.all = [];
  links.length = 0;
  isRefused = false;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("comes back by itself, and sends only when it is open", async () => {
  const wire = connection();
  wire.connect();
  expect(wire.send({ type: "undo" })).toBe(false);
  newest().open();
  expect(wire.send({ type: "undo" })).toBe(true);
  expect(newest().sent).toEqual(['{"type":"undo"}']);
  newest().end(1006);
  await vi.advanceTimersByTimeAsync(1000);
  expect(FakeSocket.all).toHaveLength(2);
  newest().open();
  expect(links.map((link) => link.status)).toEqual([
    "connecting",
    "open",
    "lost",
    "connecting",
    "open",
  ]);
});

it("does not fight another tab for the session, but takes it back when asked", async () => {
  const wire = connection();
  wire.connect();
  newest().open();
  newest().end(4409);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeSocket.all).toHaveLength(1);
  expect(links.at(-1)).toEqual({ status: "ended", why: "elsewhere" });
  wire.connect();
  newest().open();
  expect(links.at(-1)).toEqual({ status: "open" });
});

it("asks why when it was never let in", async () => {
  isRefused = true;
  const wire = connection();
  wire.connect();
  newest().end(1006);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(links.at(-1)).toEqual({ status: "ended", why: "bad-token" });
  expect(FakeSocket.all).toHaveLength(1);
});
