import { actualSize, fitView, zoomBy } from "../commands/view";
import { useStudio } from "../state/studio";
import { Icon } from "./icon";
import { keepPointerHere } from "./keep_pointer_here";

export function ZoomControls() {
  const studio = useStudio();
  const { view } = studio.store;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset's legend has no place in this bar.
    <div class="zoom-bar" role="group" aria-label="Zoom" {...keepPointerHere}>
      <button
        type="button"
        class="icon-button small"
        data-testid="zoom-out"
        aria-label="Zoom out"
        onClick={() => zoomBy(studio, 0.8)}
      >
        <svg class="icon" width="16" height="16" viewBox="0 0 20 20" aria-hidden="true">
          <path d="M4 10h12" />
        </svg>
      </button>
      <button
        type="button"
        class="zoom-number"
        data-testid="zoom-actual"
        aria-label={`Zoom ${Math.round(view.value.zoom * 100)}%; show at 100%`}
        title="100% (1)"
        onClick={() => actualSize(studio)}
      >
        {Math.round(view.value.zoom * 100)}%
      </button>
      <button
        type="button"
        class="icon-button small"
        data-testid="zoom-in"
        aria-label="Zoom in"
        onClick={() => zoomBy(studio, 1.25)}
      >
        <Icon name="plus" size={16} />
      </button>
      <button
        type="button"
        class="icon-button small"
        data-testid="zoom-fit"
        aria-label="Fit"
        title="Fit (0)"
        onClick={() => fitView(studio)}
      >
        <Icon name="fit" size={16} />
      </button>
    </div>
  );
}
