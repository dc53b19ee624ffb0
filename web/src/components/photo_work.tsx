import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { cancelPhoto, chooseAgain, keepPhoto, morePhoto, stopPhoto } from "../commands/photo";
import { throttled } from "../gestures/throttle";
import { isWorking, stepWords } from "../state/photo";
import { useStudio } from "../state/studio";
import type { IncomingView } from "../wire/messages";
import { Icon } from "./icon";
import { Quality } from "./quality";

const PREVIEW_PX = 512;
/** A screen reader is told now and then, not at every step. */
const SAY_EVERY_MS = 15_000;

/** The photograph beside what the model makes of it, while that gets nearer and when it is there. */
export function PhotoWork({ incoming }: { incoming: IncomingView }) {
  const { stage } = incoming;
  return (
    <>
      <SideBySide />
      {isWorking(stage) ? <Steps stage={stage} /> : <Result incoming={incoming} />}
      <Buttons incoming={incoming} />
    </>
  );
}

function SideBySide() {
  const studio = useStudio();
  const preview = useRef<HTMLCanvasElement>(null);
  const address = studio.photo.pictures.target.value;
  const drawn = studio.store.previewsDrawn.value;
  useEffect(() => {
    studio.photo.preview.attach(preview.current);
    return () => studio.photo.preview.attach(null);
  }, [studio]);
  return (
    <div class="photo-pair">
      <figure class="photo-side">
        <figcaption>Your photograph</figcaption>
        <div class="photo-picture">
          {address !== null && (
            <img src={address} alt="The square of your photograph" data-testid="photo-target" />
          )}
        </div>
      </figure>
      <figure class="photo-side">
        <figcaption>What the model draws</figcaption>
        <div class="photo-picture">
          <canvas
            ref={preview}
            width={PREVIEW_PX}
            height={PREVIEW_PX}
            role="img"
            aria-label="What the model draws"
            data-testid="photo-preview"
            data-frames={drawn}
          />
          {drawn === 0 && <span class="spinner" aria-hidden="true" />}
        </div>
      </figure>
    </div>
  );
}

function Steps({ stage }: { stage: "invert" | "tune" }) {
  const { photoProgress } = useStudio().store;
  const progress = photoProgress.value?.stage === stage ? photoProgress.value : null;
  const words = stepWords(stage, progress);
  return (
    <div
      class="photo-steps"
      data-testid="photo-progress"
      data-stage={stage}
      data-step={progress?.step ?? 0}
    >
      <ol class="photo-stages" aria-hidden="true">
        <li class={stage === "invert" ? "now" : "done"}>1 Look for it</li>
        <li class={stage === "tune" ? "now" : ""}>2 Tune the model</li>
        <li>3 Keep</li>
      </ol>
      <progress
        aria-label={stage === "invert" ? "Looking for it" : "Tuning the model to it"}
        max={progress?.total ?? 1}
        value={progress?.step ?? 0}
      />
      <p class="photo-step-words">{words}</p>
      <Spoken stage={stage} />
    </div>
  );
}

/** The same for those who listen: politely, and not too often. */
function Spoken({ stage }: { stage: "invert" | "tune" }) {
  const { store } = useStudio();
  const said = useSignal("");
  const say = useRef(
    throttled<string>(SAY_EVERY_MS, (words) => {
      said.value = words;
    }),
  ).current;
  useSignalEffect(() => {
    // At the turn of the stages the first step may be told before the stage is.
    const progress = store.photoProgress.value;
    say(stepWords(progress?.stage ?? stage, progress));
  });
  useEffect(() => () => say.cancel(), [say]);
  return (
    <p class="for-listeners" aria-live="polite">
      {said.value}
    </p>
  );
}

function Result({ incoming }: { incoming: IncomingView }) {
  return (
    <div class="photo-result-words" role="status">
      {incoming.quality !== null && <Quality quality={incoming.quality} testId="photo-quality" />}
      <p class="muted">
        {incoming.finished
          ? "Keep it, and pull at it like at any other picture. More steps bring it nearer still."
          : "It was stopped before its end. Keep it as it is, or go on."}
      </p>
    </div>
  );
}

function Buttons({ incoming }: { incoming: IncomingView }) {
  const studio = useStudio();
  const works = isWorking(incoming.stage);
  return (
    <footer class="photo-foot">
      <button
        type="button"
        class="primary-button"
        data-testid="photo-keep"
        onClick={() => keepPhoto(studio)}
      >
        <Icon name="check" /> {works ? "Keep now" : "Keep"}
      </button>
      {works ? (
        <button
          type="button"
          class="second-button"
          data-testid="photo-stop"
          title="Stop (Esc)"
          onClick={() => stopPhoto(studio)}
        >
          <Icon name="stop" size={16} /> Stop
        </button>
      ) : (
        <button
          type="button"
          class="second-button"
          data-testid="photo-more"
          onClick={() => morePhoto(studio)}
        >
          <Icon name="play" size={16} /> {incoming.finished ? "More steps" : "Go on"}
        </button>
      )}
      <button
        type="button"
        class="quiet-button"
        data-testid="photo-choose"
        onClick={() => chooseAgain(studio)}
      >
        Choose another square
      </button>
      <button
        type="button"
        class="quiet-button at-end"
        data-testid="photo-cancel"
        onClick={() => cancelPhoto(studio)}
      >
        Cancel
      </button>
    </footer>
  );
}
