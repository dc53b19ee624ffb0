import { useSignal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { start, stop } from "../commands/drag";
import type { Store } from "../state/store";
import { useStudio } from "../state/studio";
import { liveWords, progressWords } from "../state/words";
import { HoldSlider } from "./hold_slider";
import { Icon } from "./icon";

/** A screen reader is told now and then, not at every step. */
const SAY_EVERY_MS = 2500;

/** Start, stop, and how it goes. */
export function Transport() {
  const studio = useStudio();
  const { store } = studio;
  const isOn = store.isDragging.value;
  const pulses = store.canStart.value && store.isUntouched.value;
  return (
    <section class="transport" aria-label="Drag">
      {isOn ? (
        <button
          type="button"
          class="primary-button stop"
          data-testid="stop"
          title="Stop (Esc)"
          onClick={() => stop(studio)}
        >
          <Icon name="stop" /> Stop
        </button>
      ) : (
        <button
          type="button"
          class={pulses ? "primary-button pulses" : "primary-button"}
          data-testid="start"
          title="Start (Ctrl+Enter)"
          disabled={!store.canStart.value}
          onClick={() => start(studio)}
        >
          <Icon name="play" /> Start
        </button>
      )}
      <HoldSlider />
      <Told />
      <Spoken />
    </section>
  );
}

function Told() {
  const { store } = useStudio();
  const outcome = store.doc.value?.outcome ?? null;
  const words = progressOf(store);
  if (words !== null) {
    return (
      <div class="told">
        <p class="progress" data-testid="progress">
          {words}
        </p>
      </div>
    );
  }
  if (outcome !== null) {
    return (
      <div
        class={`told outcome ${outcome.ending}`}
        data-testid="outcome"
        data-ending={outcome.ending}
        data-closeness={outcome.closeness}
      >
        <p class="told-main">{outcome.text}</p>
        {outcome.remedy !== "" && <p class="told-more">{outcome.remedy}</p>}
      </div>
    );
  }
  return (
    <div class="told">
      <p class="told-more">{idleWords(store)}</p>
    </div>
  );
}

/** The same for those who listen: politely, and not too often. */
function Spoken() {
  const { store } = useStudio();
  const said = useSignal("");
  const last = useRef(0);
  useSignalEffect(() => {
    const words = progressOf(store);
    const outcome = store.doc.value?.outcome ?? null;
    const now = performance.now();
    if (words === null) {
      last.current = 0;
      said.value = outcome === null ? "" : `${outcome.text} ${outcome.remedy}`;
    } else if (now - last.current > SAY_EVERY_MS) {
      last.current = now;
      said.value = words;
    }
  });
  return (
    <p class="for-listeners" aria-live="polite" role="status">
      {said.value}
    </p>
  );
}

function progressOf(store: Store): string | null {
  const progress = store.progress.value;
  switch (store.phase.value) {
    case "dragging":
      return progress === null ? "starting…" : progressWords(progress);
    case "waiting":
      return "waiting for other people's turns…";
    case "live":
      return progress === null ? "live" : liveWords(progress);
    default:
      return null;
  }
}

function idleWords(store: Store): string {
  if (store.phase.value === "loading") {
    return "One moment…";
  }
  const isLive = store.live.value;
  if (store.hasGoal.value) {
    return isLive
      ? "Pull at the picture, or start: handles go to their goals."
      : "Start moves each handle to its goal.";
  }
  if (isLive && store.awaiting.value === null) {
    return "Press on the picture and pull: it follows.";
  }
  return "Press on the picture, drag to where it should go, and let go.";
}
