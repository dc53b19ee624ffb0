import { clearMask, invertMask } from "../commands/mask";
import { largestBrush, SMALLEST_BRUSH_PX } from "../mask/brush";
import { useStudio } from "../state/studio";
import { Icon } from "./icon";
import { keepPointerHere } from "./keep_pointer_here";

/** Beside the brush: its size, and the whole mask. */
export function BrushOptions() {
  const studio = useStudio();
  const { tool, brushPx, picture, hasMask } = studio.store;
  const isPainting = tool.value === "brush" || tool.value === "eraser";
  if (picture.value === null || !isPainting) {
    return null;
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset's legend has no place in this bar.
    <div class="stage-bar" role="group" aria-label="Mask" {...keepPointerHere}>
      <label class="bar-field">
        <span>Size</span>
        <input
          type="range"
          data-testid="brush-size"
          min={SMALLEST_BRUSH_PX}
          max={largestBrush(picture.value)}
          value={brushPx.value}
          aria-valuetext={`${brushPx.value} px`}
          onInput={(event) => {
            brushPx.value = Number(event.currentTarget.value);
          }}
        />
        <span class="number">{brushPx.value}</span>
      </label>
      <button
        type="button"
        class="quiet-button"
        data-testid="mask-invert"
        disabled={!hasMask.value}
        onClick={() => invertMask(studio)}
      >
        <Icon name="invert" /> Invert
      </button>
      <button
        type="button"
        class="quiet-button"
        data-testid="mask-clear"
        disabled={!hasMask.value}
        onClick={() => clearMask(studio)}
      >
        <Icon name="trash" /> Clear
      </button>
    </div>
  );
}
