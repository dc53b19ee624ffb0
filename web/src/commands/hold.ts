/** How much of the rest of the picture is held. */

import type { Studio } from "../state/studio";
import { changeMethod } from "./start_picture";

/** A drag in progress keeps its own: what is chosen meanwhile counts from the next on. */
export function setHold(studio: Studio, value: number): void {
  studio.store.wantedHold.value = { value, isAsked: false };
  if (studio.store.phase.value === "idle") {
    askHold(studio);
  }
}

/** A state came. */
export function holdSeen(studio: Studio): void {
  const { store } = studio;
  const wanted = store.wantedHold.value;
  if (wanted?.isAsked) {
    store.wantedHold.value = null;
  } else if (wanted !== null && store.phase.value === "idle") {
    askHold(studio);
  }
}

function askHold(studio: Studio): void {
  const { store } = studio;
  const wanted = store.wantedHold.value;
  const now = store.doc.value?.method?.hold;
  if (wanted === null || now === undefined) {
    return;
  }
  if (wanted.value === now) {
    store.wantedHold.value = null;
  } else if (changeMethod(studio, { hold: wanted.value })) {
    store.wantedHold.value = { ...wanted, isAsked: true };
  }
}
