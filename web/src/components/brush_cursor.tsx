import type { Signal } from "@preact/signals";
import type { Xy } from "../geometry/view";
import { useStudio } from "../state/studio";

/** The brush's outline, as large as what it paints. */
export function BrushCursor({ at }: { at: Signal<Xy | null> }) {
  const { store } = useStudio();
  const tool = store.tool.value;
  const xy = at.value;
  if (xy === null || store.panning.value || (tool !== "brush" && tool !== "eraser")) {
    return null;
  }
  const size = store.brushPx.value * store.view.value.zoom;
  return (
    <span
      class={`brush-cursor ${tool}`}
      aria-hidden="true"
      style={{
        width: `${size}px`,
        height: `${size}px`,
        transform: `translate(${xy[0] - size / 2}px, ${xy[1] - size / 2}px)`,
      }}
    />
  );
}
