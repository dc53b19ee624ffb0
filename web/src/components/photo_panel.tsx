import { cancelPhoto, leavePhoto } from "../commands/photo";
import { isWorking, photoKey, sizeOfPhotoWords } from "../state/photo";
import { useStudio } from "../state/studio";
import type { IncomingView } from "../wire/messages";
import { Icon } from "./icon";
import { Modal } from "./modal";
import { PhotoChooser } from "./photo_chooser";
import { PhotoWork } from "./photo_work";

/** A photograph on its way into the model: which face, how it goes, and whether it is kept. */
export function PhotoPanel() {
  const studio = useStudio();
  const incoming = studio.store.doc.value?.incoming ?? null;
  return (
    <Modal
      isOpen={incoming !== null}
      titleId="photo-title"
      testId="photo-panel"
      look="photo-panel"
      stage={incoming?.stage}
      onLeave={() => leavePhoto(studio)}
    >
      {incoming !== null && (
        <>
          <header class="photo-head">
            <div>
              <h2 id="photo-title" tabIndex={-1}>
                {title(incoming)}
              </h2>
              <p class="muted photo-name">
                {incoming.name} · {sizeOfPhotoWords(incoming)}
              </p>
            </div>
          </header>
          <div class="photo-body">
            <Said incoming={incoming} />
            {incoming.stage === "finding" && <Finding />}
            {incoming.stage === "choose" && (
              <PhotoChooser key={photoKey(incoming)} incoming={incoming} />
            )}
            {(isWorking(incoming.stage) || incoming.stage === "ready") && (
              <PhotoWork incoming={incoming} />
            )}
          </div>
        </>
      )}
    </Modal>
  );
}

function title(incoming: IncomingView): string {
  switch (incoming.stage) {
    case "finding":
      return "Looking for faces…";
    case "choose":
      return incoming.faces.length > 1 ? "Which face?" : "Choose a square";
    case "invert":
    case "tune":
      return "Bringing your photograph in";
    case "ready":
      return incoming.finished ? "Your photograph is ready" : "Stopped";
  }
}

/** What will go wrong, and what was done to the file. */
function Said({ incoming }: { incoming: IncomingView }) {
  return (
    <>
      {incoming.warning !== "" && (
        <p class="photo-warning" role="alert" data-testid="photo-warning">
          <Icon name="warn" />
          {incoming.warning}
        </p>
      )}
      {incoming.remarks.length > 0 && (
        <ul class="photo-remarks muted" data-testid="photo-remarks">
          {incoming.remarks.map((remark) => (
            <li key={remark}>{remark}</li>
          ))}
        </ul>
      )}
    </>
  );
}

function Finding() {
  const studio = useStudio();
  const address = studio.photo.pictures.photo.value;
  return (
    <>
      <div class="photo-finding">
        {address !== null && <img src={address} alt="Your photograph" />}
        <span class="spinner" aria-hidden="true" />
      </div>
      <footer class="photo-foot">
        <button
          type="button"
          class="quiet-button"
          data-testid="photo-cancel"
          onClick={() => cancelPhoto(studio)}
        >
          Cancel
        </button>
      </footer>
    </>
  );
}
