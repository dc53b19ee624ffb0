import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { editedPhoto } from "../commands/files";
import { seePhoto } from "../commands/photo";
import { useStudio } from "../state/studio";
import { saveFile } from "../wire/rest";
import { HoldButton } from "./hold_button";
import { Icon } from "./icon";
import { Modal } from "./modal";

interface Edited {
  blob: Blob;
  name: string;
  address: string;
}

const BEFORE = "The photograph as it was";

/** The whole photograph with what has become of its face, and as it was. */
export function PhotoResult() {
  const studio = useStudio();
  const { isPhotoSeen } = studio.store;
  const close = () => seePhoto(studio, false);
  return (
    <Modal
      isOpen={isPhotoSeen.value}
      titleId="result-title"
      testId="photo-seen"
      look="photo-seen"
      onLeave={close}
    >
      <header class="photo-head">
        <div>
          <h2 id="result-title" tabIndex={-1}>
            In the photograph
          </h2>
          <p class="muted photo-name">{studio.store.doc.value?.photo?.name}</p>
        </div>
        <button type="button" class="icon-button" aria-label="Close" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <Seen />
    </Modal>
  );
}

function Seen() {
  const studio = useStudio();
  const { doc, hasPhotoBefore, isPhotoSeen } = studio.store;
  const edited = useSignal<Edited | null>(null);
  const isBefore = useSignal(false);
  useEffect(() => {
    let address: string | null = null;
    let isGone = false;
    const fetchIt = async () => {
      const file = await editedPhoto(studio);
      if (file === null) {
        isPhotoSeen.value = false;
      } else if (!isGone) {
        address = URL.createObjectURL(file.blob);
        edited.value = { ...file, address };
      }
    };
    void fetchIt();
    return () => {
      isGone = true;
      if (address !== null) {
        URL.revokeObjectURL(address);
      }
    };
  }, [studio, edited, isPhotoSeen]);
  const shown = edited.value;
  const photo = doc.value?.photo ?? null;
  const before = hasPhotoBefore.value ? studio.photo.pictures.photo.value : null;
  return (
    <div class="photo-body">
      <div class="photo-whole">
        <div
          class="photo-stack"
          aria-busy={shown === null}
          style={{
            "--ratio": String(photo === null ? 1 : photo.width_px / photo.height_px),
            "--width": `${photo?.width_px ?? 0}px`,
          }}
        >
          {shown !== null && (
            <img
              src={shown.address}
              alt="The photograph with the edited face"
              data-testid="photo-result"
            />
          )}
          {before !== null && (isBefore.value || shown === null) && (
            <img class={shown === null ? "photo-dim" : ""} src={before} alt={BEFORE} />
          )}
          {isBefore.value && <p class="stage-tag">Before</p>}
          {shown === null && (
            <p class="photo-wait" role="status">
              <span class="spinner" aria-hidden="true" />
              Putting the face back into the photograph…
            </p>
          )}
        </div>
      </div>
      <footer class="photo-foot">
        <button
          type="button"
          class="primary-button"
          data-testid="photo-download"
          disabled={shown === null}
          onClick={() => shown !== null && saveFile(shown.blob, shown.name)}
        >
          <Icon name="export" /> Download
        </button>
        {before !== null && (
          <HoldButton
            testId="photo-before"
            label="Hold to see it before"
            look="second-button"
            isOn={isBefore.value}
            disabled={shown === null}
            onChange={(on) => {
              isBefore.value = on;
            }}
          >
            <Icon name="compare" /> Hold: before
          </HoldButton>
        )}
      </footer>
    </div>
  );
}
