/** Zoom, pan and fit. */

import { fitted, kept, type View, type Xy, zoomedAt } from "../geometry/view";
import type { Studio } from "../state/studio";

const ROOMY_CSS_PX = 28;
const TIGHT_CSS_PX = 10;

export function fitView(studio: Studio): void {
  const { store } = studio;
  const picture = store.picture.value;
  const stage = store.stage.value;
  if (picture !== null && stage.width > 0) {
    const around = stage.width < 560 ? TIGHT_CSS_PX : ROOMY_CSS_PX;
    store.view.value = fitted(picture, stage, {
      top: around,
      right: around,
      bottom: around,
      left: around,
    });
    store.isFitted.value = true;
  }
}

export function look(studio: Studio, view: View): void {
  const { store } = studio;
  const picture = store.picture.value;
  if (picture !== null) {
    store.view.value = kept(view, picture, store.stage.value);
    store.isFitted.value = false;
  }
}

/** At the middle of the stage unless said otherwise. */
export function zoomBy(studio: Studio, factor: number, at?: Xy): void {
  const { width, height } = studio.store.stage.value;
  look(studio, zoomedAt(studio.store.view.value, at ?? [width / 2, height / 2], factor));
}

export function actualSize(studio: Studio): void {
  zoomBy(studio, 1 / studio.store.view.value.zoom);
}
