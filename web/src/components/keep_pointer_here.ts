/** For controls that float over the stage: pressing them is not pressing the picture. */

const stop = (event: Event) => event.stopPropagation();

export const keepPointerHere = {
  onPointerDown: stop,
  onPointerMove: stop,
  onWheel: stop,
} as const;
