/** A photograph that is being brought in: its pictures, how far it is, and the choice of a square. */

import { PhotoPictures } from "../picture/photo_pictures";
import { Player } from "../picture/player";
import type { WireFrame } from "../wire/frames";
import { FrameKind, type IncomingView, type State } from "../wire/messages";
import { isNewChoice, isWorking, photoKey, suggested } from "./photo";
import type { Store } from "./store";

export interface PhotoEvents {
  /** A picture was shown, or skipped for a newer one. */
  onDone(frame: WireFrame): void;
  /** A picture could not be read. */
  onBroken(): void;
  /** The photograph of this name is gone, and nobody here has asked for that. */
  onLost(name: string): void;
}

export class PhotoDesk {
  readonly pictures = new PhotoPictures();
  /** Draws the photograph's square as the model does by now. */
  readonly preview: Player;
  readonly #store: Store;
  readonly #events: PhotoEvents;
  #isLetGo = false;

  constructor(store: Store, events: PhotoEvents) {
    this.#store = store;
    this.#events = events;
    this.preview = new Player({
      ...events,
      onDrawn: () => {
        store.previewsDrawn.value += 1;
      },
    });
  }

  receiveFrame(frame: WireFrame): void {
    const doc = this.#store.doc.value;
    switch (frame.kind) {
      case FrameKind.INVERTED:
        this.preview.show(frame);
        return;
      case FrameKind.PHOTO:
        this.pictures.setPhoto(frame);
        this.#store.photoShown.value = photoKey(doc?.incoming ?? doc?.photo ?? null);
        break;
      case FrameKind.TARGET:
        this.pictures.setTarget(frame);
        break;
    }
    this.#events.onDone(frame);
  }

  /** It was kept or cancelled here: its end is no news. */
  letGo(): void {
    this.#isLetGo = true;
  }

  /** The server's document is another one. */
  changed(before: State | null, doc: State): void {
    const store = this.#store;
    const { incoming } = doc;
    const was = before?.incoming ?? null;
    if (incoming === null) {
      if (was !== null) {
        this.#ended(was.name, doc);
      }
      return;
    }
    if (was === null) {
      this.#isLetGo = false;
    }
    store.isPhotoSeen.value = false;
    // Its picture may have come before it was said whose it is.
    store.photoShown.value = photoKey(incoming);
    if (isNewChoice(was, incoming)) {
      store.choice.value = suggested(incoming);
    }
    if (!hasBegun(incoming)) {
      this.#forgetWork();
    } else if (was !== null && !hasBegun(was)) {
      // A last picture of an earlier square may have come late.
      this.#forgetPreview();
    } else if (was?.stage === "ready" && isWorking(incoming.stage)) {
      // How far it was before says nothing of the further steps.
      store.photoProgress.value = null;
    }
  }

  #ended(name: string, doc: State): void {
    const store = this.#store;
    this.#forgetWork();
    store.choice.value = null;
    if (!this.#isLetGo) {
      this.#events.onLost(name);
    }
    // Once it is kept, the photograph is what the edited one is compared with.
    if (store.photoShown.value !== photoKey(doc.photo)) {
      this.pictures.forgetPhoto();
      store.photoShown.value = null;
    }
  }

  #forgetWork(): void {
    this.#forgetPreview();
    this.pictures.forgetTarget();
  }

  #forgetPreview(): void {
    const store = this.#store;
    store.photoProgress.value = null;
    if (store.previewsDrawn.value > 0) {
      this.preview.forget();
      store.previewsDrawn.value = 0;
    }
  }
}

function hasBegun({ stage }: IncomingView): boolean {
  return isWorking(stage) || stage === "ready";
}
