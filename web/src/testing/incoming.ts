import { cornersOf, type Square } from "../geometry/square";
import type { IncomingView } from "../wire/messages";

/** A photograph of 900 by 700 px with these faces. */
export function incoming(faces: readonly Square[], more: Partial<IncomingView> = {}): IncomingView {
  return {
    name: "me.jpg",
    width_px: 900,
    height_px: 700,
    stage: "choose",
    faces: faces.map(cornersOf),
    chosen: null,
    warning: "",
    remarks: [],
    finished: false,
    quality: null,
    ...more,
  };
}
