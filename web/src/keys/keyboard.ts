/** Key presses to commands. */

import { compare, redo, start, stop, toggleLive, undo } from "../commands/drag";
import { saveProject } from "../commands/files";
import { resizeBrush } from "../commands/mask";
import { removeSelected } from "../commands/points";
import { actualSize, fitView, zoomBy } from "../commands/view";
import type { Studio } from "../state/studio";
import { type Action, actionOf, type Situation } from "./shortcuts";

export interface Surroundings {
  /** The pointer is over the picture. */
  isPointerOnStage(): boolean;
  /** Takes back a gesture under way; false if there is none. */
  leaveGesture(): boolean;
  chooseFile(): void;
}

const FIELDS = "input, select, textarea, [contenteditable]";
const WITHOUT_TEXT = "select, [type=range], [type=checkbox]";
const CONTROLS = "button, a, summary, [role=button], [role=menuitem]";

export function listenToKeys(studio: Studio, around: Surroundings): () => void {
  /** What ends when the key is let go. */
  const held = new Map<string, () => void>();
  const down = (event: KeyboardEvent) => {
    if (held.has(event.code)) {
      event.preventDefault();
      return;
    }
    const action = actionOf(event, situation(around));
    if (action === null) {
      if (event.key === "Tab") {
        gettingAbout(true);
      }
      return;
    }
    const end = perform(studio, around, action);
    if (end !== null) {
      held.set(event.code, end);
    }
    event.preventDefault();
  };
  const up = (event: KeyboardEvent) => {
    held.get(event.code)?.();
    held.delete(event.code);
  };
  const point = () => gettingAbout(false);
  const blur = () => {
    for (const end of held.values()) {
      end();
    }
    held.clear();
  };
  window.addEventListener("keydown", down);
  window.addEventListener("keyup", up);
  window.addEventListener("pointerdown", point, true);
  window.addEventListener("blur", blur);
  return () => {
    window.removeEventListener("keydown", down);
    window.removeEventListener("keyup", up);
    window.removeEventListener("pointerdown", point, true);
    window.removeEventListener("blur", blur);
  };
}

function situation(around: Surroundings): Situation {
  const focus = document.activeElement;
  return {
    inField: focus?.matches(FIELDS) ?? false,
    inText: (focus?.matches(FIELDS) && !focus.matches(WITHOUT_TEXT)) ?? false,
    onControl: focus?.matches(CONTROLS) ?? false,
    handOnStage: around.isPointerOnStage() && !isGettingAbout(),
    inDialog: document.querySelector("dialog[open]") !== null,
  };
}

/**
 * Someone goes from control to control with Tab, until a pointer is used again: Tab is theirs.
 * `:focus-visible` cannot tell, since any key makes it true.
 */
function gettingAbout(on: boolean): void {
  document.documentElement.toggleAttribute("data-getting-about", on);
}

function isGettingAbout(): boolean {
  return document.documentElement.hasAttribute("data-getting-about");
}

/** Returns what to do when the key is let go, if anything. */
function perform(studio: Studio, around: Surroundings, action: Action): (() => void) | null {
  const { store } = studio;
  switch (action.do) {
    case "tool":
      store.tool.value = action.tool;
      return null;
    case "brush":
      resizeBrush(studio, action.factor);
      return null;
    case "start":
      start(studio);
      return null;
    case "leave":
      leave(studio, around);
      return null;
    case "undo":
      undo(studio);
      return null;
    case "redo":
      redo(studio);
      return null;
    case "fit":
      fitView(studio);
      return null;
    case "actual-size":
      actualSize(studio);
      return null;
    case "zoom-in":
      zoomBy(studio, 1.25);
      return null;
    case "zoom-out":
      zoomBy(studio, 0.8);
      return null;
    case "live":
      toggleLive(studio);
      return null;
    case "delete":
      removeSelected(studio);
      return null;
    case "shortcuts":
      store.areShortcutsOpen.value = true;
      return null;
    case "save":
      void saveProject(studio);
      return null;
    case "open":
      around.chooseFile();
      return null;
    case "compare":
      compare(studio, true);
      return () => compare(studio, false);
    case "pan":
      store.panning.value = true;
      return () => {
        store.panning.value = false;
      };
  }
}

/** The innermost thing first. */
function leave(studio: Studio, around: Surroundings): void {
  const { store } = studio;
  if (around.leaveGesture()) {
    return;
  }
  if (store.isDragging.value) {
    stop(studio);
  } else if (store.isSheetOpen.value) {
    store.isSheetOpen.value = false;
  } else if (store.selected.value !== null) {
    store.selected.value = null;
  } else {
    store.tool.value = "points";
  }
}
