import { takeBetterPlace } from "../commands/points";
import { useStudio } from "../state/studio";
import { keepPointerHere } from "./keep_pointer_here";

/** One line about what the next press does, or advice about the selected handle. */
export function StageHint() {
  const studio = useStudio();
  const { store } = studio;
  const isPointing = store.tool.value === "points" || store.tool.value === "select";
  const selected = isPointing ? store.selected.value : null;
  const advice = selected === null ? undefined : store.advice.value.get(selected.id);
  if (advice !== undefined) {
    const { better } = advice;
    return (
      <div class="stage-hint warn" data-testid="advice" {...keepPointerHere}>
        <p>{advice.text}</p>
        {better !== null && (
          <button
            type="button"
            class="small-button"
            data-testid="advice-use"
            onClick={() => takeBetterPlace(studio, advice.point, better)}
          >
            Use the better place
          </button>
        )}
      </div>
    );
  }
  const words = hint(store);
  return words === null ? null : (
    <p class="stage-hint" data-testid="hint">
      {words}
    </p>
  );
}

function hint(store: ReturnType<typeof useStudio>["store"]): string | null {
  if (store.awaiting.value !== null) {
    return "Now click where it should go.";
  }
  if (store.liveHold.value !== null) {
    return null;
  }
  if (store.hasMask.value) {
    return null;
  }
  if (store.tool.value === "brush") {
    return "Paint what may change. The rest stays as it is.";
  }
  return store.tool.value === "eraser" ? "Paint what must stay as it is." : null;
}
