/** How the mask is shown. */

/** Blur of the border, at 512 px. */
export const FEATHER_PX = 3;
export const KEPT_SHADE = "rgba(14, 16, 22, 0.68)";
