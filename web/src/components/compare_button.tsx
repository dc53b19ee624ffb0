import { compare } from "../commands/drag";
import { useStudio } from "../state/studio";
import { Icon } from "./icon";

/** Shows the original for as long as it is held, by pointer or by key. */
export function CompareButton() {
  const studio = useStudio();
  const { comparing, doc } = studio.store;
  const show = () => compare(studio, true);
  const hide = () => compare(studio, false);
  const isHoldKey = (event: KeyboardEvent) => event.key === " " || event.key === "Enter";
  return (
    <button
      type="button"
      class="quiet-button"
      data-testid="compare"
      aria-label="Hold to see the original"
      aria-pressed={comparing.value}
      title="Hold to see the original (\)"
      disabled={doc.value?.generator == null}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        show();
      }}
      onPointerUp={hide}
      onPointerCancel={hide}
      onBlur={hide}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (isHoldKey(event)) {
          event.preventDefault();
          event.stopPropagation();
          show();
        }
      }}
      onKeyUp={(event) => {
        if (isHoldKey(event)) {
          hide();
        }
      }}
    >
      <Icon name="compare" />
      <span class="wide-only">Original</span>
    </button>
  );
}
