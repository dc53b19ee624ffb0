/** What may change: painted here, sent after each stroke. */

import { resized } from "../mask/brush";
import type { Studio } from "../state/studio";
import type { SetMask } from "../wire/messages";

export async function sendMask(studio: Studio, change: SetMask["change"]): Promise<void> {
  studio.store.hasMask.value = studio.mask.hasMask;
  studio.ask({ type: "set-mask", png: await studio.mask.encoded(), change });
}

export function invertMask(studio: Studio): void {
  if (studio.mask.hasMask) {
    studio.mask.invert();
    void sendMask(studio, "invert");
  }
}

export function clearMask(studio: Studio): void {
  if (studio.mask.hasMask) {
    studio.mask.clear();
    void sendMask(studio, "clear");
  }
}

export function resizeBrush(studio: Studio, factor: number): void {
  const picture = studio.store.picture.value;
  if (picture !== null) {
    studio.store.brushPx.value = resized(studio.store.brushPx.value, factor, picture);
  }
}
