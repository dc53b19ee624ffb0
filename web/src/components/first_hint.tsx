import { useStudio } from "../state/studio";
import { Icon } from "./icon";
import { keepPointerHere } from "./keep_pointer_here";

/** Shown until something has been dragged for the first time. */
export function FirstHint() {
  const { store } = useStudio();
  const isMeant =
    store.isUntouched.value &&
    (store.doc.value?.history.length ?? 0) <= 1 &&
    !store.isHintDismissed.value &&
    store.phase.value === "idle" &&
    store.hasPicture.value &&
    store.hasGoal.value &&
    store.tool.value === "points";
  if (!isMeant) {
    return null;
  }
  return (
    <div class="first-hint" data-testid="first-hint" {...keepPointerHere}>
      <p>
        The red dot <span class="key-disc" aria-hidden="true" /> is the handle, the blue diamond{" "}
        <span class="key-diamond" aria-hidden="true" /> its goal. Press <strong>Start</strong>,
        {store.live.value && " or press on the face and pull,"} or drop a photo here.
      </p>
      <button
        type="button"
        class="icon-button small"
        aria-label="Close the hint"
        onClick={() => {
          store.isHintDismissed.value = true;
        }}
      >
        <Icon name="close" size={16} />
      </button>
    </div>
  );
}
