/** Start and stop, live, and the way back and forth in the history. */

import type { Xy } from "../geometry/view";
import { keepLive } from "../state/live_preference";
import type { Studio } from "../state/studio";
import { forgetLocalPoints } from "./points";

export function start(studio: Studio): void {
  const { store } = studio;
  if (store.canStart.value) {
    store.isHintDismissed.value = true;
    studio.ask({ type: "start" });
  } else if (store.phase.value === "idle" && !store.hasGoal.value) {
    studio.tell({
      level: "info",
      text: "There is nothing to drag yet.",
      remedy: "Press on the picture, drag to where it should go, and let go. Then start.",
    });
  }
}

export function stop(studio: Studio): void {
  studio.ask({ type: "stop" });
}

export function undo(studio: Studio): void {
  if (studio.store.doc.value?.can_undo) {
    forgetLocal(studio);
    studio.ask({ type: "undo" });
  }
}

export function redo(studio: Studio): void {
  if (studio.store.doc.value?.can_redo) {
    forgetLocal(studio);
    studio.ask({ type: "redo" });
  }
}

export function goTo(studio: Studio, entry: number): void {
  forgetLocal(studio);
  studio.ask({ type: "go-to", entry });
}

/** Another state of the document is asked for: what was not sent yet was meant for this one. */
function forgetLocal(studio: Studio): void {
  forgetLocalPoints(studio);
  studio.store.wantedHold.value = null;
}

export function compare(studio: Studio, on: boolean): void {
  if (studio.store.comparing.value !== on) {
    studio.store.comparing.value = on;
    studio.player.compare(on);
  }
}

/** Live needs a tool that points. The choice is kept for the next visit. */
export function toggleLive(studio: Studio): void {
  const { store } = studio;
  store.live.value = !store.live.value;
  keepLive(store.live.value);
  if (store.live.value && store.tool.value !== "points") {
    store.tool.value = "points";
  }
  store.selected.value = null;
}

/** One live drag: many movements of the pointer become one message a painted frame. */
export class LiveDrag {
  readonly #studio: Studio;
  #next: Xy | null = null;
  #frame = 0;

  constructor(studio: Studio, at: Xy) {
    this.#studio = studio;
    studio.store.liveHold.value = { at, to: at };
    studio.store.isHintDismissed.value = true;
    studio.ask({ type: "grab", at });
  }

  move(to: Xy): void {
    const hold = this.#studio.store.liveHold.value;
    if (hold !== null) {
      this.#studio.store.liveHold.value = { ...hold, to };
    }
    this.#next = to;
    if (this.#frame === 0) {
      this.#frame = requestAnimationFrame(() => this.#send());
    }
  }

  release(): void {
    cancelAnimationFrame(this.#frame);
    this.#send();
    this.#studio.ask({ type: "release" });
    this.#studio.store.liveHold.value = null;
  }

  #send(): void {
    this.#frame = 0;
    if (this.#next !== null) {
      this.#studio.ask({ type: "move", to: this.#next });
      this.#next = null;
    }
  }
}
