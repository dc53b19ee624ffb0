/** Four corners as they come over the wire: top left, bottom left, bottom right, top right. */

import type { IncomingView } from "./messages";

export type Corners = IncomingView["faces"][number];
