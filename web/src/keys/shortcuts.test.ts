import { describe, expect, it } from "vitest";
import { actionOf, type Keystroke, type Situation } from "./shortcuts";

const key = (name: string, more: Partial<Keystroke> = {}): Keystroke => ({
  key: name,
  code: name === " " ? "Space" : name,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...more,
});
const where = (more: Partial<Situation> = {}): Situation => ({
  inField: false,
  inText: false,
  onControl: false,
  handOnStage: false,
  inDialog: false,
  ...more,
});
const LETTERS = [..."vpbehl01[]\\?+-=", "Delete", "Backspace", "VPBEHL"].flat();

describe("letters", () => {
  it.each([
    ["v", "select"],
    ["P", "points"],
    ["b", "brush"],
    ["e", "eraser"],
    ["h", "hand"],
  ])("%s takes the tool %s", (name, tool) => {
    expect(actionOf(key(name), where())).toEqual({ do: "tool", tool });
  });

  it("do nothing while one types", () => {
    for (const name of LETTERS) {
      expect(actionOf(key(name), where({ inField: true }))).toBeNull();
    }
    expect(actionOf(key(" "), where({ inField: true }))).toBeNull();
    expect(actionOf(key("Tab"), where({ inField: true, handOnStage: true }))).toBeNull();
  });

  it("do nothing with Alt or in a dialog", () => {
    expect(actionOf(key("p", { altKey: true }), where())).toBeNull();
    expect(actionOf(key("p"), where({ inDialog: true }))).toBeNull();
    expect(actionOf(key("Escape"), where({ inDialog: true }))).toBeNull();
  });
});

describe("with Ctrl or Cmd", () => {
  it.each(["ctrlKey", "metaKey"] as const)("%s works the same", (control) => {
    const press = (name: string, more: Partial<Keystroke> = {}) =>
      actionOf(key(name, { [control]: true, ...more }), where())?.do;
    expect(press("z")).toBe("undo");
    expect(press("Z", { shiftKey: true })).toBe("redo");
    expect(press("y")).toBe("redo");
    expect(press("Enter")).toBe("start");
    expect(press("s")).toBe("save");
    expect(press("o")).toBe("open");
    // Reload, new tab and the like are the browser's.
    expect(press("r")).toBeUndefined();
    expect(press("b")).toBeUndefined();
  });

  it("a field keeps its own undo, but starts and saves", () => {
    const inField = where({ inField: true, inText: true });
    expect(actionOf(key("z", { ctrlKey: true }), inField)).toBeNull();
    const onSlider = where({ inField: true });
    expect(actionOf(key("z", { ctrlKey: true }), onSlider)?.do).toBe("undo");
    expect(actionOf(key("Enter", { ctrlKey: true }), inField)?.do).toBe("start");
  });
});

describe("Tab and Space", () => {
  it("are for the picture when the hand is on it", () => {
    expect(actionOf(key("Tab"), where({ handOnStage: true }))?.do).toBe("compare");
    expect(actionOf(key(" "), where({ handOnStage: true, onControl: true }))?.do).toBe("pan");
  });

  it("are for getting about otherwise", () => {
    expect(actionOf(key("Tab"), where())).toBeNull();
    expect(actionOf(key("Tab", { shiftKey: true }), where({ handOnStage: true }))).toBeNull();
    expect(actionOf(key(" "), where({ onControl: true }))).toBeNull();
  });

  it("the backslash always compares", () => {
    expect(actionOf(key("\\"), where({ onControl: true }))?.do).toBe("compare");
  });
});
