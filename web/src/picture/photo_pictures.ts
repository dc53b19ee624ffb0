/** The photograph and its square, as addresses that an <img> takes. */

import { type Signal, signal } from "@preact/signals";
import { imageBlob, type WireFrame } from "../wire/frames";

export class PhotoPictures {
  /** Of the whole photograph, the newest that came. */
  readonly photo = signal<string | null>(null);
  /** Of its square, as the model should draw it. */
  readonly target = signal<string | null>(null);

  setPhoto(frame: WireFrame): void {
    replace(this.photo, URL.createObjectURL(imageBlob(frame.encoded)));
  }

  setTarget(frame: WireFrame): void {
    replace(this.target, URL.createObjectURL(imageBlob(frame.encoded)));
  }

  forgetPhoto(): void {
    replace(this.photo, null);
  }

  forgetTarget(): void {
    replace(this.target, null);
  }
}

function replace(picture: Signal<string | null>, address: string | null): void {
  if (picture.value !== null) {
    URL.revokeObjectURL(picture.value);
  }
  picture.value = address;
}
