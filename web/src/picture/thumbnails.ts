/** Small pictures by number, as addresses that an <img> takes. */

import { signal } from "@preact/signals";
import { imageBlob, type WireFrame } from "../wire/frames";

export class Thumbnails {
  readonly addresses = signal<ReadonlyMap<number, string>>(new Map());

  add(frame: WireFrame): void {
    const next = new Map(this.addresses.value);
    const old = next.get(frame.step);
    if (old !== undefined) {
      URL.revokeObjectURL(old);
    }
    next.set(frame.step, URL.createObjectURL(imageBlob(frame.encoded)));
    this.addresses.value = next;
  }

  /** All but these go. */
  keepOnly(numbers: Iterable<number>): void {
    const wanted = new Set(numbers);
    const next = new Map<number, string>();
    for (const [number, address] of this.addresses.value) {
      if (wanted.has(number)) {
        next.set(number, address);
      } else {
        URL.revokeObjectURL(address);
      }
    }
    if (next.size !== this.addresses.value.size) {
      this.addresses.value = next;
    }
  }
}
