import { useSignal } from "@preact/signals";
import { setHold } from "../commands/hold";
import { holdWords, notReadyWords, percent } from "../state/hold";
import { useStudio } from "../state/studio";

/** How much of the rest of the picture is held while something is pulled. */
export function HoldSlider() {
  const studio = useStudio();
  const { doc, wantedHold } = studio.store;
  const sliding = useSignal<number | null>(null);
  const method = doc.value?.method ?? null;
  const generator = doc.value?.generator ?? null;
  const isReady = generator?.hold_ready ?? true;
  const hold = sliding.value ?? wantedHold.value?.value ?? method?.hold ?? 0;
  const words = isReady ? holdWords(hold) : notReadyWords(generator?.name ?? "");
  return (
    <div class="hold">
      <label class="slider">
        <span class="slider-name">
          Hold the rest <span class="number">{percent(hold)}</span>
        </span>
        <input
          type="range"
          data-testid="hold"
          min={0}
          max={1}
          step={0.05}
          value={hold}
          disabled={method === null}
          aria-valuetext={`${percent(hold)}, ${words}`}
          title={`${percent(hold)}: ${words}`}
          onInput={(event) => {
            sliding.value = Number(event.currentTarget.value);
          }}
          onChange={(event) => {
            sliding.value = null;
            setHold(studio, Number(event.currentTarget.value));
          }}
        />
      </label>
      {isReady ? (
        <p class="slider-ends" aria-hidden="true">
          <span>picture may follow</span>
          <span>only the pull</span>
        </p>
      ) : (
        <p class="hold-note" data-testid="hold-note">
          {words}
        </p>
      )}
    </div>
  );
}
