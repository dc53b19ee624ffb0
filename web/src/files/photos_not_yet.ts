/** What is said of a photo until photos can be edited: to be replaced by the upload. */

import type { ShownNotice } from "../state/notices";

export const PHOTOS_NOT_YET: Omit<ShownNotice, "key"> = {
  level: "info",
  text: "Editing your own photos is not in this version yet; drop a .tugan project.",
  remedy: "",
};
