/** What to do when the connection closes, as a pure function of why. */

export type Ended = "bad-token" | "foreign-origin" | "elsewhere" | "full";

export type Link =
  | { status: "connecting"; attempt: number }
  | { status: "open" }
  | { status: "lost"; attempt: number; delayMs: number }
  | { status: "ended"; why: Ended };

export const FIRST_DELAY_MS = 300;
export const LONGEST_DELAY_MS = 8000;

const ENDS: Readonly<Record<number, Ended>> = {
  4401: "bad-token",
  4403: "foreign-origin",
  4409: "elsewhere",
  4429: "full",
};

/** `random` in [0, 1) spreads many pages out that lost the same server. */
export function afterClose(link: Link, code: number, random: number): Link {
  const why = ENDS[code];
  if (why !== undefined) {
    return { status: "ended", why };
  }
  const attempt = link.status === "connecting" || link.status === "lost" ? link.attempt + 1 : 1;
  const whole = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
  return { status: "lost", attempt, delayMs: Math.round(whole * (0.75 + random / 4)) };
}

export interface LinkWords {
  title: string;
  text: string;
  /** A button's words, if pressing one helps. */
  action: string | null;
}

export function linkWords(link: Link): LinkWords | null {
  if (link.status === "lost" || (link.status === "connecting" && link.attempt > 0)) {
    return {
      title: "Connection lost, trying again…",
      text:
        link.attempt < 4
          ? "Your work is safe: it goes on where it was."
          : "Is tugan still running in the terminal? If not, start it again; your work is saved.",
      action: "Try now",
    };
  }
  return link.status === "ended" ? END_WORDS[link.why] : null;
}

const END_WORDS: Readonly<Record<Ended, LinkWords>> = {
  "bad-token": {
    title: "This address is not valid any more",
    text: "Open the address that tugan shows in the terminal: it has a new key each time.",
    action: null,
  },
  "foreign-origin": {
    title: "Opened from an address that is not allowed",
    text: "Open the address that tugan shows in the terminal.",
    action: null,
  },
  elsewhere: {
    title: "Open in another tab",
    text: "This work was opened in another tab or window. It can be in one place at a time.",
    action: "Use it here",
  },
  full: {
    title: "Too many people at once",
    text: "The server has as many sessions as it can hold. Close another tab, or try later.",
    action: "Try again",
  },
};
