/** Which of the pictures that arrive is shown: the newest, and none twice. Pure. */

import { isLater, type WireFrame } from "../wire/frames";

export interface Arrivals {
  /** Newest that waits to be drawn. */
  waiting: WireFrame | null;
  /** Sequence number of the last that was drawn. */
  drawn: number | null;
}

export const NO_ARRIVALS: Arrivals = { waiting: null, drawn: null };

export interface Arrived {
  arrivals: Arrivals;
  /** One that shall not be drawn any more; the server still wants to hear of it. */
  skipped: WireFrame | null;
}

export function arrive(arrivals: Arrivals, frame: WireFrame): Arrived {
  const { waiting, drawn } = arrivals;
  if (drawn !== null && !isLater(frame.seq, drawn)) {
    return { arrivals, skipped: frame };
  }
  if (waiting !== null && !isLater(frame.seq, waiting.seq)) {
    return { arrivals, skipped: frame };
  }
  return { arrivals: { waiting: frame, drawn }, skipped: waiting };
}

export function taken(arrivals: Arrivals): Arrivals {
  return arrivals.waiting === null ? arrivals : { waiting: null, drawn: arrivals.waiting.seq };
}
