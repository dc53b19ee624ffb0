import { render } from "preact";
import { act } from "preact/test-utils";
import { beforeEach, expect, it, vi } from "vitest";
import { notReadyWords } from "../state/hold";
import { Studio, StudioContext } from "../state/studio";
import type { ClientMessage, GeneratorView, MethodChoice } from "../wire/messages";
import { HoldSlider } from "./hold_slider";

const method: MethodChoice = {
  solver: "newton",
  space: "w",
  rows: 4,
  feature_px: 16,
  max_steps: 9,
  hold: 0.5,
};

let studio: Studio;
let sent: ClientMessage[];

function shown(more: Partial<GeneratorView>, now: MethodChoice | null = method): HTMLElement {
  const root = document.createElement("div");
  document.body.replaceChildren(root);
  studio.store.doc.value = {
    phase: "idle",
    method: now,
    generator: { hold_ready: true, ...more },
  } as typeof studio.store.doc.value;
  act(() =>
    render(
      <StudioContext.Provider value={studio}>
        <HoldSlider />
      </StudioContext.Provider>,
      root,
    ),
  );
  return root;
}

function sliderOf(root: HTMLElement): HTMLInputElement {
  const slider = root.querySelector("input");
  if (slider === null) {
    throw new Error("there is no slider");
  }
  return slider;
}

function tell(slider: HTMLInputElement, name: string): void {
  act(() => {
    slider.dispatchEvent(new Event(name, { bubbles: true }));
  });
}

beforeEach(() => {
  studio = new Studio(new URL("http://127.0.0.1/?token=t"), sessionStorage);
  sent = [];
  vi.spyOn(studio.connection, "send").mockImplementation((message) => {
    sent.push(message);
    return true;
  });
});

it("says what its value means, at both ends, too", () => {
  const root = shown({});
  expect(sliderOf(root).getAttribute("aria-valuetext")).toMatch(/^50%, /);
  expect(root.textContent).toContain("picture may follow");
  expect(root.textContent).toContain("only the pull");
  expect(root.querySelector("[data-testid=hold-note]")).toBeNull();
});

it("says that the model is not ready, and can be set all the same", () => {
  const root = shown({ hold_ready: false, name: "lions" });
  const said = notReadyWords("lions");
  expect(root.querySelector("[data-testid=hold-note]")?.textContent).toBe(said);
  expect(sliderOf(root).getAttribute("aria-valuetext")).toBe(`50%, ${said}`);
  expect(sliderOf(root).disabled).toBe(false);
});

it("asks once it is let go, not while it slides", () => {
  const slider = sliderOf(shown({}));
  slider.value = "0.75";
  tell(slider, "input");
  expect(sent).toEqual([]);
  expect(slider.getAttribute("aria-valuetext")).toMatch(/^75%, /);
  tell(slider, "change");
  expect(sent).toMatchObject([{ type: "set-method", method: { ...method, hold: 0.75 } }]);
  expect(slider.value).toBe("0.75");
});

it("waits for the document", () => {
  expect(sliderOf(shown({}, null)).disabled).toBe(true);
});
