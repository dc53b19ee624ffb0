/** A photograph: chosen, brought in, kept, and seen whole. */

import { moved, resized, type Square, squareAt, squareOf, within } from "../geometry/square";
import type { Xy } from "../geometry/view";
import { beginning, choiceOfFace, isWorking, photoSize } from "../state/photo";
import type { Studio } from "../state/studio";
import { forgetLocalPoints } from "./points";

export function chooseFace(studio: Studio, face: number): void {
  const incoming = studio.store.doc.value?.incoming;
  if (incoming) {
    studio.store.choice.value = choiceOfFace(incoming, face);
  }
}

/** A press on the photograph without a movement: the face there, if there is one. */
export function chooseFaceAt(studio: Studio, xy: Xy): void {
  const faces = studio.store.doc.value?.incoming?.faces ?? [];
  const face = squareAt(faces.map(squareOf), xy);
  if (face >= 0) {
    chooseFace(studio, face);
  }
}

export function moveSquare(studio: Studio, from: Square, by: Xy): void {
  const incoming = studio.store.doc.value?.incoming;
  if (incoming) {
    setSquare(studio, moved(from, by, photoSize(incoming)));
  }
}

export function pullCorner(studio: Studio, from: Square, corner: number, to: Xy): void {
  const incoming = studio.store.doc.value?.incoming;
  if (incoming) {
    setSquare(studio, resized(from, corner, to, photoSize(incoming)));
  }
}

export function shapeSquare(studio: Studio, part: Partial<Square>): void {
  const { choice, doc } = studio.store;
  const incoming = doc.value?.incoming;
  if (incoming && choice.value !== null) {
    setSquare(studio, within({ ...choice.value.square, ...part }, photoSize(incoming)));
  }
}

function setSquare(studio: Studio, square: Square): void {
  studio.store.choice.value = { square, face: null };
}

export function beginPhoto(studio: Studio): void {
  const choice = studio.store.choice.value;
  if (choice !== null) {
    studio.ask(beginning(choice));
  }
}

export function chooseAgain(studio: Studio): void {
  studio.ask({ type: "photo-choose" });
}

export function morePhoto(studio: Studio): void {
  studio.ask({ type: "photo-more" });
}

export function keepPhoto(studio: Studio): void {
  forgetLocalPoints(studio);
  studio.store.isHintDismissed.value = true;
  studio.ask({ type: "photo-keep" });
}

export function stopPhoto(studio: Studio): void {
  studio.ask({ type: "stop" });
}

export function cancelPhoto(studio: Studio): void {
  studio.ask({ type: "photo-cancel" });
}

/** Esc: what takes minutes is stopped and not lost. */
export function leavePhoto(studio: Studio): void {
  const stage = studio.store.doc.value?.incoming?.stage;
  if (stage === "choose") {
    cancelPhoto(studio);
  } else if (stage !== undefined && isWorking(stage)) {
    stopPhoto(studio);
  }
}

export function seePhoto(studio: Studio, on: boolean): void {
  studio.store.isPhotoSeen.value = on;
}
