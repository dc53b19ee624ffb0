/** How much of the rest of the picture is held while something is pulled, in words. Pure. */

export interface WantedHold {
  value: number;
  /** The server has been asked: whatever it says next counts. */
  isAsked: boolean;
}

/** What a value of the slider does, as a sentence would end that begins with "the rest". */
export function holdWords(hold: number): string {
  if (hold <= 0) {
    return "the whole picture may follow";
  }
  if (hold < 0.35) {
    return "much of the picture may follow";
  }
  if (hold < 0.65) {
    return "some of the picture may follow";
  }
  return hold < 1 ? "little but the pull moves" : "only what is pulled moves";
}

/** The same where nothing can be held: what it takes is computed by a command. */
export function notReadyWords(model: string): string {
  return `the whole picture may follow until tugan models prepare ${model} was run`;
}

export function percent(hold: number): string {
  return `${Math.round(hold * 100)}%`;
}
