import { describe, expect, it } from "vitest";
import { afterClose, FIRST_DELAY_MS, type Link, LONGEST_DELAY_MS, linkWords } from "./reconnect";

const again = (link: Link): Link =>
  link.status === "lost" ? { status: "connecting", attempt: link.attempt } : link;

describe("a lost connection", () => {
  it.each([1000, 1006, 1011, 1012, 4408])("is tried again after %i", (code) => {
    expect(afterClose({ status: "open" }, code, 0.5)).toMatchObject({ status: "lost", attempt: 1 });
  });

  it("waits longer each time, up to a limit", () => {
    let link: Link = afterClose({ status: "open" }, 1006, 0.999);
    let last = 0;
    for (let i = 0; i < 12; i += 1) {
      const delay = link.status === "lost" ? link.delayMs : -1;
      expect(delay).toBeGreaterThanOrEqual(last * 0.99);
      expect(delay).toBeLessThanOrEqual(LONGEST_DELAY_MS);
      last = delay;
      link = afterClose(again(link), 1006, 0.999);
    }
    expect(last).toBeGreaterThan(FIRST_DELAY_MS * 10);
  });

  it("begins anew once it was open", () => {
    expect(afterClose({ status: "open" }, 1006, 0)).toMatchObject({ attempt: 1 });
  });

  it("says so, and what to do", () => {
    const words = linkWords({ status: "lost", attempt: 1, delayMs: 1 });
    expect(words?.title).toContain("Connection lost");
    expect(words?.text).toContain("safe");
    expect(linkWords({ status: "connecting", attempt: 2 })).not.toBeNull();
    expect(linkWords({ status: "connecting", attempt: 0 })).toBeNull();
    expect(linkWords({ status: "open" })).toBeNull();
  });
});

describe("an end", () => {
  it.each([
    [4401, "bad-token", null],
    [4403, "foreign-origin", null],
    [4409, "elsewhere", "Use it here"],
    [4429, "full", "Try again"],
  ])("by %i is not tried again", (code, why, action) => {
    const link = afterClose({ status: "open" }, code, 0);
    expect(link).toEqual({ status: "ended", why });
    expect(linkWords(link)?.action).toBe(action);
  });
});
