import { compare } from "../commands/drag";
import { useStudio } from "../state/studio";
import { HoldButton } from "./hold_button";
import { Icon } from "./icon";

/** Shows the original for as long as it is held. */
export function CompareButton() {
  const studio = useStudio();
  const { comparing, doc } = studio.store;
  return (
    <HoldButton
      testId="compare"
      label="Hold to see the original"
      title="Hold to see the original (\)"
      look="quiet-button"
      isOn={comparing.value}
      disabled={doc.value?.generator == null}
      onChange={(on) => compare(studio, on)}
    >
      <Icon name="compare" />
      <span class="wide-only">Original</span>
    </HoldButton>
  );
}
