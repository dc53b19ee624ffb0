/** Seeds, models and methods. */

import { lockToggled, rerolled } from "../state/gallery";
import type { Studio } from "../state/studio";
import type { MethodChoice } from "../wire/messages";
import { forgetLocalPoints } from "./points";

export const MAX_SEED = 2 ** 32 - 1;

export function takeSeed(studio: Studio, seed: number): void {
  const gallery = studio.store.gallery.value;
  const { psi = 0.7, label = null } = gallery ?? {};
  forgetLocalPoints(studio);
  studio.store.isHintDismissed.value = true;
  studio.ask({ type: "set-start", seed, psi, label });
}

/** Thumbnails of what the gallery has. */
export function askGallery(studio: Studio): void {
  const gallery = studio.store.gallery.value;
  const [first, ...others] = gallery?.seeds ?? [];
  if (gallery !== null && first !== undefined) {
    studio.ask({
      type: "gallery",
      seeds: [first, ...others],
      psi: gallery.psi,
      label: gallery.label,
    });
  }
}

export function reroll(studio: Studio): void {
  const gallery = studio.store.gallery.value;
  if (gallery !== null) {
    studio.store.gallery.value = rerolled(gallery, Math.random);
    studio.gallery.keepOnly(studio.store.gallery.value.seeds);
    askGallery(studio);
  }
}

export function toggleLock(studio: Studio, seed: number): void {
  const gallery = studio.store.gallery.value;
  if (gallery !== null) {
    studio.store.gallery.value = lockToggled(gallery, seed);
  }
}

export function setGalleryLook(
  studio: Studio,
  look: { psi?: number; label?: number | null },
): void {
  const gallery = studio.store.gallery.value;
  if (gallery !== null) {
    studio.store.gallery.value = { ...gallery, ...look };
  }
}

export function setModel(studio: Studio, name: string): void {
  forgetLocalPoints(studio);
  studio.gallery.keepOnly([]);
  studio.store.gallery.value = null;
  studio.ask({ type: "set-model", name });
}

/** What suits the model with this solver; but how much is held stays, if someone chose it. */
export function setSolver(studio: Studio, solver: MethodChoice["solver"]): void {
  const { method, generator } = studio.store.doc.value ?? {};
  const preferred = generator?.preferred[solver];
  if (preferred === undefined) {
    return;
  }
  const isChosen = method && method.hold !== generator?.preferred[method.solver]?.hold;
  const hold = isChosen ? method.hold : preferred.hold;
  studio.ask({ type: "set-method", method: { ...preferred, hold } });
}

/** False if there is nobody to tell. */
export function changeMethod(studio: Studio, part: Partial<MethodChoice>): boolean {
  const method = studio.store.doc.value?.method;
  return method != null && studio.ask({ type: "set-method", method: { ...method, ...part } });
}

export function usualMethod(studio: Studio): void {
  studio.ask({ type: "set-method", method: null });
}
