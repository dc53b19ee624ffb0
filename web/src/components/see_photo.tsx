import { seePhoto } from "../commands/photo";
import { useStudio } from "../state/studio";
import { Icon } from "./icon";
import { keepPointerHere } from "./keep_pointer_here";

/** Over the stage: the picture is only a part of a photograph. */
export function SeePhoto() {
  const studio = useStudio();
  const { doc, phase, job } = studio.store;
  if ((doc.value?.photo ?? null) === null) {
    return null;
  }
  return (
    <div class="see-photo" {...keepPointerHere}>
      <button
        type="button"
        class="quiet-button"
        data-testid="see-photo"
        disabled={phase.value !== "idle" || job.value !== null}
        onClick={() => seePhoto(studio, true)}
      >
        <Icon name="photo" /> See it in the photograph
      </button>
    </div>
  );
}
